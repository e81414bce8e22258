/** The fields of an action, of a match, of a rule: each by what the gateway takes for it. */
import { SelectField, TextField } from "../components/field.js";
import { html, useId } from "../ui.js";

/**
 * @param {object} props
 * @param {import("./schema.js").Field[]} props.fields
 * @param {Record<string, string>} props.values
 * @param {string} props.place where they are in the rule: "match"
 * @param {Record<string, string>} props.mistakes by place and name
 * @param {(values: Record<string, string>) => void} props.set
 */
export function Fields({ fields, values, place, mistakes, set }) {
  return html`<div class="form-grid">
    ${fields.map((field) => html`<${OneField} key=${field.name} field=${field} value=${values[field.name] ?? ""}
      mistake=${mistakes[place ? `${place}.${field.name}` : field.name]}
      set=${(value) => set({ ...values, [field.name]: value })} />`)}
  </div>`;
}

function OneField({ field, value, mistake, set }) {
  const { name, types, options, isChoice, isRequired, usual } = field;
  const list = useId();
  const label = name.replaceAll("_", " ") + (isRequired ? " (needed)" : "");
  const unset = ["", usual ? `${JSON.parse(usual)} (as usual)` : "—"];
  if (isChoice) return html`<${SelectField} label=${label} value=${value} set=${set} mistake=${mistake} options=${[unset, ...options]} />`;
  if (types.includes("boolean") && types.length === 1) {
    return html`<${SelectField} label=${label} value=${value} set=${set} mistake=${mistake} options=${[unset, "true", "false"]} />`;
  }
  return html`<div>
    <${TextField} label=${label} value=${value} set=${set} mistake=${mistake} placeholder=${usual} hint=${hintOf(field)}
      list=${options.length ? list : undefined} />
    ${options.length > 0 && html`<datalist id=${list}>${options.map((each) => html`<option key=${each} value=${each}></option>`)}</datalist>`}
  </div>`;
}

const WORDS = { integer: "a whole number", number: "a number", string: "text", object: "JSON", array: "a list", boolean: "true or false" };

const hintOf = ({ types, mayBeNull }) => [...types.map((type) => WORDS[type]), ...(mayBeNull ? ["null"] : [])].join(", or ");
