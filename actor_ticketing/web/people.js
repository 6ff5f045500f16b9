// Buyers and ticket holders: the draft that outlives a reload, and what is wrong with it.
import { keep, kept } from "./store.js";

export const IDENTITY_TYPES = ["passport", "national_id", "driving_licence", "other"];
const NEEDED = ["fullName", "identityType", "identityNumber"];
const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;
const PHONE = /^\+?[0-9 ().\-/]*$/;

const blank = () => ({ fullName: "", identityType: IDENTITY_TYPES[0], identityNumber: "", email: "", whatsapp: "" });

// {buyer, holders: {ticketTypeId: [person]}}. Holders belong to a ticket type, so that a second try after the time ran
// out finds them again. It is kept for this tab only: it is personal.
export const loadDraft = () => kept("tab", "draft", { buyer: blank(), holders: {} });
export const saveDraft = (draft) => keep("tab", "draft", draft);

// A slot for each ticket held: {path, typeId, index, number, type}; path is the one the service names in its refusals.
export function slotsOf(holds) {
  const next = {};
  let number = 0;
  return holds.flatMap((hold, row) => Array.from({ length: hold.quantity }, (_, column) => {
    const typeId = hold.ticketTypeId;
    const index = next[typeId] ?? 0;
    next[typeId] = index + 1;
    number += 1;
    return { path: `ticketHolders.${row}.${column}`, typeId, index, number, type: hold.ticketType };
  }));
}

// The holder of a slot; the first ticket of all is the buyer's own until somebody says otherwise.
export const holderAt = (draft, slot) =>
  draft.holders[slot.typeId]?.[slot.index] ?? { ...blank(), sameAsBuyer: slot.number === 1 };

export function withHolder(draft, slot, holder) {
  const holders = [...(draft.holders[slot.typeId] ?? [])];
  holders[slot.index] = holder;
  return { ...draft, holders: { ...draft.holders, [slot.typeId]: holders } };
}

function check(person, path, needed, errors) {
  for (const field of needed) if (!person[field].trim()) errors[`${path}.${field}`] = "field.needed";
  if (person.email.trim() && !EMAIL.test(person.email.trim())) errors[`${path}.email`] = "field.email";
  const phone = person.whatsapp.trim();
  const digits = phone.replace(/\D/g, "").length;
  if (phone && (!PHONE.test(phone) || digits < 5 || digits > 20)) errors[`${path}.whatsapp`] = "field.phone";
}

// What is wrong, by path: the key of a message. The service judges in the end; this saves the buyer a round.
export function problemsOf(draft, slots) {
  const errors = {};
  check(draft.buyer, "buyerInfo", [...NEEDED, "email", "whatsapp"], errors);
  for (const slot of slots) {
    const holder = holderAt(draft, slot);
    if (!holder.sameAsBuyer) check(holder, slot.path, NEEDED, errors);
  }
  return errors;
}

// What the service found, by path. Of a holder who is the buyer, it stands at the buyer.
export function problemsFrom(details, draft, slots) {
  const kinds = { email: "field.email", whatsapp: "field.phone" };
  const errors = {};
  for (const { field } of details) {
    const slot = slots.find((each) => field.startsWith(`${each.path}.`));
    const name = field.split(".").at(-1);
    const path = slot && holderAt(draft, slot).sameAsBuyer ? `buyerInfo.${name}` : field;
    errors[path] = kinds[name] ?? "field.text";
  }
  return errors;
}

function person(typed) {
  const { fullName, identityType, identityNumber, email, whatsapp } = typed;
  const all = { fullName, identityType, identityNumber, email, whatsapp };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value.trim()));
}

// What is sent: the buyer, and a list of holders for each hold.
export function peopleFor(draft, holds) {
  const slots = slotsOf(holds);
  const holders = slots.map((slot) => {
    const holder = holderAt(draft, slot);
    return person(holder.sameAsBuyer ? draft.buyer : holder);
  });
  let taken = 0;
  const lists = holds.map((hold) => holders.slice(taken, (taken += hold.quantity)));
  return { buyer: person(draft.buyer), holders: lists };
}
