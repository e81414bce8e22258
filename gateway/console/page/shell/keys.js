/** Keys that work anywhere must not be taken from where somebody types. */

/** @param {KeyboardEvent} event */
export function isTyping(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return true;
  if (document.querySelector("dialog[open]")) return true;
  const { target } = event;
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
}
