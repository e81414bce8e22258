/** A button with words, or with an icon and a name for those who do not see it. */
import { html } from "../ui.js";
import { Icon } from "./icon.js";

/**
 * @param {object} props
 * @param {string} props.label what it does; always there, though `iconOnly` hides it from sight
 * @param {string} [props.icon]
 * @param {boolean} [props.iconOnly]
 * @param {"primary" | "danger" | "plain" | ""} [props.kind]
 * @param {boolean} [props.disabled] it does nothing for now, and keeps the focus: the element's own attribute
 *   would take it from whoever has just pressed the button
 * The rest goes to the element: onClick, type, aria-….
 */
export function Button({ label, icon, iconOnly, kind = "", type = "button", disabled = false, onClick, ...rest }) {
  const look = `button ${kind} ${iconOnly ? "square" : ""}`;
  const words = iconOnly ? html`<span class="unseen">${label}</span>` : label;
  return html`<button type=${type} class=${look} title=${iconOnly ? label : undefined} aria-disabled=${disabled || undefined}
    onClick=${disabled ? refuse : onClick} ...${rest}>
    ${icon && html`<${Icon} name=${icon} />`}${words}
  </button>`;
}

/** A click on a button that submits is what Enter in its form is, too. */
const refuse = (event) => event.preventDefault();
