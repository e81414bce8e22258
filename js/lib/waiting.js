"use strict";
const { ApnsimError, NotInTimeError, UnexpectedPushError } = require("./errors");

/** @type {import("..").State[]} What has come to the device. */
const ARRIVED = ["Delivered to Device", "Delivered to Device (From Storage)"];
const WAIT_SECONDS = 10;
// For what is on its way when a test asks; nothing is slept: the first push that comes ends it.
const QUIET_SECONDS = 0.5;
const FILTERS = new Set([
  "topic", "device", "token", "apns_id", "bundle_id", "state", "since", "text", "payload",
]); // prettier-ignore

/**
 * @param {import("./console").Console} console
 * @param {number} count
 * @param {import("..").Wish} wish
 * @returns {Promise<import("..").Notification[]>}
 */
async function waitFor(console, count, { seconds = WAIT_SECONDS, ...wish }) {
  const filters = filtersOf(wish);
  const query = { ...filters, count, wait: seconds };
  const found = await console.call("GET", "notifications", { query });
  if (found.length >= count) return found;
  const wanted = `${count} within ${seconds} s (${told(wish)})`;
  throw new NotInTimeError(wanted, found, await nearMisses(console, filters));
}

/**
 * @param {import("./console").Console} console
 * @param {import("..").Wish} wish
 */
async function expectNone(console, { seconds = QUIET_SECONDS, ...wish }) {
  const query = { ...filtersOf(wish), count: 1, wait: seconds };
  const found = await console.call("GET", "notifications", { query });
  if (found.length) throw new UnexpectedPushError(told(wish), found);
}

/**
 * @param {import("./console").Console} console
 * @param {Record<string, any>} query
 */
async function nearMisses(console, query) {
  try {
    return await console.call("GET", "near-misses", { query });
  } catch (error) {
    // An older gateway does not know them: what was waited for is said all the same.
    if (error instanceof ApnsimError && error.status === 404) return [];
    throw error;
  }
}

/**
 * The wish as query parameters: `payload` is a dictionary of paths, the API takes `path=value`.
 * @param {Record<string, any>} wish
 * @returns {Record<string, any>}
 */
function filtersOf({ payload, state = ARRIVED, ...rest }) {
  const unknown = Object.keys(rest).filter((name) => !FILTERS.has(name));
  if (unknown.length) {
    const known = [...FILTERS, "seconds"].join(", ");
    throw new TypeError(`no such filter: ${unknown.join(", ")}; there are ${known}`);
  }
  const values = Object.entries(payload ?? {}).map(([path, value]) => `${path}=${value}`);
  return { ...rest, state: state === "any" ? [] : state, payload: values };
}

/** @param {Record<string, any>} wish */
function told(wish) {
  const words = Object.entries(wish).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return words.join(", ") || "any push";
}

module.exports = { ARRIVED, expectNone, waitFor };
