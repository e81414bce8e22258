/** A number that is set as a whole, by Enter or the button; empty is null. */
import { html, useState } from "../ui.js";
import { Button } from "./button.js";
import { TextField } from "./field.js";

/** @param {{label: string, unit: string, value: number | null, set: (value: number | null) => Promise<unknown>}} props */
export function NumberForm({ label, unit, value, set }) {
  const [typed, setTyped] = useState(null);
  const submit = async (event) => {
    event.preventDefault();
    await set(typed === "" ? null : Number(typed));
    setTyped((now) => (now === typed ? null : now)); // or more was typed meanwhile
  };
  return html`<form class="inline-form" onSubmit=${submit}>
    <${TextField} label=${label} hint=${unit} type="number" min="0" step="any" value=${typed ?? value ?? ""} set=${setTyped} />
    <${Button} label="Set" type="submit" disabled=${typed === null} />
  </form>`;
}
