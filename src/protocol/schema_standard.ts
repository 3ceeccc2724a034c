// SPDX-License-Identifier: Apache-2.0
// JSON Schema -> the part of JSON Schema that the service documents (`parametersJsonSchema`).
import {
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

/** "The full JSON Schema may be sent" (types of @google/genai 2.32.0); annotations of others may not. */
const KEPT = [
  '$ref', 'type', 'title', 'description', 'default', 'enum', 'format', 'pattern', 'minLength',
  'maxLength', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'items',
  'prefixItems', 'contains', 'minItems', 'maxItems', 'uniqueItems', 'properties', 'required',
  'additionalProperties', 'patternProperties', 'propertyNames', 'minProperties', 'maxProperties',
  'dependentRequired', 'dependentSchemas', 'anyOf', 'not', 'if', 'then', 'else', 'examples', 'propertyOrdering',
]; // prettier-ignore

/** Draft 7 has the members of a tuple in `items`; here they are `prefixItems`. */
function tuple(node: Json): Json {
  const { items, additionalItems, ...rest } = node;
  if (!Array.isArray(items)) return node;
  return {
    ...rest,
    prefixItems: items,
    ...(isJson(additionalItems) && { items: additionalItems }),
    ...(additionalItems === false && { maxItems: node['maxItems'] ?? items.length }),
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
    ...(nullable === true && Array.isArray(listed) && { enum: [...new Set([...listed, null])] }),
    ...(nullable === true && Array.isArray(anyOf) && { anyOf: [...anyOf, { type: 'null' }] }),
  };
}

/** Undefined where no value is allowed. */
function tidy(schema: unknown, at: Place): Json | undefined {
  const node = flatten(schema, at);
  if (!node) return undefined;
  const known = Object.entries(types(values(tuple(node)))).filter(
    ([key, value]) => KEPT.includes(key) && value !== undefined,
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
  if (isJson(inner['properties'])) {
    const allowed = Object.entries(inner['properties']).filter(([, one]) => one !== undefined);
    const names = allowed.map(([name]) => name);
    inner['properties'] = Object.fromEntries(allowed);
    if (inner['required']) {
      inner['required'] = list(inner['required']).filter((name) => names.includes(String(name)));
    }
  }
  return inner;
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
