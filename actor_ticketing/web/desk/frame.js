// What is around every page of the desk: header with the ways to all pages, footer, and what concerns all of it.
import { html } from "../html.js";
import { t } from "../i18n.js";
import { Language, Mark } from "../parts/brand.js";
import { Failed } from "../parts/loading.js";
import { useStore } from "../store.js";
import { signOut } from "./access.js";

// The door is loaded as a document of its own, the only one that browsers let have the camera: a link with a target is
// not followed inside the page.
const WAYS = [
  ["/admin", "desk.overview"],
  ["/admin/sales", "desk.sales"],
  ["/admin/catalogue", "desk.catalogue"],
  ["/admin/lookup", "desk.lookup"],
  ["/admin/door", "desk.door"],
];

export function Header({ path }) {
  const user = useStore((state) => state.user);
  const here = (href) => path === href || (href !== "/admin" && path.startsWith(`${href}/`));
  return html`
    <header class="top">
      <a class="brand" href="/admin" aria-label=${t("desk.home")}><${Mark} /><span>${t("desk.name")}</span></a>
      ${user && html`
        <nav aria-label=${t("desk.nav")}>
          ${WAYS.map(([href, key]) => html`<a href=${href} target=${href === "/admin/door" ? "_self" : undefined} aria-current=${here(href) ? "page" : undefined}>${t(key)}</a>`)}
        </nav>
        <p class="who-is">
          <span>${user.email ?? t("desk.byToken")}</span>
          <button type="button" class="quiet" onClick=${signOut}>${t("desk.signOut")}</button>
        </p>
      `}
    </header>
  `;
}

export function Notices() {
  const retrying = useStore((state) => state.network === "retrying");
  return html`
    <div role="status">
      ${retrying && html`<p class="notice warn"><b>${t("network.lost")}</b> ${t("desk.trying")}</p>`}
    </div>
  `;
}

export const Footer = () => html`
  <footer class="bottom">
    <p>${t("desk.zone", { zone: Intl.DateTimeFormat().resolvedOptions().timeZone })} <a href="/">${t("desk.toShop")}</a></p>
    <${Language} />
  </footer>
`;

// When a page cannot be had.
export const Failure = ({ error, again }) => html`
  <${Failed} error=${error} again=${again} elsewhere=${{ href: "/admin", words: t("desk.overview") }} />
`;

// What `announce` in store.js says to a screen reader.
export function Said() {
  const said = useStore((state) => state.said);
  return html`
    <div class="unseen" aria-live="polite">${said.polite}</div>
    <div class="unseen" aria-live="assertive">${said.assertive}</div>
  `;
}
