/** What went wrong, in the words of whoever refused; it is read out as soon as it is there. */
import { html } from "../ui.js";

/** @param {{error: Error | null | undefined}} props */
export function Problem({ error }) {
  return error ? html`<p class="error-text" role="alert">${error.message}</p>` : null;
}
