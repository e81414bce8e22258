"use strict";
// What you have already: a backend that pushes with @parse/node-apn. Only its options are a test's.
const apn = require("@parse/node-apn");

module.exports = class Backend {
  constructor({ host, port, ca, key, keyId, teamId }) {
    this.provider = new apn.Provider({
      token: { key, keyId, teamId },
      address: host,
      port,
      ca,
    });
  }

  async goal(topic, token, scorer) {
    const alert = { title: "Goal", body: `${scorer} scored` };
    const notification = new apn.Notification({ topic, pushType: "alert", alert });
    notification.expiry = Math.floor(Date.now() / 1000) + 86_400;
    const { failed } = await this.provider.send(notification, token);
    return failed.map(({ status, response }) => `${status} ${response?.reason}`);
  }

  close() {
    this.provider.shutdown();
  }
};
