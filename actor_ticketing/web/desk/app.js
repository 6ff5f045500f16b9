// The operator's desk: which page stands at which address, for whoever is signed in.
import { speak, t, wordsAlsoFrom } from "../i18n.js";
import { html, render, useEffect, useRef } from "../html.js";
import * as router from "../router.js";
import { useStore } from "../store.js";
import { Catalogue } from "./catalogue.js";
import { Door } from "./door.js";
import { EventPage } from "./event.js";
import { Footer, Header, Notices, Said } from "./frame.js";
import { Gate } from "./gate.js";
import { Lookup } from "./lookup.js";
import { Overview } from "./overview.js";
import { Sales } from "./sales.js";

const PAGES = [
  [/^\/admin$/, Overview],
  [/^\/admin\/sales$/, Sales],
  [/^\/admin\/catalogue$/, Catalogue],
  [/^\/admin\/catalogue\/([^/]+)$/, EventPage],
  [/^\/admin\/lookup$/, Lookup],
  [/^\/admin\/door$/, Door],
];

function pageAt(path) {
  for (const [pattern, page] of PAGES) {
    const match = pattern.exec(path);
    if (match) return [page, match[1]];
  }
  return [Overview];
}

function App() {
  const path = useStore((state) => state.path);
  const language = useStore((state) => state.language);
  const user = useStore((state) => state.user);
  const main = useRef(null);
  const shown = useRef(null);
  const [Page, id] = pageAt(path);
  const place = user ? path : "gate";
  // A new page is read from its heading on, as if the browser had loaded it.
  useEffect(() => {
    if (shown.current !== null) main.current.focus({ preventScroll: true });
    shown.current = place;
  }, [place]);
  return html`
    <a class="skip" href="#main">${t("nav.skip")}</a>
    <${Header} path=${path} />
    <${Notices} />
    <main id="main" tabindex="-1" ref=${main}>
      ${user ? html`<${Page} key=${path + language} id=${id} />` : html`<${Gate} key=${language} />`}
    </main>
    <${Footer} />
    <${Said} />
  `;
}

wordsAlsoFrom("/static/desk/messages");
await speak();
router.start(/^\/admin(\/|$)/);
render(html`<${App} />`, document.getElementById("app"));
