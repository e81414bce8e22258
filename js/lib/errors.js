"use strict";

class ApnsimError extends Error {
  /**
   * @param {string} detail
   * @param {{status?: number, title?: string, cause?: unknown}} [more]
   */
  constructor(detail, { status = 0, title = "", cause } = {}) {
    super(status ? `${status} ${title}: ${detail}` : detail, cause === undefined ? {} : { cause });
    this.name = new.target.name;
    this.status = status;
    this.title = title;
    this.detail = detail;
  }
}

class NotInTimeError extends ApnsimError {
  /**
   * @param {string} wanted
   * @param {import("..").Notification[]} found
   * @param {import("..").NearMiss[]} nearMisses
   */
  constructor(wanted, found, nearMisses) {
    const nearest = nearMisses.map(({ why, advice }) => `\n  ${why}${advice ? ` (${advice})` : ""}`);
    const instead = nearest.length
      ? `; the nearest:${nearest.join("")}`
      : "; and there is nothing like it: did the provider push to this gateway at all?";
    super(`waited for ${wanted}, found ${found.length}${instead}`, { title: "Not in time" });
    this.notifications = found;
    this.nearMisses = nearMisses;
  }
}

class UnexpectedNotificationError extends ApnsimError {
  /**
   * @param {string} wanted
   * @param {import("..").Notification[]} found
   */
  constructor(wanted, found) {
    const lines = found.map(
      ({ apns_id, topic, state, payload }) =>
        `\n  ${apns_id} to ${topic}, ${state}: ${JSON.stringify(payload)}`,
    );
    super(`expected none (${wanted}), found ${found.length}:${lines.join("")}`, {
      title: "Unexpected",
    });
    this.notifications = found;
  }
}

class NotSettledError extends ApnsimError {
  /**
   * @param {string} wanted
   * @param {{apns_id: string, topic: string | null, became: string}[]} onTheirWay
   */
  constructor(wanted, onTheirWay) {
    const lines = onTheirWay.map(
      ({ apns_id, topic, became }) => `\n  ${apns_id} to ${topic}: ${became}`,
    );
    super(`whether one comes (${wanted}) is not known yet, on their way are:${lines.join("")}`, {
      title: "Not settled",
    });
  }
}

module.exports = { ApnsimError, NotInTimeError, NotSettledError, UnexpectedNotificationError };
