/** Whom a push can be for: every token that the gateway's phones have. */
import { get, segment } from "../api.js";
import { appName } from "../phone/app_icon.js";
import { topicOf } from "./push_types.js";

/**
 * @typedef {object} Target
 * @property {string} token
 * @property {string} type the push type that it is for
 * @property {string} topic
 * @property {string} device its id
 * @property {string} app its bundle id
 * @property {string} label
 */

/** @param {object[]} devices as the API lists them @returns {Target[]} */
export function targetsOf(devices) {
  return devices.flatMap((device) => device.apps.flatMap((app) => [...ofApp(device, app), ...toStart(device, app)]));
}

function ofApp(device, app) {
  const tokens = Object.entries(app.tokens);
  // Alerts and background pushes have one token.
  const first = tokens.filter(([, token], index) => tokens.findIndex(([, other]) => other === token) === index);
  return first.map(([type, token]) => target(device, app, type, token, type));
}

const toStart = (device, app) =>
  Object.entries(app.push_to_start_tokens).map(([name, token]) => target(device, app, "liveactivity", token, `starts ${name}`));

function target(device, app, type, token, what) {
  const label = `${device.name}: ${appName(app.bundle_id)}, ${what}`;
  return { token, type, topic: topicOf(app.bundle_id, type), device: device.id, app: app.bundle_id, label };
}

/** The tokens of the Live Activities that run. @param {object[]} devices @param {AbortSignal} signal @returns {Promise<Target[]>} */
export async function activityTargets(devices, signal) {
  const able = devices.flatMap((device) =>
    device.apps.filter((app) => "liveactivity" in app.tokens || Object.keys(app.push_to_start_tokens).length).map((app) => [device, app]),
  );
  const found = await Promise.all(
    able.map(async ([device, app]) => {
      const path = `/devices/${segment(device.id)}/apps/${segment(app.bundle_id)}/activities`;
      const running = (await get(path, {}, { signal })).filter((each) => each.token);
      return running.map((each) => target(device, app, "liveactivity", each.token, `updates ${each.attributes_type}`));
    }),
  );
  return found.flat();
}
