/** An app's icon, made of its bundle id: a letter on one of a dozen dark colours. */
import { html } from "../ui.js";

const COLOURS = 12;

/** What people would call the app: the last part of its bundle id. @param {string} bundleId */
export function appName(bundleId) {
  const parts = bundleId.split(".").filter(Boolean);
  const last = parts.at(-1) ?? bundleId;
  // com.example.app says nothing by its last part; its company does.
  const name = /^(app|ios|mobile|iphone)$/i.test(last) && parts.length > 2 ? parts.at(-2) : last;
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** Which of the colours of `phone.css`; the same for the same app, always. @param {string} bundleId */
export function colourOf(bundleId) {
  let hash = 0x811c9dc5; // FNV-1a
  for (const letter of bundleId) hash = Math.imul(hash ^ letter.codePointAt(0), 0x01000193);
  return ((hash ^ (hash >>> 15)) >>> 0) % COLOURS;
}

/** @param {{bundleId: string, badge?: number}} props */
export function AppIcon({ bundleId, badge = 0 }) {
  return html`<span class="app-icon tint-${colourOf(bundleId)}" aria-hidden="true">
    ${[...appName(bundleId)][0]}
    ${badge > 0 && html`<span class="app-badge">${badge > 9999 ? "9999+" : badge}</span>`}
  </span>`;
}
