// What the page knows, and who wants to hear when it changes; what outlives a reload, and for how long.
import { useEffect, useState } from "./html.js";

const listeners = new Set();
let state = {
  events: {}, // by id, as the service sends them
  stock: {}, // by ticket type id: the latest availability
  holds: null, // the reservations held, oldest first; null until they were asked for
  lapsed: [], // lines whose time ran out: {ticketTypeId, quantity, ticketType}
  extensions: {}, // by reservation id: {extensionsLeft, maxExpiresAt}
  bought: null, // the address of the latest purchase
  user: null,
  live: false, // whether the WebSocket is open
  network: "ok", // "retrying" while a request is tried again
  said: { polite: "", assertive: "" },
};

export const get = () => state;

export function set(change) {
  state = { ...state, ...change };
  for (const listener of [...listeners]) listener();
}

export function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

// Let a component follow a part of the state.
export function useStore(select) {
  const [value, setValue] = useState(() => select(state));
  useEffect(() => {
    const look = () => setValue(() => select(state));
    look();
    return subscribe(look);
  }, []);
  return value;
}

// Say something to a screen reader. "assertive" interrupts: only for what the buyer loses otherwise.
export function announce(text, how = "polite") {
  // The same words twice are heard once, so a mark that nobody hears makes them differ.
  const text_ = state.said[how] === text ? `${text}\u00a0` : text;
  set({ said: { ...state.said, [how]: text_ } });
}

// A value that outlives a reload. Storage can be full or forbidden: then the page works, and forgets.
// "device" outlives the tab as well (localStorage); "tab" ends with it (sessionStorage).
const storages = { device: () => window.localStorage, tab: () => window.sessionStorage };
// What the desk keeps is no buyer's, so each document has its own.
const prefix = `${document.documentElement.dataset.keeps ?? "tickets"}.`;

export function kept(where, name, fallback = null) {
  try {
    return JSON.parse(storages[where]().getItem(prefix + name)) ?? fallback;
  } catch {
    return fallback;
  }
}

export function keep(where, name, value) {
  try {
    if (value === null) storages[where]().removeItem(prefix + name);
    else storages[where]().setItem(prefix + name, JSON.stringify(value));
  } catch {
    // See above.
  }
}

export function forgetAll() {
  for (const where of Object.values(storages)) {
    try {
      for (const name of Object.keys(where())) if (name.startsWith(prefix)) where().removeItem(name);
    } catch {
      // See above.
    }
  }
}
