// From hold to purchase: what has become of the holds that were made in a stretch of time.
import { html } from "../html.js";
import { t } from "../i18n.js";
import { share } from "./figures.js";

const STEPS = ["held", "purchased", "live", "expired", "cancelled"];

export function Funnel({ funnel }) {
  const whole = funnel.held.reservations;
  return html`
    <section class="panel" aria-labelledby="funnel">
      <h2 id="funnel">${t("funnel.title")}</h2>
      <p class="hint">${t("funnel.hint")}</p>
      <ul class="funnel">
        ${STEPS.map((step) => {
          const { reservations, tickets } = funnel[step];
          return html`
            <li key=${step} data-step=${step}>
              <span class="name">${t(`funnel.${step}`)}</span><b class="figure">${share(reservations, whole)}</b>
              <div class="bar" aria-hidden="true"><i style=${{ width: `${whole ? (reservations / whole) * 100 : 0}%` }}></i></div>
              <small>${t("funnel.holds", { count: reservations })} · ${t("funnel.tickets", { count: tickets })}</small>
            </li>
          `;
        })}
      </ul>
    </section>
  `;
}
