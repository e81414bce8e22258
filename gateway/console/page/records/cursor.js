/** j, k, arrows and Enter in a list of records: where the keyboard is. */
import { isTyping } from "../shell/keys.js";
import { useEffect, useLayoutEffect, useRef, useState } from "../ui.js";

/**
 * @param {object} options
 * @param {import("../record.js").JournalRecord[]} options.records
 * @param {number | null} options.open the record that is shown beside the list
 * @param {(record: object) => void} options.onMove told where it goes
 * @param {() => void} options.onEscape
 * @param {{current: any}} options.list of components/windowed.js
 * @returns {number | null} the number of the record under it
 */
export function useCursor({ records, open, onMove, onEscape, list }) {
  const [cursor, setCursor] = useState(open);
  const focusNext = useRef(false);

  useEffect(() => {
    if (open !== null) setCursor(open);
  }, [open]);

  useLayoutEffect(() => {
    if (!focusNext.current) return;
    focusNext.current = false;
    document.querySelector(`[data-number="${cursor}"]`)?.focus({ preventScroll: true });
  });

  useEffect(() => {
    function move(step) {
      const index = records.findIndex(({ number }) => number === cursor);
      const next = index < 0 ? 0 : Math.min(Math.max(index + step, 0), records.length - 1);
      if (!records[next]) return;
      list.current?.reveal(next);
      focusNext.current = true;
      setCursor(records[next].number);
      onMove(records[next]);
    }
    const page = 10;
    const keys = {
      j: () => move(1),
      ArrowDown: () => move(1),
      k: () => move(-1),
      ArrowUp: () => move(-1),
      PageDown: () => move(page),
      PageUp: () => move(-page),
      Home: () => move(-Infinity),
      End: () => move(Infinity),
      Escape: onEscape,
    };
    function onKey(event) {
      if (isTyping(event) || !keys[event.key]) return;
      // In the detail, and in code, arrows scroll.
      const isInList = event.target === document.body || event.target.closest?.(".windowed, .view") === event.target || event.target.closest?.(".windowed");
      if (event.key.length > 1 && event.key !== "Escape" && !isInList) return;
      event.preventDefault();
      keys[event.key]();
    }
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [records, cursor, onMove, onEscape]);

  return cursor;
}
