"use strict";
// Node's own http2 asks whether the connection lives; prints true or false.
const fs = require("node:fs");
const http2 = require("node:http2");

const { APNSIM_PROVIDER_URL, APNSIM_CA_FILE } = process.env;
const session = http2.connect(APNSIM_PROVIDER_URL, { ca: fs.readFileSync(APNSIM_CA_FILE) });

function end(lives) {
  console.log(lives);
  session.destroy();
}

session.on("error", (error) => {
  console.error(error.message);
  process.exit(1);
});
session.on("connect", () => {
  const patience = setTimeout(() => end(false), 1000);
  session.ping((error) => {
    clearTimeout(patience);
    if (!session.destroyed) end(!error);
  });
});
