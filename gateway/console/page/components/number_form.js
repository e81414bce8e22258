/** A number that is set as a whole, by Enter or the button; empty is null. */
import { html, useState } from "../ui.js";
import { Button } from "./button.js";
import { TextField } from "./field.js";

/** @param {{label: string, unit: string, value: number | null, set: (value: number | null) => void, isBusy: boolean}} props */
export function NumberForm({ label, unit, value, set, isBusy }) {
  const [typed, setTyped] = useState(null);
  const submit = (event) => {
    event.preventDefault();
    if (typed !== null) set(typed === "" ? null : Number(typed));
    setTyped(null);
  };
  return html`<form class="inline-form" onSubmit=${submit}>
    <${TextField} label=${label} hint=${unit} type="number" min="0" step="any" value=${typed ?? value ?? ""} set=${setTyped} disabled=${isBusy} />
    <${Button} label="Set" type="submit" disabled=${isBusy || typed === null} />
  </form>`;
}
