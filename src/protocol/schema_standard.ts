// SPDX-License-Identifier: Apache-2.0
// JSON Schema -> the part of JSON Schema that the service documents (`parametersJsonSchema`).
import {
  ABOUT,
  type Json,
  type Place,
  flatten,
  into,
  isJson,
  list,
  saidTypes,
  typesOf,
} from './json_schema.js';
import { mapInside, withLoops } from './references.js';
import { oneOfValues, sentences, text } from './schema_dialect.js';

type Test = (value: unknown) => boolean;
const isText: Test = (value) => typeof value === 'string';
const isNumber: Test = (value) => typeof value === 'number';
const isList = (value: unknown): value is unknown[] => Array.isArray(value);
const isBoolean: Test = (value) => typeof value === 'boolean';
const KINDS: readonly [Test, string][] = [
  [isText, '$ref title description format pattern'],
  [isList, 'enum prefixItems anyOf examples'],
  [(value) => isList(value) && value.every(isText), 'required propertyOrdering'],
  [isNumber, 'minLength maxLength minimum maximum exclusiveMinimum exclusiveMaximum multipleOf'],
  [isNumber, 'minItems maxItems minProperties maxProperties'],
  [isBoolean, 'uniqueItems'],
  [isJson, 'items properties patternProperties propertyNames contains not if then else'],
  [isJson, 'dependentRequired dependentSchemas'],
  [(value) => isJson(value) || isBoolean(value), 'additionalProperties'],
  [(value) => value !== undefined, 'type default'],
];
/**
 * "The full JSON Schema may be sent" (types of @google/genai 2.32.0); annotations of others may not,
 * and neither may a value that the keyword does not have.
 */
const KEPT = new Map(KINDS.flatMap(([holds, keys]) => keys.split(' ').map((key) => [key, holds])));

/** Draft 7 has the members of a tuple in `items`; here they are `prefixItems`. */
function tuple(node: Json): Json {
  const { items, additionalItems, ...rest } = node;
  const members = Array.isArray(items) ? items : rest['prefixItems'];
  const others = Array.isArray(items) ? additionalItems : items;
  return {
    ...rest,
    ...(Array.isArray(members) && { prefixItems: members }),
    ...(isJson(others) && { items: others }),
    ...(Array.isArray(members) &&
      others === false && { maxItems: rest['maxItems'] ?? members.length }),
  };
}

/** Listed are strings and numbers only: other values become a sentence. */
function values(node: Json): Json {
  const { enum: listed, ...rest } = node;
  if (!Array.isArray(listed)) return node;
  const plain = listed.every(
    (value) => value === null || typeof value === 'string' || typeof value === 'number',
  );
  if (plain && listed.length > 0) return node;
  return { ...rest, description: sentences(text(node['description']), oneOfValues(listed)) };
}

/** One spelling of types; `nullable` is a word of OpenAPI. */
function types(node: Json): Json {
  const { nullable, type: _type, ...rest } = node;
  if ('$ref' in node) return rest;
  const { anyOf, enum: listed } = rest;
  const said = saidTypes(node);
  const all = said.length > 0 || anyOf ? said : typesOf(node);
  if (nullable === true && all.length > 0 && !all.includes('null')) all.push('null');
  return {
    ...(all.length > 0 && { type: all.length === 1 ? all[0] : all }),
    ...rest,
    ...(nullable === true && isList(listed) && { enum: [...new Set([...listed, null])] }),
    ...(nullable === true && isList(anyOf) && { anyOf: [...anyOf, { type: 'null' }] }),
  };
}

/** Without what speaks of other types: "only allowed for OBJECT type" (anomalyco/opencode#11889). */
function fitting(node: Json): Json {
  const own = saidTypes(node);
  if (own.length === 0) return node;
  const foreign = Object.entries(ABOUT)
    .filter(([type]) => !own.includes(type) && !(type === 'number' && own.includes('integer')))
    .flatMap(([, keys]) => keys);
  return Object.fromEntries(Object.entries(node).filter(([key]) => !foreign.includes(key)));
}

/** Undefined where no value is allowed. */
function tidy(schema: unknown, at: Place): Json | undefined {
  const node = flatten(schema, at);
  if (!node) return undefined;
  const known = Object.entries(fitting(values(types(tuple(node))))).filter(([key, value]) =>
    KEPT.get(key)?.(value),
  );
  const plain: Json = Object.fromEntries(known);
  // "then only description and default can be set alongside it" (anomalyco/opencode#12295).
  if ('$ref' in plain) return pick(plain, ['$ref', 'description', 'default']);
  const inner = mapInside(plain, (one, step) => tidy(one, into(at, step)));
  if ('anyOf' in inner) {
    const branches = list(inner['anyOf']).filter((one) => one !== undefined);
    if (branches.length === 0) return undefined;
    inner['anyOf'] = branches;
  }
  return withMembers(inner);
}

/** Without properties that no value can have, and demands for what is not there. */
function withMembers(node: Json): Json {
  const { properties, required, ...rest } = node;
  // `required` alone is a choice of keys, as in `anyOf: [{ required: [...] }]`.
  if (!isJson(properties)) return node;
  const allowed = Object.entries(properties).filter(([, one]) => one !== undefined);
  const names = allowed.map(([name]) => name);
  const needed = list(required).filter((name) => names.includes(String(name)));
  return {
    ...rest,
    properties: Object.fromEntries(allowed),
    ...(needed.length > 0 && { required: needed }),
  };
}

const pick = (node: Json, keys: readonly string[]): Json =>
  Object.fromEntries(Object.entries(node).filter(([key]) => keys.includes(key)));

/** Undefined where no value is allowed. */
export function standard(schema: Json, at: Place): Json | undefined {
  const whole = withLoops(schema, at);
  if (!isJson(whole)) return undefined;
  const { $defs, ...root } = whole;
  const tidied = tidy(root, at);
  if (!tidied || !isJson($defs)) return tidied;
  const definitions = Object.entries($defs).map(([name, one]): [string, unknown] => [
    name,
    tidy(one, into(at, `$defs.${name}`)) ?? false,
  ]);
  return { ...tidied, $defs: Object.fromEntries(definitions) };
}
