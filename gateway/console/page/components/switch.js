/** On or off, at once. */
import { html } from "../ui.js";

/** @param {{label: string, on: boolean, turn: (on: boolean) => void, hint?: string, disabled?: boolean}} props */
export function Switch({ label, on, turn, hint, disabled = false }) {
  return html`<div class="switch-row">
    <label class="switch">
      <input type="checkbox" role="switch" checked=${on} disabled=${disabled} onChange=${(event) => turn(event.currentTarget.checked)} />
      <span>${label}</span>
    </label>
    ${hint && html`<p class="hint">${hint}</p>`}
  </div>`;
}
