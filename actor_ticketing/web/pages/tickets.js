// The tickets of a purchase: to show at the door, to print, to keep.
import { Refusal } from "../api.js";
import { loadTickets } from "../holds.js";
import { html } from "../html.js";
import { day, t, time, total } from "../i18n.js";
import { Download } from "../parts/download.js";
import { Failed, Loading, useLoad, useTitle } from "../parts/loading.js";
import { hueOf, Poster } from "../parts/poster.js";
import { useStore } from "../store.js";

export function Tickets({ id }) {
  const ready = useStore((state) => state.holds !== null);
  const { data: purchases, error, again } = useLoad((signal) => (ready ? loadTickets(id, signal) : new Promise(() => {})), [id, ready]);
  useTitle(t("tickets.title"));
  if (error instanceof Refusal && [401, 403, 404].includes(error.status)) return html`<${NotHere} />`;
  if (error) return html`<${Failed} error=${error} again=${again} />`;
  if (!purchases) return html`<${Loading} />`;
  const bought = purchases.filter((each) => each.tickets);
  if (!bought.length) return html`<${NotHere} />`;
  const tickets = bought.flatMap(({ reservation, tickets: own }) => own.map((ticket) => ({ ticket, type: reservation.ticketType })));
  const reservations = bought.map(({ reservation }) => reservation);
  const events = [...new Set(reservations.map(({ ticketType }) => ticketType.event.id))];
  const paid = bought.map(({ transaction: { totalPrice, currency } }) => ({ price: totalPrice, quantity: 1, currency }));
  const buyer = bought[0].transaction.buyerInfo;
  return html`
    <div class="opening no-print">
      <h1>${t("tickets.title")}</h1>
      <p>${buyer ? t("tickets.thanks", { name: buyer.fullName }) : t("tickets.ready")} ${t("tickets.paid", {
        count: tickets.length, total: total(paid),
      })}</p>
      <p class="row">
        <${Download} reservations=${reservations}>${t("tickets.allPdf")}<//>
        <a class="button" download href="/api/public/events.ics?eventIds=${events.join()}">${t("tickets.calendar")}</a>
        <button type="button" onClick=${() => window.print()}>${t("tickets.print")}</button>
      </p>
    </div>
    <ul class="tickets">
      ${tickets.map(({ ticket, type }, index) => html`<${Ticket} key=${ticket.code} ticket=${ticket} type=${type} number=${index + 1} of=${tickets.length} />`)}
    </ul>
  `;
}

function Ticket({ ticket, type, number, of }) {
  const { event } = type;
  return html`
    <li class="ticket ${hueOf(event.id)}">
      <${Poster} id=${event.id} columns=${10} rows=${10} />
      <div class="ticket-body">
        <p class="ticket-number">${t("tickets.number", { number, of })}</p>
        <h2>${event.title}</h2>
        <p>${day(event.startDate)}, ${time(event.startDate)}<br />${event.venue}</p>
        <dl>
          <div><dt>${t("tickets.type")}</dt><dd>${type.name}</dd></div>
          ${ticket.ticketHolder && html`<div><dt>${t("tickets.holder")}</dt><dd>${ticket.ticketHolder.fullName}</dd></div>`}
        </dl>
        <p class="no-print"><a download href="/api/public/tickets/${ticket.code}/ticket.pdf">${t("tickets.pdf", { number })}</a></p>
      </div>
      <div class="stub">
        <img src=${ticket.qrUrl} width="180" height="180" alt=${t("tickets.qr", { code: ticket.code })} />
        <p class="code">${ticket.code}</p>
      </div>
    </li>
  `;
}

const NotHere = () => html`
  <section class="empty">
    <h1>${t("tickets.notHere")}</h1>
    <p>${t("tickets.notHereText")}</p>
    <p class="row"><a class="button main" href="/sign-in">${t("nav.signIn")}</a> <a class="button" href="/reservations">${t("nav.reservations")}</a></p>
  </section>
`;
