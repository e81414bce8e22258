import { afterAll, beforeAll, expect, test } from "vitest";
import { start } from "apnsim";
import Backend from "../backend.js";

let gateway, backend;

beforeAll(async () => {
  gateway = await start();
  const { providerHost: host, providerPort: port, ca, key, keyId, teamId } = gateway;
  backend = new Backend({ host, port, ca, key, keyId, teamId });
}, 30_000);

afterAll(async () => {
  backend.close();
  await gateway.stop();
}, 30_000);

test("a goal is on the lock screen", async () => {
  const app = await gateway.app();
  await app.lock();
  expect(await backend.goal(app.topic, app.token, "Anna")).toEqual([]);
  await app.waitFor({ text: "Anna" });
  const { lock_screen: groups } = await app.screen();
  expect(groups[0].notifications[0].body).toBe("Anna scored");
});
