// How many: a number that can be typed, with a button on each side.
import { html } from "../html.js";
import { t } from "../i18n.js";

export function Stepper({ name, value, most, onChange }) {
  const put = (next) => onChange(Math.max(0, Math.min(most, Math.trunc(next) || 0)));
  return html`
    <div class="stepper" role="group" aria-label=${name}>
      <button type="button" aria-label=${t("stepper.less", { name })} disabled=${value === 0} onClick=${() => put(value - 1)}>−</button>
      <input type="number" inputmode="numeric" min="0" max=${most} value=${value} aria-label=${t("stepper.label", { name })}
        onInput=${(event) => put(event.target.valueAsNumber)} />
      <button type="button" aria-label=${t("stepper.more", { name })} disabled=${value >= most} onClick=${() => put(value + 1)}>+</button>
    </div>
  `;
}
