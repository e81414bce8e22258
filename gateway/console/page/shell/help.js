/** What the keyboard does here, and the language of the search. */
import { Dialog } from "../components/dialog.js";
import { FIELDS } from "../search/query.js";
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
  return html`<${Dialog} title="Keyboard and search" onClose=${onClose} wide>
    <dl class="keys">
      ${KEYS.map(([key, what]) => html`<div key=${key}><dt><kbd>${key}</kbd></dt><dd>${what}</dd></div>`)}
    </dl>
    <h3>Search</h3>
    <p>
      Words match anywhere: payload, apns-id, topic, token, device. All terms must match; <code>-word</code> and
      <code>-field:value</code> must not; quotes keep spaces together.
    </p>
    <dl class="keys">
      ${Object.entries(FIELDS).map(([field, what]) => html`<div key=${field}><dt><code>${field}:</code></dt><dd>${what}</dd></div>`)}
    </dl>
  <//>`;
}
