/** On or off, at once. */
import { html, useState } from "../ui.js";

/**
 * Where it was turned to is shown at once, until `turn` is over and `on` says what has come of it.
 *
 * @param {{label: string, name?: string, on: boolean, turn: (on: boolean) => Promise<unknown>, hint?: string,
 *   disabled?: boolean}} props `name` is read out in place of the label, and contains it
 */
export function Switch({ label, name, on, turn, hint, disabled = false }) {
  const [turned, setTurned] = useState(null);
  const take = async (wanted) => {
    setTurned(wanted);
    await turn(wanted);
    setTurned(null);
  };
  return html`<div class="switch-row">
    <label class="switch">
      <input type="checkbox" role="switch" aria-label=${name} checked=${turned ?? on} disabled=${disabled} onChange=${(event) => take(event.currentTarget.checked)} />
      <span>${label}</span>
    </label>
    ${hint && html`<p class="hint">${hint}</p>`}
  </div>`;
}
