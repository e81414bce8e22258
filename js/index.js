"use strict";
// start() or connect(); everything else hangs on what they return. index.d.ts is the reference.
const errors = require("./lib/errors");
const { connect, start } = require("./lib/gateway");

module.exports = { ...errors, connect, start };
