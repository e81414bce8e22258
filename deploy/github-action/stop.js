"use strict";
// After the job's steps, whatever became of them: end the gateway, show what it said.
const fs = require("node:fs");

const { STATE_pid: pid, STATE_log: log } = process.env;
const END_SECONDS = 20;

function isThere() {
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch {
    return false;
  }
}

async function main() {
  if (!pid) return; // it never started, and start.js has said why
  if (isThere()) process.kill(Number(pid), "SIGTERM");
  const deadline = Date.now() + END_SECONDS * 1000;
  while (isThere() && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  if (isThere()) process.kill(Number(pid), "SIGKILL");
  console.log(`::group::The log of apnsim\n${fs.readFileSync(log, "utf8")}::endgroup::`);
}

main();
