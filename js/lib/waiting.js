"use strict";
// As apnsim/client/expectations.py has it, for tests in Python: the same questions, the same words.
const {
  ApnsimError,
  NotInTimeError,
  NotSettledError,
  UnexpectedNotificationError,
} = require("./errors");

/** @type {import("..").State[]} What has come to the device. */
const DELIVERED = ["Delivered to Device", "Delivered to Device (From Storage)"];
const WAIT_SECONDS = 10;
const SETTLE_SECONDS = 10;
// What a phone shows of a push it has got follows at once; nobody waits long for a slow one.
const SHOW_SECONDS = 2;
const FILTERS = new Set([
  "topic", "device", "token", "apns_id", "bundle_id", "state", "since", "text", "payload",
]); // prettier-ignore

/**
 * Pushes, once there are `count` and the phones have said what they show of them.
 * @param {import("./console").Console} console
 * @param {number} count
 * @param {import("..").Wish} wish
 * @returns {Promise<import("..").Notification[]>}
 */
async function waitFor(console, count, { seconds = WAIT_SECONDS, ...wish }) {
  const filters = filtersOf(wish);
  const found = await list(console, { ...filters, count, wait: seconds });
  if (found.length < count) {
    const near = await ifKnown(console, "near-misses", { ...filters, limit: 10 + found.length });
    const missed = (near ?? []).filter((/** @type {any} */ { distance }) => distance !== 0);
    throw new NotInTimeError(`${count} within ${seconds} s (${told(wish)})`, found, missed);
  }
  await ifKnown(console, "settled", { ...filters, wait: SHOW_SECONDS });
  return list(console, filters);
}

/**
 * @param {import("./console").Console} console
 * @param {import("..").Wish} wish
 */
async function expectNone(console, { seconds = 0, ...wish }) {
  const filters = filtersOf(wish);
  let found = await list(console, { ...filters, wait: seconds || undefined });
  if (!found.length) {
    const query = { ...filters, wait: SETTLE_SECONDS, or_found: true };
    const state = await ifKnown(console, "settled", query);
    found = state?.found ?? [];
    if (state && !found.length && !state.settled) {
      throw new NotSettledError(told(wish), state.on_their_way);
    }
  }
  if (found.length) throw new UnexpectedNotificationError(told(wish), found);
}

/**
 * @param {import("./console").Console} console
 * @param {import("..").Wish} wish
 * @returns {Promise<import("..").Notification[]>}
 */
function notifications(console, { seconds, ...wish }) {
  return list(console, { ...filtersOf({ state: "any", ...wish }), wait: seconds });
}

/**
 * @param {import("./console").Console} console
 * @param {Record<string, any>} query
 */
function list(console, query) {
  return console.call("GET", "notifications", { query });
}

/**
 * An answer that an older gateway does not have; then undefined.
 * @param {import("./console").Console} console
 * @param {string} path
 * @param {Record<string, any>} query
 * @returns {Promise<any>}
 */
async function ifKnown(console, path, query) {
  try {
    return await console.call("GET", path, { query });
  } catch (error) {
    if (error instanceof ApnsimError && error.status === 404) return undefined;
    throw error;
  }
}

/**
 * The wish as query parameters: `payload` is a dictionary of paths, the API takes `path=value`.
 * @param {Record<string, any>} wish
 * @returns {Record<string, any>}
 */
function filtersOf({ payload, state = DELIVERED, ...rest }) {
  const unknown = Object.keys(rest).filter((name) => !FILTERS.has(name));
  if (unknown.length) {
    const known = [...FILTERS, "seconds"].join(", ");
    throw new TypeError(`no such filter: ${unknown.join(", ")}; there are ${known}`);
  }
  const values = Object.entries(payload ?? {}).map(
    ([path, value]) => `${path}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return { ...rest, state: state === "any" ? [] : state, payload: values };
}

/** @param {Record<string, any>} wish */
function told(wish) {
  const words = Object.entries(wish).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return words.join(", ") || "any push";
}

module.exports = { expectNone, notifications, waitFor };
