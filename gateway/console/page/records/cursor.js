/** j, k, arrows and Enter in a list of records: where the keyboard is. */
import { useKeys } from "../shell/keys.js";
import { useEffect, useLayoutEffect, useRef, useState } from "../ui.js";

const PAGE = 10;
const STEPS = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1, PageDown: PAGE, PageUp: -PAGE, Home: -Infinity, End: Infinity };

/** Beside the list, arrows and the like scroll what has the focus. */
const EVERYWHERE = new Set(["j", "k", "Escape"]);

const isOfTheList = (element) => element === document.body || element.id === "view" || element.closest(".windowed") !== null;

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

  function move(step) {
    const index = records.findIndex(({ number }) => number === cursor);
    const next = Math.min(Math.max(index + step, 0), records.length - 1);
    if (!records[next]) return;
    list.current?.reveal(next);
    focusNext.current = true;
    setCursor(records[next].number);
    onMove(records[next]);
  }

  useKeys((event) => {
    const act = event.key === "Escape" ? onEscape : STEPS[event.key] && (() => move(STEPS[event.key]));
    if (!act || (!EVERYWHERE.has(event.key) && !isOfTheList(event.target))) return;
    event.preventDefault();
    act();
  });

  return cursor;
}
