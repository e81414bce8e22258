/** What could be meant by the last word of a search: fields, then what is known for the field. */
import { devices } from "../device_names.js";
import { newestFirst } from "../journal.js";
import { FIELDS } from "./query.js";

const MOST = 8;
const LOOKED_AT = 1000;
const TIMES = ["1m", "15m", "1h", "1d"];

/** @typedef {{text: string, hint: string}} Suggestion `text` takes the last word's place */

const VALUES = {
  topic: () => seen("topic"),
  bundle: () => seen("topic"),
  token: () => seen("token"),
  device: () => devices.value.map(({ name }) => name),
  state: () => seen("state"),
  type: () => seen("type"),
  status: () => [...seen("status"), "4xx", "5xx"],
  reason: () => seen("reason"),
  id: () => [],
  since: () => TIMES,
  before: () => TIMES,
};

/** @param {string} text all of the search @returns {Suggestion[]} */
export function suggestions(text) {
  const word = lastWord(text);
  const [, minus, field, value] = /^(-?)([a-z]+):"?(.*)$/i.exec(word) ?? [];
  if (!field) return fields(word);
  const values = VALUES[field.toLowerCase()]?.() ?? [];
  return [...new Set(values.map(String))]
    .filter((each) => each.toLowerCase().includes(value.toLowerCase()) && each !== value)
    .slice(0, MOST)
    .map((each) => ({ text: `${minus}${field}:${quoted(each)}`, hint: "" }));
}

/** Put a suggestion in the last word's place. @param {string} text @param {string} chosen */
export function completed(text, chosen) {
  const before = text.slice(0, text.length - lastWord(text).length);
  return before + chosen + (chosen.endsWith(":") ? "" : " ");
}

function fields(word) {
  const minus = word.startsWith("-") ? "-" : "";
  return Object.entries(FIELDS)
    .filter(([name]) => name.startsWith(word.slice(minus.length).toLowerCase()))
    .map(([name, hint]) => ({ text: `${minus}${name}:`, hint }));
}

/** The last word, with the quoted text that it may hold. */
const lastWord = (text) => /(?:-?[a-z]+:"[^"]*|\S*)$/i.exec(text)[0];

const quoted = (value) => (value.includes(" ") ? `"${value}"` : value);

function seen(name) {
  const found = new Set();
  for (const record of newestFirst().slice(0, LOOKED_AT)) {
    if (record[name]) found.add(record[name]);
  }
  return [...found];
}
