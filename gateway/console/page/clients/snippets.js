/**
 * What to paste into a client: the texts in `snippets/`, filled in with this gateway's own addresses.
 *
 * Each file is a head (`name: value` lines), a line `---`, and the text; `{{word}}` is a value. The
 * docs and tests read the same files.
 */
import { quoted } from "../detail/commands.js";

const FOLDER = "/page/snippets/";

/** @typedef {{id: string, name: string, language: string, needs?: string, trust: string, text: string}} Snippet */

/** Every snippet, in the order of `index.txt`. @param {AbortSignal} [signal] @returns {Promise<Snippet[]>} */
export async function readSnippets(signal) {
  const ids = (await textOf("index", signal)).split("\n").filter(Boolean);
  return Promise.all(ids.map(async (id) => ({ id, ...parsed(await textOf(id, signal)) })));
}

async function textOf(id, signal) {
  const answer = await fetch(`${FOLDER}${id}.txt`, { signal });
  if (!answer.ok) throw new Error(`The gateway has no snippet ${id}: it answered ${answer.status}. Reload the page.`);
  return answer.text();
}

function parsed(file) {
  const [head, ...rest] = file.split("\n---\n");
  const facts = head.split("\n").map((line) => line.split(/: (.*)/s).slice(0, 2));
  return { ...Object.fromEntries(facts), text: rest.join("\n---\n") };
}

/**
 * A text with the values in their places, as its language writes them.
 *
 * @param {string} text @param {string} language @param {Record<string, string | number>} values
 */
export function filled(text, language, values) {
  const written = language === "shell" ? quoted : insideQuotes;
  return text.replace(/\{\{(\w+)\}\}/g, (place, name) => (name in values ? written(String(values[name])) : place));
}

/** Between double quotes these languages agree with JSON. */
const insideQuotes = (text) => JSON.stringify(text).slice(1, -1);
