/**
 * The gateway's time, which tests freeze and move: every "2 minutes ago" of the page is by it.
 *
 * It is asked for now and then, and carried on by the browser's own clock in between.
 */
import { get } from "./api.js";
import { signal } from "./ui.js";

/** Tests and other people move it without a word of the feed. */
const ASK_SECONDS = 2;
const TICK_SECONDS = 1;

/** @typedef {{now: number, frozen: boolean, rate: number}} Clock */

/** The gateway's time now, UNIX seconds; changes once a second. */
export const now = signal(Date.now() / 1000);

/** What `GET /api/v1/clock` said last; null before the first answer. @type {import("./ui.js").Signal} */
export const clock = signal(null);

let heardAt = performance.now();

/** Take what the API answered: whoever moves the clock hands it over here. @param {Clock} said */
export function setClock(said) {
  heardAt = performance.now();
  clock.value = said;
  tick();
}

/** Ask the gateway what time it has. */
export async function refreshClock() {
  setClock(await get("/clock"));
}

function tick() {
  const said = clock.value;
  if (!said) return;
  const passed = said.frozen ? 0 : ((performance.now() - heardAt) / 1000) * said.rate;
  now.value = said.now + passed;
}

/** Keep the time from now on. */
export function followClock() {
  const ask = () => document.hidden || refreshClock().catch(() => {}); // the feed says that the gateway is away
  ask();
  setInterval(ask, ASK_SECONDS * 1000);
  document.addEventListener("visibilitychange", ask);
  setInterval(tick, TICK_SECONDS * 1000);
}
