// SPDX-License-Identifier: Apache-2.0
import type { Behavior, FunctionDeclaration, Schema } from '@google/genai';
import { type Json, Refusal, flatten, isJson, start, unique } from './json_schema.js';
import { inlined } from './references.js';
import { anyOf, compact, convert, sentences, text, typeName } from './schema_dialect.js';
import { standard } from './schema_standard.js';

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
/** Types of @google/genai 2.32.0, FunctionDeclaration.parameters. */
const PARAMETER = /^[a-zA-Z_]\w{0,63}$/;
const BAD_PARAMETER = 'must be a letter or _, then at most 63 letters, digits or _';
/** A tool this large would take a good part of the context, and of the time before the first word. */
const MOST_CHARACTERS = 65_536;
/** "At most 512 function declarations can be specified" (Gemini CLI #19083). */
const MOST_TOOLS = 512;

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

interface Parameters {
  parameters?: Schema;
  parametersJsonSchema?: Json;
  /** What of the arguments only a sentence can say. */
  note?: string | undefined;
}

function dialect(schema: Json): Parameters {
  const at = start('parameters');
  const root = { allOf: [inlined(schema, at), { type: 'object' }] };
  const found = convert(root, at);
  const whole = found?.anyOf ? sum(found.anyOf) : found;
  if (!whole || typeName(whole) !== 'OBJECT') throw new Refusal(at.path, 'must describe an object');
  // "should be non-empty for OBJECT type": pipecat-flows#110, agno#2112. That is about the root; inside
  // it is accepted (livekit/agents#7302).
  const names = Object.keys(whole.properties ?? {});
  if (names.length === 0) {
    const open = OPEN.some((key) => flatten(root, at)?.[key]);
    return { note: open ? whole.description : undefined };
  }
  const bad = names.find((name) => !PARAMETER.test(name));
  if (bad !== undefined) throw new Refusal(`${at.path}.properties.${bad}`, BAD_PARAMETER);
  return { parameters: compact({ ...whole, nullable: undefined }) };
}

/** The dialect can say what JSON Schema here cannot: a choice at the root, and loops without an exit. */
function parametersOf(schema: Json, jsonSchema: boolean): Parameters {
  if (!jsonSchema) return dialect(schema);
  const found = attempt(() => standard(schema, start('parameters')));
  if (found?.['type'] !== 'object') return dialect(schema);
  const bare = Object.keys(found['properties'] ?? {}).length === 0;
  if (bare && !('anyOf' in found) && !OPEN.some((key) => found[key])) return {};
  return { parametersJsonSchema: found };
}

function attempt<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

function declare(tool: ToolSpec, options: DeclarationOptions): FunctionDeclaration {
  const { name } = tool;
  if (typeof name !== 'string' || !NAME.test(name)) throw new Refusal('name', BAD_NAME);
  // A deep copy: nothing of the caller is shared, and what is not JSON fails here and not in setup.
  const json = JSON.stringify(tool.parameters ?? {}) ?? 'null';
  // Definitions may be left over; a schema beyond this is not even looked at.
  atMost(16 * MOST_CHARACTERS, json);
  const copy: unknown = JSON.parse(json);
  if (!isJson(copy)) throw new Refusal('parameters', 'is not a JSON Schema object');
  const behavior = tool.behavior ?? options.behavior;
  const { note, ...parameters } = parametersOf(copy, options.jsonSchema);
  const description = sentences(text(tool.description), note);
  const declaration = {
    name,
    ...(description ? { description } : {}),
    ...(behavior && behavior !== 'UNSPECIFIED' ? { behavior: behavior as Behavior } : {}),
    ...parameters,
  };
  atMost(MOST_CHARACTERS, JSON.stringify(declaration));
  return declaration;
}

function atMost(most: number, { length }: string): void {
  if (length > most)
    throw new Refusal('parameters', `takes ${length} characters, more than ${most}`);
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
      if (declarations.length === MOST_TOOLS) {
        throw new Refusal('name', `a session takes ${MOST_TOOLS} functions, this is one more`);
      }
      declarations.push(declaration);
    } catch (error) {
      skipped.push(skip(tool, error));
    }
  }
  return { declarations, skipped };
}

function skip(tool: ToolSpec | undefined, error: unknown): SkippedTool {
  const name = typeof tool?.name === 'string' ? tool.name : '(without a name)';
  if (error instanceof Refusal) return { name, path: error.path, why: error.message };
  // Recursion of JSON itself.
  const why = error instanceof RangeError ? 'is nested too deeply' : said(error);
  return { name, path: 'parameters', why };
}

/** What was thrown, whatever it was: it may well throw again when it is asked. */
export function said(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error);
  } catch {
    return 'something that cannot be shown was thrown';
  }
}
