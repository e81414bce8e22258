/** The virtual devices by name, for lists that know only ids; asked for when an unknown one appears. */
import { get } from "./api.js";
import { on } from "./feed.js";
import { computed, signal } from "./ui.js";

const PAUSE_MS = 1000;

/** As `GET /api/v1/devices` lists them. */
export const devices = signal([]);

const names = computed(() => new Map(devices.value.map(({ id, name }) => [id, name])));
const unknown = new Set(); // asked for already: a device of another process, or a deleted one
let isComing = false;

/** Its name, or its id if it has none here. @param {string | null} id */
export function deviceName(id) {
  if (!id) return "";
  const name = names.value.get(id);
  if (name === undefined && !unknown.has(id)) {
    unknown.add(id);
    refreshSoon();
  }
  return name ?? id;
}

/** Read the list again. */
export async function refreshDevices() {
  devices.value = await get("/devices");
}

function refreshSoon() {
  if (isComing) return;
  isComing = true;
  setTimeout(() => {
    isComing = false;
    refresh();
  }, PAUSE_MS);
}

const refresh = () => refreshDevices().catch(() => {}); // the feed says that the gateway is away

refresh();
on("started", () => {
  unknown.clear();
  refresh();
});
on("forgotten", refresh);
on("link", ({ device }) => deviceName(device));
