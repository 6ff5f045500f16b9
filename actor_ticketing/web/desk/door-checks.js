// Questions to the service about one ticket each, and what its answers mean at the door.
import { Refusal } from "../api.js";
import { now } from "../clock.js";
import { current, dayAndTime, known, t } from "../i18n.js";
import { adminApi } from "./access.js";

// By what was shown: questions whose answer nobody has seen. A yes is given once; when it comes after the staff gave up
// waiting, it is kept for the guest who comes back, instead of "used already".
const unseen = new Map();

// Ask whether a ticket is let in: {text, answer, leave}. `answer` never fails; `leave` ends the tries while there is none.
//   text, field: what was shown, and what it is: a "qrPayload" or a "code".
//   ticketTypeIds: what is let in here, or null for everything.
export function ask(text, field, ticketTypeIds) {
  const asked = unseen.get(text);
  if (asked) return asked;
  const leaving = new AbortController();
  const body = ticketTypeIds === null ? { [field]: text } : { [field]: text, ticketTypeIds };
  const question = { text, answer: judge(body, `checkin ${text}`, leaving.signal), leave: () => leaving.abort(new Error("left")) };
  unseen.set(text, question);
  question.answer.then(({ kind }) => { if (kind === "trouble") unseen.delete(text); });
  return question;
}

export const seen = (text) => unseen.delete(text);

async function judge(body, intent, signal) {
  try {
    // The same key each time it is tried: whatever got lost on the way, one ticket gets one yes.
    const { data } = await adminApi("POST", "/api/admin/checkin", { body, intent, signal });
    return { kind: "yes", ...data.ticket };
  } catch (error) {
    // Nothing that could be such a code is refused by its form.
    const code = error.code === "validation_error" ? "ticket_not_found" : error.code;
    const isNo = error instanceof Refusal && known(`door.no_${code}`);
    return isNo ? { kind: "no", code, details: error.details } : { kind: "trouble" };
  }
}

// What there is to say of a no beyond its reason. events: to name the one that the ticket is for.
export function moreOf({ code, details }, events) {
  const { checkedInAt, by, ticketTypeId } = details;
  if (code === "ticket_already_used") return t("door.usedAt", { time: dayAndTime(checkedInAt), ago: ago(checkedInAt), by });
  if (code !== "ticket_for_another_event") return t(`door.more_${code}`);
  const [isFor] = events.flatMap(({ title, ticketTypes }) =>
    ticketTypes.filter(({ id }) => id === ticketTypeId).map(({ name }) => ({ title, type: name })));
  return isFor ? t("door.isFor", isFor) : null;
}

const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

function ago(instant) {
  const seconds = Math.max(0, Math.round((now() - Date.parse(instant)) / 1000));
  const [unit, length] = UNITS.find(([, each]) => seconds >= 2 * each) ?? UNITS.at(-1);
  return new Intl.RelativeTimeFormat(current()).format(-Math.floor(seconds / length), unit);
}
