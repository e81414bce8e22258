/** Text for machines, with a button that copies it. */
import { html } from "../ui.js";
import { CopyButton } from "./copy.js";

/**
 * @param {object} props
 * @param {string} props.text
 * @param {string} props.label its name: "Payload"
 * @param {boolean} [props.wraps] long lines are broken instead of scrolled
 */
export function CodeBlock({ text, label, wraps = false }) {
  // Whoever has no mouse scrolls it by the keyboard, so it takes the focus.
  return html`<div class="code ${wraps ? "wraps" : ""}">
    <pre tabindex="0" role="group" aria-label=${label}>${text}</pre>
    <${CopyButton} text=${text} label=${`Copy ${label.toLowerCase()}`} iconOnly kind="plain" />
  </div>`;
}
