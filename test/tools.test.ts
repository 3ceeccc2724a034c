// SPDX-License-Identifier: Apache-2.0
import { Behavior, type Tool } from '@google/genai';
import { llm, Plugin } from '@livekit/agents';
import * as google from '@livekit/agents-plugin-google';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import * as ours from '../src/index.js';
import { wireTools } from '../src/livekit/tool_context.js';
import type { Capabilities } from '../src/models/capabilities.js';
import { resolve } from '../src/models/resolve.js';
import { DEFAULT_MODEL } from '../src/models/table.js';
import { VERSION } from '../src/version.js';

type Package = Pick<
  typeof ours,
  | 'GoogleSearch'
  | 'GoogleMaps'
  | 'URLContext'
  | 'FileSearch'
  | 'ToolCodeExecution'
  | 'VertexRAGRetrieval'
>;
type Make = (from: Package) => llm.ProviderTool & { toToolConfig(): Tool };

const stores = { fileSearchStoreNames: ['fileSearchStores/a'], topK: 4 };
const corpora = ['projects/p/locations/l/ragCorpora/1', 'projects/p/locations/l/ragCorpora/2'];

/** Every built-in tool, with every shape of its options, and what goes on the wire. */
const BUILT_IN: [string, Make, Tool][] = [
  ['GoogleSearch', (from) => new from.GoogleSearch(), { googleSearch: {} }],
  [
    'GoogleSearch with options',
    (from) => new from.GoogleSearch({ excludeDomains: ['x.example'] }),
    { googleSearch: { excludeDomains: ['x.example'] } },
  ],
  ['GoogleMaps', (from) => new from.GoogleMaps(), { googleMaps: {} }],
  [
    'GoogleMaps with options',
    (from) => new from.GoogleMaps({ enableWidget: true }),
    { googleMaps: { enableWidget: true } },
  ],
  ['URLContext', (from) => new from.URLContext(), { urlContext: {} }],
  ['FileSearch', (from) => new from.FileSearch(stores), { fileSearch: stores }],
  ['ToolCodeExecution', (from) => new from.ToolCodeExecution(), { codeExecution: {} }],
  [
    'VertexRAGRetrieval',
    (from) => new from.VertexRAGRetrieval({ ragResources: corpora }),
    {
      retrieval: {
        vertexRagStore: {
          ragResources: corpora.map((ragCorpus) => ({ ragCorpus })),
          similarityTopK: 3,
        },
      },
    },
  ],
  [
    'VertexRAGRetrieval with options',
    (from) =>
      new from.VertexRAGRetrieval({
        ragResources: [],
        similarityTopK: 9,
        vectorDistanceThreshold: 0,
      }),
    {
      retrieval: {
        vertexRagStore: { ragResources: [], similarityTopK: 9, vectorDistanceThreshold: 0 },
      },
    },
  ],
];
const wire = (value: unknown): string => JSON.stringify(value);

describe('built-in tools', () => {
  it.each(BUILT_IN)('%s is what the official class is', (_, make, expected) => {
    const mine = make(ours);
    const theirs = make(google);
    expect(wire(mine.toToolConfig())).toBe(wire(expected));
    expect(wire(mine.toToolConfig())).toBe(wire(theirs.toToolConfig()));
    expect(mine.id).toBe(theirs.id);
    expect(mine.type).toBe(theirs.type);
    expect(mine).toBeInstanceOf(ours.GeminiTool);
    expect(llm.isProviderTool(mine)).toBe(true);
    expect(wire(mine)).toBe(wire(theirs));
  });

  it('are as many as there', () => {
    const classes = Object.entries(google)
      .filter(([, value]) => isTool(value))
      .map(([name]) => name);
    expect(classes).toHaveLength(7);
    for (const name of classes) expect(ours).toHaveProperty(name);
  });
});

function isTool(value: unknown): boolean {
  return typeof value === 'function' && value.prototype instanceof llm.ProviderTool;
}

const row = (override: Partial<Capabilities> = {}): Capabilities =>
  resolve(DEFAULT_MODEL.gemini, 'gemini', override).capabilities;
