/** A push while it is written, and the request that it makes. */
import { topicOf } from "./push_types.js";
import { TEMPLATES, payloadText } from "./templates.js";

/**
 * @typedef {object} Draft
 * @property {string} token
 * @property {string} topic
 * @property {string} type
 * @property {string} priority empty: not said
 * @property {string} keep how long it waits: "" not said, "0", seconds, or "date"
 * @property {string} date of "date", as an input for dates and times has it
 * @property {string} collapseId
 * @property {string} payload text
 */

/** @param {number} now @returns {Draft} */
export const newDraft = (now) => ({
  token: "",
  topic: "",
  type: "alert",
  priority: "",
  keep: "",
  date: "",
  collapseId: "",
  payload: payloadText(TEMPLATES[0], now),
});

/** The draft for another token. @param {Draft} draft @param {import("./targets.js").Target} target */
export function withTarget(draft, target) {
  // The same token takes alerts and background pushes.
  const type = target.topic === topicOf(target.app, draft.type) ? draft.type : target.type;
  return { ...draft, token: target.token, topic: target.topic, type };
}

/** The draft as a template has it; the topic keeps its app. */
export function withTemplate(draft, template, target, now) {
  const topic = target ? topicOf(target.app, template.type) : draft.topic;
  return { ...draft, topic, type: template.type, priority: template.priority ?? "", payload: payloadText(template, now) };
}

/** As the API takes it. @param {Draft} draft @param {number} now UNIX seconds by the gateway's clock */
export function requestOf({ token, topic, type, priority, keep, date, collapseId, payload }, now) {
  const headers = {
    "apns-topic": topic,
    "apns-push-type": type,
    "apns-priority": priority,
    "apns-expiration": expiration(keep, date, now),
    "apns-collapse-id": collapseId,
  };
  const said = Object.entries(headers).filter(([, value]) => value !== "");
  return { path: `/3/device/${encodeURIComponent(token)}`, headers: Object.fromEntries(said), raw_payload: payload };
}

function expiration(keep, date, now) {
  if (keep === "" || keep === "0") return keep;
  if (keep === "date") return date ? String(Math.floor(new Date(date).getTime() / 1000)) : "";
  return String(Math.floor(now) + Number(keep));
}
