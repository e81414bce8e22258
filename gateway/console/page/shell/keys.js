/** Keys that work anywhere must not be taken from where somebody types, nor from what is on top. */
import { useLayoutEffect, useRef } from "../ui.js";

/** @param {KeyboardEvent} event */
export function isTyping(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return true;
  // What lies on top has the keys: Escape shuts it, and not what is behind it.
  if (document.querySelector("dialog[open], :popover-open")) return true;
  const { target } = event;
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
}

/**
 * Hear every key that nobody types, while the component is there.
 *
 * @param {(event: KeyboardEvent) => void} hear that of the last rendering is told, however soon the key
 *   comes after it: an effect would be late for a key that is held down
 */
export function useKeys(hear) {
  const latest = useRef(hear);
  latest.current = hear;
  useLayoutEffect(() => {
    const onKey = (event) => isTyping(event) || latest.current(event);
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}
