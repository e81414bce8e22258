"use strict";
// Installs apnsim, starts a gateway on free ports, and tells the steps that follow where it is.
const { execFileSync, spawn } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

const START_SECONDS = 60;
const FREE_PORTS = ["provider-port", "courier-port", "console-port"]
  .concat(["manage-port-development", "manage-port-production"])
  .map((name) => `--${name}=0`);

const input = (name) => (process.env[`INPUT_${name.toUpperCase()}`] ?? "").trim();
const folder = fs.mkdtempSync(path.join(process.env.RUNNER_TEMP, "apnsim-"));
const inVenv = (command) => path.join(folder, "venv", "bin", command);

function run(command, ...words) {
  execFileSync(command, words, { stdio: "inherit" });
}

function install() {
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
  run(input("python") || "python3", "-m", "venv", path.join(folder, "venv"));
  if (input("requirement")) {
    run(inVenv("python"), ...pip, input("requirement"));
  } else {
    const checkout = path.resolve(__dirname, "../..");
    const lock = path.join(checkout, "requirements.lock");
    run(inVenv("python"), ...pip, "--require-hashes", "-r", lock);
    run(inVenv("python"), ...pip, "--no-deps", checkout);
  }
}

async function start(ready, logFile) {
  const words = ["serve", ...FREE_PORTS, `--data-dir=${path.join(folder, "data")}`];
  const more = input("options").split("\n").map((line) => line.trim()).filter(Boolean);
  const log = fs.openSync(logFile, "w");
  const child = spawn(inVenv("apnsim"), [...words, ...more, `--ready-file=${ready}`], {
    detached: true, // it outlives this step; stop.js ends it
    stdio: ["ignore", log, log],
  });
  child.unref();
  const deadline = Date.now() + START_SECONDS * 1000;
  while (!fs.existsSync(ready)) {
    if (child.exitCode !== null || Date.now() > deadline) {
      const why = child.exitCode === null ? "is not ready" : `ended with ${child.exitCode}`;
      console.log(fs.readFileSync(logFile, "utf8"));
      throw new Error(`apnsim ${why}; the log is above`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return child.pid;
}

function tell(file, values) {
  const lines = Object.entries(values).map(([name, value]) => `${name}=${value}\n`);
  fs.appendFileSync(file, lines.join(""));
}

async function main() {
  install();
  const ready = path.join(folder, "ready.json");
  const log = path.join(folder, "log");
  const pid = await start(ready, log);
  tell(process.env.GITHUB_STATE, { pid, log });
  const info = JSON.parse(fs.readFileSync(ready, "utf8"));
  const key = info.keys.find((each) => each.key_file);
  tell(process.env.GITHUB_ENV, {
    APNSIM_PROVIDER_URL: info.provider_url,
    APNSIM_CONSOLE_URL: info.console_url,
    APNSIM_CA_FILE: info.ca_file,
    APNSIM_KEY_FILE: key.key_file,
    APNSIM_KEY_ID: key.key_id,
    APNSIM_TEAM_ID: key.team_id,
    APNSIM_COURIER: info.courier,
  });
  tell(process.env.GITHUB_OUTPUT, {
    "provider-url": info.provider_url,
    "console-url": info.console_url,
    "ca-file": info.ca_file,
    "key-file": key.key_file,
  });
  fs.appendFileSync(process.env.GITHUB_PATH, `${path.join(folder, "venv", "bin")}\n`);
  console.log(`apnsim ${info.version} is at ${info.provider_url}, its page at ${info.console_url}`);
}

main().catch((error) => {
  console.log(`::error::${error.message}`);
  process.exitCode = 1;
});
