// All events, past ones included, and a new one.
import { html } from "../html.js";
import { dateAndTime, number, t } from "../i18n.js";
import { Loading, useTitle } from "../parts/loading.js";
import { go } from "../router.js";
import { kept } from "../store.js";
import { EventForm } from "./event-form.js";
import { loadCatalogue, partedByDate, StockBar, sum } from "./figures.js";
import { useOpened } from "./forms.js";
import { Failure } from "./frame.js";
import { Age, useFresh } from "./fresh.js";

const SECONDS = 15;

export function Catalogue() {
  const { data: events, at, error, again } = useFresh(loadCatalogue, SECONDS);
  const [opened, open] = useOpened(() => (kept("tab", "draft.event") === null ? null : "event"));
  useTitle(t("desk.catalogue"), t("desk.name"));
  if (!events) return error ? html`<${Failure} error=${error} again=${again} />` : html`<${Loading} />`;
  const [coming, over] = partedByDate(events);
  return html`
    <div class="head">
      <h1>${t("desk.catalogue")}</h1><${Age} at=${at} error=${error} limit=${3 * SECONDS} />
      ${!opened && html`<button class="main" type="button" data-opens="event" onClick=${() => open("event")}>${t("catalogue.newEvent")}</button>`}
    </div>
    ${opened && html`
      <section class="panel" data-form="event" aria-labelledby="new">
        <h2 id="new">${t("catalogue.newEvent")}</h2>
        <${EventForm} event=${null} then=${(made) => go(`/admin/catalogue/${made.id}`)} cancel=${() => open(null)} />
      </section>
    `}
    ${events.length === 0 && !opened && html`<p class="empty">${t("catalogue.empty")}</p>`}
    ${coming.length > 0 && html`<${Events} title=${t("catalogue.coming")} events=${coming} />`}
    ${over.length > 0 && html`<${Events} title=${t("catalogue.over")} events=${over} />`}
  `;
}

function Events({ title, events }) {
  return html`
    <table class="grid">
      <caption>${title}</caption>
      <thead>
        <tr>
          <th scope="col">${t("catalogue.event")}</th><th scope="col" class="wide">${t("field.startDate")}</th>
          <th scope="col" class="number">${t("catalogue.types")}</th>
          <th scope="col" class="number">${t("figure.sold")}</th><th scope="col" class="number">${t("figure.total")}</th>
        </tr>
      </thead>
      <tbody>
        ${events.map((event) => {
          const stock = sum(event.ticketTypes);
          return html`
            <tr key=${event.id}>
              <th scope="row">
                <a href="/admin/catalogue/${event.id}">${event.title}</a><small>${event.venue}</small><${StockBar} stock=${stock} />
              </th>
              <td class="wide">${dateAndTime(event.startDate)}</td>
              <td class="number">${number(event.ticketTypes.length)}</td>
              <td class="number">${number(stock.sold)}</td><td class="number">${number(stock.total)}</td>
            </tr>
          `;
        })}
      </tbody>
    </table>
  `;
}
