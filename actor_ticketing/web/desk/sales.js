// How sales go: over time, what becomes of holds, and files for a spreadsheet.
import { isKnown } from "../clock.js";
import { html, useState } from "../html.js";
import { dateAndTime, number, t } from "../i18n.js";
import { Loading, useLoad, useTitle } from "../parts/loading.js";
import { keep, kept } from "../store.js";
import { adminApi, analytics } from "./access.js";
import { Chart } from "./chart.js";
import { loadCatalogue, takings } from "./figures.js";
import { Failure } from "./frame.js";
import { Age, useFresh } from "./fresh.js";
import { Funnel } from "./funnel.js";
import { Insights } from "./insights.js";
import { PointsTable } from "./points-table.js";
import { Reports } from "./reports.js";
import { BUCKETS, bucketsFor, fitting, RANGES, spanOf } from "./span.js";
import { Waits } from "./waits.js";

const SECONDS = 30;
const KINDS = ["reserved", "sold", "expired", "cancelled"];

export function Sales() {
  const [choice, setChoice] = useState(() => kept("tab", "sales", { range: 86400, bucket: 3600, event: "", type: "" }));
  const choose = (change) => {
    const next = fitting({ ...choice, ...change });
    keep("tab", "sales", next);
    setChoice(next);
  };
  const { data: events, error: lacking, again: askAgain } = useLoad(loadCatalogue, []);
  const { data: latest, at, error, again } = useFresh(
    async (signal) => ({ ...(await load(choice, signal)), choice }), SECONDS, Object.values(choice),
  );
  // Those of an earlier choice would be taken for those of this one.
  const data = latest?.choice === choice ? latest : null;
  useTitle(t("desk.sales"), t("desk.name"));
  if (lacking) return html`<${Failure} error=${lacking} again=${askAgain} />`;
  if (!events) return html`<${Loading} />`;
  const event = events.find((each) => each.id === choice.event);
  return html`
    <div class="head"><h1>${t("desk.sales")}</h1>${data && html`<${Age} at=${at} error=${error} limit=${3 * SECONDS} />`}</div>
    <${Choice} events=${events} event=${event} choice=${choice} choose=${choose} />
    ${!data ? (error ? html`<${Failure} error=${error} again=${again} />` : html`<${Loading} />`) : html`
      ${data.completeFrom && data.from < data.completeFrom && html`<p class="hint">${t("sales.archived", { date: dateAndTime(data.completeFrom) })}</p>`}
      <${Totals} totals=${data.totals} />
      <section class="panel" aria-labelledby="chart">
        <h2 id="chart">${t("sales.chart")}</h2>
        <${Chart} data=${data} />
        <${PointsTable} data=${data} />
      </section>
      <${Insights} data=${data} />
      <div class="halves">
        <${Funnel} funnel=${data.funnel} />
        <div>
          <${Waits} times=${data.timeToPurchase} />
          <${Reports} event=${event} />
        </div>
      </div>
    `}
  `;
}

async function load({ range, bucket, event, type }, signal) {
  // Which hour it is says the service, not this device.
  if (!isKnown()) await adminApi("GET", "/api/admin/reservations/cleanup", { signal });
  const query = new URLSearchParams({ ...spanOf(range, bucket), bucket });
  if (event) query.set("eventId", event);
  if (type) query.set("ticketTypeId", type);
  return analytics(query, signal);
}

function Choice({ events, event, choice, choose }) {
  const select = (name, options, change = (value) => ({ [name]: value })) => html`
    <label>
      <span>${t(`sales.by_${name}`)}</span>
      <select name=${name} onChange=${({ target }) => choose(change(target.value))}>
        ${options.map(([value, words]) => html`<option key=${value} value=${value} selected=${value === choice[name]}>${words}</option>`)}
      </select>
    </label>
  `;
  const seconds = (name) => (value) => ({ [name]: Number(value) });
  return html`
    <form class="filter" aria-label=${t("sales.choice")} onSubmit=${(submit) => submit.preventDefault()}>
      ${select("range", RANGES.map((range) => [range, t(`range.of_${range}`)]), seconds("range"))}
      ${select("bucket", BUCKETS.filter((bucket) => bucketsFor(choice.range).includes(bucket)).map((bucket) => [bucket, t(`bucket.of_${bucket}`)]), seconds("bucket"))}
      ${select("event", [["", t("sales.allEvents")], ...events.map(({ id, title }) => [id, title])], (id) => ({ event: id, type: "" }))}
      ${event && select("type", [["", t("sales.allTypes")], ...event.ticketTypes.map(({ id, name }) => [id, name])])}
    </form>
  `;
}

// What the chart's lines come to; it is their legend too.
function Totals({ totals }) {
  return html`
    <dl class="tiles" aria-label=${t("sales.totals")}>
      ${KINDS.map((kind) => html`
        <div key=${kind}>
          <dt><i class="line ${kind}" aria-hidden="true"></i>${t(`kind.${kind}`)}</dt>
          <dd><b class="figure">${number(totals[kind].tickets)}</b><small>${t("sales.inHolds", { count: totals[kind].reservations })}</small></dd>
        </div>
      `)}
      <div><dt>${t("sales.revenue")}</dt><dd><b class="figure">${takings(totals.revenue)}</b><small>${t("sales.revenueOf")}</small></dd></div>
    </dl>
  `;
}
