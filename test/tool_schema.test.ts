// SPDX-License-Identifier: Apache-2.0
import type { FunctionDeclaration } from '@google/genai';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  dialectFault,
  endless,
  nodesOf,
  rootFault,
  standardFault,
} from '../src/testing/rules/schemas.js';
import { type ToolSpec, functionDeclarations } from '../src/protocol/tool_schema.js';

type Json = Record<string, unknown>;

const tool = (parameters: Json, more: Partial<ToolSpec> = {}): ToolSpec => ({
  name: 'f',
  description: 'Does it.',
  parameters,
  ...more,
});

/** The dialect form of one tool's parameters. */
function dialect(parameters: Json): unknown {
  const { declarations, skipped } = functionDeclarations([tool(parameters)], { jsonSchema: false });
  expect(skipped).toEqual([]);
  return declarations[0]?.parameters;
}

/** The JSON Schema form of one tool's parameters. */
function standard(parameters: Json): unknown {
  const found = functionDeclarations([tool(parameters)], { jsonSchema: true });
  expect(found.skipped).toEqual([]);
  return found.declarations[0]?.parametersJsonSchema;
}

/** The dialect form of one property. */
function property(schema: unknown, more: Json = {}): unknown {
  const whole = dialect({ type: 'object', properties: { p: schema }, ...more }) as Json;
  return (whole['properties'] as Json)['p'];
}

const skipped = (parameters: unknown, jsonSchema = false) =>
  functionDeclarations([tool(parameters as Json)], { jsonSchema }).skipped;

const ANYTHING = { type: 'STRING', description: 'Any JSON value; write it as JSON text.' };

