// One event: its ticket types, what is left of each as it happens, and holding several at once.
import { Refusal } from "../api.js";
import { now, useCountdown } from "../clock.js";
import { reserve } from "../holds.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { countdown, day, dayAndTime, money, t, time, total } from "../i18n.js";
import { watch } from "../live.js";
import { Failed, Loading, useLoad, useTitle, wordsFor } from "../parts/loading.js";
import { hueOf, Poster } from "../parts/poster.js";
import { Stepper } from "../parts/stepper.js";
import { go } from "../router.js";
import { loadEvent, mostOf, stateOf } from "../shop.js";
import { announce, keep, kept, useStore } from "../store.js";

const POLL_MS = 15000;

export function EventPage({ id }) {
  const { error, again } = useLoad((signal) => loadEvent(id, signal), [id]);
  const event = useStore((state) => state.events[id]);
  useTitle(event?.title);
  if (error) return html`<${Failed} error=${error} again=${again} />`;
  if (!event) return html`<${Loading} />`;
  return html`
    <article class="event ${hueOf(id)}">
      <div class="banner"><${Poster} id=${id} columns=${20} rows=${4} /></div>
      <header>
        <h1>${event.title}</h1>
        <p><b>${day(event.startDate)}</b>, ${time(event.startDate)}</p>
        <p>${event.venue}</p>
      </header>
      <${Choice} event=${event} />
    </article>
  `;
}

function Choice({ event }) {
  const stock = useStore((state) => state.stock);
  const live = useStore((state) => state.live);
  const ready = useStore((state) => state.holds !== null);
  const [chosen, setChosen] = useState(() => kept("tab", `chosen.${event.id}`, {}));
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const alert = useRef(null);
  const leaving = useRef(null);
  const types = event.ticketTypes;
  // When sales open or close while somebody looks, the page follows.
  const turns = types.flatMap((type) => [type.salesStart, type.salesEnd]).filter((turn) => turn && Date.parse(turn) > now());
  useCountdown(turns.sort()[0] ?? null);

  useEffect(() => {
    watch(types.map((type) => type.id));
    leaving.current = new AbortController();
    return () => { watch([]); leaving.current.abort(new Error("left")); };
  }, [event.id]);
  useEffect(() => {
    // Without the socket (a proxy in between may not let it through) the numbers are asked for instead.
    if (live) return undefined;
    const poll = setInterval(() => loadEvent(event.id).catch(() => {}), POLL_MS);
    return () => clearInterval(poll);
  }, [live, event.id]);
  useEffect(() => { if (problem) alert.current?.focus(); }, [problem]);

  const most = (type) => (stateOf(type, stock[type.id]) === "open" ? mostOf(type, stock[type.id]) : 0);
  const lines = types
    .map((type) => ({ type, quantity: Math.min(chosen[type.id] ?? 0, most(type)) }))
    .filter((line) => line.quantity > 0);
  const count = lines.reduce((sum, line) => sum + line.quantity, 0);
  const choose = (type, quantity) => {
    const next = { ...chosen, [type.id]: quantity };
    setChosen(next);
    keep("tab", `chosen.${event.id}`, next);
  };
  const hold = async (submit) => {
    submit.preventDefault();
    setProblem(null);
    setBusy(true);
    try {
      await reserve(lines.map((line) => ({ ticketTypeId: line.type.id, quantity: line.quantity })), leaving.current.signal);
      keep("tab", `chosen.${event.id}`, null);
      go("/checkout");
    } catch (error) {
      if (leaving.current.signal.aborted) return;
      if (error instanceof Refusal) loadEvent(event.id).catch(() => {});
      const type = types.find((each) => each.id === error.details?.ticketTypeId) ?? (lines.length === 1 && lines[0].type);
      setProblem({ type: type ? type.id : null, words: wordsFor(error) });
      setBusy(false);
    }
  };

  return html`
    <form class="choice" onSubmit=${hold}>
      <section aria-labelledby="types">
        <h2 id="types">${t("event.types")}</h2>
        <ul class="types">
          ${types.map((type) => html`
            <${TypeRow} key=${type.id} type=${type} stock=${stock[type.id]} most=${most(type)}
              chosen=${chosen[type.id] ?? 0} choose=${(quantity) => choose(type, quantity)} />
          `)}
        </ul>
      </section>
      <section class="sum" aria-label=${t("event.sum")}>
        ${problem && html`
          <p class="problem" role="alert" tabindex="-1" ref=${alert}>
            ${problem.type && html`<b>${types.find((each) => each.id === problem.type).name}: </b>`}${problem.words}
          </p>
        `}
        ${lines.length > 0 && html`
          <ul class="lines">
            ${lines.map(({ type, quantity }) => html`
              <li><span>${quantity} × ${type.name}</span><span>${money(quantity * type.price, type.currency)}</span></li>
            `)}
          </ul>
        `}
        <p class="total" aria-live="polite">
          <span>${count ? t("event.count", { count }) : t("event.none")}</span>
          ${count > 0 && html`<b>${total(lines.map(({ type, quantity }) => ({ ...type, quantity })))}</b>`}
        </p>
        <button class="main" type="submit" disabled=${count === 0 || busy || !ready}>${t(busy ? "event.holding" : "event.hold")}</button>
        <p class="hint">${t("event.hint")}</p>
      </section>
    </form>
  `;
}

function TypeRow({ type, stock, most, chosen, choose }) {
  const state = stateOf(type, stock);
  const before = useRef(state);
  useEffect(() => {
    const came = before.current !== state;
    before.current = state;
    if (came) announce(t(state === "open" ? "stock.back" : "stock.gone", { name: type.name }));
  }, [state]);
  return html`
    <li class="type" data-state=${state}>
      <div>
        <h3>${type.name}</h3>
        <p class="price">${money(type.price, type.currency)}</p>
        <p class="left"><${Left} type=${type} stock=${stock} state=${state} /></p>
        ${state === "open" && chosen > most && html`<p class="problem">${t("event.clipped", { count: most })}</p>`}
      </div>
      ${state === "open" && html`
        <${Stepper} name=${type.name} value=${Math.min(chosen, most)} most=${most} onChange=${choose} />
      `}
    </li>
  `;
}

// What is left, and when something may come back: what the service knows, and no more than that.
function Left({ type, stock, state }) {
  const release = state === "held" ? stock.nextReleaseAt : null;
  const left = useCountdown(release);
  if (state === "soon") return t("stock.soon", { date: dayAndTime(type.salesStart) });
  if (state === "over") return t("stock.over");
  if (state === "paused") return t("stock.paused");
  if (state === "sold") return html`<b>${t("stock.sold")}</b>`;
  if (state === "held") {
    const when = release && left > 0 ? t("stock.next", { time: countdown(left) }) : t("stock.anyMoment");
    return html`<b>${t("stock.noneNow")}</b> ${t("stock.held", { count: stock.reserved })} ${when}`;
  }
  const few = stock.available <= 10 || stock.available * 20 <= stock.total;
  return html`<span class=${few ? "few" : ""}>${t("stock.left", { count: stock.available })}</span>
    ${type.maxPerReservation ? html` · ${t("stock.most", { count: type.maxPerReservation })}` : ""}`;
}
