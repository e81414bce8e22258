/** The control API: JSON in and out; what goes wrong is an `ApiError` that a person can read. */
import { authorization, lock } from "./session.js";

export const API = "/api/v1";

/** What the API's problem document says (RFC 9457), or that there was no answer. */
export class ApiError extends Error {
  /**
   * @param {string} message
   * @param {number} status 0 when the gateway did not answer
   * @param {{where: string, message: string}[]} [errors] each part of the request that is wrong, such
   *   as "body.bundle_id"
   */
  constructor(message, status, errors = []) {
    super(message);
    this.status = status;
    this.errors = errors;
  }
}

/**
 * Call the API and give the raw answer.
 *
 * @param {string} method
 * @param {string} path below /api/v1, such as "/devices"
 * @param {{query?: object, body?: unknown, signal?: AbortSignal, accept?: string}} [options]
 * @returns {Promise<Response>}
 * @throws {ApiError}
 */
export async function call(method, path, { query, body, signal, accept } = {}) {
  const identity = authorization();
  const headers = { accept: accept ?? "application/json", ...identity };
  if (body !== undefined) headers["content-type"] = "application/json";
  const init = { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) };
  let answer;
  try {
    answer = await fetch(API + path + queryString(query), init);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError("The gateway does not answer. Is apnsim serve still running?", 0);
  }
  if (answer.ok) return answer;
  if (answer.status === 401) lock(identity);
  const problem = await answer.json().catch(() => null);
  throw new ApiError(problem?.detail ?? `The gateway answered ${answer.status}.`, answer.status, problem?.errors);
}

async function json(method, path, options) {
  const answer = await call(method, path, options);
  return answer.status === 204 ? null : answer.json();
}

/** @param {string} path @param {object} [query] @param {{signal?: AbortSignal}} [options] */
export const get = (path, query, options) => json("GET", path, { query, ...options });
/** @param {string} path @param {unknown} [body] @param {object} [query] */
export const post = (path, body, query) => json("POST", path, { body, query });
export const put = (path, body, query) => json("PUT", path, { body, query });
export const patch = (path, body, query) => json("PATCH", path, { body, query });
export const del = (path, query) => json("DELETE", path, { query });

/** One part of a path, whatever it holds. @param {string | number} part */
export const segment = (part) => encodeURIComponent(String(part));

function queryString(query) {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const each of [value].flat()) {
      if (each !== undefined && each !== null && each !== "") words.append(name, each);
    }
  }
  return words.size ? `?${words}` : "";
}
