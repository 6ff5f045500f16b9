// How things stand: live holds, sales and expiry, of everything and of each ticket type.
import { useCountdown } from "../clock.js";
import { html } from "../html.js";
import { countdown, dateAndTime, number, t } from "../i18n.js";
import { Loading, useTitle } from "../parts/loading.js";
import { adminApi, analytics } from "./access.js";
import { Expiry } from "./expiry.js";
import { loadCatalogue, partedByDate, share, StateTag, StockBar, sum, takings } from "./figures.js";
import { Failure } from "./frame.js";
import { Age, useFresh } from "./fresh.js";

const SECONDS = 5;
// The ledger is read for it.
const SECONDS_OF_TREND = 60;

async function load(signal) {
  const [events, { data: expiry }] = await Promise.all([
    loadCatalogue(signal), adminApi("GET", "/api/admin/reservations/cleanup", { signal }),
  ]);
  return { events, expiry };
}

export function Overview() {
  const { data, at, error, again } = useFresh(load, SECONDS);
  useTitle(t("desk.overview"), t("desk.name"));
  if (!data) return error ? html`<${Failure} error=${error} again=${again} />` : html`<${Loading} />`;
  const { events, expiry } = data;
  const [coming, over] = partedByDate(events);
  return html`
    <div class="head"><h1>${t("desk.overview")}</h1><${Age} at=${at} error=${error} /></div>
    <${Tiles} events=${events} expiry=${expiry} />
    <div class="beside">
      <section aria-labelledby="stock">
        <h2 id="stock">${t("overview.stock")}</h2>
        ${coming.length === 0
          ? html`<p class="empty"><span>${t("overview.nothing")} <a href="/admin/catalogue">${t("desk.catalogue")}</a></span></p>`
          : html`<${Stock} events=${coming} lags=${expiry.expiryLagByType} caption=${t("overview.stock")} />`}
        ${over.length > 0 && html`
          <details>
            <summary>${t("overview.over", { count: over.length })}</summary>
            <${Stock} events=${over} lags=${expiry.expiryLagByType} caption=${t("overview.over", { count: over.length })} />
          </details>
        `}
      </section>
      <${Expiry} stats=${expiry} again=${again} />
    </div>
  `;
}

function Tiles({ events, expiry }) {
  const all = sum(events.flatMap((event) => event.ticketTypes));
  const lag = expiry.expiryLagMs;
  const next = useCountdown(expiry.nextDueAt);
  return html`
    <dl class="tiles">
      <div>
        <dt>${t("overview.live")}</dt>
        <dd><b class="figure">${number(expiry.counts.ACTIVE)}</b>
          <small>${t("overview.heldTickets", { count: all.reserved })}${expiry.nextDueAt && next > 0 ? ` ${t("overview.nextEnd", { time: countdown(next) })}` : ""}</small></dd>
      </div>
      <div>
        <dt>${t("overview.sold")}</dt>
        <dd><b class="figure">${number(all.sold)}</b><small>${t("overview.ofTotal", { total: all.total, share: share(all.sold, all.total) })}</small></dd>
      </div>
      <${Trend} />
      <div>
        <dt>${t("overview.lag")}</dt>
        <dd><b class="figure">${lag.p50 === null ? t("overview.none") : t("overview.ms", { ms: lag.p50 })}</b>
          <small>${lag.count ? t("overview.lags", { p99: lag.p99, max: lag.max, count: lag.count }) : t("overview.noLag")}</small></dd>
      </div>
      <div data-alarm=${expiry.overdue > 0 || expiry.foundLate > 0 ? "" : undefined}>
        <dt>${t("overview.overdue")}</dt>
        <dd><b class="figure">${number(expiry.overdue)}</b><small>${t("overview.late", { count: expiry.foundLate })}</small></dd>
      </div>
    </dl>
  `;
}

// The last 24 hours, hour by hour.
function Trend() {
  const { data, at, error } = useFresh((signal) => analytics("", signal), SECONDS_OF_TREND);
  const points = data?.points ?? [];
  const most = Math.max(1, ...points.flatMap(({ reserved, sold }) => [reserved.tickets, sold.tickets]));
  const bar = (amount, index, kind) => html`
    <rect class=${kind} x=${index * 10 + 1} y=${40 - (amount.tickets / most) * 38} width="8" height=${(amount.tickets / most) * 38} />
  `;
  return html`
    <div class="trend">
      <dt>${t("overview.day")}</dt>
      <dd>
        <b class="figure">${data ? takings(data.totals.revenue) : "…"}</b>
        <small>${data && t("overview.daySold", { count: data.totals.sold.tickets, held: data.totals.reserved.tickets })}</small>
        <svg viewBox="0 0 240 40" preserveAspectRatio="none" aria-hidden="true">
          ${points.map(({ reserved, sold }, index) => html`${bar(reserved, index, "is-held")}${bar(sold, index, "is-sold")}`)}
        </svg>
        <${Age} at=${at} error=${error} limit=${2 * SECONDS_OF_TREND} onlyIfStale />
        <a href="/admin/sales">${t("desk.sales")}</a>
      </dd>
    </div>
  `;
}

function Stock({ events, lags, caption }) {
  return html`
    <table class="grid">
      <caption class="unseen">${caption}</caption>
      <thead>
        <tr>
          <th scope="col">${t("figure.type")}</th>
          ${["sold", "reserved", "available", "total"].map((name) => html`<th scope="col" class="number of-${name}">${t(`figure.${name}`)}</th>`)}
          <th scope="col" class="number wide">${t("figure.next")}</th>
          <th scope="col" class="number wide">${t("figure.lag")}</th>
        </tr>
      </thead>
      ${events.map((event) => html`<${EventRows} key=${event.id} event=${event} lags=${lags} />`)}
    </table>
  `;
}

function EventRows({ event, lags }) {
  return html`
    <tbody>
      <tr class="group">
        <th scope="rowgroup">
          <a href="/admin/catalogue/${event.id}">${event.title}</a>
          <small>${dateAndTime(event.startDate)} · ${event.venue}</small>
        </th>
        <${Counters} stock=${sum(event.ticketTypes)} />
        <${Ends} release=${earliest(event.ticketTypes)} lag=${longest(event.ticketTypes, lags)} />
      </tr>
      ${event.ticketTypes.map((type) => html`
        <tr key=${type.id}>
          <th scope="row"><span class="name">${type.name} <${StateTag} type=${type} quiet /></span><${StockBar} stock=${type} /></th>
          <${Counters} stock=${type} />
          <${Ends} release=${type.nextReleaseAt} lag=${longest([type], lags)} />
        </tr>
      `)}
    </tbody>
  `;
}

const Counters = ({ stock }) => ["sold", "reserved", "available", "total"].map((name) => html`<td class="number of-${name}">${number(stock[name])}</td>`);

// release: when the next hold ends, or null; lag: the longest between a deadline and its release so far, or null.
function Ends({ release, lag }) {
  const left = useCountdown(release);
  return html`
    <td class="number wide">${release ? countdown(left) : t("overview.none")}</td>
    <td class="number wide">${lag === null ? t("overview.none") : t("overview.ms", { ms: lag })}</td>
  `;
}

// Instants are all written alike, so the first of them by the alphabet is the earliest.
const earliest = (types) => types.map((type) => type.nextReleaseAt).filter(Boolean).sort()[0] ?? null;

const longest = (types, lags) => types.reduce((most, { id }) => (lags[id] ? Math.max(most ?? 0, lags[id].max) : most), null);
