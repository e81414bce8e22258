"use strict";
// apns2: always at port 443 of Apple's hosts, so it runs where their names lead to the gateway
// (interop/machine.sh), and trusts the gateway's CA by NODE_EXTRA_CA_CERTS.
const fs = require("node:fs");
const { ApnsClient, Notification } = require("apns2");
const answerPushes = require("./dialogue");

const { APNSIM_KEY_FILE, APNSIM_KEY_ID, APNSIM_TEAM_ID } = process.env;
const client = new ApnsClient({
  team: APNSIM_TEAM_ID,
  keyId: APNSIM_KEY_ID,
  signingKey: fs.readFileSync(APNSIM_KEY_FILE),
  host: "api.sandbox.push.apple.com",
});

async function send(push) {
  const { aps, ...data } = push.payload;
  const { topic, push_type: type, priority, expiration, collapse_id: collapseId } = push;
  const options = { aps, data, topic, type, priority, expiration, collapseId };
  try {
    await client.send(new Notification(push.token, options));
    return { status: 200 };
  } catch (error) {
    if (error.statusCode === undefined) return { error: String(error) };
    return { status: error.statusCode, reason: error.reason, timestamp: error.timestamp };
  }
}

answerPushes(send).then(() => client.close());
