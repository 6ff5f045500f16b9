// One event: its fields, its ticket types with their stock, and whether they are for sale.
import { html, useState } from "../html.js";
import { day, dayAndTime, money, number, t, time } from "../i18n.js";
import { Loading, useTitle, wordsFor } from "../parts/loading.js";
import { announce, kept } from "../store.js";
import { adminApi } from "./access.js";
import { EventForm } from "./event-form.js";
import { StateTag, StockBar } from "./figures.js";
import { useOpened } from "./forms.js";
import { Failure } from "./frame.js";
import { Age, useFresh } from "./fresh.js";
import { TypeForm } from "./type-form.js";

const SECONDS = 5;

export function EventPage({ id }) {
  const { data: event, at, error, again } = useFresh(
    async (signal) => (await adminApi("GET", `/api/admin/events/${id}`, { signal })).data.event, SECONDS, [id],
  );
  const [editing, setEditing] = useOpened(() => openDraft(id));
  useTitle(event?.title ?? t("desk.catalogue"), t("desk.name"));
  if (!event) return error ? html`<${Failure} error=${error} again=${again} />` : html`<${Loading} />`;
  const stored = () => { setEditing(null); announce(t("catalogue.stored")); again(); };
  const close = () => setEditing(null);
  return html`
    <p class="crumb"><a href="/admin/catalogue">${t("desk.catalogue")}</a></p>
    <div class="head">
      <div><h1>${event.title}</h1><p>${day(event.startDate)}, ${time(event.startDate)} · ${event.venue}</p></div>
      <p class="row">
        <a class="button" href="/events/${event.id}">${t("catalogue.inShop")}</a>
        <button type="button" data-opens="event" onClick=${() => setEditing("event")}>${t("catalogue.editEvent")}</button>
      </p>
    </div>
    ${editing === "event" && html`
      <section class="panel" data-form="event" aria-label=${t("catalogue.editEvent")}>
        <${EventForm} event=${event} then=${stored} cancel=${close} />
      </section>
    `}
    <section class="panel" aria-labelledby="types">
      <div class="head"><h2 id="types">${t("catalogue.types")}</h2><${Age} at=${at} error=${error} /></div>
      ${event.ticketTypes.length === 0 && html`<p class="hint">${t("catalogue.noTypes")}</p>`}
      <ul class="terms">
        ${event.ticketTypes.map((type) => html`
          <li key=${type.id}>
            <${Type} type=${type} edit=${() => setEditing(type.id)} again=${again} />
            ${editing === type.id && html`
              <div data-form=${type.id}><${TypeForm} event=${event} type=${type} then=${stored} cancel=${close} /></div>
            `}
          </li>
        `)}
      </ul>
      ${editing === "new" ? html`
        <div data-form="new"><h3>${t("catalogue.newType")}</h3>
          <${TypeForm} event=${event} type=${null} then=${stored} cancel=${close} /></div>
      ` : html`<p><button type="button" data-opens="new" onClick=${() => setEditing("new")}>${t("catalogue.newType")}</button></p>`}
    </section>
  `;
}

// The form that was open when the page was left, if something had been typed into it.
function openDraft(id) {
  if (kept("tab", `draft.event.${id}`) !== null) return "event";
  return kept("tab", `draft.type.of.${id}`) === null ? null : "new";
}

function Type({ type, edit, again }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const turn = async () => {
    const action = type.paused ? "resume" : "pause";
    setBusy(true);
    setProblem(null);
    try {
      await adminApi("POST", `/api/admin/ticket-types/${type.id}/${action}`, { body: {}, intent: `sale of ${type.id}` });
      announce(t(`catalogue.did_${action}`, { name: type.name }));
      again();
    } catch (error) {
      setProblem(wordsFor(error));
    }
    setBusy(false);
  };
  const figures = ["sold", "reserved", "available", "total"];
  return html`
    <div class="term">
      <div>
        <h3>${type.name} <${StateTag} type=${type} /></h3>
        <p class="hint">${money(type.price, type.currency)}${type.maxPerReservation ? ` · ${t("stock.most", { count: type.maxPerReservation })}` : ""}${type.salesStart ? ` · ${t("catalogue.from", { date: dayAndTime(type.salesStart) })}` : ""}${type.salesEnd ? ` · ${t("catalogue.until", { date: dayAndTime(type.salesEnd) })}` : ""}</p>
      </div>
      <dl class="pairs figure">
        ${figures.map((name) => html`<div key=${name}><dt>${t(`figure.${name}`)}</dt><dd>${number(type[name])}</dd></div>`)}
      </dl>
      <p class="row">
        <button type="button" disabled=${busy} onClick=${turn}
          aria-label=${t(type.paused ? "catalogue.resumeOf" : "catalogue.pauseOf", { name: type.name })}>${t(type.paused ? "catalogue.resume" : "catalogue.pause")}</button>
        <button type="button" data-opens=${type.id} onClick=${edit} aria-label=${t("catalogue.editType", { name: type.name })}>${t("catalogue.edit")}</button>
      </p>
      <${StockBar} stock=${type} />
      ${problem && html`<p class="problem" role="alert">${problem}</p>`}
    </div>
  `;
}
