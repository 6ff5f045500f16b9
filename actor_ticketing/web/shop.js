// Events and what is left of them.
import { call } from "./api.js";
import { now } from "./clock.js";
import { get, set } from "./store.js";

function remember(events) {
  const stock = { ...get().stock };
  for (const event of events) for (const type of event.ticketTypes) stock[type.id] = type;
  set({ stock, events: { ...get().events, ...Object.fromEntries(events.map((event) => [event.id, event])) } });
}

// What is on sale and will be, by date: the events of all pages of the list.
export async function loadEvents(signal) {
  const found = [];
  for (let page = 1, pages = 1; page <= pages; page += 1) {
    const { data, meta } = await call("GET", `/api/public/events?page=${page}`, { signal });
    found.push(...data);
    pages = meta.totalPages;
  }
  remember(found);
  return found.map((event) => event.id);
}

export async function loadEvent(id, signal) {
  const { data } = await call("GET", `/api/public/events/${id}`, { signal });
  remember([data.event]);
}

// A message of the WebSocket.
export function applyAvailability(message) {
  set({ stock: { ...get().stock, [message.ticketTypeId]: { ...get().stock[message.ticketTypeId], ...message } } });
}

// What a buyer can do about a ticket type: "soon", "over", "paused", "open", "held" (all that is left is held) or
// "sold".
export function stateOf(type, stock = type) {
  if (type.salesStart !== null && now() < Date.parse(type.salesStart)) return "soon";
  if (type.salesEnd !== null && now() >= Date.parse(type.salesEnd)) return "over";
  if (stock.available > 0) return type.paused ? "paused" : "open";
  if (stock.reserved === 0) return "sold";
  return type.paused ? "paused" : "held";
}

// The most that one request may ask of a type; without a maximum of its own, the service's usual one.
export const mostOf = (type, stock = type) => Math.min(stock.available, type.maxPerReservation ?? 50);
