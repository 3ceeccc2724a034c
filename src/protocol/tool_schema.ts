// SPDX-License-Identifier: Apache-2.0
import type { Behavior, FunctionDeclaration, Schema } from '@google/genai';
import {
  type Json,
  Refusal,
  flatten,
  inline,
  isJson,
  saidTypes,
  start,
  unique,
} from './json_schema.js';
import { anyOf, compact, convert, sentences, typeName } from './schema_dialect.js';

/** A function tool as the app declares it. */
export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments. */
  readonly parameters: Record<string, unknown>;
  readonly behavior?: `${Behavior}` | undefined;
}

export interface DeclarationOptions {
  /** Does the model take `parametersJsonSchema`? Otherwise the older dialect is written. */
  readonly jsonSchema: boolean;
  /** The behavior of tools that say nothing; without it the field stays absent. */
  readonly behavior?: `${Behavior}` | undefined;
}

/** A tool that was left out, because one bad tool refuses the whole setup (livekit/agents#7349). */
export interface SkippedTool {
  name: string;
  path: string;
  why: string;
}

const NAME = /^[a-zA-Z_][\w.:-]{0,63}$/;
const BAD_NAME = 'must be a letter or _, then at most 63 letters, digits, _ . : or -';
const OPEN = ['additionalProperties', 'patternProperties', 'propertyNames'];
const COMPOSED = ['$ref', 'allOf', 'anyOf', 'oneOf', 'not', 'if'];

/** Parameters must be one object (inngest/agent-kit#198), so a choice of objects becomes their sum. */
function sum(variants: readonly Schema[]): Schema | undefined {
  if (variants.some((one) => typeName(one) !== 'OBJECT')) return undefined;
  const names = unique(variants.flatMap((one) => Object.keys(one.properties ?? {})));
  const properties = names.map((name) => {
    const found = variants.flatMap((one) => Object.entries(one.properties ?? {}));
    const schemas = found.filter(([key]) => key === name).map(([, schema]) => schema);
    return [name, anyOf(schemas, {})];
  });
  const required = names.filter((name) => variants.every((one) => one.required?.includes(name)));
  const sets = variants.map((one) => `{${(one.required ?? []).join(', ')}}`).join(' or ');
  return compact({
    type: 'OBJECT',
    description: sentences(
      ...variants.map((one) => one.description),
      `Required together: ${sets}.`,
    ),
    properties: Object.fromEntries(properties),
    required: required.length > 0 ? required : undefined,
  });
}

/** Undefined where the function takes no arguments. */
function dialect(schema: Json): Schema | undefined {
  const at = start('parameters');
  const root = { allOf: [inline(schema, schema, at, ['#']), { type: 'object' }] };
  const found = convert(root, at);
  const whole = found?.anyOf ? sum(found.anyOf) : found;
  if (!whole || typeName(whole) !== 'OBJECT') throw new Refusal(at.path, 'must describe an object');
  // "should be non-empty for OBJECT type": pipecat-flows#110, agno#2112.
  const open = OPEN.some((key) => flatten(root, at)?.[key]);
  return whole.properties || open ? compact({ ...whole, nullable: undefined }) : undefined;
}

function parametersOf(schema: Json, jsonSchema: boolean): Partial<FunctionDeclaration> {
  const types = saidTypes(schema);
  const object = types.length === 0 ? isJson(schema['properties']) : types.join() === 'object';
  const composed = COMPOSED.some((key) => key in schema);
  // The JSON Schema form wants an object at its root too; the dialect knows how to make one.
  if (!jsonSchema || !object || (composed && types.length === 0)) {
    const parameters = dialect(schema);
    return parameters ? { parameters } : {};
  }
  const bare = Object.keys(schema['properties'] ?? {}).length === 0;
  if (bare && !composed && !OPEN.some((key) => schema[key])) return {};
  const entries = Object.entries(schema).filter(([key]) => key !== '$schema');
  return { parametersJsonSchema: { ...Object.fromEntries<unknown>(entries), type: 'object' } };
}

function declare(tool: ToolSpec, options: DeclarationOptions): FunctionDeclaration {
  const { name, description } = tool;
  if (typeof name !== 'string' || !NAME.test(name)) throw new Refusal('name', BAD_NAME);
  // A deep copy: nothing of the caller is shared, and what is not JSON fails here and not in setup.
  const copy: unknown = JSON.parse(JSON.stringify(tool.parameters ?? {}));
  if (!isJson(copy)) throw new Refusal('parameters', 'is not a JSON Schema object');
  const behavior = tool.behavior ?? options.behavior;
  return {
    name,
    ...(description ? { description } : {}),
    ...(behavior && behavior !== 'UNSPECIFIED' ? { behavior: behavior as Behavior } : {}),
    ...parametersOf(copy, options.jsonSchema),
  };
}

/** The declarations for setup, and the tools that cannot be declared. Never throws, mutates nothing. */
export function functionDeclarations(
  tools: readonly ToolSpec[],
  options: DeclarationOptions,
): { declarations: FunctionDeclaration[]; skipped: SkippedTool[] } {
  const declarations: FunctionDeclaration[] = [];
  const skipped: SkippedTool[] = [];
  for (const tool of tools) {
    try {
      const declaration = declare(tool, options);
      if (declarations.some((other) => other.name === declaration.name)) {
        throw new Refusal('name', 'is declared twice');
      }
      declarations.push(declaration);
    } catch (error) {
      const path = error instanceof Refusal ? error.path : 'parameters';
      const why = error instanceof Error ? error.message : String(error);
      skipped.push({ name: String(tool?.name), path, why });
    }
  }
  return { declarations, skipped };
}
