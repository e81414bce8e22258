// The provider of these tests: @parse/node-apn, unpatched, as a backend would set it up.
import apn from "@parse/node-apn";

export function providerFor(gateway) {
  return new apn.Provider({
    token: { key: gateway.key, keyId: gateway.keyId, teamId: gateway.teamId },
    address: gateway.providerHost,
    port: gateway.providerPort,
    ca: gateway.ca,
    production: false,
  });
}

export function note(topic, alert, more = {}) {
  return Object.assign(new apn.Notification({ alert }), { topic, pushType: "alert", ...more });
}