describe('the dialect, keyword by keyword', () => {
  it.each<[string, unknown, unknown]>([
    ['nullable type list', { type: ['string', 'null'] }, { type: 'STRING', nullable: true }],
    [
      'anyOf with null keeps the outer words',
      {
        anyOf: [{ type: 'integer', description: 'In years' }, { type: 'null' }],
        description: 'Age',
        default: null,
      },
      { type: 'INTEGER', description: 'Age. In years', nullable: true, default: null },
    ],
    [
      'several types',
      { type: ['string', 'number', 'null'], minLength: 2, minimum: 1, description: 'Id' },
      {
        anyOf: [
          { type: 'STRING', minLength: '2', description: 'Id', nullable: true },
          { type: 'NUMBER', minimum: 1 },
        ],
      },
    ],
    ['string const', { const: 'on' }, { type: 'STRING', enum: ['on'] }],
    ['number const', { const: 7 }, { type: 'INTEGER', description: 'One of these values: 7.' }],
    ['null const', { const: null }, { type: 'NULL' }],
    [
      'number enum',
      { type: 'number', enum: [0.5, 1, 2], description: 'Speed' },
      { type: 'NUMBER', description: 'Speed. One of these values: 0.5, 1, 2.' },
    ],
    [
      'enum of mixed kinds',
      { enum: ['auto', 1, 2, null] },
      {
        anyOf: [
          { type: 'STRING', enum: ['auto'], nullable: true },
          { type: 'INTEGER', description: 'One of these values: 1, 2.' },
        ],
      },
    ],
    [
      'enum with an empty string',
      { type: 'string', enum: ['', 'a'] },
      { type: 'STRING', enum: ['a'], description: 'May also be an empty string.' },
    ],
    [
      'union of literals',
      { oneOf: [{ const: 'a', description: 'first' }, { const: 'b' }], title: 'T', default: 'a' },
      { type: 'STRING', enum: ['a', 'b'], title: 'T', default: 'a', description: 'a: first' },
    ],
    [
      'string bounds and pattern',
      { type: 'string', minLength: 1, maxLength: 9, pattern: '^a', title: 'A', examples: ['ab'] },
      { type: 'STRING', minLength: '1', maxLength: '9', pattern: '^a', title: 'A', example: 'ab' },
    ],
    [
      'bounds that the dialect lacks',
      { type: 'number', exclusiveMinimum: 0, maximum: 5, exclusiveMaximum: 9, multipleOf: 0.5 },
      {
        type: 'NUMBER',
        maximum: 5,
        description: 'Greater than 0. Less than 9. A multiple of 0.5.',
      },
    ],
    ['date-time', { type: 'string', format: 'date-time' }, { type: 'STRING', format: 'date-time' }],
    [
      'email',
      { type: 'string', format: 'email' },
      { type: 'STRING', description: 'Format: email.' },
    ],
    [
      'enum format without enum',
      { type: 'string', format: 'enum' },
      { type: 'STRING', description: 'Format: enum.' },
    ],
    ['int64', { type: 'integer', format: 'int64' }, { type: 'INTEGER', format: 'int64' }],
    [
      'array',
      { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: 3, uniqueItems: true },
      {
        type: 'ARRAY',
        items: { type: 'STRING' },
        minItems: '1',
        maxItems: '3',
        description: 'No item twice.',
      },
    ],
    ['array of anything', { type: 'array' }, { type: 'ARRAY', items: ANYTHING }],
    [
      'tuple, draft 7',
      { type: 'array', items: [{ type: 'number' }, { type: 'number' }], additionalItems: false },
      {
        type: 'ARRAY',
        items: { type: 'NUMBER' },
        minItems: '2',
        maxItems: '2',
        description: 'In this order: number, number.',
      },
    ],
    [
      'record',
      { type: 'object', additionalProperties: { type: 'number' }, description: 'Prices' },
      { type: 'OBJECT', description: 'Prices. The keys are free; each value: number.' },
    ],
    ['free object', { type: 'object' }, { type: 'OBJECT', description: 'The keys are free.' }],
    ['boolean schema true', true, ANYTHING],
    [
      'no type',
      { description: 'Value' },
      { type: 'STRING', description: 'Value. Any JSON value; write it as JSON text.' },
    ],
    [
      'type by keyword',
      { properties: { a: { type: 'boolean' } } },
      { type: 'OBJECT', properties: { a: { type: 'BOOLEAN' } } },
    ],
    ['upper-case type', { type: 'STRING' }, { type: 'STRING' }],
    [
      'allOf of objects',
      {
        allOf: [
          { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] },
          { properties: { b: { type: 'integer' }, a: { maxLength: 4 } }, required: ['b', 'a'] },
        ],
        description: 'Both',
      },
      {
        type: 'OBJECT',
        description: 'Both',
        properties: { a: { type: 'STRING', maxLength: '4' }, b: { type: 'INTEGER' } },
        required: ['a', 'b'],
      },
    ],
    [
      'anyOf beside properties',
      {
        type: 'object',
        properties: { k: { type: 'string' } },
        anyOf: [
          { properties: { x: { type: 'number' } } },
          { properties: { y: { type: 'number' } } },
        ],
      },
      {
        anyOf: [
          { type: 'OBJECT', properties: { k: { type: 'STRING' }, x: { type: 'NUMBER' } } },
          { type: 'OBJECT', properties: { k: { type: 'STRING' }, y: { type: 'NUMBER' } } },
        ],
      },
    ],
    [
      'required for properties that do not exist',
      { type: 'object', properties: { a: { type: 'string' } }, required: ['a', 'ghost', 'a'] },
      { type: 'OBJECT', properties: { a: { type: 'STRING' } }, required: ['a'] },
    ],
    [
      'forbidden property and dead branch',
      {
        type: 'object',
        properties: { no: false, never: { not: {} }, a: { anyOf: [false, { type: 'string' }] } },
        required: ['no'],
      },
      { type: 'OBJECT', properties: { a: { type: 'STRING' } } },
    ],
    [
      'a property named like a keyword',
      {
        type: 'object',
        properties: {
          properties: { type: 'string' },
          $ref: { type: 'string' },
          default: { const: 'x' },
        },
      },
      {
        type: 'OBJECT',
        properties: {
          properties: { type: 'STRING' },
          $ref: { type: 'STRING' },
          default: { type: 'STRING', enum: ['x'] },
        },
      },
    ],
  ])('%s', (_name, schema, expected) => {
    expect(property(schema)).toEqual(expected);
  });

  it('writes nothing beside anyOf (langchain-google#1216)', () => {
    const schema = {
      anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
      description: 'Who',
      title: 'T',
      default: 'me',
      nullable: true,
    };
    expect(property(schema)).toEqual({
      anyOf: [
        { type: 'STRING', description: 'Who. Default: "me".', nullable: true },
        { type: 'ARRAY', items: { type: 'STRING' } },
      ],
    });
  });
});

