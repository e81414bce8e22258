"use strict";
const { ApnsimError } = require("./errors");
const { expectNone, notifications, waitFor } = require("./waiting");

/** An app that was installed on a virtual device. */
class App {
  /**
   * @param {import("./console").Console} console
   * @param {Device} device
   * @param {{bundle_id: string, tokens: Record<string, string>}} told
   */
  constructor(console, device, told) {
    this._console = console;
    this._path = `devices/${encodeURIComponent(device.id)}/apps/${encodeURIComponent(told.bundle_id)}`;
    this.device = device;
    this.bundleId = told.bundle_id;
    this.topic = told.bundle_id;
    this.tokens = told.tokens;
  }

  get token() {
    return this.tokens.alert ?? Object.values(this.tokens)[0];
  }

  /** @param {import("..").Wish} [wish] */
  async waitFor(wish = {}) {
    const [push] = await this.waitForAll(1, wish);
    return push;
  }

  /**
   * @param {number} count
   * @param {import("..").Wish} [wish]
   */
  waitForAll(count, wish = {}) {
    return waitFor(this._console, count, this._own(wish));
  }

  /** @param {import("..").Wish} [wish] */
  expectNone(wish = {}) {
    return expectNone(this._console, this._own(wish));
  }

  /** @param {import("..").Wish} [wish] */
  notifications(wish = {}) {
    return notifications(this._console, { bundle_id: this.bundleId, ...wish });
  }

  async received() {
    const all = await this.device.notifications();
    return all.filter(({ topic }) => `${topic}.`.startsWith(`${this.bundleId}.`));
  }

  /**
   * The wish, and that it is its own; what was refused has reached no device.
   * @param {import("..").Wish} wish
   */
  _own(wish) {
    const mine = { bundle_id: this.bundleId };
    const named = [wish.state ?? []].flat();
    const isRefused = named.includes("Rejected") || named.includes("any");
    return isRefused ? { ...mine, ...wish } : { ...mine, device: this.device.id, ...wish };
  }

  /**
   * @param {Record<string, unknown>} payload
   * @param {Record<string, string>} [headers]
   */
  push(payload, headers = {}) {
    const all = { "apns-topic": this.topic, "apns-push-type": "alert", ...headers };
    const body = { path: `/3/device/${this.token}`, headers: all, payload };
    return this._console.call("POST", "notifications", { body });
  }

  async refresh() {
    const { apps } = await this.device.refresh();
    const told = apps.find((/** @type {any} */ app) => app.bundle_id === this.bundleId);
    if (!told) throw new ApnsimError(`${this.bundleId} is not on ${this.device.name} any more`);
    this.tokens = told.tokens;
    return told;
  }

  /** @param {import("..").AppChanges} changes */
  async update(changes) {
    const told = await this._console.call("PATCH", this._path, { body: changes });
    this.tokens = told.tokens;
    return told;
  }

  async uninstall() {
    await this._console.call("DELETE", this._path);
  }

  screen() {
    return this.device.screen();
  }

  offline() {
    return this.device.offline();
  }

  online() {
    return this.device.online();
  }

  lock() {
    return this.device.lock();
  }

  unlock() {
    return this.device.unlock();
  }
}

/** A virtual device. */
class Device {
  /**
   * @param {import("./console").Console} console
   * @param {{id: string, name: string}} told
   */
  constructor(console, told) {
    this._console = console;
    this._path = `devices/${encodeURIComponent(told.id)}`;
    this.id = told.id;
    this.name = told.name;
  }

  /**
   * @param {string} bundleId
   * @param {import("..").PushType[]} [pushTypes]
   */
  async install(bundleId, pushTypes = ["alert"]) {
    const body = { bundle_id: bundleId, push_types: pushTypes };
    return new App(this._console, this, await this._console.call("POST", `${this._path}/apps`, { body }));
  }

  /** @param {import("..").DeviceChanges} changes */
  async update(changes) {
    return this._console.call("PATCH", this._path, { body: changes });
  }

  /** @returns {Promise<Record<string, any>>} */
  refresh() {
    return this._console.call("GET", this._path);
  }

  screen() {
    return this._console.call("GET", `${this._path}/screen`);
  }

  /** @returns {Promise<import("..").ReceivedNotification[]>} */
  notifications() {
    return this._console.call("GET", `${this._path}/notifications`);
  }

  async offline() {
    await this.update({ online: false });
  }

  async online() {
    await this.update({ online: true });
  }

  async lock() {
    await this.update({ power: "locked" });
  }

  async unlock() {
    await this.update({ power: "awake" });
  }

  async delete() {
    await this._console.call("DELETE", this._path);
  }
}

module.exports = { App, Device };
