// What the buyer holds, from the first click to the tickets. The server decides; this follows.
import { call, Refusal } from "./api.js";
import { now, onChange, whenInDoubt } from "./clock.js";
import { listen } from "./live.js";
import { applyAvailability } from "./shop.js";
import { get, keep, kept, set } from "./store.js";

const PATH = "/api/public/reservations";
const EXTEND_MINUTES = 5;
const AGAIN_MS = 5000;

// The session is the proof of what it holds, so it outlives the tab: who closes it by mistake finds everything again.
let sessionId = null;
let buying = false;

export const session = () => sessionId;
const asSession = () => `?sessionId=${sessionId}`;
export const isActive = (hold) => hold.status === "ACTIVE" && Date.parse(hold.expiresAt) > now();
export const endOf = (holds) => holds.map((hold) => hold.expiresAt).sort()[0] ?? null;

// In an order that stays the same, whoever tells of them: by event, dearest first.
function sorted(holds) {
  const place = ({ ticketType: { event, price }, id }) => [event.startDate, event.id, 1e13 - price, id];
  const keys = new Map(holds.map((hold) => [hold, place(hold).map((part) => String(part).padStart(14, "0")).join()]));
  return [...holds].sort((a, b) => (keys.get(a) < keys.get(b) ? -1 : 1));
}

function update(unsorted) {
  const holds = sorted(unsorted);
  set({ holds });
  keep("tab", "holds", holds);
  schedule();
}

function lapse(lines) {
  const lapsed = [...get().lapsed, ...lines.map(({ id, ticketTypeId, quantity, ticketType }) =>
    ({ id, ticketTypeId, quantity, ticketType }))];
  set({ lapsed });
  keep("tab", "lapsed", lapsed);
}

export function dismissLapsed() {
  set({ lapsed: [] });
  keep("tab", "lapsed", null);
}

// Start: who we are, then the socket, then what we hold. While the service will not have us, we come again.
export async function open() {
  try {
    sessionId = kept("device", "session") ?? (await call("POST", "/api/public/sessions", { body: {} })).data.sessionId;
  } catch {
    setTimeout(open, AGAIN_MS);
    return;
  }
  keep("device", "session", sessionId);
  set({ lapsed: kept("tab", "lapsed", []) });
  listen(sessionId, apply);
  whenInDoubt(refresh);
  onChange(schedule);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
  refresh();
}

// Load, sooner or later: nobody waits for it.
async function refresh() {
  try {
    await load();
  } catch {
    setTimeout(refresh, AGAIN_MS);
  }
}

// What we hold, by the session and by who is signed in; and what became of what we held when the page was last open.
export async function load() {
  const lists = [call("GET", `${PATH}${asSession()}&limit=100`)];
  if (get().user) lists.push(call("GET", `${PATH}?limit=100`));
  const found = new Map();
  for (const { data } of await Promise.all(lists)) for (const hold of data) found.set(hold.id, hold);
  const missing = (get().holds ?? kept("tab", "holds", [])).filter((hold) => !found.has(hold.id));
  const settled = await Promise.all(missing.map(look));
  lapse(settled.filter((hold) => hold?.status === "EXPIRED" && !get().lapsed.some((line) => line.id === hold.id)));
  const bought = settled.filter((hold) => hold?.status === "CONVERTED");
  if (bought.length) rememberOrder(bought);
  update([...found.values()]);
}

