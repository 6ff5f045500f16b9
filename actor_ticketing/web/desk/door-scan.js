// An open door: the camera looks, a code may be typed, and each ticket gets its verdict.
import { html, useEffect, useRef, useState } from "../html.js";
import { number, t } from "../i18n.js";
import { Field } from "../parts/fields.js";
import { ask, seen } from "./door-checks.js";
import { signal } from "./door-signals.js";
import { Mark, Verdict } from "./door-verdict.js";
import { useScanner } from "./scanner.js";

const PATIENCE_MS = 4000; // until the staff hears that there is no answer yet
const AWAY_MS = 1500; // a code that was out of sight for so long is shown anew
const RECENT_MAX = 4;

export function DoorScan({ door, events, change, admit }) {
  const [checking, setChecking] = useState(null); // what was shown and is being asked about: {text, field}
  const [verdict, setVerdict] = useState(null);
  const [recent, setRecent] = useState([]);
  const [same, setSame] = useState(0); // when a code was last in sight that had its verdict already
  const question = useRef(null);
  const sight = useRef(new Map()); // by what was scanned and told: when it was last in sight

  const tell = (told) => {
    setVerdict(told);
    if (door.sound) signal(told.kind);
  };
  const check = async (text, field) => {
    const asked = question.current = ask(text, field, door.typeIds);
    setChecking({ text, field });
    setSame(0);
    const isWanted = () => question.current === asked; // or the staff has gone on to the next guest
    const slow = setTimeout(() => { if (isWanted()) tell({ kind: "trouble", waits: true }); }, PATIENCE_MS);
    const told = await asked.answer;
    clearTimeout(slow);
    if (!isWanted()) return;
    if (told.kind !== "trouble") {
      seen(text);
      setRecent((others) => [{ ...told, at: performance.now() }, ...others].slice(0, RECENT_MAX));
    }
    if (told.kind === "yes") admit();
    tell(told);
  };
  const next = () => {
    sight.current.set(checking.text, performance.now());
    question.current?.leave();
    question.current = null;
    setChecking(null);
    setVerdict(null);
  };
  const read = (text) => {
    const at = performance.now();
    const isSame = text === question.current?.text || at - sight.current.get(text) < AWAY_MS;
    if (isSame) sight.current.set(text, at);
    if (question.current) return;
    setSame(isSame ? at : 0);
    if (!isSame) check(text, "qrPayload");
  };
  const scanner = useScanner(read);
  useEffect(() => {
    const timer = setTimeout(() => setSame(0), AWAY_MS);
    return () => clearTimeout(timer);
  }, [same]);
  useEffect(() => {
    scrollTo(0, 0);
    return () => {
      question.current?.leave();
      question.current = null;
    };
  }, []);
  return html`
    <div class="door">
      <div class="door-head">
        <h1>${door.title ?? t("door.everything")}</h1>
        <button type="button" onClick=${change}>${t("door.change")}</button>
      </div>
      <${Stage} scanner=${scanner} words=${checking !== null ? "door.checking" : same ? "door.same" : "door.aim"} />
      <div class="door-side">
        <p class="door-count"><b>${number(door.admitted)}</b> ${t("door.admitted")}</p>
        <${Typed} busy=${checking !== null} check=${check} />
        <${Recent} recent=${recent} />
      </div>
      ${verdict && html`
        <${Verdict} verdict=${verdict} door=${door} events=${events} next=${next} again=${() => { setVerdict(null); check(checking.text, checking.field); }} />
      `}
    </div>
  `;
}

function Stage({ scanner, words }) {
  const { video, state, light, setLight, again } = scanner;
  const isOn = state === "on";
  return html`
    <section class="stage" aria-label=${t("door.camera")}>
      <video ref=${video} autoplay muted playsinline hidden=${!isOn}></video>
      ${isOn && html`<i class="frame" aria-hidden="true"></i>`}
      <div class="stage-words" role="status">
        <p>${t(isOn ? words : `door.camera_${state}`)}</p>
      </div>
      ${!isOn && !["starting", "insecure"].includes(state) && html`<button type="button" onClick=${again}>${t("door.cameraAgain")}</button>`}
      ${light !== null && isOn && html`
        <button type="button" class="torch" aria-pressed=${light ? "true" : "false"} onClick=${() => setLight(!light)}>${t("door.torch")}</button>
      `}
    </section>
  `;
}

function Typed({ busy, check }) {
  const [code, setCode] = useState("");
  const [error, setError] = useState(null);
  const submit = (event) => {
    event.preventDefault();
    const text = code.trim();
    setError(text ? null : t("field.needed"));
    if (!text || busy) return;
    setCode("");
    // A scanner that types sends what is in the QR code, which has three parts; a code for people has one.
    check(text, text.split(".").length === 3 ? "qrPayload" : "code");
  };
  return html`
    <form class="door-typed" novalidate onSubmit=${submit}>
      <${Field} label=${t("door.code")} hint=${t("door.codeHint")} name="code" value=${code} error=${error} class="code" maxlength="4096"
        autocomplete="off" autocapitalize="characters" spellcheck="false" onInput=${({ target }) => setCode(target.value)} />
      <button class="main" type="submit">${t("door.check")}</button>
    </form>
  `;
}

// The latest verdicts, so that none is gone before it was read.
function Recent({ recent }) {
  if (!recent.length) return null;
  return html`
    <section class="door-recent">
      <h2>${t("door.recent")}</h2>
      <ol>
        ${recent.map((told) => html`
          <li key=${told.at} class=${told.kind}>
            <${Mark} kind=${told.kind} />
            <p><b>${t(`door.${told.kind}`)}</b> ${told.kind === "yes"
              ? `${told.ticketHolder?.fullName ?? t("door.nameless")}, ${told.ticketType.name}` : t(`door.no_${told.code}`)}</p>
          </li>
        `)}
      </ol>
    </section>
  `;
}
