// SPDX-License-Identifier: Apache-2.0
import { Behavior, type FunctionDeclaration } from '@google/genai';
import { llm } from '@livekit/agents';
import * as google from '@livekit/agents-plugin-google';
import { describe, expect, it } from 'vitest';
import { wireTools } from '../src/livekit/tool_context.js';
import type { Backend } from '../src/models/capabilities.js';
import * as ours from '../src/index.js';
import { modelNames, resolve } from '../src/models/resolve.js';
import { RULES, type RuleContext } from '../src/testing/index.js';
import { startCall } from './support/call.js';
import { expectGolden, goldenFiles } from './support/golden.js';
import { NASTY } from './support/schemas.js';

const NEW = 'gemini-3.8-live';
const OLD = 'gemini-2.5-flash-native-audio-preview-12-2025';
const PLACES: [string, Backend][] = [
  [NEW, 'gemini'],
  [OLD, 'gemini'],
  [NEW, 'vertex'],
];

const toolOf = (name: string, parameters: unknown): llm.ToolContextEntry =>
  llm.tool({
    name,
    description: 'Does it.',
    parameters: parameters as Record<string, never>,
    execute: () => Promise.resolve('done'),
  });

function declared(name: string, model: string, backend: Backend) {
  const { capabilities } = resolve(model, backend);
  return wireTools(new llm.ToolContext([toolOf(name, NASTY[name])]), {
    capabilities,
    toolBehavior: Behavior.NON_BLOCKING,
    toolOptions: {},
  });
}

/** What the declaration breaks on the strict server. */
function broken(tools: unknown, model: string, backend: Backend): string | undefined {
  const frame = { setup: { tools: JSON.parse(JSON.stringify(tools)) as unknown } };
  const row = resolve(model, backend).capabilities;
  const context = { backend, row, openCalls: [] } as unknown as RuleContext;
  const rules = RULES.filter(({ name }) =>
    /names that exist|function|schema|paramet|built-in/i.test(name),
  );
  for (const { name, check } of rules) {
    const verdict = check(frame, context);
    if (verdict) return `${name}: ${verdict.reason}`;
  }
  return undefined;
}

const form = ({ tools, warnings }: ReturnType<typeof wireTools>): FunctionDeclaration | string =>
  tools[0]?.functionDeclarations?.[0] ?? warnings.join(' ');

describe('schemas from the field', () => {
  it('are many', () => {
    expect(Object.keys(NASTY).length).toBeGreaterThan(35);
    const files = Object.keys(NASTY).map((name) => `${name}.json`);
    expect(goldenFiles('tools')).toEqual(files.sort());
  });

  it.each(Object.keys(NASTY))('%s', async (name) => {
    const golden = {
      dialect: form(declared(name, OLD, 'gemini')),
      jsonSchema: form(declared(name, NEW, 'gemini')),
    };
    await expectGolden(`tools/${name}.json`, golden);
    for (const [model, backend] of PLACES) {
      const { tools } = declared(name, model, backend);
      expect(broken(tools, model, backend), `${model} on ${backend}`).toBeUndefined();
    }
  });

  it('are all taken at once by the strict server, in either form', async () => {
    const tools = new llm.ToolContext(
      Object.entries(NASTY).map(([name, one]) => toolOf(name, one)),
    );
    for (const model of [NEW, OLD]) {
      const { connection, server } = await startCall({ options: { model }, tools });
      expect(connection.setup.tools).toHaveLength(1);
      server.assertClean();
    }
  });
});

describe.each(
  modelNames().flatMap((model) =>
    (['gemini', 'vertex'] as const)
      .filter((backend) => resolve(model, backend).capabilities.backends.includes(backend))
      .map((backend) => [model, backend] as const),
  ),
)('built-in tools to %s on %s', (model, backend) => {
  const { capabilities: row } = resolve(model, backend);
  const builtIn = [
    new google.GoogleSearch(),
    new ours.GoogleSearch(),
    new ours.URLContext(),
    new google.ToolCodeExecution(),
    new ours.GoogleMaps(),
  ];

  it.each([true, false])('beside a function: %s', (withFunction) => {
    const found = wireTools(
      new llm.ToolContext([...builtIn, ...(withFunction ? [toolOf('f', NASTY['zod4'])] : [])]),
      { capabilities: row, toolBehavior: Behavior.BLOCKING, toolOptions: {} },
    );
    expect(broken(found.tools, model, backend)).toBeUndefined();
    const kinds = found.tools.flatMap((tool) => Object.keys(tool));
    const functions = withFunction && row.functionCalling ? ['functionDeclarations'] : [];
    expect(kinds).toEqual([
      ...functions,
      ...row.providerTools.filter((kind) => kind === 'googleSearch'),
    ]);
    expect(found.warnings[0]).toMatch(/This model has no built-in .*urlContext/);
  });
});
