// How long it takes from a hold to its purchase: a small plot, and its numbers as a table.
import { html } from "../html.js";
import { number, t } from "../i18n.js";

const WIDTH = 480;
const HEIGHT = 140;

// "5 min 35 s"
export function inShort(seconds) {
  if (seconds === null) return "";
  const values = { minutes: Math.floor(seconds / 60), seconds: seconds % 60 };
  if (seconds < 60) return t("waits.seconds", values);
  return t(values.seconds ? "waits.both" : "waits.minutes", values);
}

export function Waits({ times }) {
  const { purchases, bins, binSeconds } = times;
  const [half, most] = [times.p50Seconds, times.p90Seconds].map(inShort);
  return html`
    <section class="panel" aria-labelledby="waits">
      <h2 id="waits">${t("waits.title")}</h2>
      ${purchases === 0 ? html`<p class="hint">${t("waits.nothing")}</p>` : html`
        <p class="hint">${t("waits.hint", { half, most })}</p>
        <${Plot} times=${times} said=${t("waits.says", { count: purchases, half, most })} />
        <p class="ends figure" aria-hidden="true"><span>${inShort(0)}</span><span>${inShort(bins.length * binSeconds)}</span></p>
        <details>
          <summary>${t("sales.asTable")}</summary>
          <div class="scroller" tabindex="0" role="region" aria-label=${t("waits.table")}>
            <table class="grid small">
              <thead>
                <tr>
                  <th scope="col">${t("waits.upTo")}</th>
                  <th scope="col" class="number">${t("waits.purchases")}</th>
                </tr>
              </thead>
              <tbody>
                ${bins.map((count, place) => html`
                  <tr key=${place}>
                    <th scope="row">${inShort((place + 1) * binSeconds)}</th>
                    <td class="number">${number(count)}</td>
                  </tr>
                `)}
              </tbody>
            </table>
          </div>
        </details>
      `}
    </section>
  `;
}

// Bars, with a line where half have bought, and one where nine of ten have.
function Plot({ times: { bins, binSeconds, p50Seconds, p90Seconds }, said }) {
  const width = WIDTH / bins.length;
  const top = Math.max(...bins);
  return html`
    <svg class="waits" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label=${said}>
      ${bins.map((count, place) => {
        const height = (count / top) * HEIGHT;
        return html`<rect key=${place} x=${place * width + 1} y=${HEIGHT - height} width=${Math.max(width - 2, 1)} height=${height} />`;
      })}
      ${[p50Seconds, p90Seconds].map((seconds, place) => {
        const x = (seconds / (bins.length * binSeconds)) * WIDTH;
        return html`<line key=${`line-${place}`} x1=${x} x2=${x} y1="0" y2=${HEIGHT} />`;
      })}
    </svg>
  `;
}
