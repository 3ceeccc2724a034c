// SPDX-License-Identifier: Apache-2.0
// JSON Schema without references -> the OpenAPI-like dialect of `FunctionDeclaration.parameters`.
import type { Schema, Type } from '@google/genai';
import {
  type Json,
  type Place,
  fits,
  flatten,
  into,
  isJson,
  list,
  typesOf,
  unique,
} from './json_schema.js';

export const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() ? value.trim() : undefined;
const quote = (value: unknown): string => {
  const json = JSON.stringify(value);
  return json.length > 200 ? `${json.slice(0, 199)}…` : json;
};
/** Each part a sentence; a lone part stays as its author wrote it. */
export const sentences = (...parts: readonly (string | undefined)[]): string | undefined =>
  unique(parts.filter((part) => part !== undefined))
    .map((part, i, all) => (i === all.length - 1 || /[.!?\u2026]$/.test(part) ? part : `${part}.`))
    .join(' ') || undefined;
/** Without the keys that have no value: the dialect's types forbid `undefined`. */
export const compact = (schema: Json): Schema =>
  Object.fromEntries(Object.entries(schema).filter(([, value]) => value !== undefined));
export const typeName = (schema: Schema): string | undefined => schema.type;

/** Vertex AI refuses a schema that "didn't specify the schema type field", so anything is a string. */
const ANYTHING = { type: 'STRING' as Type, description: 'Any JSON value; write it as JSON text.' };

const BOUNDS = { minimum: Number, maximum: Number };
/** Bounds that the dialect has; lengths and counts are int64, so strings on the wire. */
const KEPT: Record<string, Record<string, (value: number) => unknown>> = {
  string: { minLength: String, maxLength: String },
  number: BOUNDS,
  integer: BOUNDS,
  array: { minItems: String, maxItems: String },
  object: { minProperties: String, maxProperties: String },
};

/** Any other format refuses the declaration: labring/aiproxy#312, enechange/collmbo#195. */
const FORMATS: Record<string, readonly string[]> = {
  string: ['date-time', 'enum'],
  number: ['float', 'double'],
  integer: ['int32', 'int64'],
};

/** Keywords that the dialect lacks, as sentences. */
const NOTES: Record<string, (value: unknown) => string | undefined> = {
  exclusiveMinimum: (value) => (typeof value === 'number' ? `Greater than ${value}.` : undefined),
  exclusiveMaximum: (value) => (typeof value === 'number' ? `Less than ${value}.` : undefined),
  multipleOf: (value) => `A multiple of ${quote(value)}.`,
  uniqueItems: (value) => (value === true ? 'No item twice.' : undefined),
  contains: (value) => `One item matches ${quote(value)}.`,
  not: (value) => `Must not match ${quote(value)}.`,
  if: (value) => `If ${quote(value)}`,
  then: (value) => `Then ${quote(value)}`,
  else: (value) => `Else ${quote(value)}`,
  propertyNames: (value) =>
    isJson(value) && Object.keys(value).some((key) => key !== 'type' && key !== 'enum')
      ? `Keys match ${quote(value)}.`
      : undefined,
  patternProperties: (value) => `Keys and values by pattern: ${quote(value)}.`,
  dependentRequired: (value) => `Keys that need others: ${quote(value)}.`,
  contentEncoding: (value) => `Encoded as ${quote(value)}.`,
};

/** A schema in a few words, for use inside a description. */
function label(schema: Schema | undefined): string {
  const { type, description, ...rest } = schema ?? ANYTHING;
  if (!type || Object.keys(rest).length > 0) return quote(schema);
  return type.toLowerCase() + (description ? ` (${description})` : '');
}

/** The values as a sentence. */
export const oneOfValues = (values: readonly unknown[]): string | undefined =>
  values.length > 0 ? `One of these values: ${values.map(quote).join(', ')}.` : undefined;

/** Only non-empty strings may be listed: Draculabo/AntigravityManager#260, Smana/runlore#40. */
function choices(type: string, values: readonly unknown[]): [Json, string | undefined] {
  const strings = values.filter((value) => type === 'string' && text(value) !== undefined);
  if (strings.length > 0) {
    return [{ enum: strings }, values.includes('') ? 'May also be an empty string.' : undefined];
  }
  const fitting = values.filter((value) => fits(value, type));
  return [{}, oneOfValues(fitting.length > 0 ? fitting : values)];
}

function arrayParts(node: Json, at: Place): [object, string | undefined] {
  const { items, prefixItems, additionalItems } = node;
  const tuple = list(prefixItems ?? items);
  const rest = Array.isArray(items) ? additionalItems : items;
  if (tuple.length === 0) {
    return [{ items: convert(rest ?? true, into(at, 'items')) ?? ANYTHING }, undefined];
  }
  const open = isJson(rest) || rest === true;
  const order = tuple.map((one, i) => label(convert(one, into(at, `prefixItems.${i}`))));
  if (open) order.push(`then any number of ${label(convert(rest, into(at, 'items')))}`);
  const parts: Json = {
    items: convert({ anyOf: open ? [...tuple, rest] : tuple }, into(at, 'prefixItems')) ?? ANYTHING,
    minItems: 'minItems' in node ? undefined : String(tuple.length),
    maxItems: open || 'maxItems' in node ? undefined : String(tuple.length),
  };
  return [compact(parts), `In this order: ${order.join(', ')}.`];
}

