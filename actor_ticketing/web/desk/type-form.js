// A ticket type's fields: a new one, or one to be changed.
import { html } from "../html.js";
import { digitsOf, t } from "../i18n.js";
import { adminApi } from "./access.js";
import { Buttons, fromLocal, needed, toLocal, useForm, Wrong } from "./forms.js";

// type: null for a new one of the event; then: when it is stored; cancel: when nothing is to be.
export function TypeForm({ event, type, then, cancel }) {
  const form = useForm(type ? `type.${type.id}` : `type.of.${event.id}`, fieldsOf(type, event), async (typed, changes) => {
    needed(typed, ["name", "price", "currency", "total"]);
    const body = bodyOf(typed, type ? changes : typed);
    const [method, path] = type
      ? ["PATCH", `/api/admin/ticket-types/${type.id}`]
      : ["POST", `/api/admin/events/${event.id}/ticket-types`];
    await adminApi(method, path, { body, intent: `store ${path}` });
    then();
  });
  return html`
    <form class="fields inset" novalidate onSubmit=${form.submit} aria-label=${type ? t("catalogue.editType", { name: type.name }) : t("catalogue.newType")}>
      ${form.field("name", { maxlength: 200 })}
      <div class="pair four">
        ${form.field("price", { inputmode: "decimal", hint: type ? t("catalogue.priceKept") : undefined })}
        ${form.field("currency", { maxlength: 3, hint: t("catalogue.currencyHint") })}
        ${form.field("total", { inputmode: "numeric", hint: type ? t("catalogue.totalHint", { count: type.sold + type.reserved }) : undefined })}
        ${form.field("maxPerReservation", { inputmode: "numeric", optional: true })}
      </div>
      <div class="pair">
        ${form.field("salesStart", { type: "datetime-local", optional: true, hint: t("catalogue.startHint") })}
        ${form.field("salesEnd", { type: "datetime-local", optional: true, hint: t("catalogue.hereTime") })}
      </div>
      <${Buttons} form=${form} save=${t(type ? "form.save" : "catalogue.createType")} cancel=${cancel} />
    </form>
  `;
}

function fieldsOf(type, event) {
  const text = (value) => (value === null || value === undefined ? "" : String(value));
  const currency = (type ?? event.ticketTypes[0])?.currency ?? "";
  return {
    name: text(type?.name), price: type ? majorOf(type.price, currency) : "", currency, total: text(type?.total),
    maxPerReservation: text(type?.maxPerReservation), salesStart: toLocal(type?.salesStart ?? null), salesEnd: toLocal(type?.salesEnd ?? null),
  };
}

// What is sent, of the fields in `sent`. A number that is none goes as it was typed: the service says what is wrong.
function bodyOf(typed, sent) {
  const body = {};
  const currency = typed.currency.trim().toUpperCase();
  const number = (text) => (/^-?\d+$/.test(text.trim()) ? Number(text) : text.trim());
  if ("name" in sent) body.name = typed.name;
  if ("price" in sent || "currency" in sent) Object.assign(body, { price: minorOf(typed.price.trim(), currency), currency });
  if ("total" in sent) body.total = number(typed.total);
  if ("maxPerReservation" in sent) body.maxPerReservation = typed.maxPerReservation.trim() ? number(typed.maxPerReservation) : null;
  for (const name of ["salesStart", "salesEnd"]) if (name in sent) body[name] = fromLocal(typed[name]);
  return body;
}

function majorOf(minor, currency) {
  const digits = digitsOf(currency);
  return digits ? (minor / 10 ** digits).toFixed(digits) : String(minor);
}

// 78, 78.5 and 78,50 are 7800, 7850 and 7850 cents. What could be thousands, such as 1.500, is refused rather than guessed.
function minorOf(text, currency) {
  const digits = digitsOf(currency);
  const [, whole, , part = ""] = /^(\d{1,13})([.,](\d+))?$/.exec(text) ?? [];
  if (whole === undefined || part.length > digits) throw new Wrong({ price: t("catalogue.wrongPrice", { example: majorOf(78 * 10 ** digits, currency) }) });
  return Number(whole + part.padEnd(digits, "0"));
}
