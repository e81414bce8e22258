/** New records are said to those who listen, politely and not each of them. */
import { html, useEffect, useRef, useState } from "../ui.js";

const PAUSE_MS = 4000;

/** @param {{records: {number: number}[], label: string}} props newest first */
export function Announcer({ records, label }) {
  const [words, say] = useState("");
  const known = useRef(null);
  const timer = useRef(null);
  const newest = useRef(0);
  newest.current = records[0]?.number ?? 0;

  useEffect(() => {
    if (known.current === null) {
      known.current = newest.current;
      return;
    }
    if (newest.current <= known.current || timer.current) return;
    timer.current = setTimeout(() => {
      timer.current = null;
      const count = newest.current - known.current;
      known.current = newest.current;
      say(count === 1 ? `One new in ${label}` : `${count} new in ${label}`);
    }, PAUSE_MS);
  }, [newest.current]);

  useEffect(() => () => clearTimeout(timer.current), []);

  return html`<p class="unseen" role="status" aria-live="polite">${words}</p>`;
}
