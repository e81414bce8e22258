/** Times by the gateway's clock: how long ago, and when exactly. */
import { now } from "../clock.js";
import { html } from "../ui.js";

const UNITS = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
  [1, "s"],
];

/** "2 min ago", "in 3 h", "just now". @param {number} at UNIX seconds @param {number} reference */
export function relative(at, reference) {
  const seconds = Math.round(reference - at);
  const [size, unit] = UNITS.find(([length]) => Math.abs(seconds) >= length) ?? [];
  if (!size) return "just now";
  const count = Math.abs(seconds) / size;
  // What has passed is counted in whole units; of what is to come, 30 days less a minute are 30 days.
  return seconds > 0 ? `${Math.floor(count)} ${unit} ago` : `in ${Math.round(count)} ${unit}`;
}

/** "2026-11-26 14:03:07.250", in the person's own time zone. @param {number} at UNIX seconds */
export function absolute(at) {
  const date = new Date(at * 1000);
  const two = (number) => String(number).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  return `${day} ${clockTime(at)}`;
}

/** "14:03:07.250" @param {number} at UNIX seconds */
export function clockTime(at) {
  const date = new Date(at * 1000);
  const two = (number) => String(number).padStart(2, "0");
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  return `${time}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

/** How long ago; the moment itself is its title. @param {{at: number}} props UNIX seconds */
export function Ago({ at }) {
  return html`<time datetime=${iso(at)} title=${absolute(at)}>${relative(at, now.value)}</time>`;
}

/** When exactly. @param {{at: number}} props UNIX seconds */
export function Moment({ at }) {
  return html`<time datetime=${iso(at)}>${absolute(at)}</time>`;
}

function iso(at) {
  const date = new Date(at * 1000);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