describe('references', () => {
  const $defs = {
    Unit: { type: 'string', enum: ['c', 'f'], description: 'Theirs' },
    'a/b~c d': { type: 'boolean' },
  };

  it('are inlined; the words beside a reference win', () => {
    expect(property({ $ref: '#/$defs/Unit', description: 'Mine' }, { $defs })).toEqual({
      type: 'STRING',
      enum: ['c', 'f'],
      description: 'Mine',
    });
    expect(property({ $ref: '#/$defs/a~1b~0c%20d' }, { $defs })).toEqual({ type: 'BOOLEAN' });
    expect(
      property({ $ref: '#/definitions/X' }, { definitions: { X: { type: 'number' } } }),
    ).toEqual({ type: 'NUMBER' });
  });

  it('may be used twice side by side, and inside a neighbour of their own target', () => {
    const schema = {
      allOf: [
        { $ref: '#/$defs/Address' },
        { properties: { billing: { $ref: '#/$defs/Address' } } },
      ],
    };
    const more = {
      $defs: { Address: { type: 'object', properties: { zip: { type: 'string' } } } },
    };
    const address = { type: 'OBJECT', properties: { zip: { type: 'STRING' } } };
    expect(property(schema, more)).toEqual({
      type: 'OBJECT',
      properties: { zip: { type: 'STRING' }, billing: address },
    });
  });

  it('at the root', () => {
    const schema = {
      $ref: '#/$defs/In',
      $defs: { In: { type: 'object', properties: { a: { $ref: '#/$defs/Unit' } } }, ...$defs },
    };
    const expected = {
      type: 'OBJECT',
      properties: { a: { type: 'STRING', enum: ['c', 'f'], description: 'Theirs' } },
    };
    expect(dialect(schema)).toEqual(expected);
    expect(functionDeclarations([tool(schema)], { jsonSchema: true }).declarations[0]).toEqual({
      name: 'f',
      description: 'Does it.',
      parametersJsonSchema: { type: 'object', properties: { a: $defs.Unit } },
    });
  });

  const Node = {
    type: 'object',
    properties: { kids: { type: 'array', items: { $ref: '#/$defs/Node' } } },
  };
  const tree = { type: 'object', properties: { tree: { $ref: '#/$defs/Node' } }, $defs: { Node } };

  it('that turn back on themselves are cut with a sentence, and kept in JSON Schema', () => {
    expect(dialect(tree)).toEqual({
      type: 'OBJECT',
      properties: {
        tree: {
          type: 'OBJECT',
          properties: {
            kids: {
              type: 'ARRAY',
              items: { type: 'OBJECT', description: 'Again Node, as above.' },
            },
          },
        },
      },
    });
    expect(standard(tree)).toEqual(tree);
  });

  it('that never end leave the tool out in both forms and say where', () => {
    const endless = {
      ...tree,
      $defs: {
        Node: { ...Node, properties: { next: { $ref: '#/$defs/Node' } }, required: ['next'] },
      },
    };
    const path = 'parameters.properties.tree.properties.next';
    const why = '#/$defs/Node refers to itself without an end';
    expect(skipped(endless)).toEqual([{ name: 'f', path, why }]);
    expect(skipped(endless, true)).toEqual([{ name: 'f', path, why }]);
    const mirror = { type: 'object', properties: { a: { $ref: '#/properties/a' } } };
    expect(skipped(mirror)[0]?.why).toBe('#/properties/a refers to itself without an end');
    expect(skipped({ $ref: '#' })[0]?.why).toBe('# refers to itself without an end');
  });

  it('that end only by another choice are more than JSON Schema here may say', () => {
    const filter = {
      ...tree,
      $defs: {
        Node: {
          type: 'object',
          properties: { not: { anyOf: [{ $ref: '#/$defs/Node' }, { type: 'string' }] } },
          required: ['not'],
        },
      },
    };
    const { declarations } = functionDeclarations([tool(filter)], { jsonSchema: true });
    expect(declarations[0]?.parametersJsonSchema).toBeUndefined();
    expect(declarations[0]?.parameters).toEqual(dialect(filter));
  });

  it('that lead nowhere leave the tool out in both forms', () => {
    for (const $ref of ['#/$defs/Ghost', 'https://example.com/schema.json', '#anchor']) {
      for (const jsonSchema of [false, true]) {
        const found = skipped({ type: 'object', properties: { a: { $ref } } }, jsonSchema);
        expect(found).toEqual([
          { name: 'f', path: 'parameters.properties.a', why: `${$ref} does not resolve` },
        ]);
      }
    }
  });

  it('that fan out are cut off', () => {
    const names = Array.from({ length: 20 }, (_, i) => `D${i}`);
    const defs = names.map((name, i) => {
      const $ref = `#/$defs/D${i + 1}`;
      return [name, { type: 'object', properties: { a: { $ref }, b: { $ref } } }];
    });
    const $all = { ...Object.fromEntries(defs), D20: { type: 'string' } };
    expect(
      skipped({ type: 'object', properties: { a: { $ref: '#/$defs/D0' } }, $defs: $all })[0]?.why,
    ).toBe('the schema is too large');
  });
});

