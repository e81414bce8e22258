"use strict";
const http = require("node:http");
const { ApnsimError } = require("./errors");

const ANSWER_SECONDS = 15;

/** Calls of the control API, each of which is one request and its JSON answer. */
class Console {
  /**
   * @param {string} url
   * @param {string} [token]
   */
  constructor(url, token) {
    this.url = url.replace(/\/+$/, "");
    this._headers = token ? { authorization: `Bearer ${token}` } : {};
    // Idle sockets of an agent do not keep the process alive.
    this._agent = new http.Agent({ keepAlive: true });
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {import("..").CallOptions} [options]
   * @returns {Promise<any>}
   */
  async call(method, path, { query = {}, body } = {}) {
    const url = new URL(`${this.url}/api/v1/${path.replace(/^\//, "")}`);
    for (const [name, value] of Object.entries(query)) {
      for (const each of Array.isArray(value) ? value : [value]) {
        if (each !== undefined && each !== null) url.searchParams.append(name, String(each));
      }
    }
    const seconds = ANSWER_SECONDS + Number(query.wait ?? 0);
    const { status, text, type } = await this._ask(method, url, body, seconds);
    if (status >= 400) throw refused(url, status, text);
    if (!text) return undefined;
    return type.includes("json") ? JSON.parse(text) : text;
  }

  /**
   * @param {string} method
   * @param {URL} url
   * @param {unknown} body
   * @param {number} seconds
   * @returns {Promise<{status: number, text: string, type: string}>}
   */
  _ask(method, url, body, seconds) {
    const text = body === undefined ? "" : JSON.stringify(body);
    const headers = {
      ...this._headers,
      ...(text && { "content-type": "application/json" }),
      "content-length": Buffer.byteLength(text),
    };
    return new Promise((resolve, reject) => {
      const request = http.request(url, { method, headers, agent: this._agent }, (answer) => {
        let heard = "";
        answer.setEncoding("utf8");
        answer.on("data", (part) => (heard += part));
        answer.on("error", fail);
        answer.on("end", () => {
          clearTimeout(patience);
          const type = answer.headers["content-type"] ?? "";
          resolve({ status: answer.statusCode ?? 0, text: heard, type });
        });
      });
      const late = new Error(`no answer within ${seconds} s`);
      const patience = setTimeout(() => request.destroy(late), seconds * 1000);
      /** @param {Error & {code?: string}} error */
      function fail(error) {
        clearTimeout(patience);
        const { host } = url;
        const said = error.message || error.code;
        const detail =
          error.code === "ECONNREFUSED"
            ? `no gateway answers at ${host} (${said}); start() one, or on a shell: apnsim serve`
            : `the console at ${host} did not answer as expected: ${said}`;
        reject(new ApnsimError(detail, { title: "Unreachable", cause: error }));
      }
      request.on("error", fail);
      request.end(text);
    });
  }

  close() {
    this._agent.destroy();
  }
}

/**
 * @param {URL} url
 * @param {number} status
 * @param {string} text
 */
function refused(url, status, text) {
  try {
    const { title, detail } = JSON.parse(text);
    if (title && detail) return new ApnsimError(detail, { status, title });
  } catch {
    // Not a problem document, so not a console of ours.
  }
  const said = JSON.stringify(text.slice(0, 200));
  return new ApnsimError(`${url} is no apnsim console; it says ${said}`, { status });
}

module.exports = { Console };
