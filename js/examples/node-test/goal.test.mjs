import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { start } from "apnsim";
import Backend from "../backend.js";

let gateway, backend;

before(async () => {
  gateway = await start();
  const { providerHost: host, providerPort: port, ca, key, keyId, teamId } = gateway;
  backend = new Backend({ host, port, ca, key, keyId, teamId });
});

after(async () => {
  backend.close();
  await gateway.stop();
});

test("a goal is on the lock screen", async () => {
  const app = await gateway.app();
  await app.lock();
  assert.deepEqual(await backend.goal(app.topic, app.token, "Anna"), []);
  await app.waitFor({ text: "Anna" });
  const { lock_screen: groups } = await app.screen();
  assert.equal(groups[0].notifications[0].body, "Anna scored");
});

test("of three goals while the phone is away, the last one arrives", async () => {
  const app = await gateway.app();
  await app.offline();
  for (const scorer of ["Anna", "Ben", "Cleo"]) {
    await backend.goal(app.topic, app.token, scorer);
  }
  await app.expectNone();
  await app.online();
  const push = await app.waitFor();
  assert.equal(push.payload.aps.alert.body, "Cleo scored");
});

test("who has uninstalled the app is 410 from now on", async () => {
  const app = await gateway.app();
  await app.uninstall();
  assert.deepEqual(await backend.goal(app.topic, app.token, "Anna"), ["410 Unregistered"]);
});
