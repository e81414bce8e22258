/**
 * The faults that people want most, each a click: data, so that docs and tests can use them.
 *
 * `needs`: what must be chosen first. `isForApps`: it can be limited to one app.
 */

/** @typedef {{label: string, hint: string, rule: object, needs?: "token", isForApps?: boolean}} QuickRule */

/** @type {QuickRule[]} */
export const QUICK_RULES = [
  {
    label: "Fail the next 3 with 503",
    hint: "ServiceUnavailable; most clients send again.",
    rule: { action: { type: "answer", status: 503 }, times: 3 },
    isForApps: true,
  },
  {
    label: "429 for the next 3",
    hint: "TooManyRequests: does your backend slow down?",
    rule: { action: { type: "answer", status: 429, retry_after: 30 }, times: 3 },
    isForApps: true,
  },
  {
    label: "410 for this token",
    hint: "Unregistered: your backend should forget the token.",
    rule: { action: { type: "answer", status: 410 } },
    needs: "token",
  },
  {
    label: "Expired provider token, once",
    hint: "403: your backend should sign a new one and send again.",
    rule: { action: { type: "answer", reason: "ExpiredProviderToken" }, times: 1 },
    isForApps: true,
  },
  {
    label: "GOAWAY after the next",
    hint: "The next push is answered behind it; others need a new connection.",
    rule: { action: { type: "goaway", answers: true }, times: 1 },
    isForApps: true,
  },
  {
    label: "Never answer the next",
    hint: "The stream stays open for ever: have you a timeout?",
    rule: { action: { type: "never-answer" }, times: 1 },
    isForApps: true,
  },
  {
    label: "Answers 5 s late",
    hint: "The push arrives; a client that gives up sends it twice.",
    rule: { action: { type: "delay", seconds: 5 } },
    isForApps: true,
  },
  {
    label: "Reset the next connection",
    hint: "TCP's RST, as a middle box does it.",
    rule: { action: { type: "close", how: "reset" }, times: 1 },
    isForApps: true,
  },
  {
    label: "Outage until further notice",
    hint: "503 to everything, until you delete the rule.",
    rule: { action: { type: "outage" } },
    isForApps: true,
  },
  {
    label: "Expired certificate",
    hint: "For new connections: do you verify it?",
    rule: { action: { type: "tls", how: "expired" } },
  },
  {
    label: "Disconnect all devices",
    hint: "A storm: all of them connect anew at once.",
    rule: { action: { type: "storm" } },
  },
  {
    label: "Lose the next acknowledgement",
    hint: "The phone has the push, the gateway does not know it.",
    rule: { action: { type: "drop-ack" }, times: 1 },
    isForApps: true,
  },
];

/** The rule as it is sent. @param {QuickRule} quick @param {{app: string, token: string}} choice */
export function ruleOf({ rule, needs, isForApps }, { app, token }) {
  const match = {};
  if (needs === "token") match.token = token;
  if (isForApps && app) match.bundle_id = app;
  return Object.keys(match).length ? { match, ...rule } : rule;
}
