/** Prometheus' text format, as `GET /metrics` answers it. */
import { ApiError } from "../api.js";
import { authorization, lock } from "../session.js";

/** @typedef {{name: string, labels: Record<string, string>, value: number}} Sample */
/** @typedef {{samples: Sample[], help: Record<string, string>}} Exposition */

/** @param {AbortSignal} [signal] @returns {Promise<Exposition>} */
export async function readMetrics(signal) {
  let answer;
  try {
    answer = await fetch("/metrics", { signal, headers: authorization() });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError("The gateway does not answer. Is apnsim serve still running?", 0);
  }
  if (answer.status === 401) lock();
  if (!answer.ok) throw new ApiError(`The gateway answered ${answer.status} to /metrics.`, answer.status);
  return parseExposition(await answer.text());
}

/** @param {string} text @returns {Exposition} */
export function parseExposition(text) {
  const help = {};
  const samples = [];
  for (const line of text.split("\n")) {
    const [, helped, words] = line.match(/^# HELP (\S+) (.*)$/) ?? [];
    if (helped) help[helped] = words;
    const [, name, labels, value] = line.match(/^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/) ?? [];
    if (name) samples.push({ name, labels: labelsOf(labels ?? ""), value: numberOf(value) });
  }
  return { samples, help };
}

const numberOf = (text) => ({ "+Inf": Infinity, "-Inf": -Infinity })[text] ?? Number(text);

function labelsOf(text) {
  const pairs = [...text.matchAll(/(\w+)="((?:\\.|[^"\\])*)"/g)];
  return Object.fromEntries(pairs.map(([, name, value]) => [name, value.replace(/\\(.)/g, (_, letter) => (letter === "n" ? "\n" : letter))]));
}

/** The sum of a family's samples that fit. @param {Sample[]} samples @param {string} name */
export function sum(samples, name, fits = () => true) {
  return samples.filter((each) => each.name === name && fits(each.labels)).reduce((total, { value }) => total + value, 0);
}