function objectParts(node: Json, at: Place): [object, string | undefined] {
  const { properties, propertyNames, additionalProperties: extra, required } = node;
  const names = isJson(propertyNames) ? list(propertyNames['enum']) : [];
  const known = names.map((name) => [String(name), extra ?? true] as const);
  const given = { ...Object.fromEntries(known), ...(isJson(properties) ? properties : {}) };
  const entries = Object.entries(given)
    .map(([name, schema]) => [name, convert(schema, into(at, `properties.${name}`))] as const)
    .filter(([, schema]) => schema !== undefined);
  const has = entries.length > 0;
  const needed = unique(list(required)).filter((name) => entries.some(([key]) => key === name));
  const parts = {
    properties: has ? Object.fromEntries(entries) : undefined,
    required: needed.length > 0 ? needed : undefined,
  };
  const typedExtra = isJson(extra) && Object.keys(extra).length > 0;
  const closed = known.length > 0 || extra === false || node['patternProperties'] !== undefined;
  if (closed || (has && !typedExtra)) return [parts, undefined];
  const value = typedExtra
    ? `; each value: ${label(convert(extra, into(at, 'additionalProperties')))}`
    : '';
  return [parts, `${has ? 'Further keys' : 'The keys'} are free${value}.`];
}

function typed(type: string, node: Json, at: Place): Schema {
  const inside = type === 'array' ? arrayParts : type === 'object' ? objectParts : undefined;
  const [parts, note] = inside?.(node, at) ?? [];
  const [listed, options] = choices(type, list(node['enum']));
  const kept = Object.entries(KEPT[type] ?? {})
    .filter(([key]) => typeof node[key] === 'number')
    .map(([key, form]) => [key, form(node[key] as number)] as const);
  const lacking = Object.entries(NOTES).map(([key, say]) =>
    node[key] === undefined ? undefined : say(node[key]),
  );
  const format = text(node['format']);
  const known = format !== undefined && FORMATS[type]?.includes(format);
  const allowed = known && (format !== 'enum' || 'enum' in listed);
  const asked = format === undefined || allowed ? undefined : `Format: ${format}.`;
  return compact({
    type: type.toUpperCase(),
    title: text(node['title']),
    description: sentences(text(node['description']), options, note, asked, ...lacking),
    default: node['default'],
    example: node['example'] ?? list(node['examples'])[0],
    pattern: type === 'string' ? text(node['pattern']) : undefined,
    format: allowed ? format : undefined,
    ...Object.fromEntries(kept),
    ...listed,
    ...parts,
  });
}

/** One schema for any of several. */
export function anyOf(schemas: readonly Schema[], words: Json): Schema | undefined {
  const flat = schemas.flatMap((schema) => schema.anyOf ?? [schema]);
  const variants = unique(flat.filter((schema) => typeName(schema) !== 'NULL'));
  const nullable = words['nullable'] === true || variants.length < unique(flat).length || undefined;
  const description = text(words['description']);
  const [first, ...others] = variants;
  if (!first) return nullable && { type: 'NULL' as Type };
  const outer = { title: text(words['title']), default: words['default'] };
  if (others.length === 0) {
    const said = sentences(description, first.description);
    return compact({ ...first, ...compact({ ...outer, nullable }), description: said });
  }
  if (variants.every((schema) => typeName(schema) === 'STRING' && schema.enum)) {
    const each = variants.map(
      (one) => one.description && `${one.enum?.join(', ')}: ${one.description}`,
    );
    const values = unique(variants.flatMap((schema) => schema.enum ?? []));
    const some = nullable ?? (variants.some((schema) => schema.nullable) || undefined);
    const said = sentences(description, ...each);
    return compact({ type: 'STRING', ...outer, enum: values, description: said, nullable: some });
  }
  // Vertex AI refuses any other field beside anyOf: langchain-google#1216, opencode#14700.
  const fallback = outer.default === undefined ? undefined : `Default: ${quote(outer.default)}.`;
  const said = sentences(description, fallback, first.description);
  return {
    anyOf: [
      compact({ ...first, nullable: nullable ?? first.nullable, description: said }),
      ...others,
    ],
  };
}

/** `anyOf: [{required: [a]}, {required: [b]}]` says which keys go together; a sentence says it too. */
function requiredSets(branches: readonly unknown[]): string | undefined {
  const sets = branches.map((one) =>
    isJson(one) && Object.keys(one).join() === 'required' ? list(one['required']).join(' + ') : '',
  );
  return sets.length > 0 && sets.every(Boolean)
    ? `Give at least: ${sets.join(', or ')}.`
    : undefined;
}

function choose(options: readonly unknown[], node: Json, at: Place): Schema | undefined {
  const { title, description, default: fallback, nullable, ...shared } = node;
  const found = options
    .map((one, i) => convert({ allOf: [one, shared] }, into(at, `anyOf.${i}`)))
    .filter((one) => one !== undefined);
  return anyOf(found, { title, description, default: fallback, nullable });
}

/** Undefined where no value is allowed. */
export function convert(schema: unknown, at: Place): Schema | undefined {
  const node = flatten(schema, at);
  if (!node) return undefined;
  const { anyOf: branches, ...base } = node;
  const sets = requiredSets(list(branches));
  if (sets) {
    return convert({ ...base, description: sentences(text(base['description']), sets) }, at);
  }
  if (list(branches).length > 0) return choose(list(branches), base, at);
  const [type, ...more] = typesOf(base);
  if (type && more.length > 0) {
    const options = [type, ...more].map((one) => ({ type: one }));
    return choose(options, { ...base, type: undefined }, at);
  }
  if (type === 'null') return { type: 'NULL' as Type };
  const nullable = base['nullable'] === true ? { nullable: true } : {};
  if (type) return { ...typed(type, base, at), ...nullable };
  const description = sentences(text(base['description']), ANYTHING.description);
  return { ...typed('string', { ...base, description }, at), ...nullable };
}
