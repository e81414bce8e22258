import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { NotInTimeError, UnexpectedNotificationError, start } from "apnsim";
import { note, providerFor } from "./provider.mjs";

let gateway, provider;

before(async () => {
  gateway = await start();
  provider = providerFor(gateway);
});

after(async () => {
  provider?.shutdown();
  await gateway?.stop();
});

async function push(app, alert, more, by = provider) {
  const { failed } = await by.send(note(app.topic, alert, more), app.token);
  return failed;
}

async function withGateway(use) {
  const own = await start();
  const sender = providerFor(own);
  try {
    await use(own, sender);
  } finally {
    sender.shutdown();
    await own.stop();
  }
}

test("a push of a real client arrives, and a person sees it", async () => {
  const app = await gateway.app();
  await app.lock();
  assert.deepEqual(await push(app, "Goal for Anna"), []);
  const received = await app.waitFor({ text: "Anna" });
  assert.equal(received.topic, app.topic);
  assert.equal(received.payload.aps.alert, "Goal for Anna");
  const { lock_screen: groups } = await app.screen();
  assert.equal(groups[0].notifications[0].body, "Goal for Anna");
  const [seen] = await app.received();
  assert.equal(seen.presentation, "shown");
});

test("each app is alone: what others are sent is not its own", async () => {
  const [mine, other] = await Promise.all([gateway.app(), gateway.app()]);
  assert.notEqual(mine.bundleId, other.bundleId);
  await push(other, "for the other");
  await other.waitFor();
  await mine.expectNone();
});

test("a push that came although none was to come is shown", async () => {
  const app = await gateway.app();
  await push(app, "too much");
  const refused = await app.expectNone({ seconds: 5 }).catch((error) => error);
  assert.ok(refused instanceof UnexpectedNotificationError, String(refused));
  assert.match(refused.message, /expected none .*found 1:[^]*too much/);
  assert.equal(refused.notifications[0].topic, app.topic);
});

test("of what waits for a phone that is away, the newest arrives, two hours later", async () => {
  // Time is everybody's, and provider tokens are good for an hour of it: a gateway of its own.
  await withGateway(async (own, sender) => {
    const app = await own.app();
    await app.offline();
    for (const alert of ["one", "two", "three"]) {
      await push(app, alert, { expiry: 4102444800 }, sender);
    }
    await app.waitFor({ state: "Stored - Device Offline", text: "three" });
    await app.expectNone({ seconds: 0 });
    await own.advance(7200);
    await app.online();
    const arrived = await app.waitFor();
    assert.equal(arrived.payload.aps.alert, "three");
    const states = arrived.timeline.map(({ state }) => state);
    assert.ok(states.includes("Delivered to Device (From Storage)"), states.join());
    assert.equal((await app.received()).length, 1);
  });
});

test("a wait that fails says what came instead, and why", async () => {
  const app = await gateway.app();
  await app.offline();
  await push(app, "stored", { expiry: 4102444800 });
  const late = await app.waitFor({ seconds: 0.2 }).catch((error) => error);
  assert.ok(late instanceof NotInTimeError, String(late));
  assert.equal(late.notifications.length, 0);
  assert.equal(late.nearMisses[0].topic, app.topic);
  assert.match(late.message, /waited for 1 within 0\.2 s/);
  assert.match(late.message, /offline/i);
});

test("it is known that nothing comes as soon as nothing is on its way", async () => {
  const app = await gateway.app();
  const { status, apns_id: apnsId } = await app.push({ aps: { alert: "by hand" } });
  assert.equal(status, 200);
  await app.expectNone({ text: "by somebody else" });
  const [push] = await app.notifications({ text: "by hand" });
  assert.equal(push.apns_id, apnsId);
});

test("a refused push is found, although it has reached no device", async () => {
  const app = await gateway.app();
  await push(app, "x".repeat(5000));
  const refused = await app.waitFor({ state: "Rejected" });
  assert.equal(refused.reason, "PayloadTooLarge");
  assert.deepEqual(await app.received(), []);
});

test("a device that was restored has another token, which is asked for", async () => {
  const app = await gateway.app();
  const before = app.token;
  await gateway.client.call("POST", `devices/${app.device.id}/restore`);
  await app.refresh();
  assert.notEqual(app.token, before);
  assert.deepEqual(await push(app, "to the new one"), []);
  await app.waitFor();
});

test("an app that was uninstalled has its provider hear of it", async () => {
  const app = await gateway.app();
  await app.uninstall();
  const [failure] = await push(app, "gone");
  assert.equal(failure.status, 410);
  assert.equal(failure.response.reason, "Unregistered");
});

test("a rule makes a push fail as Apple's servers would", async () => {
  const app = await gateway.app();
  const action = { type: "answer", status: 503 };
  await gateway.addRule({ match: { bundle_id: app.bundleId }, action });
  const [failure] = await push(app, "never");
  assert.equal(failure.status, 503);
  await gateway.removeRules(app.bundleId);
  assert.deepEqual(await push(app, "again"), []);
});

test("a locked phone gets an urgent push, and is left in peace by others", async () => {
  const app = await gateway.app();
  await app.lock();
  await push(app, "later", { priority: 5 });
  await app.waitFor({ state: "Stored - Power Considerations" });
  await app.unlock();
  await app.waitFor({ text: "later" });
});

test("tokens of all push types are there", async () => {
  const app = await gateway.app("com.example.calls", { pushTypes: ["alert", "voip"], name: "Ben's" });
  assert.equal(app.device.name, "Ben's");
  assert.match(app.tokens.voip, /^[0-9a-f]{64,}$/);
  assert.notEqual(app.tokens.voip, app.token);
});

test("a filter that does not exist is refused by name", async () => {
  const app = await gateway.app();
  await assert.rejects(app.waitFor({ title: "Goal" }), /no such filter: title; there are topic/);
});

test("after a reset of an app nothing of it is left", async () => {
  const app = await gateway.app();
  await push(app, "soon gone");
  await app.waitFor();
  await gateway.reset(app.bundleId);
  await gateway.expectNone({ bundle_id: app.bundleId, state: "any", seconds: 0 });
});
