// What is around every page: header, footer, what concerns the whole shop, and the voice for screen readers.
import { secondsUntil, useCountdown } from "../clock.js";
import { endOf } from "../holds.js";
import { html, useEffect, useRef } from "../html.js";
import { countdown, spoken, t, time } from "../i18n.js";
import { announce, useStore } from "../store.js";
import { Language, Mark } from "./brand.js";

const WARN_SECONDS = 60;

export function Header({ path }) {
  const user = useStore((state) => state.user);
  const link = (href, key) => html`<a href=${href} aria-current=${path === href ? "page" : undefined}>${t(key)}</a>`;
  return html`
    <header class="top">
      <a class="brand" href="/" aria-label=${t("shop.home")}>
        <${Mark} />
        <span>${t("shop.name")}</span>
      </a>
      ${path !== "/checkout" && html`<${HoldChip} />`}
      <nav aria-label=${t("nav.label")}>
        ${link("/", "nav.events")} ${link("/reservations", "nav.reservations")}
        ${link("/sign-in", user ? "nav.account" : "nav.signIn")}
      </nav>
    </header>
  `;
}

// What is held and for how long, on every page but the one that shows it anyway.
function HoldChip() {
  const holds = useStore((state) => state.holds) ?? [];
  const left = useCountdown(endOf(holds));
  if (!holds.length) return null;
  const count = holds.reduce((sum, hold) => sum + hold.quantity, 0);
  return html`
    <a class="chip ${left <= WARN_SECONDS ? "urgent" : ""}" href="/checkout">
      <span>${t("hold.chip", { count })}</span> <b>${countdown(left)}</b>
    </a>
  `;
}

export function Notices({ path }) {
  const holds = useStore((state) => state.holds) ?? [];
  const retrying = useStore((state) => state.network === "retrying");
  const lapsed = useStore((state) => state.lapsed.length);
  const end = endOf(holds);
  return html`
    ${retrying && html`
      <div class="notice" role="status">
        <b>${t("network.lost")}</b> ${end ? t("network.held", { time: time(end) }) : t("network.trying")}
      </div>
    `}
    ${lapsed > 0 && path !== "/checkout" && html`
      <div class="notice warn"><b>${t("lapsed.title")}</b> <a href="/checkout">${t("lapsed.look")}</a></div>
    `}
  `;
}

export function Footer() {
  return html`
    <footer class="bottom">
      <p>${t("footer.note")}</p>
      <${Language} />
    </footer>
  `;
}

// Says what changes without the buyer's doing. The countdown itself is silent: it is told five minutes and one minute
// before the end, and at the end.
export function Said() {
  const said = useStore((state) => state.said);
  const holds = useStore((state) => state.holds) ?? [];
  const lapsed = useStore((state) => state.lapsed.length);
  const end = endOf(holds);
  const left = useCountdown(end);
  const before = useRef({ end: null, left: 0, lapsed });
  useEffect(() => {
    const was = before.current;
    const passed = (seconds) => was.end === end && was.left > seconds && left <= seconds;
    if (end && left > 0 && passed(300)) announce(t("hold.left", { time: spoken(secondsUntil(end)) }));
    if (end && left > 0 && passed(WARN_SECONDS)) announce(t("hold.lastMinute"), "assertive");
    if (lapsed > was.lapsed) announce(t("lapsed.said"), "assertive");
    before.current = { end, left, lapsed };
  }, [end, left, lapsed]);
  return html`
    <div class="unseen" aria-live="polite">${said.polite}</div>
    <div class="unseen" aria-live="assertive">${said.assertive}</div>
  `;
}
