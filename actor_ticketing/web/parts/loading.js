// While something loads, and when it cannot be had.
import { Refusal } from "../api.js";
import { html, useEffect, useState } from "../html.js";
import { known, t } from "../i18n.js";

// Call `load(signal)` when a component is shown and when `deps` change: {data, error, again}.
export function useLoad(load, deps) {
  const [state, setState] = useState({ data: null, error: null });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const leaving = new AbortController();
    load(leaving.signal).then(
      (data) => setState({ data: data ?? true, error: null }),
      (error) => { if (!leaving.signal.aborted) setState({ data: null, error }); },
    );
    return () => leaving.abort(new Error("left"));
  }, [...deps, turn]);
  return { ...state, again: () => { setState({ data: null, error: null }); setTurn(turn + 1); } };
}

// What to tell the buyer about a failure.
export function wordsFor(error) {
  if (!(error instanceof Refusal)) return t("error.internal_error");
  const key = `error.${error.code}`;
  return known(key) ? t(key, { count: error.details.available ?? error.retryAfter, ...error.details }) : t("error.internal_error");
}

export const Loading = () => html`
  <div class="loading" role="status"><span class="unseen">${t("loading")}</span><i></i><i></i><i></i></div>
`;

// elsewhere: {href, words} of where to go instead.
export const Failed = ({ error, again, elsewhere = { href: "/", words: t("nav.events") } }) => html`
  <section class="empty" role="alert">
    <h1>${t("error.title")}</h1>
    <p>${wordsFor(error)}</p>
    <p class="row">
      <button class="main" type="button" onClick=${again}>${t("error.again")}</button>
      <a class="button" href=${elsewhere.href}>${elsewhere.words}</a>
    </p>
  </section>
`;

// The title of the browser's tab.
export function useTitle(title, of = t("shop.name")) {
  useEffect(() => { document.title = title ? `${title} · ${of}` : of; }, [title]);
}
