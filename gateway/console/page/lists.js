/** The journal as the API lists it: newest first, page by page, so that the screen fills at once. */
import { get } from "./api.js";
import { fromPush, fromRequest } from "./record.js";
import { CAPACITY, keep, retain, tell } from "./journal.js";
import { signal } from "./ui.js";

const PAGE = 500;

/** Each record is in one of them: what became a push, and what did not. */
const LISTS = [
  { path: "/notifications", query: {}, read: fromPush },
  { path: "/requests", query: { push: false }, read: fromRequest },
];

/** True until all that the gateway has is here. */
export const isLoading = signal(true);

/** Why the lists could not be read; empty while all is well. */
export const complaint = signal("");

/** One reading of all that the gateway has, in place of what was kept; it begins at once. */
export class Lists {
  /** What is known better than by the lists: the stream has told of it since. */
  #superseded = new Set();
  #reading = new AbortController();

  constructor() {
    this.#read().catch((error) => {
      if (error.name !== "AbortError") complaint.value = error.message;
    });
  }

  /** Do not believe the lists about these. @param {number[] | null} numbers null: about any */
  supersede(numbers) {
    if (numbers === null) this.stop();
    else for (const number of numbers) this.#superseded.add(number);
  }

  /** Read no further. */
  stop() {
    this.#reading.abort();
    isLoading.value = false;
  }

  async #read() {
    isLoading.value = true;
    const newest = await Promise.all(LISTS.map((list) => this.#page(list)));
    retain(this.#superseded);
    await Promise.all(LISTS.map((list, index) => this.#readOlder(list, newest[index])));
    complaint.value = "";
    tell(); // or a list would seem to be empty for a moment
    isLoading.value = false;
  }

  async #readOlder(list, newest) {
    let views = newest;
    let count = 0;
    while (true) {
      for (const view of views) if (!this.#superseded.has(view.number)) keep(list.read(view));
      count += views.length;
      if (views.length < PAGE || count >= CAPACITY) return;
      views = await this.#page(list, views[0].number);
    }
  }

  async #page({ path, query }, before) {
    const { signal } = this.#reading;
    const views = await get(path, { ...query, before, limit: PAGE }, { signal });
    signal.throwIfAborted();
    return views;
  }
}
