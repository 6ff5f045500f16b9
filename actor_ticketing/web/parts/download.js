// All tickets of a purchase as one file, which only the owner gets. A link can name the session; an account has to be
// shown in a request's head.
import { session } from "../holds.js";
import { html } from "../html.js";
import { token } from "../tokens.js";
import { save } from "./save.js";

export function Download({ reservations, children }) {
  const ids = reservations.map(({ id }) => id).join();
  const path = `/api/public/purchases/tickets.pdf?reservationIds=${ids}&sessionId=${session()}`;
  const fetchIt = async (event) => {
    if (reservations.every(({ sessionId }) => sessionId === session())) return;
    event.preventDefault();
    const answer = await fetch(path, { headers: { Authorization: `Bearer ${await token()}` } });
    if (!answer.ok) return;
    save(await answer.blob(), "tickets.pdf");
  };
  return html`<a class="button main" download href=${path} onClick=${fetchIt}>${children}</a>`;
}
