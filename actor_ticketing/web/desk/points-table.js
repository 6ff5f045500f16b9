// What a chart shows, as text.
import { html } from "../html.js";
import { dayAndTime, number, shortDay, shortTime, t } from "../i18n.js";
import { takings } from "./figures.js";

const KINDS = ["reserved", "sold", "expired", "cancelled"];
const DAY_SECONDS = 86400;

// "20 March, 14:00 – 15:00", or the day alone.
export function pointName({ at }, bucketSeconds) {
  if (bucketSeconds >= DAY_SECONDS) return shortDay(at);
  return `${dayAndTime(at)} – ${shortTime(Date.parse(at) + bucketSeconds * 1000)}`;
}

export function PointsTable({ data: { points, bucketSeconds } }) {
  const eventful = points.filter((point) => KINDS.some((kind) => point[kind].tickets)).reverse();
  return html`
    <details>
      <summary>${t("sales.asTable")}</summary>
      ${eventful.length === 0 ? html`<p class="hint">${t("sales.nothing")}</p>` : html`
        <div class="scroller" tabindex="0" role="region" aria-label=${t("sales.table")}>
          <table class="grid small">
            <caption>${t("sales.tableOf")}</caption>
            <thead>
              <tr>
                <th scope="col">${t("sales.when")}</th>
                ${KINDS.map((kind) => html`<th scope="col" class="number">${t(`kind.${kind}`)}</th>`)}
                <th scope="col" class="number">${t("sales.revenue")}</th>
              </tr>
            </thead>
            <tbody>
              ${eventful.map((point) => html`
                <tr key=${point.at}>
                  <th scope="row">${pointName(point, bucketSeconds)}</th>
                  ${KINDS.map((kind) => html`<td class="number">${number(point[kind].tickets)}</td>`)}
                  <td class="number">${takings(point.revenue)}</td>
                </tr>
              `)}
            </tbody>
          </table>
        </div>
      `}
    </details>
  `;
}
