// What has become of all reservations, and how their ends were brought about; a sweep at once.
import { html, useState } from "../html.js";
import { dayAndTime, number, t } from "../i18n.js";
import { wordsFor } from "../parts/loading.js";
import { adminApi } from "./access.js";

const STATES = ["ACTIVE", "CONVERTED", "EXPIRED", "CANCELLED"];
const TRIGGERS = ["timer", "manual", "cron", "startup"];

export function Expiry({ stats, again }) {
  const [told, setTold] = useState(null);
  const [busy, setBusy] = useState(false);
  const sweep = async () => {
    setBusy(true);
    setTold(null);
    try {
      const { data } = await adminApi("POST", "/api/admin/reservations/cleanup", { body: {}, intent: "sweep" });
      setTold(t("expiry.swept", { count: data.expired, ms: data.durationMs }));
      again();
    } catch (error) {
      setTold(wordsFor(error));
    }
    setBusy(false);
  };
  return html`
    <section class="panel" aria-labelledby="expiry">
      <h2 id="expiry">${t("expiry.title")}</h2>
      <dl class="pairs">
        ${STATES.map((state) => html`<div key=${state}><dt>${t(`status.${state}`)}</dt><dd>${number(stats.counts[state])}</dd></div>`)}
      </dl>
      <table class="grid small">
        <caption>${t("expiry.sweeps")}</caption>
        <thead>
          <tr>
            <th scope="col">${t("expiry.by")}</th><th scope="col" class="number">${t("expiry.runs")}</th>
            <th scope="col" class="number">${t("expiry.released")}</th><th scope="col" class="number">${t("expiry.last")}</th>
          </tr>
        </thead>
        <tbody>
          ${TRIGGERS.map((trigger) => {
            const { runs, expired, lastAt } = stats.sweeps[trigger];
            return html`
              <tr key=${trigger}>
                <th scope="row">${t(`expiry.by_${trigger}`)}</th><td class="number">${number(runs)}</td>
                <td class="number">${number(expired)}</td>
                <td class="number when">${lastAt ? dayAndTime(lastAt) : t("overview.none")}</td>
              </tr>
            `;
          })}
        </tbody>
      </table>
      <p class="hint">${t("expiry.hint")}</p>
      <p class="row">
        <button type="button" disabled=${busy} onClick=${sweep}>${t("expiry.sweep")}</button>
        <span role="status">${told}</span>
      </p>
    </section>
  `;
}
