// Stands for a backend that knows no host but Apple's. It pushes once, with a key of its own to a
// token that it invents, and then asks the gateway whether the phone got it. Exit 0: it did.
import crypto from "node:crypto";
import http2 from "node:http2";

const TOPIC = "com.example.app";

function providerToken() {
  const { privateKey } = crypto.generateKeyPairSync("ec", { namedCurve: "P-256" });
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { iss: "ABCDE12345", iat: Math.floor(Date.now() / 1000) };
  const signed = `${encode({ alg: "ES256", kid: "FGHIJ67890" })}.${encode(claims)}`;
  const key = { key: privateKey, dsaEncoding: "ieee-p1363" };
  return `${signed}.${crypto.sign("sha256", Buffer.from(signed), key).toString("base64url")}`;
}

function push(deviceToken, payload) {
  return new Promise((resolve, reject) => {
    const apple = http2.connect("https://api.push.apple.com");
    const request = apple.request({
      ":method": "POST",
      ":path": `/3/device/${deviceToken}`,
      authorization: `bearer ${providerToken()}`,
      "apns-topic": TOPIC,
      "apns-push-type": "alert",
    });
    let answer = "";
    request.on("response", ({ ":status": status }) => (answer = `${status}`));
    request.on("data", (part) => (answer += ` ${part}`));
    request.on("end", () => resolve(answer));
    for (const part of [apple, request]) part.on("error", reject);
    request.on("close", () => apple.close());
    request.end(JSON.stringify(payload));
  });
}

async function delivered(deviceToken) {
  const { APNSIM_CONSOLE_URL: console, APNSIM_CONSOLE_TOKEN: secret } = process.env;
  const query = new URLSearchParams({ token: deviceToken, wait: 10 });
  for (const state of ["Delivered to Device", "Delivered to Device (From Storage)"]) {
    query.append("state", state);
  }
  const url = `${console}/api/v1/notifications?${query}`;
  const answer = await fetch(url, { headers: { authorization: `Bearer ${secret}` } });
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

const deviceToken = crypto.randomBytes(32).toString("hex");
const answer = await push(deviceToken, { aps: { alert: "Hello" } });
console.log(`api.push.apple.com answers ${answer}`);
const [notification] = await delivered(deviceToken);
if (!notification) throw new Error("the phone got nothing within 10 s");
console.log(`the phone got ${JSON.stringify(notification.payload)}`);
