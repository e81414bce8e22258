/** What is said where there is nothing: why, and what to do. */
import { html } from "../ui.js";

/** @param {{title: string}} props */
export function Empty({ title, children }) {
  return html`<div class="empty">
    <h2>${title}</h2>
    ${children}
  </div>`;
}
