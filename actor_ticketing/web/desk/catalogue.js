// All events, past ones included, and a new one.
import { html, useState } from "../html.js";
import { dayAndTime, number, t } from "../i18n.js";
import { Loading, useLoad, useTitle } from "../parts/loading.js";
import { go } from "../router.js";
import { kept } from "../store.js";
import { EventForm } from "./event-form.js";
import { loadCatalogue, partedByDate, StockBar, sum } from "./figures.js";
import { Failure } from "./frame.js";

export function Catalogue() {
  const { data: events, error, again } = useLoad(loadCatalogue, []);
  const [adding, setAdding] = useState(() => kept("tab", "draft.event") !== null);
  useTitle(t("desk.catalogue"), t("desk.name"));
  if (error) return html`<${Failure} error=${error} again=${again} />`;
  if (!events) return html`<${Loading} />`;
  const [coming, over] = partedByDate(events);
  return html`
    <div class="head">
      <h1>${t("desk.catalogue")}</h1>
      ${!adding && html`<button class="main" type="button" onClick=${() => setAdding(true)}>${t("catalogue.newEvent")}</button>`}
    </div>
    ${adding && html`
      <section class="panel" aria-labelledby="new">
        <h2 id="new">${t("catalogue.newEvent")}</h2>
        <${EventForm} event=${null} then=${(made) => go(`/admin/catalogue/${made.id}`)} cancel=${() => setAdding(false)} />
      </section>
    `}
    ${events.length === 0 && !adding && html`<p class="empty">${t("catalogue.empty")}</p>`}
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
              <td class="wide">${dayAndTime(event.startDate)}</td>
              <td class="number">${number(event.ticketTypes.length)}</td>
              <td class="number">${number(stock.sold)}</td><td class="number">${number(stock.total)}</td>
            </tr>
          `;
        })}
      </tbody>
    </table>
  `;
}
