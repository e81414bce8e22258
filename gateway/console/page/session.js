/**
 * The console's bearer token, if it demands one: kept for this tab alone.
 *
 * `apnsim serve` may hand it over as `#token=…`: a fragment is sent to nobody and logged nowhere.
 */
import { signal } from "./ui.js";

const KEY = "apnsim.token";

/** True once the API has answered 401: the shell then asks for the token. */
export const isLocked = signal(false);

/** True when the token that was given is not the console's. */
export const wasRefused = signal(false);

let token = sessionStorage.getItem(KEY);

/** The header that the API wants; none without a token. */
export function authorization() {
  return token ? { authorization: `Bearer ${token}` } : {};
}

/** The API has answered 401 to a request that bore this. @param {object} sent of `authorization()` */
export function lock(sent) {
  if (sent.authorization !== authorization().authorization) return; // a late answer: another token was given since
  if (token !== null) wasRefused.value = true;
  token = null;
  sessionStorage.removeItem(KEY);
  isLocked.value = true;
}

/** Use this token from now on. @param {string} given */
export function unlock(given) {
  token = given.trim();
  sessionStorage.setItem(KEY, token);
  wasRefused.value = false;
  isLocked.value = false;
}

/** Take a token out of the address, so that it stays in no history and no bookmark. */
export function takeTokenFromAddress() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given === null) return;
  unlock(given);
  location.replace("#/");
}
