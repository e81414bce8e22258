import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ApnsimError, connect, start } from "apnsim";

const folder = new URL(".", import.meta.url).pathname;

async function isUp(consoleUrl) {
  return fetch(`${consoleUrl}/livez`).then(({ ok }) => ok, () => false);
}

async function until(isSo, what) {
  for (let looks = 0; !(await isSo()); looks++) {
    assert.ok(looks < 1500, `${what}: not within 30 s`);
    await sleep(20);
  }
}

test("stop() ends the gateway and takes its folder along, once", async () => {
  const gateway = await start();
  const home = path.dirname(gateway.caFile);
  assert.ok(fs.existsSync(gateway.caFile));
  assert.ok(await isUp(gateway.consoleUrl));
  await Promise.all([gateway.stop(), gateway.stop()]);
  assert.equal(await isUp(gateway.consoleUrl), false);
  assert.equal(fs.existsSync(home), false);
});

test("two gateways live beside each other", async () => {
  const both = await Promise.all([start(), start()]);
  assert.notEqual(both[0].providerUrl, both[1].providerUrl);
  await Promise.all(both.map((gateway) => gateway[Symbol.asyncDispose]()));
});

test("connect() uses a gateway that runs, with its token, and leaves it running", async () => {
  const gateway = await start({ options: ["--console-token=secret"] });
  const other = await connect(gateway.consoleUrl, { token: "secret" });
  assert.deepEqual(
    [other.providerUrl, other.ca, other.key, other.keyId],
    [gateway.providerUrl, gateway.ca, gateway.key, gateway.keyId],
  );
  assert.match(gateway.key, /^-----BEGIN PRIVATE KEY-----/);
  await other.stop();
  assert.ok(await isUp(gateway.consoleUrl));

  const stranger = await connect(gateway.consoleUrl).catch((error) => error);
  assert.equal(stranger.status, 401);
  const elsewhere = await connect(`${gateway.consoleUrl}/x`, { token: "secret" }).catch((e) => e);
  assert.equal(elsewhere.status, 404);
  await gateway.stop();
});

test("a data directory stays, with its key", async () => {
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), "kept-"));
  const first = await start({ dataDir });
  await first.stop();
  const second = await start({ dataDir });
  assert.equal(second.keyId, first.keyId);
  await second.stop();
  fs.rmSync(dataDir, { recursive: true });
});

test("where there is no apnsim, the error says how to get it", async () => {
  const missing = await start({ command: "/nowhere/apnsim" }).catch((error) => error);
  assert.ok(missing instanceof ApnsimError);
  assert.match(missing.message, /no command \/nowhere\/apnsim: install it \(pipx install apnsim/);
});

test("a gateway that cannot start tells why", async () => {
  const refused = await start({ options: ["--auth=nobody"] }).catch((error) => error);
  assert.match(refused.message, /exit code 2\); it said:\n.*--auth/);
});

test("nobody at the address: the error says what to do", async () => {
  await assert.rejects(connect("http://127.0.0.1:9"), /no gateway answers at 127\.0\.0\.1:9/);
});

for (const ending of ["kill", "return", "throw"]) {
  test(`no gateway outlives its process: ${ending}`, async () => {
    const program = spawn(process.execPath, [path.join(folder, "forgetful.mjs"), ending], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    const [said] = await once(program.stdout.setEncoding("utf8"), "data");
    const { consoleUrl, caFile } = JSON.parse(said);
    if (ending === "kill") {
      assert.ok(await isUp(consoleUrl));
      program.kill("SIGKILL");
    }
    await once(program, "exit");
    await until(async () => !(await isUp(consoleUrl)), "the gateway's end");
    const home = path.dirname(caFile);
    if (ending === "kill") fs.rmSync(home, { recursive: true }); // nobody was left to do it
    assert.equal(fs.existsSync(home), false);
  });
}

test("a gateway that takes too long is not waited for, nor left behind", async () => {
  const command = ["sh", "-c", "exec sleep 60"];
  const late = await start({ command, startSeconds: 0.2 }).catch((error) => error);
  assert.match(late.message, /not ready within 0\.2 s/);
});

test("a gateway that dies in a test: the next call says that nobody is there", async () => {
  const gateway = await start();
  const app = await gateway.app();
  await gateway.stop();
  await assert.rejects(app.waitFor(), /no gateway answers/);
});

test("it is there for require(), too, and is the same", () => {
  const required = createRequire(import.meta.url)("apnsim");
  assert.equal(required.start, start);
});

test("what is packed is all that is needed, and no more", () => {
  const { stdout } = spawnSync("npm", ["pack", "--dry-run", "--json"], { cwd: path.join(folder, ".."), encoding: "utf8" });
  const [{ files }] = JSON.parse(stdout);
  const names = files.map((file) => file.path).sort();
  const lib = fs.readdirSync(path.join(folder, "../lib")).map((name) => `lib/${name}`);
  const own = ["LICENSE", "README.md", "index.d.mts", "index.d.ts", "index.js", "index.mjs", "package.json"];
  assert.deepEqual(names, [...own, ...lib].sort());
});
