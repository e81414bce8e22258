/** An answer as a file: by fetch, not by a link, which cannot bear the console's token. */
import { call } from "../api.js";

const KEPT_MS = 60_000;

/**
 * @param {string} path of the API
 * @param {string} file its name
 * @param {object} [query]
 * @param {(text: string) => string} [change] what is saved in place of the answer
 * @throws {import("../api.js").ApiError}
 */
export async function saveAnswer(path, file, query = {}, change = undefined) {
  const answer = await call("GET", path, { query, accept: "*/*" });
  const url = URL.createObjectURL(change ? new Blob([change(await answer.text())]) : await answer.blob());
  Object.assign(document.createElement("a"), { href: url, download: file }).click();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}
