/**
 * Where the person is: `#/notifications/<apns-id>?q=state:Rejected`.
 *
 * The hash carries all of it, so that an address can be shared, and Back does what it should.
 */
import { signal } from "./ui.js";

const HOME = "/notifications";

/** @typedef {{view: string, segments: string[], query: Record<string, string>}} Place */

/** The current place: `#/devices/d1?x=y` is {view: "devices", segments: ["d1"], query: {x: "y"}}. */
export const place = signal(read());

addEventListener("hashchange", () => {
  place.value = read();
});

/** @returns {Place} */
function read() {
  const [path, query = ""] = (location.hash.slice(1) || HOME).split("?", 2);
  const [view, ...segments] = path.split("/").filter(Boolean).map(decoded);
  return { view: view ?? HOME.slice(1), segments, query: Object.fromEntries(new URLSearchParams(query)) };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * The address of a place, for `href`.
 *
 * @param {string} view
 * @param {(string | number)[]} [segments]
 * @param {Record<string, string | number | undefined>} [query] empty values are left out
 */
export function href(view, segments = [], query = {}) {
  const words = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== undefined && value !== ""));
  return `#/${[view, ...segments].map(encodeURIComponent).join("/")}${words.size ? `?${words}` : ""}`;
}

/** Go there. `replace`: Back does not come here again. */
export function go(address, { replace = false } = {}) {
  if (address === location.hash) return;
  if (!replace) {
    location.hash = address;
    return;
  }
  history.replaceState(null, "", address);
  place.value = read();
}
