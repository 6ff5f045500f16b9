// Everything as files for a spreadsheet.
import { Refusal } from "../api.js";
import { html, useState } from "../html.js";
import { t } from "../i18n.js";
import { wordsFor } from "../parts/loading.js";
import { save } from "../parts/save.js";
import { adminFile } from "./access.js";

const REPORTS = ["reservations", "transactions", "tickets"];

// event: only what belongs to it; without one, everything.
export function Reports({ event }) {
  const [busy, setBusy] = useState(null);
  const [told, setTold] = useState(null);
  const fetchIt = async (of) => {
    setBusy(of);
    setTold(null);
    try {
      const query = new URLSearchParams(event ? { of, eventId: event.id } : { of });
      save(await adminFile(`/api/admin/analytics/report.csv?${query}`), event ? `${of}-${event.id}.csv` : `${of}.csv`);
      setTold(t("reports.done", { name: t(`reports.${of}`) }));
    } catch (error) {
      // A file that broke off is none.
      setTold(error instanceof Refusal ? wordsFor(error) : t("reports.broken"));
    }
    setBusy(null);
  };
  return html`
    <section class="panel" aria-labelledby="reports">
      <h2 id="reports">${t("reports.title")}</h2>
      <p class="hint">${event ? t("reports.ofEvent", { title: event.title }) : t("reports.ofAll")}</p>
      <ul class="reports">
        ${REPORTS.map((of) => html`
          <li key=${of}>
            <span><b>${t(`reports.${of}`)}</b><small>${t(`reports.of_${of}`)}</small></span>
            <button type="button" disabled=${busy !== null} aria-label=${t("reports.getOf", { name: t(`reports.${of}`) })}
              onClick=${() => fetchIt(of)}>${t(busy === of ? "reports.busy" : "reports.get")}</button>
          </li>
        `)}
      </ul>
      <p class="hint" role="status">${told}</p>
    </section>
  `;
}
