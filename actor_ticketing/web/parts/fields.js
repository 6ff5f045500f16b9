// Form fields: a label above, a hint or what is wrong below, and both told to a screen reader.
import { html, useId } from "../html.js";
import { t } from "../i18n.js";
import { IDENTITY_TYPES } from "../people.js";

export function Field({ label, error, hint, optional, children, ...input }) {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  const common = {
    id, ...input,
    "aria-invalid": error ? "true" : undefined, "aria-describedby": described || undefined,
    "aria-required": optional ? undefined : "true",
  };
  return html`
    <div class="field ${error ? "wrong" : ""}">
      <label for=${id}>${label}${optional && html` <small>${t("field.optional")}</small>`}</label>
      ${children ? html`<select ...${common}>${children}</select>` : html`<input type="text" ...${common} />`}
      ${hint && html`<p class="hint" id="${id}-hint">${hint}</p>`}
      ${error && html`<p class="error" id="${id}-error">${error}</p>`}
    </div>
  `;
}

// The five fields of a person. path: where the person stands in what is sent; needsContact: of a buyer.
export function PersonFields({ person, path, errors, needsContact, onChange }) {
  const field = (name, more) => {
    const error = errors[`${path}.${name}`];
    return {
      label: t(`person.${name}`), name: `${path}.${name}`, value: person[name], error: error && t(error),
      onInput: (event) => onChange({ ...person, [name]: event.target.value }), maxlength: 200, ...more,
    };
  };
  // Only the buyer's own data is what a browser may fill in.
  const own = (kind) => ({ autocomplete: needsContact ? kind : "off" });
  return html`
    <div class="fields">
      <${Field} ...${field("fullName", own("name"))} />
      <div class="pair">
        <${Field} ...${field("identityType", own("off"))}>
          ${IDENTITY_TYPES.map((type) => html`<option value=${type} selected=${type === person.identityType}>${t(`identity.${type}`)}</option>`)}
        <//>
        <${Field} ...${field("identityNumber", own("off"))} />
      </div>
      <div class="pair">
        <${Field} ...${field("email", { ...own("email"), type: "email", optional: !needsContact })} />
        <${Field} ...${field("whatsapp", { ...own("tel"), type: "tel", optional: !needsContact, hint: t("person.whatsappHint") })} />
      </div>
    </div>
  `;
}