describe('the root', () => {
  it('is left out where there is nothing to pass', () => {
    for (const schema of [
      {},
      { type: 'object' },
      { type: 'object', properties: {} },
      { type: 'object', properties: {}, additionalProperties: false, description: 'None' },
    ]) {
      for (const jsonSchema of [true, false]) {
        expect(functionDeclarations([tool(schema)], { jsonSchema })).toEqual({
          declarations: [{ name: 'f', description: 'Does it.' }],
          skipped: [],
        });
      }
    }
  });

  it('stays where its keys are free', () => {
    const schema = { type: 'object', additionalProperties: { type: 'string' } };
    // An object without properties is refused at the root (pipecat-flows#110).
    expect(functionDeclarations([tool(schema)], { jsonSchema: false }).declarations).toEqual([
      { name: 'f', description: 'Does it. The keys are free; each value: string.' },
    ]);
    expect(standard(schema)).toEqual(schema);
  });

  it('says which keys go together', () => {
    const schema = {
      type: 'object',
      properties: { id: { type: 'string' }, name: { type: 'string' } },
      anyOf: [{ required: ['id'] }, { required: ['name'] }],
    };
    expect(dialect(schema)).toEqual({
      type: 'OBJECT',
      description: 'Give at least: id, or name.',
      properties: { id: { type: 'STRING' }, name: { type: 'STRING' } },
    });
  });

  it('must be an object', () => {
    for (const schema of [
      { type: 'string' },
      { type: 'array' },
      { not: {} },
      { anyOf: [{ type: 'string' }] },
    ]) {
      expect(skipped(schema)).toEqual([
        { name: 'f', path: 'parameters', why: 'must describe an object' },
      ]);
    }
    for (const schema of ['text', 3, [], false]) {
      expect(skipped(schema)[0]?.why).toBe('is not a JSON Schema object');
    }
  });
});

describe('zod 4', () => {
  const schema = z.object({
    city: z.string().min(1).describe('Where'),
    count: z.int().positive(),
    size: z.tuple([z.string(), z.number()]),
    tags: z.tuple([z.string()], z.boolean()),
    prices: z.record(z.string(), z.number()),
    flags: z.record(z.enum(['a', 'b']), z.boolean()),
    note: z.string().nullable().optional(),
    unit: z.union([z.literal('c'), z.literal('f')]).nullable(),
    level: z.literal(['low', 3]),
    mail: z.email(),
    when: z.iso.datetime(),
    any: z.any(),
    shape: z.discriminatedUnion('k', [
      z.object({ k: z.literal('circle'), r: z.number() }),
      z.object({ k: z.literal('square'), a: z.number() }),
    ]),
    both: z.intersection(z.object({ p: z.string() }), z.object({ q: z.number() })),
    never: z.never().optional(),
    lang: z.string().default('en'),
  });

  it('becomes the dialect', () => {
    const { properties, required } = dialect(z.toJSONSchema(schema)) as Record<string, Json>;
    expect(required).not.toContain('note');
    expect(properties).toMatchObject({
      mail: { description: 'Format: email.' },
      when: { format: 'date-time' },
    });
    const { mail: _mail, when: _when, ...rest } = properties ?? {};
    expect(rest).toEqual({
      city: { type: 'STRING', minLength: '1', description: 'Where' },
      count: { type: 'INTEGER', maximum: Number.MAX_SAFE_INTEGER, description: 'Greater than 0.' },
      size: {
        type: 'ARRAY',
        items: { anyOf: [{ type: 'STRING' }, { type: 'NUMBER' }] },
        minItems: '2',
        maxItems: '2',
        description: 'In this order: string, number.',
      },
      tags: {
        type: 'ARRAY',
        items: { anyOf: [{ type: 'STRING' }, { type: 'BOOLEAN' }] },
        minItems: '1',
        description: 'In this order: string, then any number of boolean.',
      },
      prices: { type: 'OBJECT', description: 'The keys are free; each value: number.' },
      flags: {
        type: 'OBJECT',
        properties: { a: { type: 'BOOLEAN' }, b: { type: 'BOOLEAN' } },
        required: ['a', 'b'],
      },
      note: { type: 'STRING', nullable: true },
      unit: { type: 'STRING', enum: ['c', 'f'], nullable: true },
      level: {
        anyOf: [
          { type: 'STRING', enum: ['low'] },
          { type: 'INTEGER', description: 'One of these values: 3.' },
        ],
      },
      any: ANYTHING,
      shape: {
        anyOf: [
          {
            type: 'OBJECT',
            properties: { k: { type: 'STRING', enum: ['circle'] }, r: { type: 'NUMBER' } },
            required: ['k', 'r'],
          },
          {
            type: 'OBJECT',
            properties: { k: { type: 'STRING', enum: ['square'] }, a: { type: 'NUMBER' } },
            required: ['k', 'a'],
          },
        ],
      },
      both: {
        type: 'OBJECT',
        properties: { p: { type: 'STRING' }, q: { type: 'NUMBER' } },
        required: ['p', 'q'],
      },
      lang: { type: 'STRING', default: 'en' },
    });
  });

  it('with a union at the root becomes one object in both forms', () => {
    const union = z.union([
      z.object({ k: z.literal('a'), v: z.string() }),
      z.object({ k: z.literal('b'), w: z.number().optional() }),
    ]);
    for (const jsonSchema of [true, false]) {
      const found = functionDeclarations([tool(z.toJSONSchema(union))], { jsonSchema });
      expect(found.declarations[0]?.parameters).toEqual({
        type: 'OBJECT',
        description: 'Required together: {k, v} or {k}.',
        properties: {
          k: { type: 'STRING', enum: ['a', 'b'] },
          v: { type: 'STRING' },
          w: { type: 'NUMBER' },
        },
        required: ['k'],
      });
    }
  });
});

