// A file that only the owner gets. A link can name the session; an account has to be shown in a request's head.
import { session } from "../holds.js";
import { html } from "../html.js";
import { token } from "../tokens.js";

export function Download({ path, sessionId, kind, children }) {
  const fetchIt = async (event) => {
    if (sessionId === session()) return;
    event.preventDefault();
    const answer = await fetch(path, { headers: { Authorization: `Bearer ${await token()}` } });
    if (!answer.ok) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = path.split("/").at(-1);
    link.click();
    URL.revokeObjectURL(link.href);
  };
  return html`<a class="button ${kind}" download href="${path}?sessionId=${session()}" onClick=${fetchIt}>${children}</a>`;
}
