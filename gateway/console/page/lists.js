/** The journal as the API lists it: newest first, page by page, so that the screen fills at once. */
import { get } from "./api.js";
import { fromPush, fromRequest } from "./record.js";
import { CAPACITY, keep, retain } from "./records.js";

const PAGE = 500;

/** Each record is in one of them: what became a push, and what did not. */
const LISTS = [
  { path: "/notifications", query: {}, read: fromPush },
  { path: "/requests", query: { push: false }, read: fromRequest },
];

/**
 * Read all that the gateway has, in place of what was kept.
 *
 * @param {Set<number>} touched what the stream has told since: it knows better than the lists
 * @param {AbortSignal} signal
 */
export async function readLists(touched, signal) {
  const newest = await Promise.all(LISTS.map((list) => page(list, undefined, signal)));
  retain(touched);
  await Promise.all(LISTS.map((list, index) => readOlder(list, newest[index], touched, signal)));
}

async function readOlder(list, newest, touched, signal) {
  let views = newest;
  let count = 0;
  while (true) {
    for (const view of views) if (!touched.has(view.number)) keep(list.read(view));
    count += views.length;
    if (views.length < PAGE || count >= CAPACITY) return;
    views = await page(list, views[0].number, signal);
  }
}

const page = ({ path, query }, before, signal) => get(path, { ...query, before, limit: PAGE }, { signal });
