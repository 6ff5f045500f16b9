// The server's clock. A buyer's own may be wrong by hours, so nothing is counted by it alone.
import { useEffect, useState } from "./html.js";

const listeners = new Set();
let ahead = 0; // how far the server's clock is ahead of Date.now(), in ms
let doubt = Infinity; // by how much that may be wrong: half the time the answer took
let between = Date.now() - performance.now();
let onDoubt = () => {};

// Call `ask` whenever the clock is to be compared anew.
export const whenInDoubt = (ask) => { onDoubt = ask; };

// An answer said that the server's time was `serverTime` between `sent` and `arrived` (Date.now() each).
export function learn(serverTime, sent, arrived) {
  const error = (arrived - sent) / 2;
  if (!(error <= doubt)) return;
  ahead = Date.parse(serverTime) - (sent + arrived) / 2;
  doubt = error;
  for (const listener of [...listeners]) listener();
}

// Whether an answer has told it.
export const isKnown = () => doubt < Infinity;

export const now = () => Date.now() + ahead;

// Somebody set this device's clock, or it slept: the two clocks of the browser part, and neither is believed.
setInterval(() => {
  const apart = Date.now() - performance.now();
  if (Math.abs(apart - between) < 500) return;
  between = apart;
  doubt = Infinity;
  onDoubt();
}, 1000);

// Call `listener` when a comparison has changed the clock.
export function onChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const secondsUntil = (instant) => Math.max(0, Math.ceil((Date.parse(instant) - now()) / 1000));

// The seconds until an instant (RFC 3339), rounded up, for a component that shows them. null counts nothing.
export function useCountdown(instant) {
  const [left, setLeft] = useState(instant === null ? 0 : secondsUntil(instant));
  useEffect(() => {
    if (instant === null) return undefined;
    let timer;
    const tick = () => {
      clearTimeout(timer);
      const ms = Date.parse(instant) - now();
      setLeft(Math.max(0, Math.ceil(ms / 1000)));
      // At the next full second of this countdown, not of the clock.
      if (ms > 0) timer = setTimeout(tick, (ms % 1000) + 5);
    };
    tick();
    const leave = onChange(tick);
    return () => { clearTimeout(timer); leave(); };
  }, [instant]);
  return left;
}
