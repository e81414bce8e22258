/** Short words about what was just done; they go by themselves. */
import { html, signal } from "../ui.js";

const SHOWN_MS = 6000;

const toasts = signal([]);
let count = 0;

/** Say it. @param {string} text @param {"" | "bad"} [kind] */
export function toast(text, kind = "") {
  const id = ++count;
  toasts.value = [...toasts.value, { id, text, kind }].slice(-4);
  setTimeout(() => {
    toasts.value = toasts.value.filter((each) => each.id !== id);
  }, SHOWN_MS);
}

/** Do what a person asked for, and say so, or why not. @returns {Promise<boolean>} whether it went well */
export async function attempt(action, done = "") {
  try {
    await action();
  } catch (error) {
    toast(error.message, "bad");
    return false;
  }
  if (done) toast(done);
  return true;
}

/** Where they appear; once, in the shell. */
export function Toasts() {
  return html`<div class="toasts" role="status" aria-live="polite">
    ${toasts.value.map(({ id, text, kind }) => html`<div key=${id} class="toast ${kind}">${text}</div>`)}
  </div>`;
}
