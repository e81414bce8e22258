/** One thing that a rule does: of which kind, and how exactly. */
import { Button } from "../components/button.js";
import { SelectField } from "../components/field.js";
import { html } from "../ui.js";
import { STEP_TIMES } from "./draft.js";
import { Fields } from "./fields.js";

/** The groups of docs/faults.md; a kind that is in none of them comes last. */
const GROUPS = [
  ["Answers", ["answer", "delay", "never-answer", "outage", "pass"]],
  ["Streams", ["reset-stream", "pieces", "truncate"]],
  ["Connections", ["goaway", "settings", "close", "no-ping-ack", "no-window", "idle-close"]],
  ["TLS", ["tls"]],
  ["Devices", ["drop-ack", "duplicate", "delay-delivery", "disconnect", "storm"]],
];

/**
 * @param {object} props
 * @param {import("./schema.js").Kind[]} props.kinds
 * @param {import("./draft.js").StepDraft} props.step
 * @param {string} props.place where it is in the rule: "action", or "action.1" of several
 */
export function Step({ kinds, step, set, isOneOfMany, number, mistakes, remove, place }) {
  const kind = kinds.find(({ type }) => type === step.type);
  const fields = isOneOfMany ? [...kind.fields, STEP_TIMES] : kind.fields;
  const label = isOneOfMany ? `Action ${number}` : "Action";
  return html`<div class="step">
    <div class="inline-form">
      <${SelectField} label=${label} value=${step.type} set=${(type) => set({ type, values: {} })} options=${optionsOf(kinds)} mistake=${mistakes[place]} />
      ${isOneOfMany && html`<${Button} label=${`Remove action ${number}`} icon="trash" iconOnly kind="plain" onClick=${remove} />`}
    </div>
    <p class="hint about">${kind.about}</p>
    <${Fields} fields=${fields} values=${step.values} place=${place} mistakes=${mistakes} set=${(values) => set({ ...step, values })} />
  </div>`;
}

function optionsOf(kinds) {
  const types = kinds.map(({ type }) => type);
  const known = GROUPS.flatMap(([group, members]) => members.filter((type) => types.includes(type)).map((type) => [type, `${group}: ${type}`]));
  const others = types.filter((type) => !known.some(([each]) => each === type)).map((type) => [type, `Others: ${type}`]);
  return [...known, ...others];
}