const EVERYTHING = row({
  providerTools: [
    'googleSearch',
    'googleMaps',
    'urlContext',
    'fileSearch',
    'codeExecution',
    'retrieval',
  ],
});

const lookup = (name: string) =>
  llm.tool({
    name,
    description: `The tool ${name}.`,
    parameters: z.object({ what: z.string() }),
    execute: () => Promise.resolve('42'),
  });
const wired = (
  tools: readonly llm.ToolContextEntry[],
  capabilities = EVERYTHING,
  geminiTools?: ours.LLMTools,
) =>
  wireTools(new llm.ToolContext(tools), {
    capabilities,
    toolBehavior: Behavior.BLOCKING,
    toolOptions: {},
    ...(geminiTools && { geminiTools }),
  });
const named = (tools: readonly Tool[]): (string | undefined)[] =>
  tools.flatMap(({ functionDeclarations }) => (functionDeclarations ?? []).map(({ name }) => name));

describe('tools on the wire', () => {
  it('take classes of either package, beside functions and geminiTools', () => {
    const mixed = [new google.URLContext(), lookup('b'), new ours.GoogleMaps(), lookup('a')];
    const { tools, warnings } = wired(mixed, EVERYTHING, { googleSearch: {} });
    expect(warnings).toEqual([]);
    // Functions by name, so that the same tools are the same setup.
    expect(named(tools)).toEqual(['a', 'b']);
    expect(tools.slice(1)).toEqual([{ googleSearch: {} }, { urlContext: {} }, { googleMaps: {} }]);
  });

  it.each(BUILT_IN)('%s of either package is the same', (_, make) => {
    expect(wired([make(ours)])).toEqual(wired([make(google)]));
    expect(wired([make(ours)]).tools).toHaveLength(1);
  });

  it('leave out what the model has not, and say so', () => {
    const found = wired([new ours.GoogleSearch(), new ours.GoogleMaps(), lookup('a')], row());
    expect(found.tools.slice(1)).toEqual([{ googleSearch: {} }]);
    expect(named(found.tools)).toEqual(['a']);
    expect(found.warnings).toEqual([expect.stringContaining('no built-in googleMaps')]);
  });

  it('leave built-in tools out beside functions where they do not mix', () => {
    const apart = row({ mixedTools: false });
    const found = wired([new google.GoogleSearch(), lookup('a')], apart);
    expect(found.tools).toHaveLength(1);
    expect(named(found.tools)).toEqual(['a']);
    expect(found.warnings).toEqual([expect.stringContaining('only without functions')]);
    expect(wired([new google.GoogleSearch()], apart)).toEqual({
      tools: [{ googleSearch: {} }],
      warnings: [],
    });
  });

  it('leave functions out where the model calls none', () => {
    const found = wired([lookup('a'), new ours.GoogleSearch()], row({ functionCalling: false }));
    expect(found.tools).toEqual([{ googleSearch: {} }]);
    expect(found.warnings).toEqual([expect.stringContaining('calls no functions')]);
  });

  it('name a provider tool of another service', () => {
    class Foreign extends llm.ProviderTool {}
    const found = wired([new Foreign({ id: 'other_search' }), lookup('a')]);
    expect(named(found.tools)).toEqual(['a']);
    expect(found.tools).toHaveLength(1);
    expect(found.warnings).toEqual([expect.stringContaining("'other_search' is left out")]);
  });

  it('name a function that cannot be declared, and keep the others', () => {
    const found = wired([lookup('has a space'), lookup('a')]);
    expect(named(found.tools)).toEqual(['a']);
    expect(found.warnings).toEqual([expect.stringContaining("'has a space' is left out")]);
  });

  it('survive whatever an app puts there, each bad tool with one warning', () => {
    const bad = (more: object) => Object.assign(lookup('bad'), more);
    const throws = (name: string) =>
      Object.defineProperty(lookup('bad'), name, {
        get: () => {
          throw Object.create(null) as Error;
        },
      });
    const ring: Record<string, unknown> = { type: 'object' };
    ring['properties'] = { ring };
    class Broken extends ours.GeminiTool {
      toToolConfig(): Tool {
        throw new Error('no store');
      }
    }
    class Ring extends Broken {
      override toToolConfig = () => ring as Tool;
    }
    for (const one of [
      throws('parameters'),
      throws('description'),
      bad({ parameters: { type: 'object', default: 1n } }),
      bad({ parameters: ring }),
      bad({ parameters: () => {} }),
      bad({ parameters: { toJSON: () => 'text' } }),
      bad({ parameters: z.object({ big: z.bigint() }) }),
      new Broken({ id: 'broken' }),
      new Ring({ id: 'ring' }),
    ]) {
      const found = wired([one, lookup('a')]);
      expect(named(found.tools)).toEqual(['a']);
      expect(found.warnings).toEqual([expect.stringMatching(/'(bad|broken|ring)' is left out/)]);
    }
  });

  it('merge built-in tools of one kind; the options of the agent win', () => {
    const search = new ours.GoogleSearch({ excludeDomains: ['mine'] });
    const { tools } = wired([search, new google.GoogleSearch()], EVERYTHING, {
      googleSearch: { excludeDomains: ['all'], timeRangeFilter: {} },
      urlContext: {},
    });
    expect(tools).toEqual([
      { googleSearch: { excludeDomains: ['mine'], timeRangeFilter: {} } },
      { urlContext: {} },
    ]);
  });

  it.each([
    [['NON_BLOCKING', 'BLOCKING'] as const, 'BLOCKING'],
    [[], undefined],
  ])('carry a behavior only where the model has it (%j): %s', (toolBehaviors, expected) => {
    const { tools } = wired([lookup('a')], row({ toolBehaviors }));
    expect(tools[0]?.functionDeclarations?.[0]?.behavior).toBe(expected);
  });

  it('are none without tools', () => {
    expect(wired([])).toEqual({ tools: [], warnings: [] });
  });
});

