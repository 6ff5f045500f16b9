// Yes or no, over the whole screen: a colour, a shape, a word and the reason, so that none of them has to do alone.
import { html, useEffect, useRef } from "../html.js";
import { t } from "../i18n.js";
import { moreOf } from "./door-checks.js";

const YES_MS = 2500; // then the camera goes on by itself

const SHAPES = {
  yes: html`<circle cx="50" cy="50" r="46" /><path d="M27 52l16 17 31-37" />`,
  no: html`<path d="M31 4h38l27 27v38l-27 27H31L4 69V31z" /><path d="M32 32l36 36M68 32L32 68" />`,
  trouble: html`<path d="M50 8l45 82H5z" /><path d="M50 38v24M50 74v2" />`,
};

export const Mark = ({ kind }) => html`<svg class="mark" viewBox="0 0 100 100" aria-hidden="true">${SHAPES[kind]}</svg>`;

//   next: for the next guest; again: to ask once more, after trouble.
export function Verdict({ verdict, door, events, next, again }) {
  const dialog = useRef(null);
  const left = useRef(false);
  const { kind } = verdict;
  const goesOn = kind === "yes" && !door.wait;
  // At once, since the dialog's own "close" comes a task later, and what a scanner types in between would be lost.
  const leave = (event) => {
    event?.preventDefault();
    if (left.current) return;
    left.current = true;
    dialog.current?.close();
    next();
  };
  useEffect(() => { dialog.current.showModal(); }, []);
  useEffect(() => {
    if (!goesOn) return undefined;
    const timer = setTimeout(leave, YES_MS);
    return () => clearTimeout(timer);
  }, [verdict]);
  return html`
    <dialog ref=${dialog} class="verdict ${kind}" role="alertdialog" aria-labelledby="verdict-word" aria-describedby="verdict-why"
      onCancel=${leave} onClose=${leave}>
      <div class="verdict-told" aria-live="assertive">
        <${Mark} kind=${kind} />
        <p class="verdict-word" id="verdict-word">${t(`door.${kind}`)}</p>
        <div id="verdict-why">
          ${kind === "yes" && html`<${Guest} ticket=${verdict} door=${door} />`}
          ${kind === "no" && html`<p class="verdict-why">${t(`door.no_${verdict.code}`)}</p><p>${moreOf(verdict, events)}</p>`}
          ${kind === "trouble" && html`<p class="verdict-why">${t(verdict.waits ? "door.waits" : "door.failed")}</p><p>${t("door.safe")}</p>`}
        </div>
      </div>
      <div class="verdict-ways">
        ${kind === "trouble" && !verdict.waits && html`<button type="button" onClick=${again}>${t("door.again")}</button>`}
        <button type="button" class="next" autofocus onClick=${leave}>${t("door.next")}</button>
      </div>
      ${goesOn && html`<i class="verdict-time" aria-hidden="true"></i>`}
    </dialog>
  `;
}

const Guest = ({ ticket, door }) => html`
  <p class="verdict-name">${ticket.ticketHolder?.fullName ?? t("door.nameless")}</p>
  <p class="verdict-type">${ticket.ticketType.name}</p>
  ${door.eventId === null && html`<p>${ticket.ticketType.event.title}</p>`}
  <p class="code">${ticket.code}</p>
`;
