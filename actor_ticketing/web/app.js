// The storefront: which page stands at which address, and what is around all of them.
import { html, render, useEffect, useRef } from "./html.js";
import { open } from "./holds.js";
import { speak, t } from "./i18n.js";
import { Footer, Header, Notices, Said } from "./parts/chrome.js";
import { Checkout } from "./pages/checkout.js";
import { EventPage } from "./pages/event.js";
import { Home } from "./pages/home.js";
import { NotFound } from "./pages/not-found.js";
import { Reservations } from "./pages/reservations.js";
import { SignIn } from "./pages/sign-in.js";
import { Tickets } from "./pages/tickets.js";
import * as router from "./router.js";
import { useStore } from "./store.js";

const PAGES = [
  [/^\/$/, Home],
  [/^\/events\/([^/]+)$/, EventPage],
  [/^\/checkout$/, Checkout],
  [/^\/tickets\/([^/]+)$/, Tickets],
  [/^\/reservations$/, Reservations],
  [/^\/sign-in$/, SignIn],
];

function pageAt(path) {
  for (const [pattern, page] of PAGES) {
    const match = pattern.exec(path);
    if (match) return [page, match[1]];
  }
  return [NotFound];
}

function App() {
  const path = useStore((state) => state.path);
  const language = useStore((state) => state.language);
  const main = useRef(null);
  const first = useRef(true);
  const [Page, id] = pageAt(path);
  // A new page is read from its heading on, as if the browser had loaded it.
  useEffect(() => {
    if (!first.current) main.current.focus({ preventScroll: true });
    first.current = false;
  }, [path]);
  return html`
    <a class="skip" href="#main">${t("nav.skip")}</a>
    <${Header} path=${path} />
    <${Notices} path=${path} />
    <main id="main" tabindex="-1" ref=${main}><${Page} key=${path + language} id=${id} /></main>
    <${Footer} />
    <${Said} />
  `;
}

await speak();
router.start(/^\/(?!(api|static|admin)(\/|$))/);
render(html`<${App} />`, document.getElementById("app"));
open();
