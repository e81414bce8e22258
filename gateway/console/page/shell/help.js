/** What the keyboard does here. */
import { Dialog } from "../components/dialog.js";
import { html } from "../ui.js";

const KEYS = [
  ["/", "Search"],
  ["j or ↓", "Next one"],
  ["k or ↑", "The one before"],
  ["Enter", "Open it"],
  ["Esc", "Close, or leave the search"],
  ["?", "This help"],
];

export function Help({ onClose }) {
  return html`<${Dialog} title="Keyboard" onClose=${onClose}>
    <dl class="keys">
      ${KEYS.map(([key, what]) => html`<div key=${key}><dt><kbd>${key}</kbd></dt><dd>${what}</dd></div>`)}
    </dl>
  <//>`;
}
