/** The parts of a push as inputs. */
import { SelectField, TextField } from "../components/field.js";
import { html } from "../ui.js";
import { PUSH_TYPES } from "./push_types.js";
import { TEMPLATES } from "./templates.js";

const PRIORITIES = [
  ["", "not said"],
  ["10", "10: at once"],
  ["5", "5: considering power"],
  ["1", "1: it wakes nothing"],
];
const KEEPS = [
  ["", "not said"],
  ["0", "0: now or never"],
  ["3600", "for 1 hour"],
  ["86400", "for 1 day"],
  ["2592000", "for 30 days"],
  ["date", "until a date"],
];
const FREE = "";

/**
 * @param {object} props
 * @param {import("./draft.js").Draft} props.draft
 * @param {(changes: object) => void} props.change
 * @param {import("./targets.js").Target[]} props.targets
 * @param {(target: import("./targets.js").Target) => void} props.choose
 * @param {(template: import("./templates.js").Template) => void} props.begin
 */
export function PushForm({ draft, change, targets, choose, begin }) {
  const isKnown = targets.some(({ token }) => token === draft.token);
  const set = (name) => (value) => change({ [name]: value });
  const options = [[FREE, "another token"], ...targets.map(({ token, label }) => [token, `${label} (${token.slice(0, 8)}…)`])];
  return html`<${SelectField} label="To" value=${isKnown ? draft.token : FREE} options=${options}
      set=${(token) => (token === FREE ? change({ token: "" }) : choose(targets.find((each) => each.token === token)))} />
    <${TextField} label="Device token" required value=${draft.token} set=${set("token")} class="input mono" />
    <div class="form-grid">
      <${SelectField} label="Begin with" value="" options=${[["", "a template …"], ...TEMPLATES.map(({ label }) => [label, label])]}
        set=${(label) => label && begin(TEMPLATES.find((each) => each.label === label))} />
      <${TextField} label="Topic" value=${draft.topic} set=${set("topic")} />
      <${SelectField} label="Push type" value=${draft.type} set=${set("type")} options=${PUSH_TYPES.map(({ type }) => type)} />
      <${SelectField} label="Priority" value=${draft.priority} set=${set("priority")} options=${PRIORITIES} />
      <${SelectField} label="Waits for the phone" value=${draft.keep} set=${set("keep")} options=${KEEPS} />
      ${draft.keep === "date" && html`<${TextField} label="Until" type="datetime-local" value=${draft.date} set=${set("date")} />`}
      <${TextField} label="Collapse id" value=${draft.collapseId} set=${set("collapseId")} />
    </div>
    <${TextField} label="Payload" multiline rows="14" value=${draft.payload} set=${set("payload")} />`;
}
