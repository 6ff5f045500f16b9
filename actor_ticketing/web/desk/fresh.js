// Figures that keep themselves fresh, and say how old they are.
import { html, useEffect, useRef, useState } from "../html.js";
import { spoken, t } from "../i18n.js";
import { wordsFor } from "../parts/loading.js";

// Call `load(signal)` now, every few seconds after each answer, and when `deps` change: {data, at, error, again}. What
// was last known stays when a later call fails. Nothing is asked while nobody looks at the page.
export function useFresh(load, seconds, deps = []) {
  const [state, setState] = useState({ data: null, at: null, error: null });
  const again = useRef(null);
  useEffect(() => {
    const leaving = new AbortController();
    let timer;
    let latest = 0;
    const ask = async () => {
      clearTimeout(timer);
      if (document.hidden) return;
      latest += 1;
      const turn = latest;
      let change;
      try {
        const data = await load(leaving.signal);
        change = { data, at: Date.now(), error: null };
      } catch (error) {
        change = { error };
      }
      if (leaving.signal.aborted || turn !== latest) return;
      setState((before) => ({ ...before, ...change }));
      timer = setTimeout(ask, seconds * 1000);
    };
    again.current = ask;
    ask();
    document.addEventListener("visibilitychange", ask);
    return () => {
      leaving.abort(new Error("left"));
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", ask);
    };
  }, deps);
  return { ...state, again: () => again.current() };
}

// error: why there are no newer ones; limit: the age in seconds from which on it is a warning.
export function Age({ at, error, limit = 20 }) {
  const [, setNow] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  if (at === null) return null;
  const seconds = Math.max(0, Math.floor((Date.now() - at) / 1000));
  if (error || seconds >= limit) {
    return html`<p class="age stale">${t("age.stale", { time: spoken(seconds) })} ${error && wordsFor(error)}</p>`;
  }
  return html`<p class="age">${seconds < 2 ? t("age.now") : t("age.fresh", { time: spoken(seconds) })}</p>`;
}