describe('declarations', () => {
  it('carry a behavior: their own, else the given one, never UNSPECIFIED', () => {
    const tools = [
      tool({}, { name: 'a', behavior: 'BLOCKING' }),
      tool({}, { name: 'b' }),
      tool({}, { name: 'c', behavior: 'UNSPECIFIED', description: '' }),
    ];
    const found = functionDeclarations(tools, { jsonSchema: true, behavior: 'NON_BLOCKING' });
    expect(found.declarations).toEqual([
      { name: 'a', description: 'Does it.', behavior: 'BLOCKING' },
      { name: 'b', description: 'Does it.', behavior: 'NON_BLOCKING' },
      { name: 'c' },
    ]);
    const plain = functionDeclarations([tool({})], { jsonSchema: true });
    expect(plain.declarations[0]).not.toHaveProperty('behavior');
  });

  it('leave out bad and repeated names, and keep the rest', () => {
    const names = [
      'ok',
      '1st',
      'has space',
      '',
      'x'.repeat(65),
      'ok',
      'a.b:c-d_9',
      'x'.repeat(64),
      'naïve',
    ];
    const { declarations, skipped: out } = functionDeclarations(
      names.map((name) => tool({}, { name })),
      { jsonSchema: false },
    );
    expect(declarations.map(({ name }) => name)).toEqual(['ok', 'a.b:c-d_9', 'x'.repeat(64)]);
    expect(out.map(({ name }) => name)).toEqual([
      '1st',
      'has space',
      '',
      'x'.repeat(65),
      'ok',
      'naïve',
    ]);
    expect(new Set(out.map(({ path }) => path))).toEqual(new Set(['name']));
  });

  it('leave out what is not JSON at all', () => {
    const ring: Json = { type: 'object' };
    ring['properties'] = { ring };
    let deep: Json = {};
    for (let i = 0; i < 20_000; i += 1) deep = { type: 'object', properties: { deep } };
    for (const parameters of [ring, { type: 'object', default: 1n }, deep]) {
      for (const jsonSchema of [true, false])
        expect(skipped(parameters, jsonSchema)).toHaveLength(1);
    }
    const nothing = [undefined as unknown as ToolSpec];
    expect(functionDeclarations(nothing, { jsonSchema: true }).skipped).toHaveLength(1);
  });

  it('leave out what is too deep, too large or too much, and say why', () => {
    let deep: Json = { type: 'string' };
    for (let i = 0; i < 33; i += 1) deep = { type: 'object', properties: { deep } };
    const words = Array.from({ length: 500_000 }, (_, i) => `word ${i}`);
    const large = (count: number) => ({
      type: 'object',
      properties: { word: { enum: words.slice(0, count) } },
    });
    for (const jsonSchema of [true, false]) {
      expect(skipped(deep, jsonSchema)[0]?.why).toBe('is nested too deeply');
      expect(skipped(large(9e9), jsonSchema)[0]?.why).toMatch(
        /takes \d{7} characters, more than 1048576/,
      );
      expect(skipped(large(6e3), jsonSchema)[0]?.why).toMatch(
        /takes \d{5} characters, more than 65536/,
      );
    }
    const many = Array.from({ length: 514 }, (_, i) => tool({}, { name: `f${i}` }));
    const found = functionDeclarations(many, { jsonSchema: true });
    expect(found.declarations).toHaveLength(512);
    expect(found.skipped.map(({ name }) => name)).toEqual(['f512', 'f513']);
  });

  it('keep names that differ by case alone apart', () => {
    const both = [tool({}, { name: 'getUser' }), tool({}, { name: 'getuser' })];
    expect(functionDeclarations(both, { jsonSchema: true }).declarations).toHaveLength(2);
  });

  it('carry no description that is no text', () => {
    const found = functionDeclarations([tool({}, { description: 7 as never })], {
      jsonSchema: true,
    });
    expect(found.declarations).toEqual([{ name: 'f' }]);
  });
});

