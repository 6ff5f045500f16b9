// What is on sale.
import { html } from "../html.js";
import { calendarLeaf, dayAndTime, money, t, time } from "../i18n.js";
import { Failed, Loading, useLoad, useTitle } from "../parts/loading.js";
import { hueOf, Poster } from "../parts/poster.js";
import { loadEvents, stateOf } from "../shop.js";
import { useStore } from "../store.js";

export function Home() {
  const { data: ids, error, again } = useLoad(loadEvents, []);
  const events = useStore((state) => state.events);
  useTitle("");
  if (error) return html`<${Failed} error=${error} again=${again} />`;
  if (!ids) return html`<${Loading} />`;
  return html`
    <div class="opening">
      <h1>${t("home.title")}</h1>
      <p>${t("home.lead")}</p>
    </div>
    ${ids.length === 0 && html`<p class="empty">${t("home.empty")}</p>`}
    <ul class="events">${ids.map((id) => html`<${EventCard} event=${events[id]} key=${id} />`)}</ul>
  `;
}

function EventCard({ event }) {
  const leaf = calendarLeaf(event.startDate);
  return html`
    <li class="event-card ${hueOf(event.id)}">
      <${Poster} id=${event.id} />
      <div class="card-body">
        <h2><a href="/events/${event.id}">${event.title}</a></h2>
        <p>${event.venue}</p>
        <p class="card-foot"><${Offer} types=${event.ticketTypes} /></p>
      </div>
      <p class="leaf">
        <span>${leaf.weekday}</span><b>${leaf.day}</b><span>${leaf.month}</span><small>${time(event.startDate)}</small>
      </p>
    </li>
  `;
}

// The whole event in a word: from what price, or why there is nothing to buy now.
function Offer({ types }) {
  const stock = useStore((state) => state.stock);
  const having = (state) => types.filter((type) => stateOf(type, stock[type.id]) === state);
  const open = having("open");
  const soon = having("soon");
  if (open.length) {
    const [first, ...others] = [...new Set(open.map((type) => type.price))].sort((a, b) => a - b);
    const price = (minor) => money(minor, open[0].currency);
    if (others.length === 0) return price(first);
    return first === 0 ? t("home.fromFree", { price: price(others[0]) }) : t("home.from", { price: price(first) });
  }
  if (having("paused").length) return html`<span class="tag">${t("stock.paused")}</span>`;
  if (having("held").length) return html`<span class="tag">${t("home.held")}</span>`;
  if (having("sold").length) return html`<span class="tag">${t("stock.sold")}</span>`;
  if (soon.length) return t("stock.soon", { date: dayAndTime(soon[0].salesStart) });
  return t("stock.over");
}
