// Before the doors open: what is let in here, and how the device tells.
import { now } from "../clock.js";
import { html, useState } from "../html.js";
import { day, t } from "../i18n.js";
import { Field } from "../parts/fields.js";

// The event that begins or began nearest to now is tonight's, most likely.
function nearest(events) {
  const apart = ({ startDate }) => Math.abs(Date.parse(startDate) - now());
  return events.reduce((best, event) => (best && apart(best) <= apart(event) ? best : event), null);
}

const idsOf = (event) => event.ticketTypes.map(({ id }) => id);

export function DoorSetup({ door, events, start }) {
  const [eventId, setEventId] = useState(door ? door.eventId : nearest(events)?.id ?? null);
  const [left, setLeft] = useState(new Set()); // ids of types that are not let in
  const [sound, setSound] = useState(door?.sound ?? true);
  const [wait, setWait] = useState(door?.wait ?? false);
  const event = events.find(({ id }) => id === eventId) ?? null;
  const typeIds = event && idsOf(event).filter((id) => !left.has(id));
  const nothing = typeIds?.length === 0;
  const turn = (id, on) => setLeft(new Set(on ? [...left].filter((each) => each !== id) : [...left, id]));
  const submit = (submitted) => {
    submitted.preventDefault();
    if (!nothing) start({ eventId: event?.id ?? null, title: event?.title ?? null, typeIds, sound, wait });
  };
  const check = (label, checked, onChange) => html`
    <label class="check"><input type="checkbox" checked=${checked} onChange=${({ target }) => onChange(target.checked)} /><span>${label}</span></label>
  `;
  return html`
    <form class="door-setup" onSubmit=${submit}>
      <h1>${t("door.title")}</h1>
      <p>${t("door.lead")}</p>
      ${!window.isSecureContext && html`<p class="notice warn">${t("door.insecure")}</p>`}
      <${Field} label=${t("door.event")} name="event" value=${eventId ?? ""} onInput=${({ target }) => setEventId(target.value || null)}>
        ${events.map(({ id, title, startDate }) => html`<option value=${id} selected=${id === eventId}>${title} · ${day(startDate)}</option>`)}
        <option value="" selected=${eventId === null}>${t("door.everything")}</option>
      <//>
      ${event && html`
        <fieldset>
          <legend>${t("door.types")}</legend>
          ${event.ticketTypes.map(({ id, name }) => html`<div key=${id}>${check(name, !left.has(id), (on) => turn(id, on))}</div>`)}
          ${nothing && html`<p class="problem" role="alert">${t("door.noType")}</p>`}
        </fieldset>
      `}
      <fieldset>
        <legend>${t("door.manner")}</legend>
        ${check(t("door.sound"), sound, setSound)}
        ${check(t("door.wait"), wait, setWait)}
      </fieldset>
      <button class="main door-open" type="submit" disabled=${nothing}>${t("door.open")}</button>
      <p class="hint">${t("door.privacy")}</p>
    </form>
  `;
}