describe('for arbitrary JSON', () => {
  const word = fc.constantFrom(
    'type',
    'properties',
    'items',
    'anyOf',
    'oneOf',
    'allOf',
    '$ref',
    '$defs',
    'enum',
    'const',
    'required',
    'not',
    'additionalProperties',
    'prefixItems',
    'default',
    'minimum',
    'format',
    'description',
    '__proto__',
    'propertyNames',
    'patternProperties',
  );
  const leaf = fc.oneof(
    fc.constantFrom(
      'object',
      'string',
      'array',
      'number',
      'integer',
      'null',
      '#',
      '#/$defs/a',
      '#/properties/a',
      '#/%',
    ),
    fc.jsonValue({ maxDepth: 0 }),
  );
  const { schema } = fc.letrec<{ schema: unknown }>((tie) => ({
    schema: fc.oneof(
      { maxDepth: 5 },
      leaf,
      fc.array(tie('schema'), { maxLength: 3 }),
      fc.dictionary(
        fc.oneof(
          { weight: 5, arbitrary: word },
          { weight: 1, arbitrary: fc.constantFrom('a', 'b') },
        ),
        tie('schema'),
        { maxKeys: 4 },
      ),
    ),
  }));
  const anything = fc.oneof(schema, fc.jsonValue(), fc.dictionary(word, schema));

  it('never throws, never mutates, and writes only what the strict server takes', () => {
    fc.assert(
      fc.property(anything, fc.boolean(), fc.boolean(), (value, nested, jsonSchema) => {
        const parameters = (nested ? { type: 'object', properties: { p: value } } : value) as Json;
        const before = structuredClone(parameters);
        const { declarations, skipped: out } = functionDeclarations([tool(parameters)], {
          jsonSchema,
        });
        expect(parameters).toEqual(before);
        expect(declarations.length + out.length).toBe(1);
        expect(faultOf(declarations[0])).toBeUndefined();
        if (declarations[0]?.parameters) check(declarations[0].parameters);
      }),
      { numRuns: 2000 },
    );
  }, 60_000);
});

const KEYS = [
  'type',
  'title',
  'description',
  'default',
  'example',
  'enum',
  'format',
  'nullable',
  'pattern',
  'items',
  'properties',
  'required',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
];

/** What the strict server would say. */
function faultOf(declaration: FunctionDeclaration | undefined): unknown {
  const standard = declaration?.parametersJsonSchema;
  if (standard) return standardFault(standard) ?? endless(standard as Json);
  const [root, ...inner] = nodesOf(declaration?.parameters, '');
  const faults = root && [
    rootFault(root),
    ...[root, ...inner].map((node) => dialectFault(node, true)),
  ];
  return faults?.find((fault) => fault !== undefined);
}

/** Every node of a dialect schema is either `anyOf` alone or has a type and known keys. */
function check(schema: object): void {
  const node = schema as Json;
  if ('anyOf' in node) {
    expect(Object.keys(node)).toEqual(['anyOf']);
    for (const one of node['anyOf'] as object[]) check(one);
    return;
  }
  expect(KEYS).toEqual(expect.arrayContaining(Object.keys(node)));
  expect(node['type']).toMatch(/^(STRING|NUMBER|INTEGER|BOOLEAN|ARRAY|OBJECT|NULL)$/);
  expect(Object.values(node)).not.toContain(undefined);
  if (node['type'] === 'ARRAY') check(node['items'] as object);
  for (const one of Object.values(node['properties'] ?? {})) check(one as object);
}
