// Compiled by `npm run types`, never run: what a user writes must type-check.
import { ApnsimError, NotInTimeError, connect, start } from "apnsim";
import type { App, Gateway, Notification, Wish } from "apnsim";

export async function everything(): Promise<void> {
  await using gateway: Gateway = await start({ options: ["--unknown-tokens=adopt"] });
  const app: App = await gateway.app("com.example.app", { pushTypes: ["alert", "voip"] });
  const wish: Wish = { text: "Goal", payload: { "match.id": 7 }, state: "Stored - Device Offline" };
  const push: Notification = await app.waitFor(wish);
  const several: Notification[] = await app.waitForAll(2, { state: "any", seconds: 3 });
  await app.expectNone({ text: "other" });
  const body: string = (await app.screen()).lock_screen[0].notifications[0].body;
  const { now }: { now: number } = await gateway.advance(7200);
  const port: number = gateway.providerPort;
  // @ts-expect-error a state is one of Apple's words
  await app.waitFor({ state: "delivered" });
  // @ts-expect-error there is no such filter
  await app.waitFor({ title: "Goal" });
  void [push, several, body, now, port];
}

export async function failing(): Promise<string[]> {
  try {
    await (await connect("http://127.0.0.1:2198", { token: "secret" })).stop();
  } catch (error) {
    if (error instanceof NotInTimeError) return error.nearMisses.map(({ why }) => why);
    if (error instanceof ApnsimError) return [error.detail];
  }
  return [];
}