describe('the package', () => {
  it('registers itself once, beside the official one', () => {
    const name = 'livekit-agents-plugin-gemini-live';
    const found = Plugin.registeredPlugins.filter((plugin) => plugin.package === name);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ title: 'gemini_live', version: VERSION });
    const packages = Plugin.registeredPlugins.map((plugin) => plugin.package);
    expect(packages).toContain('@livekit/agents-plugin-google');
  });

  it('exports these names and no others', () => {
    expect(Object.keys(ours).sort()).toEqual([
      'Behavior',
      'DEFAULT_IMAGE_ENCODE_OPTIONS',
      'FileSearch',
      'FunctionResponseScheduling',
      'GeminiLiveError',
      'GeminiTool',
      'GoogleMaps',
      'GoogleSearch',
      'RealtimeModel',
      'RealtimeSession',
      'ToolCodeExecution',
      'URLContext',
      'VertexRAGRetrieval',
      'beta',
      'createEphemeralToken',
      'known',
      'modelNames',
      'realtime',
      'registerModel',
      'resolve',
      'sayVerbatim',
      'shareVideo',
      'unverified',
    ]);
  });

  it('has the namespaces of the official one, with all that is in them', () => {
    expect(ours.beta.realtime).toBe(ours.realtime);
    expect(google.beta.realtime).toBe(google.realtime);
    expect(ours.realtime.RealtimeModel).toBe(ours.RealtimeModel);
    expect(Object.keys(ours.realtime)).toEqual(
      expect.arrayContaining(Object.keys(google.realtime)),
    );
    expect(ours.realtime.Behavior).toEqual(google.realtime.Behavior);
    expect(ours.realtime.FunctionResponseScheduling).toEqual(
      google.realtime.FunctionResponseScheduling,
    );
  });

  it('answers to the official label, and names its provider', () => {
    const options = { apiKey: 'a-key' };
    const [mine, theirs] = [ours, google].map(
      ({ realtime }) => new realtime.RealtimeModel(options),
    );
    expect(mine?.label()).toBe(theirs?.label());
    expect(mine?.provider).toBe('Gemini');
    const vertex = new ours.RealtimeModel({ vertexai: true, project: 'p' });
    expect(vertex.provider).toBe('Vertex AI');
  });
});
