/** A button with words, or with an icon and a name for those who do not see it. */
import { html } from "../ui.js";
import { Icon } from "./icon.js";

/**
 * @param {object} props
 * @param {string} props.label what it does; always there, though `iconOnly` hides it from sight
 * @param {string} [props.icon]
 * @param {boolean} [props.iconOnly]
 * @param {"primary" | "danger" | "plain" | ""} [props.kind]
 * The rest goes to the element: onClick, disabled, type, aria-….
 */
export function Button({ label, icon, iconOnly, kind = "", type = "button", ...rest }) {
  const look = `button ${kind} ${iconOnly ? "square" : ""}`;
  const words = iconOnly ? html`<span class="unseen">${label}</span>` : label;
  return html`<button type=${type} class=${look} title=${iconOnly ? label : undefined} ...${rest}>
    ${icon && html`<${Icon} name=${icon} />`}${words}
  </button>`;
}
