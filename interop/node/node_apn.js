"use strict";
// @parse/node-apn, pointed at the gateway by its options address, port and ca.
const fs = require("node:fs");
const apn = require("@parse/node-apn");
const answerPushes = require("./dialogue");

const { APNSIM_PROVIDER_URL, APNSIM_CA_FILE, APNSIM_KEY_FILE, APNSIM_KEY_ID, APNSIM_TEAM_ID } =
  process.env;
const { APNSIM_PROXY_URL, APNSIM_CERTIFICATE_FILE } = process.env;
const gateway = new URL(APNSIM_PROVIDER_URL);
const proxy = APNSIM_PROXY_URL && new URL(APNSIM_PROXY_URL);
const who = APNSIM_CERTIFICATE_FILE
  ? { cert: APNSIM_CERTIFICATE_FILE, key: APNSIM_CERTIFICATE_FILE }
  : { token: { key: APNSIM_KEY_FILE, keyId: APNSIM_KEY_ID, teamId: APNSIM_TEAM_ID } };
const provider = new apn.Provider({
  ...who,
  address: gateway.hostname,
  port: Number(gateway.port),
  ...(proxy && { proxy: { host: proxy.hostname, port: Number(proxy.port) } }),
  ca: [fs.readFileSync(APNSIM_CA_FILE)],
});

async function send(push) {
  const notification = new apn.Notification();
  notification.topic = push.topic;
  notification.pushType = push.push_type;
  notification.rawPayload = push.payload;
  if (push.priority !== undefined) notification.priority = push.priority;
  if (push.expiration !== undefined) notification.expiry = push.expiration;
  if (push.collapse_id !== undefined) notification.collapseId = push.collapse_id;
  if (push.apns_id !== undefined) notification.id = push.apns_id;
  const { sent, failed } = await provider.send(notification, push.token);
  if (sent.length === 1) return { status: 200, apns_id: sent[0]["apns-id"] };
  const [failure] = failed;
  if (failure.status === undefined) return { error: String(failure.error) };
  return {
    status: failure.status,
    // A reason that it acts upon itself, it reports as an error.
    reason: failure.response?.reason ?? failure.error?.message,
    apns_id: failure["apns-id"],
    timestamp: failure.response?.timestamp,
  };
}

answerPushes(send).then(() => provider.shutdown());
