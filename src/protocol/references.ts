// SPDX-License-Identifier: Apache-2.0
// `$ref` -> the schema it names. A reference inside its own target is where a schema has no end.
import {
  type Json,
  type Place,
  Refusal,
  into,
  isJson,
  list,
  typesOf,
  visit,
} from './json_schema.js';

/** Keywords that hold one schema, several, or several by name. Whatever else a node has is data. */
const ONE = [
  'items', 'additionalItems', 'additionalProperties', 'propertyNames', 'contains', 'not', 'if',
  'then', 'else',
]; // prettier-ignore
const SOME = ['anyOf', 'oneOf', 'allOf', 'prefixItems', 'items'];
const NAMED = ['properties', 'patternProperties', 'dependentSchemas'];
const GONE = ['$ref', '$defs', 'definitions'];

/** Must a value have what the inner schema describes, may it, or is it one of several choices? */
export type Need = 'must' | 'may' | 'choice';

function need(schema: Json, key: string, name: string | undefined): Need {
  if (key === 'properties') return list(schema['required']).includes(name) ? 'must' : 'may';
  if (key === 'allOf') return 'must';
  if (key === 'anyOf' || key === 'oneOf') return list(schema[key]).length > 1 ? 'choice' : 'must';
  const filled = typeof schema['minItems'] === 'number' && schema['minItems'] > 0;
  return (key === 'items' || key === 'prefixItems') && filled ? 'must' : 'may';
}

/** The schema with each schema right inside it changed. */
export function mapInside(
  schema: Json,
  change: (inner: unknown, step: string, need: Need) => unknown,
): Json {
  const entries = Object.entries(schema).map(([key, value]): [string, unknown] => {
    if (NAMED.includes(key) && isJson(value)) {
      const inner = Object.entries(value).map(([name, one]): [string, unknown] => [
        name,
        change(one, `${key}.${name}`, need(schema, key, name)),
      ]);
      return [key, Object.fromEntries(inner)];
    }
    const one = need(schema, key, undefined);
    if (SOME.includes(key) && Array.isArray(value)) {
      return [key, value.map((inner, i) => change(inner, `${key}.${i}`, one))];
    }
    return [key, ONE.includes(key) && isJson(value) ? change(value, key, one) : value];
  });
  return Object.fromEntries(entries);
}

function lookup(root: unknown, ref: string): unknown {
  if (ref !== '#' && !ref.startsWith('#/')) return undefined;
  const keys = ref.split('/').slice(1);
  return keys.reduce<unknown>((node, part) => {
    const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
    return isJson(node) || Array.isArray(node)
      ? Object.entries(node).find(([k]) => k === key)?.[1]
      : undefined;
  }, root);
}

function find(root: Json, ref: string, at: Place): unknown {
  const target = lookup(root, ref);
  if (target === undefined) throw new Refusal(at.path, `${ref} does not resolve`);
  return target;
}

/** The whole, and what zod calls `__schema0`. */
const NAMELESS = /^(#|__schema\d+|)$/;
const lastName = (ref: string): string => ref.split('/').at(-1)?.replace(/\W/g, '_') ?? '';

interface Walk {
  readonly root: Json;
  /** References that are being followed, with the number of ways out when they were met. */
  readonly open: ReadonlyMap<string, number>;
  /** Ways out so far: places where a value may stop. */
  readonly exits: number;
  /** References that stay, and the names of their definitions. */
  readonly kept: ReadonlyMap<string, string>;
}

function follow(node: unknown, walk: Walk, at: Place): unknown {
  visit(at);
  if (!isJson(node)) return node;
  const bare = Object.fromEntries(Object.entries(node).filter(([key]) => !GONE.includes(key)));
  const own = mapInside(bare, (inner, step, need) =>
    follow(inner, { ...walk, exits: walk.exits + (need === 'must' ? 0 : 1) }, into(at, step)),
  );
  const ref = node['$ref'];
  if (typeof ref !== 'string') return own;
  const target = resolve(ref, walk, at);
  return Object.keys(own).length === 0
    ? target
    : { ...own, allOf: [target, ...list(own['allOf'])] };
}

function resolve(ref: string, walk: Walk, at: Place): unknown {
  const name = walk.kept.get(ref);
  if (name !== undefined) return { $ref: `#/$defs/${name}` };
  const target = find(walk.root, ref, at);
  const before = walk.open.get(ref);
  if (before === undefined) {
    return follow(target, { ...walk, open: new Map(walk.open).set(ref, walk.exits) }, at);
  }
  if (before === walk.exits) throw new Refusal(at.path, `${ref} refers to itself without an end`);
  const type = (isJson(target) && typesOf(target)[0]) || 'object';
  const title = NAMELESS.test(lastName(ref)) ? 'what is around it' : lastName(ref);
  const description = `Again ${title}, as above.`;
  return { type, description, ...(type === 'object' && { additionalProperties: false }) };
}

/** The schema without references: where one comes back to itself, a sentence says so. */
export function inlined(schema: Json, at: Place): unknown {
  return follow(schema, { root: schema, open: new Map([['#', 0]]), exits: 0, kept: new Map() }, at);
}

/** The references in a schema that are reached without following any; `always`: no value avoids them. */
function references(node: unknown, always: boolean, at: Place): Map<string, boolean> {
  visit(at);
  const found = new Map<string, boolean>();
  if (!isJson(node)) return found;
  const add = (ref: string, is: boolean) => found.set(ref, is || found.get(ref) === true);
  if (typeof node['$ref'] === 'string') add(node['$ref'], always);
  mapInside(node, (inner, step, need) => {
    for (const [ref, is] of references(inner, always && need !== 'may', into(at, step)))
      add(ref, is);
  });
  return found;
}

/** Can one come back to `ref` by following references? `always`: by those that no value avoids. */
function comesBack(
  ref: string,
  graph: Map<string, Map<string, boolean>>,
  always: boolean,
): boolean {
  const seen = new Set<string>();
  const open = [ref];
  for (let from = open.pop(); from !== undefined; from = open.pop()) {
    for (const [to, is] of graph.get(from) ?? []) {
      if (always && !is) continue;
      if (to === ref) return true;
      if (!seen.has(to)) open.push(to);
      seen.add(to);
    }
  }
  return false;
}

/**
 * The schema with only those references left that lead back to themselves, each to `#/$defs`.
 * "ref loops are only supported if they include optional … values" (juspay/juspay-mcp PR#132).
 */
export function withLoops(schema: Json, at: Place): unknown {
  const graph = new Map([['#', references(schema, true, at)]]);
  for (const refs of graph.values()) {
    for (const ref of refs.keys()) {
      if (!graph.has(ref)) graph.set(ref, references(find(schema, ref, at), true, at));
    }
  }
  const kept = new Map<string, string>();
  for (const ref of graph.keys()) {
    if (!comesBack(ref, graph, false)) continue;
    if (comesBack(ref, graph, true)) {
      throw new Refusal(at.path, `${ref} refers to itself without an end`);
    }
    const name = lastName(ref) || 'arguments';
    kept.set(ref, [...kept.values()].includes(name) ? `${name}_${kept.size}` : name);
  }
  const walk: Walk = { root: schema, open: new Map(), exits: 0, kept };
  const whole = follow(schema, walk, at);
  if (kept.size === 0 || !isJson(whole)) return whole;
  const definitions = [...kept].map(([ref, name]): [string, unknown] => [
    name,
    follow(find(schema, ref, at), walk, into(at, `$defs.${name}`)),
  ]);
  return { ...whole, $defs: Object.fromEntries(definitions) };
}
