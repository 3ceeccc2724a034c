// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { modelsDocument } from '../scripts/models_doc.js';
import type { Backend, Capabilities, Claim, ModelEntry } from '../src/models/capabilities.js';
import { known } from '../src/models/capabilities.js';
import {
  claimsOf,
  modelNames,
  registerModel,
  resolve,
  suggestModel,
} from '../src/models/resolve.js';
import type { LiveAPIModels } from '../src/models/table.js';
import { DEFAULT_MODEL, DEFAULTS, TABLE, VERTEX_DEFAULTS } from '../src/models/table.js';

const BACKENDS: readonly Backend[] = ['gemini', 'vertex'];
const FIELDS = Object.keys(DEFAULTS) as (keyof Capabilities)[];
const says = <T>(value: T) => known(value, 'this test', '2026-11');
const capabilities = (name: string, backend: Backend = 'gemini') =>
  resolve(name, backend).capabilities;
const rowNamed = (name: string) => TABLE.find((entry) => entry.name === name);
const isRetired = (entry: ModelEntry) => capabilities(entry.name).status === 'retired';

describe('the table', () => {
  const everyClaim = [
    ['DEFAULTS', DEFAULTS],
    ['VERTEX_DEFAULTS', VERTEX_DEFAULTS],
    ...TABLE.map((entry) => [entry.name, entry.claims] as const),
    ...TABLE.map((entry) => [`${entry.name} on Vertex AI`, entry.vertex ?? {}] as const),
  ] as const;

  it.each(everyClaim)('%s: every claim has a value, a source and a date', (_, claims) => {
    for (const [field, claim] of Object.entries(claims) as [string, Claim<unknown>][]) {
      expect(FIELDS, field).toContain(field);
      expect(claim.value, field).toBeDefined();
      expect(claim.source.length, field).toBeGreaterThan(3);
      expect(claim.source, field).not.toMatch(/^\/|\.\.\/|[|\n]/);
      expect(claim.date, field).toMatch(/^\d{4}-\d{2}(-\d{2})?$/);
      expect(Number.isNaN(Date.parse(claim.date)), `${field}: ${claim.date}`).toBe(false);
    }
  });

  it('answers every question about every model on every backend', () => {
    for (const name of modelNames()) {
      for (const backend of BACKENDS) {
        const answers = capabilities(name, backend);
        for (const field of FIELDS) expect(answers[field], `${name} ${field}`).toBeDefined();
      }
    }
  });

  it('names each model once, aliases included', () => {
    const names = TABLE.flatMap((entry) => [entry.name, ...(entry.aliases ?? [])]);
    expect(new Set(names).size).toBe(names.length);
  });

  it('bases rows on rows that exist', () => {
    for (const { name, like } of TABLE) if (like) expect(rowNamed(like), name).toBeDefined();
  });

  it('sends the users of a retired model to one that is not', () => {
    const retired = TABLE.filter(isRetired);
    expect(retired.length).toBeGreaterThan(0);
    for (const { name } of retired) {
      const { replacement } = capabilities(name);
      const target = rowNamed(replacement ?? '');
      expect(target, name).toBeDefined();
      expect(target && isRetired(target), name).toBe(false);
    }
  });

  it('says a replacement wherever it says a day of retirement', () => {
    for (const { name } of TABLE) {
      const { retiresOn, replacement } = capabilities(name);
      if (retiresOn) expect(replacement, name).not.toBeNull();
    }
  });

  it('keeps related fields consistent', () => {
    for (const name of modelNames()) {
      for (const backend of BACKENDS) {
        const row = capabilities(name, backend);
        const here = `${name} on ${backend}`;
        if (row.toolBehaviors.length) {
          expect(row.toolBehaviors, here).toContain(row.defaultToolBehavior);
        }
        if (!row.toolBehaviors.includes('NON_BLOCKING'))
          expect(row.toolScheduling, here).toEqual([]);
        const levels = row.thinking === 'level' || row.thinking === 'required';
        expect(row.thinkingLevels.length > 0, here).toBe(levels);
        expect(row.outputModalities.length, here).toBeGreaterThan(0);
        expect(row.turnCoverage.length, here).toBeGreaterThan(0);
        if (row.replyRequest === 'none') expect(row.conversation, here).toBe(false);
      }
    }
  });

  it('lists in LiveAPIModels what can be dialled', () => {
    const union: Record<LiveAPIModels, true> = {
      'gemini-3.8-live': true,
      'gemini-3.8-live-extended-thinking': true,
      'gemini-3.5-live-translate-preview': true,
      'gemini-3.5-transcribe-live': true,
      'gemini-3.1-flash-live-preview': true,
      'gemini-2.5-flash-native-audio-preview-12-2025': true,
      'gemini-2.5-flash-native-audio-preview-09-2025': true,
      'gemini-2.5-flash-native-audio-latest': true,
      'gemini-live-2.5-flash-native-audio': true,
      'gemini-live-2.5-flash-preview-native-audio-09-2025': true,
      'gemini-live-2.5-flash-preview-native-audio': true,
      'gemini-live-2.5-flash': true,
      'gemini-robotics-er-2-streaming-preview': true,
      'gemini-2.0-flash-exp': true,
    };
    const dialable = TABLE.filter((entry) => !isRetired(entry));
    const names = dialable.flatMap(({ name, aliases }) => [name, ...(aliases ?? [])]);
    expect(Object.keys(union).sort()).toEqual([...names, 'gemini-2.0-flash-exp'].sort());
  });
});

