/** An answer as a file: by fetch, not by a link, which cannot bear the console's token. */
import { call } from "../api.js";

const KEPT_MS = 60_000;

/**
 * @param {string} path of the API
 * @param {string} file its name
 * @param {object} [query]
 * @throws {import("../api.js").ApiError}
 */
export async function saveAnswer(path, file, query = {}) {
  const answer = await call("GET", path, { query, accept: "*/*" });
  const url = URL.createObjectURL(await answer.blob());
  Object.assign(document.createElement("a"), { href: url, download: file }).click();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}
