"use strict";
const crypto = require("node:crypto");
const { Device } = require("./app");
const { Console } = require("./console");
const { launch } = require("./process");
const { waitFor, expectNone } = require("./waiting");

/** A gateway that runs, whoever started it. */
class Gateway {
  /**
   * @param {Console} console
   * @param {any} info
   * @param {string} key
   * @param {() => Promise<void>} end
   */
  constructor(console, info, key, end) {
    const url = new URL(info.provider_url);
    const signing = signingKey(info);
    this.client = console;
    this.info = info;
    this.providerUrl = info.provider_url;
    this.providerHost = url.hostname.replace(/^\[|\]$/g, "");
    this.providerPort = Number(url.port);
    this.consoleUrl = console.url;
    this.courier = info.courier;
    this.ca = info.ca_pem;
    this.caFile = info.ca_file;
    this.key = key;
    this.keyFile = signing?.key_file ?? null;
    this.keyId = signing?.key_id;
    this.teamId = signing?.team_id ?? info.team_id;
    this._end = end;
    /** @type {Promise<void> | undefined} */
    this._ended = undefined;
  }

  /**
   * @param {string} [bundleId]
   * @param {import("..").AppOptions} [options]
   */
  async app(bundleId, { pushTypes, ...device } = {}) {
    const fresh = `com.example.test-${crypto.randomBytes(4).toString("hex")}`;
    return (await this.device(device)).install(bundleId ?? fresh, pushTypes);
  }

  /** @param {import("..").DeviceOptions} [options] */
  async device(options = {}) {
    return new Device(this.client, await this.client.call("POST", "devices", { body: options }));
  }

  /** @param {number} seconds */
  async advance(seconds) {
    return this.client.call("POST", "clock/advance", { body: { seconds } });
  }

  /** @param {import("..").Rule} rule */
  async addRule(rule) {
    return this.client.call("POST", "rules", { body: rule });
  }

  /** @param {string} [bundleId] */
  async removeRules(bundleId) {
    await this.client.call("DELETE", "rules", { query: { bundle_id: bundleId } });
  }

  /** @param {string} [bundleId] */
  async reset(bundleId) {
    await this.client.call("POST", "reset", { query: { bundle_id: bundleId } });
  }

  /**
   * @param {number} count
   * @param {import("..").Wish} [wish]
   */
  waitForAll(count, wish = {}) {
    return waitFor(this.client, count, wish);
  }

  /** @param {import("..").Wish} [wish] */
  expectNone(wish = {}) {
    return expectNone(this.client, wish);
  }

  environment() {
    return {
      APNSIM_PROVIDER_URL: this.providerUrl,
      APNSIM_CONSOLE_URL: this.consoleUrl,
      APNSIM_CA_FILE: this.caFile,
      ...(this.keyFile && { APNSIM_KEY_FILE: this.keyFile }),
      ...(this.keyId && { APNSIM_KEY_ID: this.keyId }),
      APNSIM_TEAM_ID: this.teamId,
      APNSIM_COURIER: this.courier,
    };
  }

  stop() {
    this._ended ??= this._end();
    return this._ended;
  }

  [Symbol.asyncDispose]() {
    return this.stop();
  }
}

/** @param {any} info */
function signingKey(info) {
  return info.keys.find((/** @type {any} */ key) => key.key_file) ?? info.keys[0];
}

/**
 * @param {Console} console
 * @param {() => Promise<void>} end
 */
async function meet(console, end) {
  const info = await console.call("GET", "info");
  // Of a key that was made elsewhere the gateway has the public half alone.
  const signing = signingKey(info);
  const key = signing?.key_file ? await console.call("GET", `keys/${signing.key_id}/p8`) : "";
  return new Gateway(console, info, key, end);
}

/** @type {typeof import("..").start} */
async function start(options = {}) {
  const running = await launch(options);
  const console = new Console(running.consoleUrl, running.consoleToken);
  const end = async () => {
    console.close();
    await running.end();
  };
  try {
    return await meet(console, end);
  } catch (error) {
    await end();
    throw error;
  }
}

/** @type {typeof import("..").connect} */
async function connect(consoleUrl, { token } = {}) {
  const url = consoleUrl ?? process.env.APNSIM_CONSOLE_URL ?? "http://127.0.0.1:2198";
  const console = new Console(url, token ?? process.env.APNSIM_CONSOLE_TOKEN);
  return meet(console, async () => console.close());
}

module.exports = { Gateway, connect, start };
