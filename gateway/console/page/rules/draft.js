/** A rule while it is written: the texts of its fields, and the rule that they make. */
import { valueOf } from "./schema.js";

/**
 * @typedef {{type: string, values: Record<string, string>}} StepDraft
 * @typedef {{steps: StepDraft[], match: Record<string, string>, limits: Record<string, string>}} Draft
 */

/** @type {Draft} */
export const EMPTY_DRAFT = { steps: [{ type: "answer", values: {} }], match: {}, limits: {} };

/** How often in a row: of a step among several. @type {import("./schema.js").Field} */
export const STEP_TIMES = { name: "times", types: ["integer"], mayBeNull: false, options: [], isChoice: false, isRequired: false, usual: "1" };

/**
 * The rule as the API takes it.
 *
 * @param {Draft} draft @param {import("./schema.js").Grammar} grammar
 */
export function ruleFrom({ steps, match, limits }, grammar) {
  const actions = steps.map(({ type, values }) => {
    const { fields } = grammar.kinds.find((kind) => kind.type === type);
    return { type, ...valuesOf([...fields, STEP_TIMES], values) };
  });
  const when = valuesOf(grammar.match, match);
  return {
    ...(Object.keys(when).length && { match: when }),
    action: actions.length === 1 ? actions[0] : actions,
    ...valuesOf(grammar.limits, limits),
  };
}

function valuesOf(fields, texts) {
  const written = fields.filter(({ name }) => (texts[name] ?? "") !== "");
  return Object.fromEntries(written.map((field) => [field.name, valueOf(field, texts[field.name])]));
}

/**
 * What the API found wrong, by field: "action.status", "match.nth", "times"; and the rest as a text.
 *
 * @param {Error & {errors?: {where: string, message: string}[]} | null} error
 */
export function mistakesOf(error) {
  const at = {};
  for (const { where, message } of error?.errors ?? []) at[fieldAt(where)] ??= message;
  const isPlaced = Object.keys(at).some((place) => place && place !== "action");
  return { at, elsewhere: isPlaced ? "" : (error?.message ?? "") };
}

/** "body.action.answer.status" names the kind of the action, too; "body.action.0.answer.status" its step. */
function fieldAt(where) {
  const parts = where.split(".").slice(1);
  if (parts[0] !== "action") return parts.slice(0, 2).join(".");
  const rest = /^\d+$/.test(parts[1]) ? [parts[1], ...parts.slice(3)] : parts.slice(2);
  return ["action", ...rest].slice(0, /^\d+$/.test(parts[1]) ? 3 : 2).join(".");
}
