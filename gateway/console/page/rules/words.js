/** Rules in a line of text: `answer status=503`, `topic=com.example.app`. */

/** @param {object | object[]} action */
export const actionWords = (action) => [action].flat().map(oneAction).join(", then ");

function oneAction({ type, times, ...rest }) {
  return [type, ...words(rest), ...(times ? [`× ${times}`] : [])].join(" ");
}

/** @param {object} match */
export const matchWords = (match) => words(match).join(" ") || "everything";

/** How often, and when. */
export function limitWords({ times, probability, after, seed }) {
  const said = [];
  if (times !== null) said.push(`${times} times`);
  if (after) said.push(`after ${after}`);
  if (probability < 1) said.push(`with probability ${probability}`);
  if (seed !== null) said.push(`seed ${seed}`);
  return said.join(", ") || "always";
}

const words = (values) => Object.entries(values).map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`);
