// What the shop and the desk have on every page alike.
import { html } from "../html.js";
import { choose, current, LANGUAGES, t } from "../i18n.js";
import { useStore } from "../store.js";

export const Mark = () => html`
  <svg viewBox="0 0 32 20" aria-hidden="true"><path d="M1 1h30v5.500a3.500 3.500 0 0 0 0 7V19H1v-5.500a3.500 3.500 0 0 0 0-7z" /></svg>
`;

export function Language() {
  const language = useStore((state) => state.language);
  return html`
    <label>
      <span>${t("footer.language")}</span>
      <select value=${language ?? current()} onChange=${(event) => choose(event.target.value)}>
        ${Object.entries(LANGUAGES).map(([code, name]) => html`<option value=${code} lang=${code}>${name}</option>`)}
      </select>
    </label>
  `;
}
