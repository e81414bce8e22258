/**
 * New records: said to those who listen, politely and not each of them; and to those who have
 * scrolled away from the newest, with the way back to them.
 */
import { isLoading } from "../lists.js";
import { html, useEffect, useRef, useState } from "../ui.js";

const PAUSE_MS = 4000;

/**
 * @param {object} props
 * @param {{number: number}[]} props.records newest first
 * @param {string} props.label
 * @param {boolean} props.isAway whether the newest are out of sight
 * @param {() => void} props.onTop goes to them
 */
export function Announcer({ records, label, isAway, onTop }) {
  const [words, say] = useState("");
  const latest = useRef(records);
  latest.current = records;
  const newest = records[0]?.number ?? 0;
  const said = useRef(newest); // up to which number
  const seen = useRef(newest);
  if (!isAway) seen.current = newest;

  // What was there before the page is no news.
  const wasLoading = useRef(true);
  if (wasLoading.current) said.current = newest;
  wasLoading.current = isLoading.value;

  const timer = useRef(null);
  useEffect(() => {
    if (newest <= said.current || timer.current) return;
    timer.current = setTimeout(() => {
      timer.current = null;
      say(`${countSince(latest.current, said.current)} new in ${label}`);
      said.current = latest.current[0]?.number ?? 0;
    }, PAUSE_MS);
  }, [newest]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const unseen = isAway ? countSince(records, seen.current) : 0;
  return html`
    <p class="unseen" role="status" aria-live="polite">${words}</p>
    ${unseen > 0 && html`<button type="button" class="button primary new-ones" onClick=${onTop}>${unseen} new</button>`}
  `;
}

function countSince(records, number) {
  const count = records.findIndex((record) => record.number <= number);
  return count < 0 ? records.length : count;
}
