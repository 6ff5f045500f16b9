// What lies behind the totals: conversion, how soon people buy, what extensions bring, what expired holds cost, the peak.
import { html } from "../html.js";
import { dayAndTime, number, t } from "../i18n.js";
import { share, takings } from "./figures.js";
import { inShort } from "./waits.js";

const part = ({ purchased, settled }) => share(purchased.reservations, settled.reservations);

export function Insights({ data: { funnel, conversion, timeToPurchase: times, extensions, lostTicketMinutes, peak } }) {
  const ended = funnel.held.reservations - funnel.live.reservations;
  const tiles = [
    ["conversion", conversion.ofSettled === null ? null : share(funnel.purchased.reservations, ended),
      t("insights.conversionOf", { count: ended, all: share(funnel.purchased.reservations, funnel.held.reservations) })],
    ["time", times.purchases ? inShort(times.p50Seconds) : null, t("insights.timeOf", { time: inShort(times.p90Seconds) })],
    ["extended", extensions.extended.settled.reservations ? part(extensions.extended) : null,
      t("insights.extendedOf", { count: extensions.extended.settled.reservations, others: part(extensions.notExtended) })],
    ["brought", number(extensions.brought.tickets), t("insights.broughtOf", { revenue: takings(extensions.brought.revenue) })],
    ["lost", number(Math.round(lostTicketMinutes)), t("insights.lostOf")],
    ["peak", peak.minute && number(peak.minute.tickets),
      peak.minute && t("insights.peakOf", { at: dayAndTime(peak.minute.at), second: peak.second.tickets })],
  ];
  return html`
    <dl class="tiles" aria-label=${t("insights.title")}>
      ${tiles.map(([name, figure, words]) => html`
        <div key=${name}>
          <dt>${t(`insights.${name}`)}</dt>
          <dd><b class="figure">${figure ?? t("insights.none")}</b>${figure !== null && html`<small>${words}</small>`}</dd>
        </div>
      `)}
    </dl>
  `;
}
