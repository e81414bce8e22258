/**
 * What rules are made of, as the gateway's own OpenAPI document tells it: an action that the gateway
 * learns can be set here without a change to this page.
 */
import { get } from "../api.js";

/**
 * @typedef {object} Field
 * @property {string} name
 * @property {string[]} types of JSON: "string", "integer", "object"…
 * @property {boolean} mayBeNull null means something else than to leave it out
 * @property {string[]} options words that there are for it; others may be allowed beside
 * @property {boolean} isChoice one of the options, nothing else
 * @property {boolean} isRequired
 * @property {string} usual what it is when it is left out, as JSON; empty: nothing
 */
/** @typedef {{type: string, about: string, fields: Field[]}} Kind */
/** @typedef {{kinds: Kind[], match: Field[], limits: Field[]}} Grammar */

let grammar = null;

/** @returns {Promise<Grammar>} asked for once */
export function readGrammar() {
  grammar ??= get("/openapi.json").then(grammarOf, (error) => {
    grammar = null;
    throw error;
  });
  return grammar;
}

/** @param {object} document OpenAPI @returns {Grammar} */
export function grammarOf(document) {
  const { schemas } = document.components;
  const resolve = (schema) => (schema.$ref ? resolve(schemas[schema.$ref.split("/").at(-1)]) : schema);
  const fieldsOf = (schema, skipped) =>
    Object.entries(schema.properties)
      .filter(([name]) => !skipped.includes(name))
      .map(([name, property]) => fieldOf(name, property, (schema.required ?? []).includes(name), resolve));
  const one = schemas.Rule.properties.action.anyOf.find((form) => form.oneOf);
  const kinds = one.oneOf.map((each) => {
    const schema = resolve(each);
    return { type: schema.properties.type.const, about: about(schema.description), fields: fieldsOf(schema, ["type", "times"]) };
  });
  return { kinds, match: fieldsOf(schemas.Match, []), limits: fieldsOf(schemas.Rule, ["action", "match"]) };
}

function fieldOf(name, property, isRequired, resolve) {
  const forms = formsOf(property, resolve).filter((form) => form.type !== "null");
  const mayBeNull = usual(property) !== "" && formsOf(property, resolve).some((form) => form.type === "null");
  const options = forms.flatMap((form) => form.enum ?? []).map(String);
  const types = [...new Set(forms.map((form) => form.type ?? "object"))];
  return {
    name,
    types,
    mayBeNull,
    options,
    isChoice: options.length > 0 && forms.every((form) => form.enum),
    isRequired,
    usual: usual(property),
  };
}

const usual = ({ default: value }) => (value === undefined || value === null ? "" : JSON.stringify(value));

/** Each form that a value may have, with the references and alternatives in it followed. */
function formsOf(property, resolve) {
  const schema = resolve(property);
  const inner = schema.anyOf ?? schema.oneOf;
  return inner ? inner.flatMap((form) => formsOf(form, resolve)) : [schema];
}

/** The text of a docstring, for people: its lines are not where the page's are. */
const about = (text = "") => text.replaceAll("``", "").replace(/(?<!\n)\n(?![\n*])\s*/g, " ");

/**
 * The value that somebody has written into a field: JSON where the field takes what it is, else text.
 *
 * @param {Field} field @param {string} text
 */
export function valueOf(field, text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return text;
  }
  const isOne = field.types.includes(typeOf(value)) || (value === null && field.mayBeNull);
  return isOne || !field.types.includes("string") ? value : text;
}

function typeOf(value) {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return Number.isInteger(value) ? "integer" : typeof value;
}
