// A reservation with all that came of it, and the end of a hold that its buyer no longer wants.
import { useCountdown } from "../clock.js";
import { html, useEffect, useState } from "../html.js";
import { countdown, dateAndTime, dayAndTime, money, t } from "../i18n.js";
import { wordsFor } from "../parts/loading.js";
import { adminApi } from "./access.js";
import { useOpened } from "./forms.js";

// heading: takes the focus; put: takes what the service says it is now; again: asks for it.
export function Record({ found, heading, put, again }) {
  const { reservation, transaction, tickets, ticket } = found;
  const { ticketType: type } = reservation;
  const isLive = reservation.status === "ACTIVE";
  const left = useCountdown(isLive ? reservation.expiresAt : null);
  // It has run out in front of the operator: what has become of it?
  useEffect(() => {
    if (!isLive || left > 0) return undefined;
    const timer = setTimeout(() => again().catch(() => {}), 1000);
    return () => clearTimeout(timer);
  }, [isLive, left === 0]);
  return html`
    <article class="panel record" aria-labelledby="found">
      <div class="head">
        <h2 id="found" tabindex="-1" ref=${heading}>${reservation.quantity} × ${type.name} <span class="tag" data-state=${reservation.status}>${t(`status.${reservation.status}`)}</span></h2>
        ${isLive && html`<b class="figure left-of" role="timer" aria-live="off">${countdown(left)}</b>`}
      </div>
      <p><a href="/admin/catalogue/${type.event.id}">${type.event.title}</a>, ${dateAndTime(type.event.startDate)} · ${type.event.venue}</p>
      <${Pairs} pairs=${[
        [t("record.code"), html`<span class="code">${reservation.code}</span>`],
        [t("record.id"), html`<span class="code">${reservation.id}</span>`],
        [t("record.price"), money(reservation.unitPrice * reservation.quantity, reservation.currency)],
        [t("record.reserved"), dayAndTime(reservation.reservedAt)],
        [t(isLive ? "record.ends" : "record.deadline"), dayAndTime(reservation.expiresAt)],
        [t("record.settled"), reservation.settledAt && dayAndTime(reservation.settledAt)],
        [t("record.extensions"), reservation.extensions || null],
        [t("record.user"), reservation.userId && html`<span class="code">${reservation.userId}</span>`],
        [t("record.metadata"), reservation.metadata && html`<span class="code">${JSON.stringify(reservation.metadata)}</span>`],
      ]} />
      ${transaction && html`<${Purchase} transaction=${transaction} />`}
      ${tickets.length > 0 && html`<${Tickets} tickets=${tickets} asked=${ticket?.code} />`}
      ${isLive && left > 0 && html`<${Cancel} reservation=${reservation} put=${(data) => { put(data); heading.current.focus(); }} />`}
    </article>
  `;
}

const Pairs = ({ pairs }) => html`
  <dl class="pairs">
    ${pairs.filter(([, value]) => value).map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}
  </dl>
`;

function Purchase({ transaction }) {
  const buyer = transaction.buyerInfo;
  return html`
    <h3>${t("record.purchase")}</h3>
    <${Pairs} pairs=${[
      [t("record.buyer"), buyer ? buyer.fullName : t("record.forgotten")],
      [t("person.email"), buyer?.email],
      [t("person.whatsapp"), buyer?.whatsapp],
      [buyer && t(`identity.${buyer.identityType}`), buyer?.identityNumber],
      [t("record.paid"), money(transaction.totalPrice, transaction.currency)],
      [t("record.bought"), dayAndTime(transaction.createdAt)],
      [t("record.transaction"), html`<span class="code">${transaction.id}</span>`],
    ]} />
  `;
}

function Tickets({ tickets, asked }) {
  return html`
    <table class="grid small">
      <caption>${t("record.tickets")}</caption>
      <thead><tr><th scope="col">${t("record.ticket")}</th><th scope="col">${t("record.holder")}</th><th scope="col">${t("record.used")}</th></tr></thead>
      <tbody>
        ${tickets.map((ticket) => html`
          <tr key=${ticket.code} class=${ticket.code === asked ? "asked" : ""}>
            <th scope="row"><span class="code">${ticket.code}</span>${ticket.code === asked && html` <span class="tag">${t("record.asked")}</span>`}</th>
            <td>${ticket.ticketHolder?.fullName ?? t("record.forgotten")}</td>
            <td>${ticket.checkedInAt ? html`${dayAndTime(ticket.checkedInAt)}<small>${ticket.checkedInBy}</small>` : t("record.unused")}</td>
          </tr>
        `)}
      </tbody>
    </table>
  `;
}

function Cancel({ reservation, put }) {
  const [asked, ask] = useOpened(null);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const cancel = async () => {
    setBusy(true);
    setProblem(null);
    try {
      const path = `/api/admin/reservations/${reservation.id}/cancel`;
      put((await adminApi("POST", path, { body: {}, intent: `cancel ${reservation.id}` })).data);
    } catch (error) {
      setProblem(wordsFor(error));
      setBusy(false);
    }
  };
  if (!asked) return html`<p><button type="button" data-opens="sure" onClick=${() => ask("sure")}>${t("record.cancel")}</button></p>`;
  return html`
    <div class="notice warn" data-form="sure" role="group" aria-labelledby="sure">
      <p id="sure">${t("record.sure", { count: reservation.quantity, name: reservation.ticketType.name })}</p>
      ${problem && html`<p class="problem" role="alert">${problem}</p>`}
      <p class="row">
        <button class="main" type="button" disabled=${busy} onClick=${cancel}>${t("record.yes")}</button>
        <button type="button" onClick=${() => ask(null)}>${t("record.no")}</button>
      </p>
    </div>
  `;
}
