// An address at which there is nothing.
import { html } from "../html.js";
import { t } from "../i18n.js";
import { useTitle } from "../parts/loading.js";

export function NotFound() {
  useTitle(t("notFound.title"));
  return html`
    <section class="empty">
      <h1>${t("notFound.title")}</h1>
      <p><a class="button main" href="/">${t("nav.events")}</a></p>
    </section>
  `;
}
