// What a buyer asks about: a reservation by id or code, or a ticket by its code.
import { Refusal } from "../api.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { t } from "../i18n.js";
import { Field } from "../parts/fields.js";
import { useTitle, wordsFor } from "../parts/loading.js";
import { adminApi } from "./access.js";
import { Record } from "./record.js";

export function Lookup() {
  const [typed, setTyped] = useState("");
  const [found, setFound] = useState(null);
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const heading = useRef(null);
  const field = useRef(null);
  useTitle(t("desk.lookup"), t("desk.name"));
  const shown = found?.reservation.id;
  useEffect(() => { if (shown) heading.current.focus(); }, [shown, found?.ticket?.code]);

  const look = async (event) => {
    event.preventDefault();
    const path = pathOf(typed);
    setFound(null);
    setProblem(path ? null : t("lookup.noCode"));
    if (path) {
      setBusy(true);
      try {
        setFound((await adminApi("GET", path)).data);
      } catch (error) {
        setProblem(error instanceof Refusal && error.status === 404 ? t("lookup.nothing") : wordsFor(error));
      }
      setBusy(false);
    }
    // After the field has heard of it.
    setTimeout(() => field.current?.querySelector("[aria-invalid]")?.focus());
  };
  const again = async () => {
    const { data } = await adminApi("GET", `/api/admin/reservations/${found.reservation.id}`);
    setFound({ ...data, ticket: found.ticket });
  };
  return html`
    <div class="head"><h1>${t("desk.lookup")}</h1></div>
    <form class="search" novalidate onSubmit=${look} ref=${field} role="search">
      <${Field} label=${t("lookup.label")} hint=${t("lookup.hint")} name="code" value=${typed} error=${problem} maxlength="128"
        autocomplete="off" spellcheck=${false} onInput=${(event) => setTyped(event.target.value)} />
      <button class="main" type="submit" disabled=${busy}>${t("lookup.look")}</button>
    </form>
    ${found && html`<${Record} key=${shown} found=${found} heading=${heading} put=${setFound} again=${again} />`}
  `;
}

// By its length once dashes and spaces are gone: a ticket's code has 16 letters, a reservation's 18; an id has others.
function pathOf(typed) {
  const text = typed.trim();
  const letters = text.replace(/[\s-]/g, "");
  if (/^[A-Za-z0-9]{16}$/.test(letters)) return `/api/admin/tickets/${letters}`;
  if (/^[A-Za-z0-9]{18}$/.test(letters)) return `/api/admin/reservations/by-code/${letters}`;
  return /^[A-Za-z0-9._~-]{1,128}$/.test(text) ? `/api/admin/reservations/${text}` : null;
}
