// Sign in or register, where a page needs it.
import { signIn } from "../account.js";
import { html, useRef, useState } from "../html.js";
import { t } from "../i18n.js";
import { Field } from "./fields.js";
import { wordsFor } from "./loading.js";

const MIN_PASSWORD = 8;

// email: what the buyer typed elsewhere; then: what comes after, once signed in; label: what the button promises.
export function SignInForm({ email: given = "", then, label }) {
  const [action, setAction] = useState("login");
  const [email, setEmail] = useState(given);
  const [password, setPassword] = useState("");
  const [errors, setErrors] = useState({});
  const [busy, setBusy] = useState(false);
  const form = useRef(null);

  const fail = (found) => {
    setErrors(found);
    // After the fields have heard of it.
    setTimeout(() => form.current?.querySelector("[aria-invalid]")?.focus());
  };
  const submit = async (event) => {
    event.preventDefault();
    const found = {};
    if (!email.includes("@")) found.email = t("field.email");
    if (!password) found.password = t("field.needed");
    else if (action === "register" && password.length < MIN_PASSWORD) found.password = t("account.tooShort", { count: MIN_PASSWORD });
    if (Object.keys(found).length) { fail(found); return; }
    setErrors({});
    setBusy(true);
    try {
      await signIn(action, email.trim(), password);
    } catch (error) {
      setBusy(false);
      const wrong = error.code === "validation_error" ? error.details : [];
      if (error.code === "email_taken") fail({ email: wordsFor(error) });
      else if (error.code === "invalid_credentials") fail({ password: wordsFor(error) });
      else if (wrong.length) fail(Object.fromEntries(wrong.map(({ field }) => [field, t(`account.wrong_${field}`)])));
      else setErrors({ form: wordsFor(error) });
      return;
    }
    await then?.();
    setBusy(false);
  };
  const option = (value) => html`
    <label class="tab"><input type="radio" name="action" value=${value} checked=${action === value}
      onChange=${() => { setAction(value); setErrors({}); }} /><span>${t(`account.${value}`)}</span></label>
  `;
  return html`
    <form class="sign-in" novalidate onSubmit=${submit} ref=${form}>
      <fieldset class="tabs"><legend class="unseen">${t("account.choice")}</legend>${option("login")} ${option("register")}</fieldset>
      <${Field} label=${t("account.email")} type="email" name="email" autocomplete="username" value=${email}
        error=${errors.email} onInput=${(event) => setEmail(event.target.value)} />
      <${Field} label=${t("account.password")} type="password" name="password" value=${password} error=${errors.password}
        autocomplete=${action === "login" ? "current-password" : "new-password"}
        hint=${action === "register" ? t("account.passwordHint", { count: MIN_PASSWORD }) : undefined}
        onInput=${(event) => setPassword(event.target.value)} />
      ${errors.form && html`<p class="problem" role="alert">${errors.form}</p>`}
      <button class="main" type="submit" disabled=${busy}>${busy ? t("account.busy") : label ?? t(`account.${action}`)}</button>
    </form>
  `;
}
