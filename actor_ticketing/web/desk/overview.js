// How things stand.
import { html } from "../html.js";
import { t } from "../i18n.js";
import { Loading, useLoad, useTitle } from "../parts/loading.js";
import { adminApi } from "./access.js";

export function Overview() {
  const { data } = useLoad((signal) => adminApi("GET", "/api/admin/reservations/cleanup", { signal }), []);
  useTitle(t("desk.overview"), t("desk.name"));
  if (!data) return html`<${Loading} />`;
  return html`<div class="opening"><h1>${t("desk.overview")}</h1></div>`;
}
