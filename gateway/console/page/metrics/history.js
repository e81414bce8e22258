/** The last minutes of the gateway's figures, as lines: rates of what is counted, and levels. */
import { sum } from "./exposition.js";

export const EVERY_SECONDS = 2;
const KEPT_SECONDS = 300;
const REASONS = 5;

/** @typedef {{name: string, points: {at: number, value: number}[]}} Line */
/** @typedef {{title: string, unit: string, lines: Line[]}} Chart */

const isDelivered = ({ state }) => /^(Delivered|Broadcast Delivered)/.test(state);

/** @param {{at: number, samples: object[]}[]} looks with a look more; old ones are left out */
export function withLook(looks, look) {
  return [...looks, look].filter(({ at }) => at >= look.at - KEPT_SECONDS);
}

/** @param {{at: number, samples: object[]}[]} looks `at`: seconds by the browser's clock @returns {Chart[]} */
export function chartsOf(looks) {
  const requests = (fits) => rate(looks, (samples) => sum(samples, "apnsim_requests_total", fits));
  const delivered = rate(looks, (samples) => sum(samples, "apnsim_pushes_total", isDelivered));
  const level = (name) => looks.map(({ at, samples }) => ({ at, value: sum(samples, name) }));
  return [
    {
      title: "Pushes",
      unit: "per second",
      lines: [
        { name: "accepted", points: requests(({ status }) => status === "200") },
        { name: "delivered", points: delivered },
      ],
    },
    {
      title: "Rejections, by reason",
      unit: "per second",
      lines: reasonsOf(looks).map((reason) => ({ name: reason, points: requests((labels) => labels.reason === reason) })),
    },
    { title: "Waiting in the store", unit: "pushes", lines: [{ name: "waiting", points: level("apnsim_store_pending") }] },
    { title: "Connected devices", unit: "devices", lines: [{ name: "connected", points: level("apnsim_courier_sessions") }] },
  ];
}

/** The most frequent ones of these minutes. */
function reasonsOf(looks) {
  if (!looks.length) return [];
  const counted = (look, reason) => sum(look.samples, "apnsim_requests_total", (labels) => labels.reason === reason);
  const told = looks.at(-1).samples.filter(({ name }) => name === "apnsim_requests_total").map(({ labels }) => labels.reason);
  const happened = [...new Set(told)]
    .filter(Boolean)
    .map((reason) => [reason, counted(looks.at(-1), reason) - counted(looks[0], reason)])
    .filter(([, count]) => count > 0);
  return happened.sort(([, a], [, b]) => b - a).slice(0, REASONS).map(([reason]) => reason);
}

/** What was counted between two looks; a counter that began anew counts from there. */
function rate(looks, count) {
  return looks.slice(1).map((look, index) => {
    const before = looks[index];
    const difference = count(look.samples) - count(before.samples);
    return { at: look.at, value: Math.max(0, difference) / (look.at - before.at) };
  });
}
