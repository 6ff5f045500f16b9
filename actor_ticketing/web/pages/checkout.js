// What is held, for how long, and for whom: from the hold to the tickets.
import { Refusal } from "../api.js";
import { dismissLapsed, purchase, release, reserve } from "../holds.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { dayAndTime, money, t, total } from "../i18n.js";
import { PersonFields } from "../parts/fields.js";
import { HoldClock } from "../parts/hold-clock.js";
import { Loading, useTitle, wordsFor } from "../parts/loading.js";
import { SignInForm } from "../parts/sign-in-form.js";
import { holderAt, loadDraft, peopleFor, problemsFrom, problemsOf, saveDraft, slotsOf, withHolder } from "../people.js";
import { go } from "../router.js";
import { get, useStore } from "../store.js";

export function Checkout() {
  const holds = useStore((state) => state.holds);
  const lapsed = useStore((state) => state.lapsed);
  const bought = useStore((state) => state.bought);
  const title = t(holds?.length ? "checkout.held" : "checkout.title");
  useTitle(title);
  if (holds === null) return html`<${Loading} />`;
  return html`
    <h1>${title}</h1>
    ${lapsed.length > 0 && html`<${Lapsed} lines=${lapsed} />`}
    ${holds.length > 0 && html`<div class="checkout"><${Held} holds=${holds} /><${Form} holds=${holds} /></div>`}
    ${holds.length + lapsed.length === 0 && html`
      <section class="empty">
        <p>${t(bought ? "checkout.bought" : "checkout.empty")}</p>
        ${bought ? html`<a class="button main" href=${bought}>${t("checkout.toTickets")}</a>`
          : html`<a class="button main" href="/">${t("nav.events")}</a>`}
      </section>
    `}
  `;
}

// The time ran out in front of the buyer, or while they were away.
function Lapsed({ lines }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const heading = useRef(null);
  useEffect(() => heading.current.focus(), [lines.length]);
  const again = async () => {
    setBusy(true);
    setProblem("");
    try {
      await reserve(lines.map(({ ticketTypeId, quantity }) => ({ ticketTypeId, quantity })));
    } catch (error) {
      setProblem(wordsFor(error));
      setBusy(false);
    }
  };
  return html`
    <section class="lapsed">
      <h2 tabindex="-1" ref=${heading}>${t("lapsed.title")}</h2>
      <p>${t("lapsed.text")}</p>
      <ul class="lines">${lines.map((line) => html`<li>${line.quantity} × ${line.ticketType.name}, ${line.ticketType.event.title}</li>`)}</ul>
      ${problem && html`<p class="problem" role="alert">${problem}</p>`}
      <p class="row">
        <button class="main" type="button" disabled=${busy} onClick=${again}>${t("lapsed.again")}</button>
        <a class="button" href="/events/${lines[0].ticketType.event.id}">${t("lapsed.event")}</a>
        <button type="button" onClick=${dismissLapsed}>${t("lapsed.dismiss")}</button>
      </p>
    </section>
  `;
}

function Held({ holds }) {
  return html`
    <aside class="held" aria-label=${t("checkout.what")}>
      <${HoldClock} holds=${holds} />
      <ul class="lines">
        ${holds.map((hold) => html`
          <li key=${hold.id}>
            <span>
              <b>${hold.quantity} × ${hold.ticketType.name}</b>
              <small>${hold.ticketType.event.title}<br />${dayAndTime(hold.ticketType.event.startDate)}</small>
            </span>
            <span>
              ${money(hold.quantity * hold.ticketType.price, hold.ticketType.currency)}
              <button type="button" class="quiet" aria-label=${t("checkout.releaseOf", { name: hold.ticketType.name })}
                onClick=${() => release(hold.id)}>${t("checkout.release")}</button>
            </span>
          </li>
        `)}
      </ul>
      <p class="total"><span>${t("checkout.total")}</span><b>${total(holds.map(({ ticketType, quantity }) => ({ ...ticketType, quantity })))}</b></p>
    </aside>
  `;
}

function Form({ holds }) {
  const [draft, setDraft] = useState(loadDraft);
  const [errors, setErrors] = useState({});
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const [asksWho, setAsksWho] = useState(false);
  const form = useRef(null);
  const retrying = useStore((state) => state.network === "retrying");
  const slots = slotsOf(holds);

  const change = (next) => { setDraft(next); saveDraft(next); };
  const fail = (found) => {
    setErrors(found);
    // After the fields have heard of it.
    setTimeout(() => form.current?.querySelector("[aria-invalid]")?.focus());
  };
  const buy = async () => {
    setBusy(true);
    setProblem("");
    try {
      const { buyer, holders } = peopleFor(draft, get().holds);
      go(await purchase(buyer, holders));
    } catch (error) {
      setBusy(false);
      if (error.code === "unauthenticated") setAsksWho(true);
      else if (error.code === "validation_error" && Array.isArray(error.details)) fail(problemsFrom(error.details, draft, slots));
      else if (!(error instanceof Refusal) || error.code !== "reservation_expired") setProblem(wordsFor(error));
    }
  };
  const submit = (event) => {
    event.preventDefault();
    const found = problemsOf(draft, slots);
    if (Object.keys(found).length) fail(found);
    else { setErrors({}); buy(); }
  };
  const wrong = Object.keys(errors).length;
  return html`
    <div>
      <form class="people" novalidate onSubmit=${submit} ref=${form}>
        ${wrong > 0 && html`<p class="problem" role="alert">${t("field.some", { count: wrong })}</p>`}
        <fieldset>
          <legend>${t("checkout.buyer")}</legend>
          <${PersonFields} person=${draft.buyer} path="buyerInfo" errors=${errors} needsContact
            onChange=${(buyer) => change({ ...draft, buyer })} />
        </fieldset>
        ${slots.map((slot) => html`
          <${Holder} key=${slot.path} slot=${slot} holder=${holderAt(draft, slot)} errors=${errors}
            onChange=${(holder) => change(withHolder(draft, slot, holder))} />
        `)}
        ${problem && html`<p class="problem" role="alert">${problem}</p>`}
        ${!asksWho && html`
          <button class="main wide" type="submit" disabled=${busy}>${t(busy ? "checkout.buying" : "checkout.buy")}</button>
        `}
        ${busy && retrying && html`<p class="hint" role="status">${t("network.buying")}</p>`}
      </form>
      ${asksWho && html`<${Who} email=${draft.buyer.email} then=${() => { setAsksWho(false); return buy(); }} />`}
    </div>
  `;
}

function Holder({ slot, holder, errors, onChange }) {
  const same = holder.sameAsBuyer === true;
  return html`
    <fieldset>
      <legend>${t("checkout.holder", { number: slot.number, type: slot.type.name })}</legend>
      <label class="check">
        <input type="checkbox" checked=${same} onChange=${(event) => onChange({ ...holder, sameAsBuyer: event.target.checked })} />
        <span>${t("checkout.same")}</span>
      </label>
      ${!same && html`<${PersonFields} person=${holder} path=${slot.path} errors=${errors} onChange=${onChange} />`}
    </fieldset>
  `;
}

// Shown only where the service asks who buys: whether it does is the operator's choice.
function Who({ email, then }) {
  const heading = useRef(null);
  useEffect(() => heading.current.focus(), []);
  return html`
    <section class="who">
      <h2 tabindex="-1" ref=${heading}>${t("checkout.who")}</h2>
      <p>${t("checkout.whoText")}</p>
      <${SignInForm} email=${email} then=${then} label=${t("checkout.whoBuy")} />
    </section>
  `;
}
