// The way in: by an account that is an admin's, or by the admin token.
import { Refusal } from "../api.js";
import { html, useRef, useState } from "../html.js";
import { t } from "../i18n.js";
import { Field } from "../parts/fields.js";
import { useTitle, wordsFor } from "../parts/loading.js";
import { kept, keep, useStore } from "../store.js";
import { signInByAccount, signInByToken } from "./access.js";

export function Gate() {
  const why = useStore((state) => state.gate);
  useTitle(t("gate.title"), t("desk.name"));
  return html`
    <section class="narrow">
      <h1>${t("gate.title")}</h1>
      ${why ? html`<p class="notice warn" role="alert">${t(why)}</p>` : html`<p>${t("gate.lead")}</p>`}
      <${Form} />
    </section>
  `;
}

function Form() {
  const [way, setWay] = useState(kept("tab", "way", "account"));
  const [typed, setTyped] = useState({ email: "", password: "", token: "" });
  const [errors, setErrors] = useState({});
  const [busy, setBusy] = useState(false);
  const form = useRef(null);

  const fail = (found) => {
    setErrors(found);
    setBusy(false);
    // After the fields have heard of it.
    setTimeout(() => form.current?.querySelector("[aria-invalid]")?.focus());
  };
  const submit = async (event) => {
    event.preventDefault();
    const asked = way === "token" ? ["token"] : ["email", "password"];
    const missing = asked.filter((name) => !typed[name].trim());
    if (missing.length) { fail(Object.fromEntries(missing.map((name) => [name, t("field.needed")]))); return; }
    setErrors({});
    setBusy(true);
    try {
      if (way === "token") await signInByToken(typed.token.trim());
      else await signInByAccount(typed.email.trim(), typed.password);
    } catch (error) {
      fail(problemOf(error, way));
    }
  };
  const option = (value) => html`
    <label class="tab"><input type="radio" name="way" value=${value} checked=${way === value}
      onChange=${() => { setWay(value); keep("tab", "way", value); setErrors({}); }} /><span>${t(`gate.by_${value}`)}</span></label>
  `;
  const field = (name, more) => html`
    <${Field} key=${name} label=${t(`gate.${name}`)} name=${name} value=${typed[name]} error=${errors[name]} ...${more}
      onInput=${(event) => setTyped({ ...typed, [name]: event.target.value })} />
  `;
  return html`
    <form class="sign-in" novalidate onSubmit=${submit} ref=${form}>
      <fieldset class="tabs"><legend class="unseen">${t("gate.choice")}</legend>${option("account")} ${option("token")}</fieldset>
      ${way === "account" && field("email", { type: "email", autocomplete: "username" })}
      ${way === "account" && field("password", { type: "password", autocomplete: "current-password" })}
      ${way === "token" && field("token", { type: "password", autocomplete: "off", hint: t("gate.tokenHint") })}
      ${errors.form && html`<p class="problem" role="alert">${errors.form}</p>`}
      <button class="main" type="submit" disabled=${busy}>${t(busy ? "gate.busy" : "gate.enter")}</button>
    </form>
  `;
}

// Where it stands, and in which words.
function problemOf(error, way) {
  if (!(error instanceof Refusal)) return { form: wordsFor(error) };
  if (error.code === "forbidden") return { [way === "token" ? "token" : "form"]: t("gate.forbidden") };
  if (error.status === 401 && way === "token") return { token: t("gate.wrongToken") };
  if (error.code === "invalid_credentials" || error.code === "validation_error") return { password: t("error.invalid_credentials") };
  if (error.code === "route_not_found") return { form: t("gate.noAccounts") };
  return { form: wordsFor(error) };
}
