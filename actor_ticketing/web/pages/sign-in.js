// The account: sign in, register, sign out.
import { signOut } from "../account.js";
import { html } from "../html.js";
import { t } from "../i18n.js";
import { useTitle } from "../parts/loading.js";
import { SignInForm } from "../parts/sign-in-form.js";
import { go } from "../router.js";
import { get, useStore } from "../store.js";

export function SignIn() {
  const user = useStore((state) => state.user);
  useTitle(t(user ? "nav.account" : "nav.signIn"));
  if (user) {
    return html`
      <section class="narrow">
        <h1>${t("account.title")}</h1>
        <p>${t("account.signedIn", { email: user.email })}</p>
        <p class="row"><button type="button" onClick=${signOut}>${t("account.signOut")}</button></p>
      </section>
    `;
  }
  return html`
    <section class="narrow">
      <h1>${t("account.welcome")}</h1>
      <p>${t("account.lead")}</p>
      <${SignInForm} then=${() => go(get().holds?.length ? "/checkout" : "/reservations")} />
    </section>
  `;
}
