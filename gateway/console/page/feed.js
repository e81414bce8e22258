/**
 * What happens at the gateway, live: one stream for all views.
 *
 * It is opened first, and the lists are read beside it, so nothing falls between. Whoever is too
 * slow is dropped by the gateway with `reload`, and starts anew; so does a page that has lost it.
 */
import { ApiError } from "./api.js";
import { Lists } from "./lists.js";
import { fromPush, fromRequest } from "./record.js";
import { forget, keep } from "./journal.js";
import { isLocked } from "./session.js";
import { events } from "./stream.js";
import { effect, signal } from "./ui.js";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 4_000;

/** @typedef {"connecting" | "live" | "behind" | "away"} FeedState */

/** `behind`: more happens than this page could follow; it is reading the lists again. */
export const feed = signal(/** @type {FeedState} */ ("connecting"));

/** Why the last try failed, for the reader; empty while all is well. */
export const trouble = signal("");

/** Events that are records of the journal. */
const RECORDS = { push: fromPush, rejected: fromRequest, request: fromRequest };

const happenings = new EventTarget();
let hasFollowed = false;

/**
 * Hear of events as they come, such as `push` (the push), `link` ({device, connected, at, detail}),
 * `forgotten` ({numbers}; null: all), and `started` ({isAnew}), each time when the page has begun to follow, anew after it
 * had lost the gateway: read your lists then.
 *
 * @param {string} name @param {(data: any) => void} listener
 * @returns {() => void} stops it
 */
export function on(name, listener) {
  const hear = (event) => listener(event.detail);
  happenings.addEventListener(name, hear);
  return () => happenings.removeEventListener(name, hear);
}

/** Follow the gateway for as long as the page is open. */
export async function follow() {
  let pause = FIRST_PAUSE_MS;
  while (true) {
    await untilUnlocked();
    const began = performance.now();
    await followOnce();
    if (isLocked.value) continue;
    if (performance.now() - began > LONGEST_PAUSE_MS) pause = FIRST_PAUSE_MS;
    await new Promise((resume) => setTimeout(resume, pause * (0.5 + Math.random())));
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}

function untilUnlocked() {
  return new Promise((resume) => {
    const stop = effect(() => {
      if (isLocked.value) return;
      queueMicrotask(() => {
        stop(); // not yet there while the effect runs for the first time
        resume();
      });
    });
  });
}

async function followOnce() {
  const hangUp = new AbortController();
  let lists = null;
  try {
    for await (const group of events(hangUp.signal)) {
      if (!lists) {
        lists = new Lists();
        feed.value = "live";
        trouble.value = "";
        tell("started", { isAnew: hasFollowed });
        hasFollowed = true;
      }
      for (const event of group) take(event, lists);
    }
    if (feed.value === "live") feed.value = "away";
  } catch (error) {
    feed.value = "away";
    trouble.value = error instanceof ApiError ? error.message : "The connection to the gateway broke.";
  } finally {
    hangUp.abort();
    lists?.stop();
  }
}

function take({ name, data }, lists) {
  const read = RECORDS[name];
  if (read) {
    lists.supersede([data.number]);
    keep(read(data));
  }
  if (name === "reload") feed.value = "behind";
  if (name === "forgotten") {
    lists.supersede(data.numbers);
    forget(data.numbers);
  }
  tell(name, data);
}

const tell = (name, detail) => happenings.dispatchEvent(new CustomEvent(name, { detail }));
