// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import * as z3 from 'zod/v3';

const string = { type: 'string' };
const number = { type: 'number' };
const object = (properties: object, required: string[] = [], more: object = {}): object => ({
  type: 'object',
  properties,
  ...(required.length > 0 && { required }),
  ...more,
});
const optional = (schema: object, more: object = {}): object => ({
  anyOf: [schema, { type: 'null' }],
  default: null,
  ...more,
});

const richText = object(
  {
    text: object({ content: string, link: { type: ['object', 'null'], properties: { url: string } } }, ['content']),
    annotations: object({ bold: { type: 'boolean' }, color: { enum: ['default', 'red', 'blue'] } }),
  },
  ['text'],
  { additionalProperties: false },
); // prettier-ignore

const comparison = (type: object): object =>
  object({ equals: type, does_not_equal: type, is_empty: { const: true } });

interface Tree {
  label: string;
  children?: Tree[] | undefined;
}
const tree3: z3.ZodType<Tree> = z3.z.lazy(() =>
  z3.z.object({ label: z3.z.string(), children: z3.z.array(tree3).optional() }),
);
const tree4 = z.object({
  label: z.string(),
  get children() {
    return z.array(tree4).optional();
  },
});

/** Schemas as they are found in the field, by name. Shapes only: no server's text is here. */
export const NASTY: Record<string, unknown> = {
  no_arguments: object({}, [], { additionalProperties: false, $schema: 'http://json-schema.org/draft-07/schema#' }),
  root_record: { type: 'object', additionalProperties: { type: 'string' } },
  root_union: {
    oneOf: [
      object({ kind: { const: 'email' }, to: string }, ['kind', 'to']),
      object({ kind: { const: 'sms' }, phone: string, text: string }, ['kind', 'phone']),
    ],
  },
  root_reference: { $ref: '#/definitions/Args', definitions: { Args: object({ a: string }, ['a']) } },
  filesystem_read: object(
    { path: string, head: { type: 'number', description: 'Only the first N lines.' }, tail: number },
    ['path'],
    { additionalProperties: false, $schema: 'http://json-schema.org/draft-07/schema#' },
  ),
  filesystem_edit: object(
    {
      path: string,
      edits: {
        type: 'array',
        items: object({ oldText: string, newText: string }, ['oldText', 'newText'], { additionalProperties: false }),
      },
      dryRun: { type: 'boolean', default: false, description: 'Show a diff only.' },
    },
    ['path', 'edits'],
  ),
  repository_search: object({
    query: { type: 'string', minLength: 1, maxLength: 256 },
    sort: { type: 'string', enum: ['', 'stars', 'forks', 'updated'] },
    per_page: { type: 'integer', minimum: 1, maximum: 100, default: 30 },
    page: { type: 'integer', exclusiveMinimum: 0, multipleOf: 1 },
  }, ['query']),
  repository_review: object({
    event: { enum: ['APPROVE', 'REQUEST_CHANGES', 'COMMENT', null] },
    comments: {
      type: 'array',
      items: {
        anyOf: [
          object({ path: string, position: number, body: string }, ['path', 'position', 'body']),
          object({ path: string, line: number, side: { const: 'RIGHT' }, body: string }, ['path', 'line', 'body']),
          { allOf: [{ $ref: '#/$defs/Range' }, object({ body: string }, ['body'])] },
        ],
      },
    },
    labels: { oneOf: [string, { type: 'array', items: string, uniqueItems: true, maxItems: 100 }] },
  }, [], {
    $defs: {
      Range: object({ path: string, start: { $ref: '#/$defs/Line' }, end: { $ref: '#/$defs/Line', description: 'Last line.' } }, ['path', 'start']),
      Line: { type: 'integer', minimum: 1, description: 'A line.' },
    },
  }),
  document_blocks: object({
    parent: { oneOf: [object({ page_id: { type: 'string', format: 'uuid' } }, ['page_id']), object({ workspace: { const: true } }, ['workspace'])] },
    children: { type: 'array', maxItems: 100, items: { $ref: '#/$defs/Block' } },
  }, ['children'], {
    $defs: {
      Block: {
        oneOf: [
          object({ type: { const: 'paragraph' }, rich_text: { type: 'array', items: richText }, children: { type: 'array', items: { $ref: '#/$defs/Block' } } }, ['type', 'rich_text']),
          object({ type: { const: 'list' }, items: { type: 'array', items: { $ref: '#/$defs/Item' } } }, ['type']),
          object({ type: { const: 'divider' } }, ['type']),
        ],
      },
      Item: object({ block: { $ref: '#/$defs/Block' }, checked: { type: 'boolean' } }),
    },
  }),
  document_filter: object({ filter: { $ref: '#/$defs/Filter' } }, [], {
    $defs: {
      Filter: {
        anyOf: [
          object({ and: { type: 'array', items: { $ref: '#/$defs/Filter' } } }, ['and']),
          object({ or: { type: 'array', items: { $ref: '#/$defs/Filter' } } }, ['or']),
          object({ property: string, number: comparison(number), text: comparison(string) }, ['property']),
        ],
      },
    },
  }),
  binary_filter: object({ where: { $ref: '#/$defs/And' } }, [], {
    $defs: {
      And: object({ left: { anyOf: [{ $ref: '#/$defs/And' }, { $ref: '#/$defs/Is' }] }, right: { $ref: '#/$defs/Is' } }, ['left', 'right']),
      Is: object({ field: string, value: {} }, ['field', 'value']),
    },
  }),
  crawl: object({
    url: { type: 'string', format: 'uri' },
    webhook: { oneOf: [{ type: 'string' }, object({ url: string, headers: { type: 'object', additionalProperties: { type: 'string' } } }, ['url'])] },
    scrapeOptions: object({
      formats: { type: 'array', items: { anyOf: [{ type: 'string', enum: ['markdown', 'html'] }, object({ type: { const: 'json' }, schema: { type: 'object' } }, ['type'])] } },
      actions: { type: 'array', items: object({ type: { enum: ['wait', 'click'] }, milliseconds: { type: 'integer', minimum: 0 } }, ['type']) },
    }),
  }, ['url']),
  annotated_mail: object({
    attachments: { type: 'array', items: object({ id: { type: 'string', readOnly: true }, view: { type: 'string', enum: ['FULL', 'MINIMAL'], 'x-google-enum-descriptions': ['All', 'Little'], deprecated: true } }) },
  }, [], { 'x-google-identifier': true, $id: 'urn:mail', $comment: 'not for the model' }),
  nullable_everywhere: object({
    name: optional(string, { title: 'Name' }),
    age: optional({ type: 'integer' }, { description: 'In years.' }),
    tags: optional({ type: 'array', items: string }),
    address: optional({ $ref: '#/$defs/Address' }),
  }, [], { title: 'Args', $defs: { Address: object({ city: string, zip: optional(string) }, ['city'], { title: 'Address' }) } }),
  any_dict: object({ data: { type: 'object', additionalProperties: true, title: 'Data' }, extra: { type: 'object', additionalProperties: {} } }, ['data']),
  keyed_record: object({ scores: { type: 'object', propertyNames: { pattern: '^[a-z]+$' }, additionalProperties: { type: 'number', minimum: 0 } } }),
  pattern_record: object({ headers: { type: 'object', patternProperties: { '^X-': string }, additionalProperties: false } }),
  form_fields: object({ fields: { type: 'array', items: object({ ref: string, value: { type: ['string', 'boolean', 'number'] } }, ['ref']) } }),
  typeless: object({ meta: object({ width: { enum: ['half', 'full'] }, options: {}, note: { description: 'Anything.' } }), list: { items: { enum: ['a'] } }, shape: { properties: { a: string } } }),
  ghost_required: object({ a: string, inner: object({ b: string }, ['b', 'ghost']), empty: { type: 'object', required: ['x'] } }, ['a', 'ghost']),
  misplaced: object({ data: { type: 'string', properties: { a: string }, required: ['a'], items: string } }),
  numeric_enum: object({ state: { type: 'integer', enum: [0, 1, 2, 4] }, ratio: { enum: [0.5, 1] }, flag: { type: 'boolean', enum: [true] } }),
  mixed_enum: object({ limit: { enum: ['all', 10, 20, null], description: 'How many.' }, odd: { enum: [{ a: 1 }, [1], 'x'] } }),
  consts: object({ freshness: { anyOf: [{ const: 'day' }, { const: 'week' }, string] }, version: { const: 2 }, nothing: { const: null }, yes: { const: true } }),
  tuples: object({
    point: { type: 'array', items: [number, number], additionalItems: false, minItems: 2 },
    row: { type: 'array', prefixItems: [string, { type: 'integer' }], items: { type: 'boolean' } },
    pair: { type: 'array', prefixItems: [string, string], items: false },
  }),
  composed: object({ entry: { allOf: [{ $ref: '#/components/Base' }, object({ amount: { type: 'number', nullable: true, minimum: 1 } }), object({ amount: { minimum: 5, maximum: 9 } }, ['amount'])] } }, [], {
    components: { Base: object({ id: { type: 'string', nullable: true, enum: ['a', 'b'] } }, ['id']) },
  }),
  conditional: object({ country: string, zip: string }, ['country'], {
    if: { properties: { country: { const: 'US' } } },
    then: { properties: { zip: { pattern: '^[0-9]{5}$' } } },
    else: { properties: { zip: { maxLength: 8 } } },
    dependentRequired: { zip: ['country'] },
  }),
  booleans: object({ any: true, none: false, either: { anyOf: [false, string] }, list: { type: 'array', items: true }, not: { type: 'string', not: { enum: ['root'] } } }),
  shouting: { type: 'OBJECT', properties: { a: { type: 'STRING', format: 'enum', enum: ['x'] }, b: { type: 'ARRAY', items: { type: 'INTEGER', format: 'int32' } } }, required: ['a'] },
  defaults: object({ lang: { type: 'string', default: 'en', examples: ['de', 'fr'] }, size: { type: 'integer', default: 3 }, tags: { type: 'array', items: string, default: [] }, opts: { type: 'object', properties: { a: string }, default: {} } }),
  formats: object(Object.fromEntries(['date-time', 'date', 'time', 'email', 'uri', 'uuid', 'ipv4', 'byte', 'enum'].map((format) => [format.replace('-', '_'), { type: 'string', format }]))),
  keywords_as_names: object({ properties: string, $ref: string, items: { type: 'array', items: string }, type: string, required: { type: 'boolean' }, enum: { enum: ['a'] } }, ['type']),
  names_of_the_web: object({ $filter: string, 'user-id': string, 'X-Header': string }),
  either_key: object({ id: string, name: string }, [], { anyOf: [{ required: ['id'] }, { required: ['name'] }] }),
  zod4: z.object({
    city: z.string().min(1).describe('Where'),
    count: z.int().positive(),
    size: z.tuple([z.string(), z.number()]),
    prices: z.record(z.string(), z.number()),
    flags: z.record(z.enum(['a', 'b']), z.boolean()),
    unit: z.union([z.literal('c'), z.literal('f')]).nullable(),
    level: z.literal(['low', 3]),
    mail: z.email().optional(),
    when: z.iso.datetime(),
    any: z.any(),
    shape: z.discriminatedUnion('k', [
      z.object({ k: z.literal('circle'), r: z.number() }),
      z.object({ k: z.literal('square'), a: z.number() }),
    ]),
    both: z.intersection(z.object({ p: z.string() }), z.object({ q: z.number().max(3) })),
    never: z.never().optional(),
    lang: z.string().default('en'),
  }),
  zod3: z3.z.object({
    city: z3.z.string().min(1).describe('Where'),
    count: z3.z.number().int().positive(),
    size: z3.z.tuple([z3.z.string(), z3.z.number()]),
    prices: z3.z.record(z3.z.number()),
    flags: z3.z.record(z3.z.enum(['a', 'b']), z3.z.boolean()),
    unit: z3.z.union([z3.z.literal('c'), z3.z.literal('f')]).nullable(),
    mail: z3.z.string().email().optional(),
    when: z3.z.date(),
    native: z3.z.nativeEnum({ A: 1, B: 2 } as const),
    any: z3.z.any(),
    shape: z3.z.discriminatedUnion('k', [
      z3.z.object({ k: z3.z.literal('circle'), r: z3.z.number() }),
      z3.z.object({ k: z3.z.literal('square'), a: z3.z.number() }),
    ]),
    both: z3.z.intersection(z3.z.object({ p: z3.z.string() }), z3.z.object({ q: z3.z.number().max(3) })),
    lang: z3.z.string().default('en'),
  }),
  zod4_recursive: z.object({ tree: tree4 }),
  zod3_recursive: z3.z.object({ tree: tree3 }),
}; // prettier-ignore
