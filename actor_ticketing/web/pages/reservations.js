// What this buyer holds now, and what was bought on this device.
import { forget } from "../account.js";
import { useCountdown } from "../clock.js";
import { orders, release } from "../holds.js";
import { html, useState } from "../html.js";
import { countdown, day, t } from "../i18n.js";
import { Loading, useTitle } from "../parts/loading.js";
import { hueOf } from "../parts/poster.js";
import { useStore } from "../store.js";

export function Reservations() {
  const holds = useStore((state) => state.holds);
  useStore((state) => state.bought);
  useTitle(t("reservations.title"));
  if (holds === null) return html`<${Loading} />`;
  const bought = orders();
  return html`
    <div class="opening"><h1>${t("reservations.title")}</h1></div>
    <section aria-labelledby="held">
      <h2 id="held">${t("reservations.held")}</h2>
      ${holds.length === 0 ? html`<p class="empty">${t("reservations.noneHeld")}</p>` : html`
        <ul class="rows">${holds.map((hold) => html`<${HeldRow} key=${hold.id} hold=${hold} />`)}</ul>
        <p><a class="button main" href="/checkout">${t("reservations.toCheckout")}</a></p>
      `}
    </section>
    <section aria-labelledby="bought">
      <h2 id="bought">${t("reservations.bought")}</h2>
      ${bought.length === 0 ? html`<p class="empty">${t("reservations.noneBought")}</p>` : html`
        <ul class="rows">
          ${bought.map((order) => html`
            <li key=${order.ids[0]} class="row-card ${hueOf(order.titles[0])}">
              <span><b><a href="/tickets/${order.ids[0]}">${order.titles.join(", ")}</a></b><small>${day(order.startDate)}</small></span>
            </li>
          `)}
        </ul>
      `}
    </section>
    <${Forget} />
  `;
}

function HeldRow({ hold }) {
  const left = useCountdown(hold.expiresAt);
  return html`
    <li class="row-card ${hueOf(hold.ticketType.event.id)}">
      <span>
        <b>${hold.quantity} × ${hold.ticketType.name}</b><small>${hold.ticketType.event.title}</small>
        <small>${t("reservations.code")} <span class="code">${hold.code}</span></small>
      </span>
      <span class="row">
        <b class="figure">${countdown(left)}</b>
        <button type="button" class="quiet" aria-label=${t("checkout.releaseOf", { name: hold.ticketType.name })}
          onClick=${() => release(hold.id)}>${t("checkout.release")}</button>
      </span>
    </li>
  `;
}

// On a shared computer, whoever comes next shall find nothing.
function Forget() {
  const [sure, setSure] = useState(false);
  return html`
    <section class="aside" aria-labelledby="forget">
      <h2 id="forget">${t("forget.title")}</h2>
      <p>${t("forget.text")}</p>
      ${sure ? html`
        <p class="row" role="alert">
          <span>${t("forget.sure")}</span>
          <button type="button" onClick=${forget}>${t("forget.yes")}</button>
          <button type="button" onClick=${() => setSure(false)}>${t("forget.no")}</button>
        </p>
      ` : html`<p><button type="button" onClick=${() => setSure(true)}>${t("forget.do")}</button></p>`}
    </section>
  `;
}
