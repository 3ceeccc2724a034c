// SPDX-License-Identifier: Apache-2.0
// JSON Schema -> the same schema in fewer words: allOf merged, oneOf and const gone.

export type Json = Record<string, unknown>;

/** Where we are, how deep, and how many more nodes we are willing to visit. */
export interface Place {
  readonly path: string;
  readonly depth: number;
  readonly budget: { left: number };
}

/** Why a schema cannot be used, and where. */
export class Refusal extends Error {
  constructor(
    readonly path: string,
    message: string,
  ) {
    super(message);
  }
}

export const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
export const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
export const unique = <T>(values: readonly T[]): T[] => [
  ...new Map(values.map((value) => [JSON.stringify(value), value])).values(),
];

export const into = (at: Place, step: string | number): Place => ({
  path: `${at.path}.${step}`,
  depth: at.depth + 1,
  budget: at.budget,
});

/** References that fan out double with each step are cut off here; no honest tool comes near. */
export const start = (path: string): Place => ({
  path,
  depth: 0,
  budget: { left: 20_000 },
});

/**
 * "exceeds the maximum allowed nesting depth" (Gemini CLI #5923): the number is not
 * known, but the parsers of protocol buffers end at 100, and each level of a schema takes two or three.
 */
const DEEPEST = 32;

export function visit(at: Place): void {
  at.budget.left -= 1;
  if (at.depth > DEEPEST) throw new Refusal(at.path, 'is nested too deeply');
  if (at.budget.left < 0) throw new Refusal(at.path, 'the schema is too large');
}

/** Keywords that speak of one type only. */
export const ABOUT: Record<string, readonly string[]> = {
  object: ['properties', 'required', 'additionalProperties', 'patternProperties', 'propertyNames'],
  array: ['items', 'prefixItems', 'minItems', 'maxItems', 'uniqueItems'],
  string: ['pattern', 'minLength', 'maxLength'],
  number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
};
const TYPES = [...Object.keys(ABOUT), 'integer', 'boolean', 'null'];

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

export const fits = (value: unknown, type: string): boolean =>
  typeOf(value) === type || (type === 'number' && typeof value === 'number');

export const saidTypes = (node: Json): string[] =>
  unique([node['type']].flat().map((type) => String(type).toLowerCase())).filter((type) =>
    TYPES.includes(type),
  );

/** The types a node allows; one that does not say is judged by its values, then its keywords. */
export function typesOf(node: Json): string[] {
  const values = list(node['enum']);
  let types = saidTypes(node);
  if (types.length === 0) types = unique(values.map(typeOf));
  if (types.length === 0) {
    types = Object.keys(ABOUT).filter((type) => ABOUT[type]?.some((key) => key in node));
  }
  // Values that fit no type are a slip of the author ({type: 'integer', enum: ['1']}): the type wins.
  const fitting = types.filter((type) => values.some((value) => fits(value, type)));
  const possible = fitting.length > 0 ? fitting : types;
  return possible.filter((type) => type !== 'integer' || !possible.includes('number'));
}

function commonTypes(a: string[], b: string[]): string[] {
  const both = [...a, ...b].filter(
    (type) =>
      (a.includes(type) || (type === 'integer' && a.includes('number'))) &&
      (b.includes(type) || (type === 'integer' && b.includes('number'))),
  );
  return unique(both).filter((type) => type !== 'integer' || !both.includes('number'));
}

/** Which of two bounds holds, where both are given. */
const BOUNDS: Record<string, (p: number, q: number) => number> = {
  ...Object.fromEntries(
    ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'].map((key) => [
      key,
      Math.max,
    ]),
  ),
  ...Object.fromEntries(
    ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'].map((key) => [
      key,
      Math.min,
    ]),
  ),
};

/** Both schemas at once; undefined where nothing satisfies both. The words of `a` win. */
function merge(a: Json, b: Json): Json | undefined {
  const out: Json = { ...b, ...a };
  if (a['required'] && b['required']) {
    out['required'] = unique([...list(a['required']), ...list(b['required'])]);
  }
  if (a['anyOf'] && b['anyOf']) {
    out['anyOf'] = list(a['anyOf']).map((one) => ({ allOf: [one, { anyOf: b['anyOf'] }] }));
  }
  if (a['enum'] && b['enum']) {
    const allowed = list(b['enum']).map((value) => JSON.stringify(value));
    const values = list(a['enum']).filter((value) => allowed.includes(JSON.stringify(value)));
    if (values.length === 0) return undefined;
    out['enum'] = values;
  }
  for (const [key, tighter] of Object.entries(BOUNDS)) {
    const [p, q] = [a[key], b[key]];
    if (typeof p === 'number' && typeof q === 'number') out[key] = tighter(p, q);
  }
  const [x, y] = [a['properties'], b['properties']];
  if (isJson(x) && isJson(y)) {
    const both = Object.keys(y).filter((name) => Object.hasOwn(x, name));
    const joined = both.map((name) => [name, { allOf: [x[name], y[name]] }]);
    out['properties'] = { ...y, ...x, ...(Object.fromEntries(joined) as Json) };
  }
  const [left, right] = [saidTypes(a), saidTypes(b)];
  if (left.length === 0 || right.length === 0) return out;
  out['type'] = commonTypes(left, right);
  return list(out['type']).length > 0 ? out : undefined;
}

/** One node with allOf, oneOf and const folded in; undefined where no value is allowed. */
export function flatten(schema: unknown, at: Place): Json | undefined {
  visit(at);
  if (schema === false) return undefined;
  if (!isJson(schema)) return {};
  const { allOf, oneOf, const: only, ...own } = schema;
  const not = own['not'];
  if (not === true || (isJson(not) && Object.keys(not).length === 0)) return undefined;
  const parts = [...list(allOf)];
  if (Array.isArray(oneOf)) parts.push({ anyOf: oneOf });
  if ('const' in schema) parts.push({ enum: [only] });
  return parts.reduce<Json | undefined>((sum, part) => {
    const other = sum && flatten(part, at);
    return sum && other && merge(sum, other);
  }, own);
}
