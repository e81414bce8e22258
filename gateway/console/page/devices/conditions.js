/** How well the network carries bytes: a form that is sent as a whole. */
import { Button } from "../components/button.js";
import { SelectField, TextField } from "../components/field.js";
import { html, useState } from "../ui.js";

const NUMBERS = [
  ["latency_seconds", "Latency", "seconds, each way"],
  ["jitter_seconds", "Jitter", "seconds on top, by dice"],
  ["bytes_per_second", "Throughput", "bytes per second; empty: any number"],
  ["nat_idle_seconds", "NAT forgets after", "seconds of silence; empty: never"],
];
const MAY_BE_EMPTY = new Set(["bytes_per_second", "nat_idle_seconds"]);

/** @param {{conditions: object, set: (changes: object) => Promise<unknown>}} props */
export function Conditions({ conditions, set }) {
  const [typed, setTyped] = useState({});
  const shown = { ...conditions, ...typed };
  const type = (name) => (text) => setTyped({ ...typed, [name]: text });
  const submit = async (event) => {
    event.preventDefault();
    await set(Object.fromEntries(Object.entries(typed).map(([name, text]) => [name, read(name, text)])));
    setTyped((now) => (now === typed ? {} : now)); // or more was typed meanwhile
  };
  return html`<form class="conditions" onSubmit=${submit} aria-label="Conditions of the network">
    <h4>Conditions</h4>
    <div class="form-grid">
      ${NUMBERS.map(([name, label, unit]) => html`<${TextField} key=${name} label=${label} hint=${unit} type="number" min="0"
        step="any" value=${shown[name] ?? ""} set=${type(name)} />`)}
      <${SelectField} label="A forgotten NAT answers with" options=${["silence", "reset"]} value=${shown.nat_answer}
        set=${type("nat_answer")} />
    </div>
    <${Button} label="Apply the conditions" type="submit" disabled=${!Object.keys(typed).length} />
  </form>`;
}

function read(name, text) {
  if (name === "nat_answer") return text;
  if (text === "") return MAY_BE_EMPTY.has(name) ? null : 0;
  return Number(text);
}
