"use strict";
// The pushes of a line (a JSON array on stdin) are sent at once; their answers are a line of stdout.
const readline = require("node:readline");

module.exports = async function answerPushes(send) {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await Promise.all(JSON.parse(line).map(send))));
  }
};
