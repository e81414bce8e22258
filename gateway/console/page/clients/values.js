/** What stands in the places of the snippets: where this gateway is, whom to push to, who signs. */

const EVERYWHERE = new Set(["0.0.0.0", "[::]"]);
const APPLE = { production: "api.push.apple.com", development: "api.sandbox.push.apple.com" };

/**
 * @param {object} info `GET /api/v1/info`
 * @param {import("../send/targets.js").Target & {environment?: string} | undefined} target
 * @param {object | undefined} key one with a `key_file`
 */
export function valuesOf(info, target, key) {
  const environment = target?.environment ?? "development";
  const url = new URL(reachable(info.provider_urls[environment] ?? info.provider_url));
  return {
    command: info.command ?? "apnsim",
    provider_url: url.origin,
    host: url.hostname,
    port: url.port || 443,
    apple_host: APPLE[environment],
    console_url: location.origin,
    ca_file: info.ca_file,
    key_file: key?.key_file ?? "AuthKey.p8",
    key_id: key?.key_id ?? "",
    team_id: key?.team_id ?? info.team_id,
    token: target?.token ?? "DEVICE_TOKEN",
    topic: target?.topic ?? "com.example.app",
  };
}

/** "Everywhere" is no place to connect to: it is wherever this page came from. */
function reachable(url) {
  const parsed = new URL(url);
  if (EVERYWHERE.has(parsed.hostname)) parsed.hostname = location.hostname;
  return parsed.href;
}
