/** The newest records of the journal, kept here so that lists and searches ask nobody. */
import { signal } from "./ui.js";

/** As many as the gateway's journal keeps. */
export const CAPACITY = 10_000;

/** How long changes are gathered before lists are told: five times a second is live enough. */
const GATHER_MS = 200;

const byNumber = new Map();
let sorted = []; // by number, ascending
let isSorted = true;
let timer = null;
let toldAt = 0;

/** Grows when records have changed; read `newestFirst()` after it. */
export const revision = signal(0);

/** Keep one; a record of the same number is replaced. @param {import("./record.js").JournalRecord} record */
export function keep(record) {
  if (!byNumber.has(record.number)) {
    isSorted &&= sorted.length === 0 || sorted.at(-1) < record.number;
    sorted.push(record.number);
  }
  byNumber.set(record.number, record);
  if (byNumber.size > CAPACITY * 1.1) forgetOldest();
  announce();
}

/** Forget these. @param {number[] | null} numbers null: all of them */
export function forget(numbers) {
  const gone = new Set(numbers ?? sorted);
  retain({ has: (number) => !gone.has(number) });
}

/** Forget all but these. @param {{has: (number: number) => boolean}} numbers */
export function retain(numbers) {
  sorted = sorted.filter((number) => numbers.has(number) || !byNumber.delete(number));
  announce();
}

/** @param {number} number */
export const record = (number) => byNumber.get(number);

/** Every record that is kept, newest first. @returns {import("./record.js").JournalRecord[]} */
export function newestFirst() {
  sort();
  const found = [];
  for (let index = sorted.length - 1; index >= 0 && found.length < CAPACITY; index--) {
    found.push(byNumber.get(sorted[index]));
  }
  return found;
}

function sort() {
  if (isSorted) return;
  sorted.sort((a, b) => a - b);
  isSorted = true;
}

function forgetOldest() {
  sort();
  for (const number of sorted.splice(0, sorted.length - CAPACITY)) byNumber.delete(number);
}

function announce() {
  if (timer !== null) return;
  const wait = Math.max(0, toldAt + GATHER_MS - performance.now());
  timer = setTimeout(tell, wait);
}

/** Tell lists at once of what has changed. */
export function tell() {
  clearTimeout(timer);
  timer = null;
  toldAt = performance.now();
  revision.value += 1;
}
