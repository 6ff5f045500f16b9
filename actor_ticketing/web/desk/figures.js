// The catalogue with its stock, as every page of the desk asks for it, and how figures are put.
import { html } from "../html.js";
import { money, number, t } from "../i18n.js";
import { stateOf } from "../shop.js";
import { now } from "../clock.js";
import { adminApi } from "./access.js";

const DAY_MS = 86400000;

// All events with their ticket types, past ones included, by date.
export async function loadCatalogue(signal) {
  const found = [];
  for (let page = 1, pages = 1; page <= pages; page += 1) {
    const { data, meta } = await adminApi("GET", `/api/admin/events?page=${page}`, { signal });
    found.push(...data);
    pages = meta.totalPages;
  }
  return found;
}

// [those that are still to come or on, those that are over]
export function partedByDate(events) {
  const isOver = (event) => Date.parse(event.startDate) < now() - DAY_MS;
  return [events.filter((event) => !isOver(event)), events.filter(isOver).reverse()];
}

// The counters of several ticket types together.
export function sum(types) {
  const added = { total: 0, sold: 0, reserved: 0, available: 0 };
  for (const type of types) for (const name of Object.keys(added)) added[name] += type[name];
  return added;
}

export const takings = (revenue) =>
  Object.entries(revenue).filter(([, minor]) => minor > 0).map(([currency, minor]) => money(minor, currency)).join(" + ") || number(0);

export const share = (part, whole) =>
  new Intl.NumberFormat(document.documentElement.lang, { style: "percent", maximumFractionDigits: 0 }).format(whole ? part / whole : 0);

// quiet: say nothing of what is on sale as usual.
export const StateTag = ({ type, quiet }) => {
  const state = stateOf(type);
  return quiet && state === "open" ? null : html`<span class="tag" data-state=${state}>${t(`state.${state}`)}</span>`;
};

// How much of the stock is sold and held. The figures stand beside it, so it is for the eye alone.
export function StockBar({ stock }) {
  const width = (part) => ({ width: `${stock.total ? (part / stock.total) * 100 : 0}%` });
  return html`
    <div class="stock-bar" aria-hidden="true"><i class="is-sold" style=${width(stock.sold)}></i><i class="is-held" style=${width(stock.reserved)}></i></div>
  `;
}
