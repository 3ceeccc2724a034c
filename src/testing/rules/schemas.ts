// SPDX-License-Identifier: Apache-2.0
import { type JsonObject, isObject, text } from '../json.js';
import { type Verdict, invalid } from './rule.js';

/** A schema and where it stands, as the service prints it. */
export interface Node {
  readonly schema: JsonObject;
  readonly at: string;
  readonly depth: number;
}

/** A schema of the dialect with all that is in it, the outer ones first. */
export function nodesOf(schema: unknown, at: string, depth = 1): Node[] {
  if (!isObject(schema)) return [];
  const { properties, items, anyOf } = schema;
  const inner: [unknown, string][] = [
    ...Object.entries(isObject(properties) ? properties : {}).map(
      ([name, one]): [unknown, string] => [one, `${at}.properties[${name}]`],
    ),
    ...(Array.isArray(anyOf) ? anyOf : []).map((one, i): [unknown, string] => [
      one,
      `${at}.any_of[${i}]`,
    ]),
    [items, `${at}.items`],
  ];
  return [{ schema, at, depth }, ...inner.flatMap(([one, path]) => nodesOf(one, path, depth + 1))];
}

const typeOf = ({ schema }: Node): string => text(schema.type).toUpperCase();
const empty = (value: unknown): boolean => !isObject(value) || Object.keys(value).length === 0;
const listed = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** What one node of the dialect breaks, in the words that generateContent has for it. */
export function dialectFault(node: Node, vertex: boolean): Verdict | undefined {
  const { schema, at } = node;
  const type = typeOf(node);
  const fault = (what: string): Verdict => invalid(`* ${at}${what}`);
  if (type === '' && listed(schema.anyOf).length === 0) {
    return vertex
      ? invalid(
          `Unable to submit request because ${at} schema didn't specify the schema type field.`,
        )
      : fault('.type: must be specified when not using one_of, any_of or all_of fields');
  }
  if (vertex && schema.anyOf !== undefined && Object.keys(schema).length > 1) {
    return invalid(`${at}: When using any_of, it must be the only field set.`);
  }
  for (const key of ['properties', 'required']) {
    if (schema[key] !== undefined && type !== 'OBJECT')
      return fault(`.${key}: only allowed for OBJECT type`);
  }
  if (type === 'ARRAY' && !isObject(schema.items)) return fault('.items: missing field');
  const names = Object.keys(isObject(schema.properties) ? schema.properties : {});
  const stranger = listed(schema.required).findIndex((name) => !names.includes(text(name)));
  if (stranger >= 0) return fault(`.required[${stranger}]: property is not defined`);
  return stringFault(schema, type, fault);
}

function stringFault(
  schema: JsonObject,
  type: string,
  fault: (what: string) => Verdict,
): Verdict | undefined {
  const values = listed(schema.enum);
  const format = text(schema.format);
  if (values.length > 0 && type !== 'STRING') return fault('.enum: only allowed for STRING type');
  const blank = values.indexOf('');
  if (blank >= 0) return fault(`.enum[${blank}]: cannot be empty`);
  if (type !== 'STRING' || format === '') return undefined;
  if (!['enum', 'date-time'].includes(format)) {
    return fault(".format: only 'enum' and 'date-time' are supported for STRING type");
  }
  return format === 'enum' && values.length === 0
    ? fault('.enum: should be non-empty for STRING type with enum format')
    : undefined;
}

/** The root of a function's parameters. */
export function rootFault({ schema, at }: Node): Verdict | undefined {
  return empty(schema.properties)
    ? invalid(`* ${at}.properties: should be non-empty for OBJECT type`)
    : undefined;
}

/** What a JSON Schema breaks: only its references and its root are looked at. */
export function standardFault(schema: unknown): Verdict | undefined {
  if (!isObject(schema) || schema.type !== 'object') return invalid();
  const definitions = isObject(schema.$defs) ? schema.$defs : {};
  return referenceFault(schema, '', new Set(Object.keys(definitions)));
}

const DATA = ['enum', 'default', 'examples'];

function referenceFault(
  node: unknown,
  at: string,
  defined: ReadonlySet<string>,
): Verdict | undefined {
  if (Array.isArray(node)) {
    return first(node.map((one, i) => referenceFault(one, `${at}.${i}`, defined)));
  }
  if (!isObject(node)) return undefined;
  const ref = text(node.$ref);
  if (ref !== '') {
    const name = ref.replace(/^#\/\$defs\//, '');
    if (!defined.has(name)) {
      return invalid(`reference to undefined schema at ${at.slice(1)}`);
    }
    const besides = Object.keys(node).find(
      (key) => !key.startsWith('$') && key !== 'description' && key !== 'default',
    );
    if (besides !== undefined) {
      return invalid(`Schema.ref '${name}' was set alongside unsupported fields.`);
    }
  }
  const inner = Object.entries(node).filter(([key]) => !DATA.includes(key));
  return first(inner.map(([key, one]) => referenceFault(one, `${at}.${key}`, defined)));
}

/** Names that each definition cannot do without. */
function demands(node: unknown): string[] {
  if (!isObject(node)) return [];
  const own = text(node.$ref).replace(/^#\/\$defs\//, '');
  const required = listed(node.required).map(text);
  const properties = Object.entries(isObject(node.properties) ? node.properties : {});
  const needed = properties.filter(([name]) => required.includes(name)).map(([, one]) => one);
  if (Number(node.minItems) > 0) needed.push(node.items);
  return [...(own ? [own] : []), ...[...needed, ...listed(node.anyOf)].flatMap(demands)];
}

/** A definition that no value can satisfy, because each value holds another one. */
export function endless(schema: JsonObject): Verdict | undefined {
  const definitions = isObject(schema.$defs) ? schema.$defs : {};
  for (const name of Object.keys(definitions)) {
    const seen = new Set<string>();
    const open = demands(definitions[name]);
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (next === name) {
        return invalid(
          `ref loops are only supported if they include optional or nullable property values, or a potentially-zero-length array items: $defs.${name}`,
        );
      }
      if (!seen.has(next)) open.push(...demands(definitions[next]));
      seen.add(next);
    }
  }
  return undefined;
}

function first<T>(values: readonly (T | undefined)[]): T | undefined {
  return values.find((value) => value !== undefined);
}