async function look({ id }) {
  try {
    return (await call("GET", `${PATH}/${id}${asSession()}`)).data.reservation;
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}

// How far a hold can be extended still.
export async function loadExtensions(id) {
  const { data } = await call("GET", `${PATH}/${id}${asSession()}`);
  if (data.extensionsLeft !== undefined) set({ extensions: { ...get().extensions, [id]: data } });
}

// A message of the WebSocket.
function apply(message) {
  if (message.type === "reload") refresh();
  if (message.type === "availability") applyAvailability(message);
  if (!message.type.startsWith("reservation.")) return;
  const { reservation } = message;
  const others = (get().holds ?? []).filter((hold) => hold.id !== reservation.id);
  if (isActive(reservation)) {
    update([...others, reservation]);
  } else {
    // Bought in another tab, or before a reload: together with others, it may be, so look at all of them.
    if (reservation.status === "CONVERTED" && !buying) refresh();
    const held = (get().holds ?? []).length !== others.length;
    if (reservation.status === "EXPIRED" && held) lapse([reservation]);
    if (held && reservation.status !== "CONVERTED") update(others);
  }
}

let timer;
// At the very instant a hold runs out, the page knows: nobody waits for a message that may be on its way.
function schedule() {
  clearTimeout(timer);
  const end = endOf(get().holds ?? []);
  if (end === null || buying) return;
  const ms = Date.parse(end) - now();
  if (ms > 0) {
    timer = setTimeout(schedule, Math.min(ms + 1, 2 ** 31 - 1));
    return;
  }
  lapse(get().holds.filter((hold) => !isActive(hold)));
  update(get().holds.filter(isActive));
}

// Hold all of these, or none. lines: [{ticketTypeId, quantity}].
export async function reserve(lines, signal) {
  const body = { reservations: lines, sessionId };
  const { data } = await call("POST", PATH, { body, intent: "reserve", signal });
  dismissLapsed();
  const ids = new Set(data.reservations.map((hold) => hold.id));
  update([...(get().holds ?? []).filter((hold) => !ids.has(hold.id)), ...data.reservations]);
  // A repeated answer is as old as the first; this one is not.
  await load();
}

// Give a hold back.
export async function release(id) {
  const gone = () => update(get().holds.filter((hold) => hold.id !== id));
  try {
    await call("DELETE", `${PATH}/${id}`, { body: { sessionId }, intent: `release ${id}` });
    gone();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    await load();
  }
}

// By how many minutes a hold can be extended now: five, or what is left up to its limit; 0 when there is nothing left.
export function extensionOf(hold, extensions) {
  const room = extensions[hold.id];
  if (!room || room.extensionsLeft < 1) return 0;
  const minutes = (Date.parse(room.maxExpiresAt) - Date.parse(hold.expiresAt)) / 60000;
  return Math.max(0, Math.min(EXTEND_MINUTES, minutes));
}

// More time for all that is held.
export async function extend() {
  for (const hold of get().holds) {
    const additionalMinutes = extensionOf(hold, get().extensions);
    if (additionalMinutes === 0) continue;
    const body = { additionalMinutes, sessionId };
    const { data } = await call("PATCH", `${PATH}/${hold.id}`, { body, intent: `extend ${hold.id} ${hold.extensions}` });
    set({ extensions: { ...get().extensions, [hold.id]: data } });
    update(get().holds.map((each) => (each.id === hold.id ? data.reservation : each)));
  }
}

// Buy all that is held, and return the address of the tickets. holders: for each hold, a person for each ticket.
export async function purchase(buyerInfo, ticketHolders) {
  const { holds } = get();
  const body = { sessionId, reservationIds: holds.map((hold) => hold.id), buyerInfo, ticketHolders };
  buying = true;
  try {
    await call("POST", "/api/public/purchases", { body, intent: "purchase" });
    return finish(holds);
  } catch (error) {
    // It was bought before: by a try whose answer got lost, or in another tab.
    if (error.code === "reservation_converted") return finish(holds);
    if (error.code?.startsWith("reservation_")) await load();
    throw error;
  } finally {
    buying = false;
    schedule();
  }
}

function finish(holds) {
  rememberOrder(holds);
  const ids = new Set(holds.map((hold) => hold.id));
  update(get().holds.filter((hold) => !ids.has(hold.id)));
  return `/tickets/${holds[0].id}`;
}

// The service lists only what is held, so this device remembers what was bought: reservation ids, and no persons.
function rememberOrder(holds) {
  const orders = kept("device", "orders", []).filter((order) => !order.ids.includes(holds[0].id));
  const titles = [...new Set(holds.map((hold) => hold.ticketType.event.title))];
  orders.unshift({ ids: holds.map((hold) => hold.id), titles, startDate: holds[0].ticketType.event.startDate });
  keep("device", "orders", orders);
  set({ bought: `/tickets/${holds[0].id}` });
}

export const orders = () => kept("device", "orders", []);

// All tickets of a purchase: [{reservation, transaction, tickets}].
export async function loadTickets(id, signal) {
  const order = orders().find((each) => each.ids.includes(id));
  const found = (order?.ids ?? [id]).map((each) => call("GET", `${PATH}/${each}${asSession()}`, { signal }));
  return (await Promise.all(found)).map(({ data }) => data);
}
