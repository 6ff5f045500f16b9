// A file that only the owner gets. A link can name the session; an account has to be shown in a request's head.
import { session } from "../holds.js";
import { html } from "../html.js";
import { token } from "../tokens.js";
import { save } from "./save.js";

export function Download({ path, sessionId, kind, children }) {
  const fetchIt = async (event) => {
    if (sessionId === session()) return;
    event.preventDefault();
    const answer = await fetch(path, { headers: { Authorization: `Bearer ${await token()}` } });
    if (!answer.ok) return;
    save(await answer.blob(), path.split("/").at(-1));
  };
  return html`<a class="button ${kind}" download href="${path}?sessionId=${session()}" onClick=${fetchIt}>${children}</a>`;
}
