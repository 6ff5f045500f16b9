// Forms of the desk. What was typed outlives a reload and a sign-in that ended, until it is stored or given up.
import { Refusal } from "../api.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { t } from "../i18n.js";
import { Field } from "../parts/fields.js";
import { wordsFor } from "../parts/loading.js";
import { keep, kept } from "../store.js";

// name: of the draft; initial: what stands in the fields at first, as text; send: takes {name: text}, and calls the
// service, or throws Wrong. -> {field, problem, busy, submit, discard}
export function useForm(name, initial, send) {
  const first = useRef(initial).current;
  const [typed, setTyped] = useState(() => ({ ...first, ...kept("tab", `draft.${name}`, {}) }));
  const [errors, setErrors] = useState({});
  const [busy, setBusy] = useState(false);
  const form = useRef(null);

  const put = (change) => {
    setTyped(change);
    // What was not touched may be another by the next time.
    const changes = changesOf(change, first);
    keep("tab", `draft.${name}`, Object.keys(changes).length ? changes : null);
  };
  const submit = async (event) => {
    event.preventDefault();
    form.current = event.target;
    setErrors({});
    setBusy(true);
    try {
      // A date of which a part is missing has no value, as if nothing had been typed.
      const half = [...form.current.elements].filter((input) => input.validity.badInput);
      if (half.length) throw new Wrong(Object.fromEntries(half.map(({ name: which }) => [which, t("catalogue.halfDate")])));
      await send(typed, changesOf(typed, first));
      keep("tab", `draft.${name}`, null);
    } catch (error) {
      const found = problemsOf(error, first);
      setErrors(found);
      setBusy(false);
      // After the fields have heard of it.
      setTimeout(() => form.current?.querySelector("[aria-invalid]")?.focus());
    }
  };
  const field = (which, more) => html`
    <${Field} key=${which} label=${t(`field.${which}`)} name=${which} value=${typed[which]} error=${errors[which]}
      autocomplete="off" ...${more} onInput=${(event) => put({ ...typed, [which]: event.target.value })} />
  `;
  const discard = () => keep("tab", `draft.${name}`, null);
  return { field, busy, submit, discard, problem: errors.form };
}

// Thrown by `send` for what the desk itself can tell: {field: words}.
export class Wrong extends Error {
  constructor(problems) {
    super("wrong");
    this.problems = problems;
  }
}

const changesOf = (typed, first) => Object.fromEntries(Object.entries(typed).filter(([name, text]) => text !== first[name]));

// {field: words}, and under `form` what belongs to no field. The service's words are English whatever the page speaks.
function problemsOf(error, fields) {
  if (error instanceof Wrong) return error.problems;
  if (!(error instanceof Refusal)) return { form: wordsFor(error) };
  if (error.code === "total_too_low") return { total: t("catalogue.tooLow", error.details) };
  if (error.code !== "validation_error") return { form: wordsFor(error) };
  const found = {};
  for (const { field, problem } of error.details) {
    const told = html`<span lang="en">${problem}</span>`;
    if (field in fields) found[field] = told;
    else found.form = told;
  }
  return found;
}

// The name of the form that is open, or null. A form takes the focus when it opens, and gives it back to what opened it:
// they are what has `data-form` and `data-opens` with its name.
export function useOpened(initial) {
  const [opened, open] = useState(initial);
  const before = useRef(opened);
  useEffect(() => {
    const was = before.current;
    before.current = opened;
    if (was === opened) return;
    const wanted = opened === null ? `[data-opens="${was}"]` : `[data-form="${opened}"] :is(input, button.main)`;
    document.querySelector(wanted)?.focus();
  }, [opened]);
  return [opened, open];
}

export const needed = (typed, names) => {
  const missing = names.filter((name) => !typed[name].trim());
  if (missing.length) throw new Wrong(Object.fromEntries(missing.map((name) => [name, t("field.needed")])));
};

// An instant as a field for local date and time has it, and back.
export function toLocal(instant) {
  if (instant === null) return "";
  const at = new Date(instant);
  return new Date(at - at.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}

// What no calendar has, such as the year 20261, goes as it is: the service says what is wrong with it.
export function fromLocal(text) {
  if (text === "") return null;
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? text : at.toISOString();
}

export function Buttons({ form, save, cancel }) {
  return html`
    ${form.problem && html`<p class="problem" role="alert">${form.problem}</p>`}
    <p class="row">
      <button class="main" type="submit" disabled=${form.busy}>${form.busy ? t("form.busy") : save}</button>
      <button type="button" onClick=${() => { form.discard(); cancel(); }}>${t("form.cancel")}</button>
    </p>
  `;
}
