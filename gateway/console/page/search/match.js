/** Which records a query wants. */

/** @typedef {import("../record.js").JournalRecord} JournalRecord */
/** @typedef {{now: number, deviceName: (id: string | null) => string}} Surroundings */

/** All that words are looked for in, in lower case; made when a record is first searched. */
const texts = new WeakMap();

/** What Apple's push types append to the bundle id for their topic. */
const SUFFIX = /^(|\.voip|\.voip-ptt|\.complication|\.location-query|\.pushkit\.fileprovider|\.push-type\.[a-z]+)$/;

const AFTERTHOUGHTS = new Set(["Presented", "Not presented", "Fault"]);

/** @type {Record<string, (record: JournalRecord, term: import("./query.js").Term, around: Surroundings) => boolean>} */
const TESTS = {
  "": (record, { value }, { deviceName }) => textOf(record).includes(value) || deviceName(record.device).includes(value),
  topic: ({ topic }, { value }) => has(topic, value),
  bundle: ({ topic }, { value }) => lower(topic).startsWith(value) && SUFFIX.test(lower(topic).slice(value.length)),
  token: ({ token }, { value }) => lower(token).startsWith(value),
  device: ({ device }, { value }, { deviceName }) => lower(device) === value || deviceName(device).includes(value),
  state: (record, { value }) => has(record.state, value) || has(settled(record), value),
  type: ({ type }, { value }) => lower(type).startsWith(value),
  status: ({ status }, { value }) => matchesStatus(String(status ?? ""), value),
  reason: ({ reason }, { value }) => has(reason, value),
  id: ({ apnsId }, { value }) => lower(apnsId).startsWith(value),
  since: ({ receivedAt }, { seconds }, { now }) => receivedAt >= now - seconds,
  before: ({ receivedAt }, { seconds }, { now }) => receivedAt < now - seconds,
};

/**
 * @param {import("./query.js").Term[]} terms
 * @returns {(record: JournalRecord, around: Surroundings) => boolean}
 */
export const matcher = (terms) => (record, around) =>
  terms.every((term) => TESTS[term.field](record, term, around) !== term.negated);

const lower = (text) => (text ?? "").toLowerCase();
const has = (text, value) => lower(text).includes(value);

/** What was presented was delivered, too. */
function settled({ state, timeline }) {
  if (!AFTERTHOUGHTS.has(state)) return state;
  return timeline.findLast((entry) => !AFTERTHOUGHTS.has(entry.state))?.state ?? state;
}

function matchesStatus(status, value) {
  return value.endsWith("xx") ? status[0] === value[0] : status === value;
}

function textOf(record) {
  let text = texts.get(record);
  if (text === undefined) {
    const { apnsId, topic, token, type, state, status, reason, detail, collapseId, method, path } = record;
    const payload = record.payload ? JSON.stringify(record.payload) : record.rawPayload;
    const parts = [apnsId, topic, token, type, state, status, reason, detail, collapseId, method, path, payload];
    text = parts.filter(Boolean).join("\n").toLowerCase();
    texts.set(record, text);
  }
  return text;
}
