// An event's own fields: a new one, or one to be changed.
import { html } from "../html.js";
import { t } from "../i18n.js";
import { adminApi } from "./access.js";
import { Buttons, fromLocal, needed, toLocal, useForm } from "./forms.js";

// event: null for a new one; then: takes the event that was stored; cancel: when nothing is to be.
export function EventForm({ event, then, cancel }) {
  const initial = { title: event?.title ?? "", venue: event?.venue ?? "", startDate: toLocal(event?.startDate ?? null) };
  const form = useForm(event ? `event.${event.id}` : "event", initial, async (typed, changes) => {
    needed(typed, ["title", "venue", "startDate"]);
    const body = { ...changes };
    if ("startDate" in changes) body.startDate = fromLocal(changes.startDate);
    const [method, path] = event ? ["PATCH", `/api/admin/events/${event.id}`] : ["POST", "/api/admin/events"];
    const { data } = await adminApi(method, path, { body, intent: `store ${path}` });
    then(data.event);
  });
  return html`
    <form class="fields inset" novalidate onSubmit=${form.submit} aria-label=${t(event ? "catalogue.editEvent" : "catalogue.newEvent")}>
      ${form.field("title", { maxlength: 200 })}
      <div class="pair">
        ${form.field("venue", { maxlength: 200 })}
        ${form.field("startDate", { type: "datetime-local", hint: t("catalogue.hereTime") })}
      </div>
      <${Buttons} form=${form} save=${t(event ? "form.save" : "catalogue.createEvent")} cancel=${cancel} />
    </form>
  `;
}
