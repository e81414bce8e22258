/** The screen of one phone, as it is now: asked for when something came for it, and now and then. */
import { get, segment } from "../api.js";
import { on } from "../feed.js";
import { useEffect } from "../ui.js";
import { useAnswer } from "../use_answer.js";

/** What arrives in one moment is looked at once. */
const GATHER_MS = 150;

/**
 * @param {string} deviceId
 * @param {{isWanted?: boolean, everySeconds?: number}} [options] not wanted: nobody is asked
 */
export function useScreen(deviceId, { isWanted = true, everySeconds } = {}) {
  const ask = (signal) => (isWanted ? get(`/devices/${segment(deviceId)}/screen`, {}, { signal }) : Promise.resolve(null));
  const screen = useAnswer(ask, [deviceId, isWanted], { everySeconds: isWanted ? everySeconds : undefined });
  useEffect(() => (isWanted ? onDevice(deviceId, screen.again) : undefined), [deviceId, isWanted]);
  return screen;
}

/**
 * Hear when something has happened to a device.
 *
 * @param {string} deviceId @param {() => void} happened
 * @returns {() => void} stops it
 */
export function onDevice(deviceId, happened) {
  let timer = null;
  const soon = (data) => {
    if (data.device !== deviceId || timer !== null) return;
    timer = setTimeout(() => {
      timer = null;
      happened();
    }, GATHER_MS);
  };
  const stops = [on("push", soon), on("link", soon)];
  return () => {
    clearTimeout(timer);
    stops.forEach((stop) => stop());
  };
}
