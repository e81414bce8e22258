/** Lengths of time as people write them: "90", "2h 30m", "1 day", "30 days". */

const UNITS = [
  ["day", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
];
const NAMES = {
  s: 1, sec: 1, secs: 1, second: 1, seconds: 1,
  m: 60, min: 60, mins: 60, minute: 60, minutes: 60,
  h: 3_600, hour: 3_600, hours: 3_600,
  d: 86_400, day: 86_400, days: 86_400,
  w: 604_800, week: 604_800, weeks: 604_800,
};

/**
 * The seconds that a text means; a bare number is seconds.
 *
 * @param {string} text
 * @returns {number | null} null: it is no length of time
 */
export function parseDuration(text) {
  const words = text.trim().toLowerCase();
  if (/^\d+(\.\d+)?$/.test(words)) return Number(words);
  const parts = [...words.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/g)];
  const rest = words.replace(/(\d+(?:\.\d+)?)\s*([a-z]+)/g, "").replace(/[\s,]|and/g, "");
  if (!parts.length || rest || parts.some(([, , unit]) => !(unit in NAMES))) return null;
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * NAMES[unit], 0);
}

/** "2 h 30 min", "30 days", "0.5 s": at most two units. @param {number} seconds */
export function formatDuration(seconds) {
  if (seconds < 1) return `${Number(seconds.toPrecision(2))} s`;
  let left = Math.round(seconds);
  const words = [];
  for (const [unit, size] of UNITS) {
    const number = Math.floor(left / size);
    left -= number * size;
    if (number) words.push(`${number} ${unit}${unit === "day" && number !== 1 ? "s" : ""}`);
  }
  return words.slice(0, 2).join(" ");
}
