/**
 * Pushes to begin with: of each kind one that a phone does something with. Data, made for a moment:
 * Live Activities want its time stamp.
 */

/**
 * @typedef {object} Template
 * @property {string} label
 * @property {string} type the push type
 * @property {string} [priority]
 * @property {string} [token] which token it is for, when it is not that of its push type
 * @property {(now: number) => object} payload `now`: UNIX seconds by the gateway's clock
 */

/** @type {Template[]} */
export const TEMPLATES = [
  {
    label: "Alert",
    type: "alert",
    payload: () => ({ aps: { alert: { title: "Anna", body: "Shall we play chess?" }, sound: "default" } }),
  },
  {
    label: "Time sensitive, in a thread",
    type: "alert",
    payload: () => ({
      aps: {
        alert: { title: "Your order", subtitle: "Order 1042", body: "The courier is at the door." },
        "interruption-level": "time-sensitive",
        "thread-id": "orders",
        sound: "default",
      },
    }),
  },
  {
    label: "Critical alert",
    type: "alert",
    payload: () => ({
      aps: {
        alert: { title: "Smoke in the kitchen", body: "Leave the house." },
        "interruption-level": "critical",
        sound: { critical: 1, name: "default", volume: 0.8 },
      },
    }),
  },
  { label: "Badge alone", type: "alert", payload: () => ({ aps: { badge: 3 } }) },
  {
    label: "Changed by the service extension",
    type: "alert",
    payload: () => ({ aps: { alert: { title: "New message" }, "mutable-content": 1 }, cipher: "c2VjcmV0" }),
  },
  {
    label: "Background",
    type: "background",
    priority: "5",
    payload: () => ({ aps: { "content-available": 1 }, sync: "inbox" }),
  },
  { label: "VoIP call", type: "voip", payload: () => ({ aps: {}, caller: "Ben", call: "7f3a" }) },
  {
    label: "Live Activity: start",
    type: "liveactivity",
    token: "its push-to-start token",
    payload: (now) => ({
      aps: {
        timestamp: Math.floor(now),
        event: "start",
        "attributes-type": "DeliveryAttributes",
        attributes: { order: "1042" },
        "content-state": { status: "on its way", minutes: 12 },
        alert: { title: "Your order is on its way", body: "12 minutes" },
      },
    }),
  },
  {
    label: "Live Activity: update",
    type: "liveactivity",
    token: "the token of the activity",
    payload: (now) => ({
      aps: { timestamp: Math.floor(now), event: "update", "content-state": { status: "around the corner", minutes: 2 } },
    }),
  },
  {
    label: "Live Activity: end",
    type: "liveactivity",
    token: "the token of the activity",
    payload: (now) => ({
      aps: {
        timestamp: Math.floor(now),
        event: "end",
        "dismissal-date": Math.floor(now) + 3600,
        "content-state": { status: "delivered", minutes: 0 },
      },
    }),
  },
];

/** The text of a template's payload. @param {Template} template @param {number} now */
export const payloadText = (template, now) => JSON.stringify(template.payload(now), null, 2);