describe('the default model', () => {
  it('is the conversational one that everybody can start with and nobody must leave', () => {
    const lasting = TABLE.filter(({ name }) =>
      BACKENDS.every((backend) => {
        const row = capabilities(name, backend);
        const stays = row.status === 'ga' && row.retiresOn === null && row.openToNewUsers;
        return stays && row.conversation && row.backends.includes(backend);
      }),
    );
    const names = lasting.map(({ name }) => name);
    for (const backend of BACKENDS) expect(names).toEqual([DEFAULT_MODEL[backend]]);
    expect(suggestModel('gemini')).toBe(DEFAULT_MODEL.gemini);
    expect(suggestModel('vertex')).toBe(DEFAULT_MODEL.vertex);
  });
});

describe('resolve', () => {
  const base: ModelEntry = {
    name: 'layers-base',
    claims: { videoFps: says(2), contextTokens: says(2), labels: says(false) },
    vertex: { contextTokens: says(3), outputTokens: says(3) },
  };
  const derived: ModelEntry = {
    name: 'layers-derived',
    aliases: ['layers-alias'],
    like: 'layers-base',
    claims: { contextTokens: says(4) },
    vertex: { video: says(false) },
  };
  registerModel(base);
  registerModel(derived);

  it('lays the model over what it is like, and that over the defaults', () => {
    const row = capabilities('layers-derived');
    expect(row.contextTokens).toBe(4);
    expect(row.videoFps).toBe(2);
    expect(row.outputTokens).toBe(DEFAULTS.outputTokens.value);
    expect(row.video).toBe(true);
    expect(row.apiVersion).toBe('v1beta');
  });

  it('lays the overlays for Vertex AI over the claims of the same row, base first', () => {
    const row = capabilities('layers-derived', 'vertex');
    expect(row.contextTokens).toBe(4); // the derived row speaks after the overlay of its base
    expect(row.outputTokens).toBe(3);
    expect(row.video).toBe(false);
    expect(row.labels).toBe(false); // a row speaks after VERTEX_DEFAULTS
    expect(row.explicitVadSignal).toBe(true);
    expect(row.apiVersion).toBe('v1beta1');
    expect(capabilities('layers-base', 'vertex').contextTokens).toBe(3);
  });

  it('lets the override win, field by field', () => {
    const { capabilities: row } = resolve('layers-derived', 'vertex', {
      contextTokens: 5,
      handle: 'none',
    });
    expect(row.contextTokens).toBe(5);
    expect(row.handle).toBe('none');
    expect(row.outputTokens).toBe(3);
  });

  it('takes an undefined override for no override', () => {
    const override = { contextTokens: undefined } as unknown as Partial<Capabilities>;
    expect(resolve('layers-derived', 'gemini', override).capabilities.contextTokens).toBe(4);
  });

  it.each([
    'gemini-3.8-live',
    'models/gemini-3.8-live',
    ' gemini-3.8-live ',
    'publishers/google/models/gemini-3.8-live',
    'projects/p/locations/us/publishers/google/models/gemini-3.8-live',
  ])('knows %s', (name) => {
    const resolved = resolve(name, 'vertex');
    expect(resolved).toMatchObject({ name: 'gemini-3.8-live', known: true });
    expect(resolved.warning).toBeUndefined();
    expect(resolved.capabilities).toEqual(capabilities('gemini-3.8-live', 'vertex'));
  });

  it('keeps an alias as the name to dial', () => {
    const resolved = resolve('models/layers-alias', 'gemini');
    expect(resolved).toMatchObject({ name: 'layers-alias', known: true });
    expect(resolved.capabilities).toEqual(capabilities('layers-derived'));
  });

  it('tells the evidence of each field', () => {
    expect(claimsOf('layers-derived', 'vertex').outputTokens).toEqual(says(3));
    expect(claimsOf('layers-alias', 'gemini').videoFps).toEqual(says(2));
  });
});

