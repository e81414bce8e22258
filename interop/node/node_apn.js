"use strict";
// @parse/node-apn, pointed at the gateway by its options address, port and ca.
const fs = require("node:fs");
const apn = require("@parse/node-apn");
const answerPushes = require("./dialogue");

const { APNSIM_PROVIDER_URL, APNSIM_CA_FILE, APNSIM_KEY_FILE, APNSIM_KEY_ID, APNSIM_TEAM_ID } =
  process.env;
const { APNSIM_PROXY_URL, APNSIM_CERTIFICATE_FILE, APNSIM_MANAGE_URL } = process.env;
const manager = new URL(APNSIM_MANAGE_URL);
const gateway = new URL(APNSIM_PROVIDER_URL);
const proxy = APNSIM_PROXY_URL && new URL(APNSIM_PROXY_URL);
const who = APNSIM_CERTIFICATE_FILE
  ? { cert: APNSIM_CERTIFICATE_FILE, key: APNSIM_CERTIFICATE_FILE }
  : { token: { key: APNSIM_KEY_FILE, keyId: APNSIM_KEY_ID, teamId: APNSIM_TEAM_ID } };
const provider = new apn.Provider({
  ...who,
  address: gateway.hostname,
  port: Number(gateway.port),
  manageChannelsAddress: manager.hostname,
  manageChannelsPort: Number(manager.port),
  ...(proxy && { proxy: { host: proxy.hostname, port: Number(proxy.port) } }),
  ca: [fs.readFileSync(APNSIM_CA_FILE)],
});

function carry(notification, { token, bundle_id, channel_id }) {
  if (token) return provider.send(notification, token);
  if (channel_id) return provider.broadcast(notification, bundle_id);
  return provider.manageChannels(notification, bundle_id, "create");
}

async function send(push) {
  const notification = new apn.Notification();
  notification.topic = push.topic;
  notification.pushType = push.push_type;
  notification.rawPayload = push.payload;
  if (push.priority !== undefined) notification.priority = push.priority;
  if (push.expiration !== undefined) notification.expiry = push.expiration;
  if (push.collapse_id !== undefined) notification.collapseId = push.collapse_id;
  if (push.apns_id !== undefined) notification.id = push.apns_id;
  if (push.channel_id !== undefined) notification.channelId = push.channel_id;
  const { sent, failed } = await carry(notification, push);
  if (sent.length === 1) {
    const { "apns-id": apnsId, "apns-request-id": requestId, "apns-channel-id": channel } = sent[0];
    // It reports no status of what was accepted; Apple's for a new channel is 201.
    return { status: channel ? 201 : 200, apns_id: apnsId ?? requestId, channel_id: channel };
  }
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
