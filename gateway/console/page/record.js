/**
 * One record of the journal, as lists and searches want it: the same words for a push
 * (`GET /notifications`) and for a request that became none (`GET /requests?push=false`).
 */

/**
 * @typedef {object} JournalRecord
 * @property {number} number names the record
 * @property {string} apnsId
 * @property {string | null} topic
 * @property {string | null} token hexadecimal
 * @property {string | null} type the push type
 * @property {string | null} device its id
 * @property {number | null} status of the answer; null until there is one
 * @property {string} reason Apple's word, or empty
 * @property {string} detail for people
 * @property {string | null} state in the words of Apple's Push Notifications Console
 * @property {object | null} payload
 * @property {string | null} rawPayload when the body was no JSON dictionary
 * @property {number} receivedAt UNIX seconds by the gateway's clock
 * @property {string} method
 * @property {string} path
 * @property {string} connection empty when an earlier process accepted the push
 * @property {{state: string, at: number, detail: string}[]} timeline oldest first
 * @property {boolean} isPush
 */

const DEVICE = "/3/device/";
const BROADCAST = "/4/broadcasts/apps/";

/** @returns {JournalRecord} */
export function fromPush(push) {
  return {
    ...shared(push),
    topic: push.topic,
    token: push.token,
    type: push.push_type,
    device: push.device,
    channel: push.channel_id,
    timeline: push.timeline,
    collapseId: push.collapse_id,
    method: "POST",
    path: push.channel_id ? BROADCAST + push.topic : DEVICE + push.token,
    isPush: true,
  };
}

/** @returns {JournalRecord} */
export function fromRequest(request) {
  const headers = Object.fromEntries(request.headers);
  return {
    ...shared(request),
    topic: headers["apns-topic"] ?? null,
    token: request.path.startsWith(DEVICE) ? request.path.slice(DEVICE.length) : null,
    type: headers["apns-push-type"] ?? null,
    device: null,
    channel: headers["apns-channel-id"] ?? null,
    timeline: [],
    collapseId: headers["apns-collapse-id"] ?? null,
    method: request.method,
    path: request.path,
    isPush: false,
  };
}

function shared(view) {
  return {
    number: view.number,
    apnsId: view.apns_id,
    status: view.status,
    reason: view.reason,
    detail: view.detail,
    state: view.state,
    payload: view.payload,
    rawPayload: view.raw_payload,
    receivedAt: view.received_at,
    connection: view.connection,
  };
}

/** What a person would recognise it by: the alert's words, or what it is instead. */
export function summary(record) {
  const alert = record.payload?.aps?.alert;
  if (typeof alert === "string") return alert;
  const words = [alert?.title, alert?.subtitle, alert?.body].filter((word) => typeof word === "string");
  if (words.length) return words.join(" — ");
  const key = alert?.["title-loc-key"] ?? alert?.["loc-key"];
  if (key) return String(key);
  if (record.payload) return JSON.stringify(record.payload);
  return record.rawPayload ?? "";
}