describe('an unknown model', () => {
  it.each<[string, Backend, string]>([
    ['gemini-3.8-live-002', 'gemini', 'gemini-3.8-live'],
    ['gemini-3.8-live-002', 'vertex', 'gemini-3.8-live'],
    [
      'models/gemini-3.8-live-extended-thinking-10-2027',
      'gemini',
      'gemini-3.8-live-extended-thinking',
    ],
    ['gemini-3.1-flash-live', 'gemini', 'gemini-3.1-flash-live-preview'],
    [
      'gemini-2.5-flash-native-audio-preview-03-2026',
      'gemini',
      'gemini-2.5-flash-native-audio-preview-12-2025',
    ],
    ['gemini-live-2.5-flash-native-audio-002', 'vertex', 'gemini-live-2.5-flash-native-audio'],
    ['gemini-4.0-live-translate', 'gemini', 'gemini-3.5-live-translate-preview'],
    ['gemini-4.0-transcribe-live', 'vertex', 'gemini-3.5-transcribe-live'],
    ['gemini-4.2-live', 'vertex', 'gemini-3.8-live'],
    ['gemini-4-flash-live-preview', 'gemini', 'gemini-3.8-live'],
    ['acme', 'gemini', 'gemini-3.8-live'],
    ['', 'vertex', 'gemini-3.8-live'],
  ])('%s on %s is treated like %s', (name, backend, family) => {
    const resolved = resolve(name, backend);
    const like = capabilities(family, backend);
    expect(resolved.known).toBe(false);
    expect(resolved.warning).toContain(`"${family}"`);
    expect(resolved.warning).toContain('"capabilities" option');
    for (const field of [
      'seeding',
      'thinking',
      'toolBehaviors',
      'handle',
      'translation',
    ] as const) {
      expect(resolved.capabilities[field], field).toEqual(like[field]);
    }
  });

  it('does not share the fate of the model that it resembles', () => {
    const twin = capabilities('gemini-live-2.5-flash-native-audio', 'vertex');
    const row = capabilities('gemini-live-2.5-flash-native-audio-002', 'vertex');
    expect(twin).toMatchObject({ retiresOn: '2026-12-13', openToNewUsers: false });
    expect(row).toMatchObject({ retiresOn: null, openToNewUsers: true, prices: null });
    expect(row.backends).toEqual(BACKENDS);
  });

  it('is never retired, whatever it is called', () => {
    for (const name of ['gemini-2.0-flash-live-002', 'gemini-2.0-flash-exp-2']) {
      expect(capabilities(name).status, name).not.toBe('retired');
    }
  });

  it('still obeys the override', () => {
    expect(resolve('acme', 'gemini', { seeding: 'none' }).capabilities.seeding).toBe('none');
  });
});

describe('registerModel', () => {
  const chain = (name: string, like?: string): ModelEntry => ({
    name,
    claims: {},
    ...(like !== undefined && { like }),
  });

  it('adds a model that the release does not know', () => {
    registerModel({ name: 'new-model', like: 'gemini-3.8-live', claims: { videoFps: says(4) } });
    const resolved = resolve('new-model', 'gemini');
    expect(resolved.known).toBe(true);
    expect(resolved.capabilities).toMatchObject({
      videoFps: 4,
      defaultToolBehavior: 'NON_BLOCKING',
    });
    expect(modelNames()).toContain('new-model');
  });

  it('replaces an entry', () => {
    registerModel({ name: 'replaced', claims: { videoFps: says(4) } });
    registerModel({ name: 'replaced', claims: { videoFps: says(5) } });
    expect(capabilities('replaced').videoFps).toBe(5);
    expect(modelNames().filter((name) => name === 'replaced')).toHaveLength(1);
  });

  it('refuses a like that names nothing', () => {
    expect(() => registerModel(chain('orphan', 'nobody'))).toThrow(/"orphan" is like "nobody"/);
    expect(modelNames()).not.toContain('orphan');
  });

  it('refuses a circle and keeps what it had', () => {
    registerModel(chain('circle-a'));
    registerModel(chain('circle-b', 'circle-a'));
    expect(() => registerModel(chain('circle-a', 'circle-b'))).toThrow(/circle/);
    expect(() => registerModel(chain('itself', 'itself'))).toThrow(/circle/);
    expect(resolve('circle-b', 'gemini').known).toBe(true);
  });

  it('refuses an alias that means another model', () => {
    const aliases = ['gemini-3.8-live'];
    expect(() => registerModel({ ...chain('thief'), aliases })).toThrow(/already means/);
  });
});

describe('the rest of the project', () => {
  const root = fileURLToPath(new URL('..', import.meta.url));

  it('has docs/models.md as the table would write it (npx tsx scripts/models_doc.ts)', () => {
    expect(readFileSync(`${root}docs/models.md`, 'utf8')).toBe(modelsDocument());
  });

  it('names models in src/models/table.ts only', () => {
    const named =
      /['"`](models\/)?gemini-\d|(?<!plugin-)gemini-live-(?!api)|'3\.1'|includes\(['"](3\.|2\.)/;
    const files = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' });
    const offenders = files
      .filter((file) => file.endsWith('.ts') && file !== 'models/table.ts')
      .filter((file) => named.test(readFileSync(`${root}src/${file}`, 'utf8')));
    expect(offenders).toEqual([]);
  });
});
