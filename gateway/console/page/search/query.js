/**
 * The language of the search field: words that match anywhere, and `field:value`.
 *
 *     "goal for" state:rejected -type:background topic:com.example since:15m
 *
 * All of it must match. A minus in front turns a term round; quotes keep spaces together.
 */

/** What each field means, for the help and the suggestions. */
export const FIELDS = {
  topic: "part of the topic",
  bundle: "an app with all its topics: com.example.app",
  token: "how the device token begins",
  device: "part of the device's name, or its id",
  state: "where it is: delivered, stored, rejected …",
  type: "the push type: alert, background …",
  status: "of the answer: 200, 410, 4xx",
  reason: "why it was refused: BadDeviceToken …",
  id: "the apns-id",
  since: "received in the last 30s, 15m, 2h, 1d",
  before: "received before that",
};

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 };
const TERM = /(-?)(?:([a-z]+):)?(?:"([^"]*)"?|(\S+))/gi;

/**
 * @typedef {object} Term
 * @property {keyof FIELDS | ""} field empty: anywhere
 * @property {string} value in lower case
 * @property {boolean} negated
 * @property {number} [seconds] of `since` and `before`
 */

/** @param {string} text @returns {{terms: Term[], mistakes: string[]}} */
export function parse(text) {
  const terms = [];
  const mistakes = [];
  for (const [whole, minus, prefix, quoted, bare] of text.matchAll(TERM)) {
    const field = prefix?.toLowerCase() ?? "";
    const value = (quoted ?? bare).toLowerCase();
    if (bare && value.endsWith(":") && isField(value.slice(0, -1))) continue; // half written
    if (field && !isField(field)) {
      // A word with a colon in it, such as a URL or a payload's text, and no field.
      terms.push({ field: "", value: (minus ? whole.slice(1) : whole).toLowerCase(), negated: Boolean(minus) });
    } else if (field === "since" || field === "before") {
      const seconds = duration(value);
      if (seconds === null) mistakes.push(`${field}:${value} is no time; write ${field}:15m, with s, m, h or d`);
      else terms.push({ field, value, negated: Boolean(minus), seconds });
    } else if (value) {
      terms.push({ field, value, negated: Boolean(minus) });
    }
  }
  return { terms, mistakes };
}

const isField = (word) => Object.hasOwn(FIELDS, word);

function duration(text) {
  const [, count, unit] = /^(\d+(?:\.\d+)?)(s|m|min|h|d)?$/.exec(text) ?? [];
  return count === undefined ? null : Number(count) * SECONDS[(unit ?? "s")[0]];
}
