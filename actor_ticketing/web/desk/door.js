// The door: a ticket's code is typed, and gets a clear yes or no.
import { html, useState } from "../html.js";
import { dayAndTime, t } from "../i18n.js";
import { Field } from "../parts/fields.js";
import { useTitle, wordsFor } from "../parts/loading.js";
import { announce } from "../store.js";
import { adminApi } from "./access.js";

export function Door() {
  const [code, setCode] = useState("");
  const [verdict, setVerdict] = useState(null);
  useTitle(t("door.title"), t("desk.name"));

  const check = async (event) => {
    event.preventDefault();
    const told = await judge(code.trim());
    setVerdict(told);
    announce(told.words, "assertive");
  };
  return html`
    <div class="opening"><h1>${t("door.title")}</h1></div>
    <form class="narrow" onSubmit=${check}>
      <${Field} label=${t("door.code")} name="code" value=${code} autocomplete="off" onInput=${(event) => setCode(event.target.value)} />
      <p><button class="main" type="submit">${t("door.check")}</button></p>
      ${verdict && html`<p class=${verdict.yes ? "notice" : "problem"}>${verdict.words}</p>`}
    </form>
  `;
}

async function judge(code) {
  try {
    const { data } = await adminApi("POST", "/api/admin/checkin", { body: { code }, intent: "checkin" });
    return { yes: true, words: t("door.yes", { type: data.ticket.ticketType.name }) };
  } catch (error) {
    const { checkedInAt } = error.details ?? {};
    return { yes: false, words: checkedInAt ? t("door.used", { time: dayAndTime(checkedInAt) }) : wordsFor(error) };
  }
}
