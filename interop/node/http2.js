"use strict";
// Node's own http2: no APNs library, the requests are written by hand.
const crypto = require("node:crypto");
const fs = require("node:fs");
const http2 = require("node:http2");
const answerPushes = require("./dialogue");

const { APNSIM_PROVIDER_URL, APNSIM_CA_FILE, APNSIM_KEY_FILE, APNSIM_KEY_ID, APNSIM_TEAM_ID } =
  process.env;
const { APNSIM_MANAGE_URL, APNSIM_CERTIFICATE_FILE } = process.env;
const HEADERS = {
  topic: "apns-topic",
  push_type: "apns-push-type",
  priority: "apns-priority",
  expiration: "apns-expiration",
  collapse_id: "apns-collapse-id",
  apns_id: "apns-id",
  channel_id: "apns-channel-id",
};

function signedToken() {
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { iss: APNSIM_TEAM_ID, iat: Math.floor(Date.now() / 1000) };
  const signed = `${encode({ alg: "ES256", kid: APNSIM_KEY_ID })}.${encode(claims)}`;
  const key = { key: fs.readFileSync(APNSIM_KEY_FILE), dsaEncoding: "ieee-p1363" };
  return `${signed}.${crypto.sign("sha256", signed, key).toString("base64url")}`;
}

const certificate = APNSIM_CERTIFICATE_FILE && fs.readFileSync(APNSIM_CERTIFICATE_FILE);
const who = certificate ? {} : { authorization: `bearer ${signedToken()}` };
const sessions = new Map();

function connected(url) {
  let session = sessions.get(url);
  if (!session || session.closed || session.destroyed) {
    session = http2.connect(url, {
      ca: fs.readFileSync(APNSIM_CA_FILE),
      ...(certificate && { cert: certificate, key: certificate }),
    });
    session.on("error", () => {}); // every request hears of it too
    sessions.set(url, session);
  }
  return session;
}

function whereTo({ token, bundle_id, channel_id }) {
  if (token) return [APNSIM_PROVIDER_URL, `/3/device/${token}`];
  if (channel_id) return [APNSIM_PROVIDER_URL, `/4/broadcasts/apps/${bundle_id}`];
  return [APNSIM_MANAGE_URL, `/1/apps/${bundle_id}/channels`];
}

function send(push) {
  const [url, path] = whereTo(push);
  const headers = { ":method": "POST", ":path": path, ...who };
  for (const [name, header] of Object.entries(HEADERS)) {
    if (push[name] !== undefined) headers[header] = push[name];
  }
  return new Promise((resolve) => {
    const request = connected(url).request(headers);
    let answer = {};
    let body = "";
    request.setEncoding("utf8");
    request.on("response", (heard) => {
      answer = {
        status: heard[":status"],
        apns_id: heard["apns-id"] ?? heard["apns-request-id"],
        channel_id: heard["apns-channel-id"],
      };
    });
    request.on("data", (part) => (body += part));
    request.on("end", () => resolve({ ...answer, ...(body && JSON.parse(body)) }));
    request.on("error", (error) => resolve({ error: String(error) }));
    request.end(JSON.stringify(push.payload));
  });
}

answerPushes(send).then(() => sessions.forEach((session) => session.close()));
