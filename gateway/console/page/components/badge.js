/** States and statuses, in Apple's own words; colour only repeats what the word says. */
import { html } from "../ui.js";

/** @param {{kind?: "good" | "wait" | "bad" | ""}} props */
export function Badge({ kind = "", children }) {
  return html`<span class="badge ${kind}">${children}</span>`;
}

const KINDS = [
  [/^(Delivered|Presented|Broadcast Delivered)/, "good"],
  [/^(Stored|Broadcast Published)/, "wait"],
  [/^(Rejected|Discarded|Fault)/, "bad"],
];

/** The colour of a state. @param {string | null} state */
export function kindOfState(state) {
  return KINDS.find(([words]) => words.test(state ?? ""))?.[1] ?? "";
}

/** Where a push is: one of the states of Apple's Push Notifications Console, or of ours. */
export function StateBadge({ state }) {
  return html`<${Badge} kind=${kindOfState(state)}>${state ?? "No answer yet"}<//>`;
}

/** The answer to a request: `200`, or `400 BadDeviceToken`. */
export function StatusBadge({ status, reason }) {
  const kind = !status ? "wait" : status < 300 ? "good" : "bad";
  return html`<${Badge} kind=${kind}>${status ? `${status} ${reason}`.trim() : "No answer yet"}<//>`;
}
