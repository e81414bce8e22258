/**
 * A long list of which only what is in sight is in the document: ten thousand rows scroll as ten do.
 *
 * Every row has the height of `.probe`, which the style sheet decides. What is being read stays in
 * place when rows are added above it.
 */
import { html, useEffect, useLayoutEffect, useRef, useState } from "../ui.js";

const BEYOND = 6; // rows above and below what is in sight

/**
 * @param {object} props
 * @param {string} props.label the list's name
 * @param {any[]} props.items
 * @param {(item: any) => string | number} props.keyOf
 * @param {(item: any) => unknown} props.row its content
 * @param {string | number | null} props.cursor key of the row that keeps its place in the document,
 *   in sight or not, because it has the focus
 * @param {{current: any}} props.control is given `reveal(index)`, which brings a row into sight, and
 *   `toTop()`
 * @param {(isAway: boolean) => void} props.onAway told when the first row leaves the top, or is back
 */
export function Windowed({ label, items, keyOf, row, cursor, control, onAway }) {
  const box = useRef(null);
  const probe = useRef(null);
  const [size, setSize] = useState({ row: 40, box: 0 });
  const [top, setTop] = useState(0);
  const anchor = useRef({ index: 0, key: undefined }); // the first row in sight

  useEffect(() => {
    const measure = () => box.current && setSize({ row: probe.current.offsetHeight || 40, box: box.current.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(box.current);
    observer.observe(probe.current);
    return () => observer.disconnect();
  }, []);

  // Rows that come in above push down what is read: follow it, before anything is painted.
  useLayoutEffect(() => {
    const { index, key } = anchor.current;
    const moved = top > 0 ? items.findIndex((item) => keyOf(item) === key) - index : 0;
    if (moved && moved >= -index) {
      box.current.scrollTop += moved * size.row;
      setTop(box.current.scrollTop);
    }
    const now = Math.floor(box.current.scrollTop / size.row);
    anchor.current = { index: now, key: items[now] && keyOf(items[now]) };
  }, [items, top, size.row]);

  const isAway = top > 0;
  useEffect(() => {
    onAway(isAway);
    return () => onAway(false);
  }, [isAway]);

  control.current = {
    reveal(index) {
      const from = index * size.row;
      const { scrollTop, clientHeight } = box.current;
      if (from < scrollTop) box.current.scrollTop = from;
      else if (from + size.row > scrollTop + clientHeight) box.current.scrollTop = from + size.row - clientHeight;
      setTop(box.current.scrollTop);
    },
    toTop() {
      box.current.scrollTop = 0;
    },
  };

  const first = Math.floor(top / size.row);
  const shown = inSight(first, Math.ceil(size.box / size.row), items, keyOf, cursor);
  return html`<div class="windowed" ref=${box} onScroll=${(event) => setTop(event.currentTarget.scrollTop)}>
    <div class="probe" ref=${probe} aria-hidden="true"></div>
    <ol aria-label=${label} style=${{ height: `${items.length * size.row}px` }}>
      ${shown.map(
        (index) => html`<li
          key=${keyOf(items[index])}
          aria-setsize=${items.length}
          aria-posinset=${index + 1}
          style=${{ transform: `translateY(${index * size.row}px)` }}
        >
          ${row(items[index])}
        </li>`,
      )}
    </ol>
  </div>`;
}

function inSight(first, count, items, keyOf, cursor) {
  const from = Math.max(0, first - BEYOND);
  const to = Math.min(items.length, first + count + BEYOND);
  const indexes = [];
  for (let index = from; index < to; index++) indexes.push(index);
  const kept = cursor === null ? -1 : items.findIndex((item) => keyOf(item) === cursor);
  if (kept >= 0 && (kept < from || kept >= to)) indexes.push(kept);
  return indexes;
}
