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
    const nearest = nearMisses.map(({ why, advice }) => `\n  ${why}${advice ? ` ${advice}` : ""}`);
    const instead = nearest.length
      ? `; instead there is:${nearest.join("")}`
      : "; and there is nothing like it: did the provider push to this gateway at all?";
    super(`waited for ${wanted}, found ${found.length}${instead}`, { title: "Not in time" });
    this.found = found;
    this.nearMisses = nearMisses;
  }
}

class UnexpectedPushError extends ApnsimError {
  /**
   * @param {string} wanted
   * @param {import("..").Notification[]} found
   */
  constructor(wanted, found) {
    const lines = found.map(
      ({ apns_id, topic, state, payload }) =>
        `\n  ${apns_id} to ${topic}, ${state}: ${JSON.stringify(payload)}`,
    );
    super(`expected no push (${wanted}), found ${found.length}:${lines.join("")}`, {
      title: "Unexpected push",
    });
    this.found = found;
  }
}

module.exports = { ApnsimError, NotInTimeError, UnexpectedPushError };
