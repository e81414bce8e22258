"use strict";
// The gateway's process: found, started, waited for, ended; and never left behind.
const { spawn } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { ApnsimError } = require("./errors");

const START_SECONDS = 30;
// serve drains for 10 s at most, and gives itself 5 more.
const END_SECONDS = 20;
const LOOK_MILLISECONDS = 20;
const FREE_PORTS = [
  "--provider-port=0",
  "--manage-port-development=0",
  "--manage-port-production=0",
  "--courier-port=0",
  "--console-port=0",
];
const HOW_TO_INSTALL =
  "install it (pipx install apnsim, or pip install apnsim), or say where it is: " +
  'start({ command: "/path/to/apnsim" }) or the environment variable APNSIM_COMMAND';

/** @param {import("..").StartOptions} options */
async function launch({ command, options = [], dataDir, startSeconds = START_SECONDS }) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "apnsim-"));
  const forget = () => fs.rmSync(folder, { recursive: true, force: true });
  const ready = path.join(folder, "ready.json");
  const logFile = path.join(folder, "log");
  const storage = dataDir ? [] : ["--store=memory"];
  const words = ["serve", "--until-eof", ...FREE_PORTS, `--data-dir=${dataDir ?? folder}`];
  words.push(...storage, "--log-level=warning", ...options, `--ready-file=${ready}`);
  const [program, ...before] = wordsOf(command ?? (process.env.APNSIM_COMMAND || "apnsim"));
  const log = fs.openSync(logFile, "w");
  const child = spawn(program, [...before, ...words], { stdio: ["pipe", log, log] });
  fs.closeSync(log);
  const life = new Life(child);
  // A test that forgets stop() shall end all the same; the pipe then closes, and with it the gateway.
  child.unref();
  /** @type {any} */ (child.stdin).unref();
  process.once("exit", forget);
  const end = async () => {
    await life.end();
    process.removeListener("exit", forget);
    forget();
  };
  try {
    const info = await becomeReady(life, ready, startSeconds);
    return { consoleUrl: info.console_url, consoleToken: tokenOf(options), end };
  } catch (error) {
    const said = fs.readFileSync(logFile, "utf8").trim();
    child.kill("SIGKILL");
    await end();
    if (!(error instanceof ApnsimError)) throw error;
    throw new ApnsimError(said ? `${error.detail}; it said:\n${said.slice(-2000)}` : error.detail);
  }
}

/** A process from its start to its end. */
class Life {
  /** @param {import("node:child_process").ChildProcess} child */
  constructor(child) {
    this._child = child;
    /** @type {string | undefined} Why it is over. */
    this.over = undefined;
    /** @type {Promise<void>} */
    this.ended = new Promise((resolve) => {
      child.once("error", (error) => resolve(this._died(error)));
      child.once("exit", (code, signal) => resolve(this._died({ code, signal })));
    });
    // What is written to a pipe that nobody reads any more is of no interest; nothing is.
    child.stdin?.on("error", () => {});
  }

  /** @param {{code?: any, signal?: any, message?: string}} how */
  _died({ code, signal, message }) {
    if (code === "ENOENT" || code === "EACCES") {
      const what = code === "ENOENT" ? "there is no command" : "it is not allowed to run";
      this.over = `${what} ${this._child.spawnfile}: ${HOW_TO_INSTALL}`;
    } else {
      this.over = `apnsim ended before it was ready (${message ?? signal ?? `exit code ${code}`})`;
    }
  }

  /** Closing its standard input asks for an orderly end, as SIGTERM does, on every system. */
  async end() {
    if (this.over !== undefined) return;
    this._child.ref();
    this._child.stdin?.end();
    const patience = setTimeout(() => this._child.kill("SIGKILL"), END_SECONDS * 1000);
    await this.ended;
    clearTimeout(patience);
  }
}

/**
 * @param {Life} life
 * @param {string} file
 * @param {number} seconds
 */
async function becomeReady(life, file, seconds) {
  const deadline = Date.now() + seconds * 1000;
  while (!fs.existsSync(file)) {
    if (life.over !== undefined) throw new ApnsimError(life.over);
    if (Date.now() > deadline) throw new ApnsimError(`apnsim was not ready within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MILLISECONDS));
  }
  return JSON.parse(fs.readFileSync(file, "utf8"));
}

/**
 * "python3 -m apnsim" is a command and its arguments, a path with a space in it is a path.
 * @param {string | readonly string[]} command
 * @returns {string[]}
 */
function wordsOf(command) {
  if (typeof command !== "string") return [...command];
  return fs.existsSync(command) ? [command] : command.trim().split(/\s+/);
}

/** @param {readonly string[]} options */
function tokenOf(options) {
  const at = options.findIndex((word) => /^--console-token(=|$)/.test(word));
  if (at < 0) return process.env.APNSIM_CONSOLE_TOKEN;
  return options[at].includes("=") ? options[at].replace(/^[^=]*=/, "") : options[at + 1];
}

module.exports = { launch };
