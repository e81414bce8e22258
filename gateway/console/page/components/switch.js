/** On or off, at once. */
import { html } from "../ui.js";

/** @param {{label: string, name?: string, on: boolean, turn: (on: boolean) => void, hint?: string, disabled?: boolean}} props
 *   `name` is read out in place of the label, and contains it */
export function Switch({ label, name, on, turn, hint, disabled = false }) {
  return html`<div class="switch-row">
    <label class="switch">
      <input type="checkbox" role="switch" aria-label=${name} checked=${on} disabled=${disabled} onChange=${(event) => turn(event.currentTarget.checked)} />
      <span>${label}</span>
    </label>
    ${hint && html`<p class="hint">${hint}</p>`}
  </div>`;
}
