/** A push as a line for a shell, whole: it works where it is pasted. */
import { base64, exactText } from "./bytes.js";

/** Of its connection, its sender, or its name: made anew by whoever sends it again. */
const ITS_OWN = new Set(["authorization", "apns-id", "apns-request-id", "content-length", "host", "user-agent", "accept", "accept-encoding"]);
const APPLE = { production: "api.push.apple.com", development: "api.sandbox.push.apple.com" };
const NEXT = " \\\n  ";

/** One word of a POSIX shell. @param {string} text */
export const quoted = (text) => (/^[\w./:%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/**
 * @typedef {object} Sent
 * @property {string} method @property {string} path
 * @property {[string, string][]} headers as received
 * @property {Uint8Array} bytes the payload
 * @property {string} environment
 */

/** @param {object} info `GET /api/v1/info` @param {Sent} sent */
export function curl(info, { method, path, headers, bytes, environment }) {
  const { url, more } = address(info, environment);
  const words = [`curl -i --http2 --cacert ${quoted(info.ca_file)}`, ...more];
  if (method !== "POST") words.push(`-X ${quoted(method)}`);
  words.push(`-H "authorization: bearer $(${bearer(info)})"`);
  for (const [name, value] of headers) if (!ITS_OWN.has(name)) words.push(`-H ${quoted(`${name}: ${value}`)}`);
  const text = exactText(bytes);
  if (text === null) return `printf %s ${base64(bytes)} | base64 -d | ${[...words, "--data-binary @-", quoted(url + path)].join(NEXT)}`;
  if (method === "POST" || text) words.push(`--data-raw ${quoted(text)}`);
  return [...words, quoted(url + path)].join(NEXT);
}

/** A push to a device whose environment has a port here; null for any other. @param {Sent} sent */
export function apnsimSend(info, { method, path, headers, bytes, environment }) {
  if (method !== "POST" || !path.startsWith("/3/device/") || !info.provider_urls[environment]) return null;
  const named = Object.fromEntries(headers);
  const url = info.provider_urls[environment];
  const key = info.keys.find(({ key_file: file }) => file);
  const words = [`${quoted(info.command)} send --url ${quoted(url)}`, `--ca-file ${quoted(info.ca_file)}`];
  if (key) words.push(`--key-file ${quoted(key.key_file)} --team-id ${key.team_id}`);
  words.push(`--token ${quoted(path.split("/").at(-1))}`);
  for (const [header, option] of OPTIONS) if (named[header]) words.push(`${option} ${quoted(named[header])}`);
  const payload = exactText(bytes);
  const source = payload === null ? `printf %s ${base64(bytes)} | base64 -d` : `printf %s ${quoted(payload)}`;
  return `${source} | ${[...words, "--payload -"].join(NEXT)}`;
}

const OPTIONS = [
  ["apns-topic", "--topic"],
  ["apns-push-type", "--push-type"],
  ["apns-priority", "--priority"],
  ["apns-expiration", "--expiration"],
  ["apns-collapse-id", "--collapse-id"],
];

function address(info, environment) {
  const own = info.provider_urls[environment];
  if (own) return { url: own, more: [] };
  // Only Apple's name asks for the other environment; the certificate bears it.
  const [host, port] = info.provider_url.replace("https://", "").split(/:(?=\d+$)/);
  const name = APPLE[environment];
  return { url: `https://${name}:${port}`, more: [`--connect-to ${name}:${port}:${host}:${port}`] };
}

function bearer(info) {
  const key = info.keys.find(({ key_file: file }) => file);
  const which = key ? ` --key-file ${quoted(key.key_file)} --team-id ${key.team_id}` : "";
  return `${quoted(info.command)} keys token${which}`;
}
