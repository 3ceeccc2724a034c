// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { RealtimeModel } from '../src/index.js';
import { realtimeMetrics } from '../src/livekit/metrics.js';
import { addUsage, costOf, nothingUsed } from '../src/models/cost.js';
import { facts } from '../src/protocol/facts.js';
import type { WireUsage } from '../src/protocol/frames.js';
import { countTokens } from '../src/protocol/tokens.js';

const wire = (usage: object): WireUsage => usage;
const counted = (usage: object) => countTokens(wire(usage), 'audio');
const detail = (modality: string, tokenCount: number) => ({ modality, tokenCount });

const WHOLE = {
  promptTokenCount: 1_000,
  promptTokensDetails: [
    ...[detail('TEXT', 500), detail('AUDIO', 200), detail('IMAGE', 100), detail('VIDEO', 150)],
    detail('DOCUMENT', 50),
  ],
  responseTokenCount: 60,
  responseTokensDetails: [detail('AUDIO', 50), detail('TEXT', 10)],
  thoughtsTokenCount: 30,
  toolUsePromptTokenCount: 20,
  cachedContentTokenCount: 400,
  cacheTokensDetails: [detail('TEXT', 300), detail('AUDIO', 100)],
  totalTokenCount: 1_110,
};

describe('a usage report is counted', () => {
  it('whole: tools as input, thoughts as output, each modality', () => {
    expect(counted(WHOLE)).toEqual({
      inputTokens: 1_020,
      outputTokens: 90,
      input: { text: 500, audio: 200, image: 100, video: 150, document: 50 },
      output: { text: 10, audio: 50, image: 0, video: 0, document: 0 },
      cached: { text: 300, audio: 100, image: 0, video: 0, document: 0 },
      thoughts: 30,
      toolPrompt: 20,
    });
  });

  it('in the words of Vertex AI as well', () => {
    const { responseTokenCount, responseTokensDetails, ...rest } = WHOLE;
    const vertex = {
      ...rest,
      candidatesTokenCount: responseTokenCount,
      candidatesTokensDetails: responseTokensDetails,
    };
    expect(counted(vertex)).toEqual(counted(WHOLE));
  });

  it.each([
    ['no details', { promptTokenCount: 7, responseTokenCount: 5 }, { text: 7 }, { audio: 5 }],
    ['details that are not all', { ...WHOLE, promptTokenCount: 1_033 }, { text: 533 }, {}],
    [
      'a modality that is new',
      { promptTokenCount: 9, promptTokensDetails: [detail('SMELL', 9)] },
      { text: 9 },
      {},
    ],
    ['details alone', { promptTokensDetails: [detail('AUDIO', 8)] }, { audio: 8 }, {}],
    ['a total alone', { totalTokenCount: 12 }, { text: 12 }, { audio: 0 }],
    ['a total and a prompt', { totalTokenCount: 12, promptTokenCount: 10 }, {}, { audio: 2 }],
    ['numbers as text', { promptTokenCount: '7' }, { text: 7 }, {}],
    ['a detail without a count', { responseTokensDetails: [{ modality: 'AUDIO' }] }, {}, {}],
    [
      'nonsense',
      { promptTokenCount: -4, responseTokenCount: NaN, promptTokensDetails: { a: [null] } },
      { text: 0 },
      { audio: 0 },
    ],
    ['nonsense in a list', { promptTokensDetails: [null, 'x', 3] }, { text: 0 }, {}],
  ])('with %s', (_name, usage, input, output) => {
    expect(counted(usage)).toMatchObject({ input, output });
  });

  it('without a modality as what the session answers with', () => {
    expect(countTokens({ responseTokenCount: 5 }, 'text').output).toMatchObject({ text: 5 });
  });

  const tokens = fc.nat(10_000);
  it('so that input and output make up the total, whatever of the parts is told', () => {
    const parts = fc.record({ prompt: tokens, answer: tokens, thoughts: tokens, tool: tokens });
    fc.assert(
      fc.property(parts, fc.boolean(), fc.boolean(), (part, tellsPrompt, tellsAnswer) => {
        const total = part.prompt + part.answer + part.thoughts + part.tool;
        const { inputTokens, outputTokens } = counted({
          ...(tellsPrompt && { promptTokenCount: part.prompt }),
          ...(tellsAnswer && { responseTokenCount: part.answer }),
          thoughtsTokenCount: part.thoughts,
          toolUsePromptTokenCount: part.tool,
          totalTokenCount: total,
        });
        expect(inputTokens + outputTokens).toBe(total);
      }),
    );
  });
});

const PRICES = { textIn: 1, audioIn: 10, videoIn: 100, textOut: 1_000, audioOut: 10_000 };

describe('the cost', () => {
  it('is by modality: images as video, documents, tools and thoughts as text', () => {
    const free = { ...WHOLE, cachedContentTokenCount: 0, cacheTokensDetails: [] };
    const expected = 550 + 20 + 200 * 10 + 250 * 100 + (10 + 30) * 1_000 + 50 * 10_000;
    expect(costOf(counted(free), PRICES)).toBeCloseTo(expected / 1e6, 9);
    expect(costOf(counted(WHOLE), PRICES)).toBeCloseTo(expected / 1e6, 9);
  });

  it('of cached tokens is less where the row says so, and never below nothing', () => {
    const prices = { ...PRICES, cachedIn: 0.5 };
    const saved = 300 * 0.5 + 100 * 9.5;
    const full = costOf(counted(WHOLE), PRICES)!;
    expect(costOf(counted(WHOLE), prices)).toBeCloseTo(full - saved / 1e6, 9);
    expect(costOf(counted({ promptTokenCount: 5, cachedContentTokenCount: 50 }), prices)).toBe(
      2.5e-6,
    );
  });

  it('is unknown without prices, and so is that of the session', () => {
    expect(costOf(counted(WHOLE), null)).toBeNull();
    const sum = addUsage(nothingUsed(null), counted(WHOLE), null, true);
    expect(sum).toMatchObject({ turns: 1, inputTokens: 1_020, costUsd: null });
  });

  it('of a session is that of its reports', () => {
    const count = counted(WHOLE);
    const cost = costOf(count, PRICES)!;
    const once = addUsage(nothingUsed(PRICES), count, cost, true);
    const twice = addUsage(once, count, cost, false);
    expect(once).toMatchObject({ turns: 1, ...count, costUsd: cost });
    expect(twice.costUsd).toBeCloseTo(2 * cost, 12);
    expect(twice).toMatchObject({ turns: 1, outputTokens: 180, thoughts: 60, toolPrompt: 40 });
    expect(twice.input).toEqual({ text: 1_000, audio: 400, image: 200, video: 300, document: 100 });
  });

  it.each([{ audioOut: -1 }, { textIn: NaN }, { cachedIn: '1' }, { videoIn: undefined }])(
    'is not reckoned with %j',
    (wrong) => {
      const prices = { ...PRICES, ...wrong } as typeof PRICES;
      expect(() => new RealtimeModel({ apiKey: 'k', capabilities: { prices } })).toThrow(/prices/);
    },
  );
});

describe("LiveKit's metrics", () => {
  const labels = { label: 'l', provider: 'Gemini', model: 'm' };
  const answer = {
    ...{ id: 'g1', startedAt: 1_500, askedAt: 1_000, firstAudioAt: 1_600, endedAt: 3_000 },
    interrupted: false,
  };

  it('know three modalities, and count all tokens in them', () => {
    const told = realtimeMetrics(counted(WHOLE), answer, 9_000, labels, undefined);
    expect(told).toMatchObject({
      inputTokens: 1_020,
      outputTokens: 90,
      totalTokens: 1_110,
      inputTokenDetails: {
        ...{ textTokens: 570, audioTokens: 200, imageTokens: 250, cachedTokens: 400 },
        cachedTokensDetails: { textTokens: 300, audioTokens: 100, imageTokens: 0 },
      },
      outputTokenDetails: { textTokens: 40, audioTokens: 50, imageTokens: 0 },
    });
  });

  it('date the response so that timestamp and ttft are the first audio, and with duration its end', () => {
    const told = realtimeMetrics(counted(WHOLE), answer, 9_000, labels, undefined);
    expect(told.timestamp + told.ttftMs).toBe(answer.firstAudioAt);
    expect(told.timestamp + told.durationMs).toBe(answer.endedAt);
    expect(told).toMatchObject({ requestId: 'g1', tokensPerSecond: 45, cancelled: false });
  });

  it('say -1 where there was no audio or no question, and nothing infinite', () => {
    const silent = { ...answer, firstAudioAt: undefined };
    const unasked = { ...answer, askedAt: undefined, endedAt: answer.startedAt };
    for (const generation of [silent, unasked, undefined]) {
      const told = realtimeMetrics(counted(WHOLE), generation, 9_000, labels, undefined);
      expect(told.ttftMs).toBe(-1);
      expect(Number.isFinite(told.tokensPerSecond)).toBe(true);
      expect(told.durationMs).toBeGreaterThanOrEqual(0);
    }
  });
});

// Frames of the live service, recorded by others. They lie beside the repository, not in it.
const FOLDER = fileURLToPath(new URL('../../shared/recordings', import.meta.url));

describe.skipIf(!existsSync(FOLDER))('usage as the live service reports it', () => {
  const reports = existsSync(FOLDER)
    ? readdirSync(FOLDER)
        .filter((name) => name.endsWith('.jsonl'))
        .flatMap((name) => readFileSync(`${FOLDER}/${name}`, 'utf8').trim().split('\n'))
        .map((line) => JSON.parse(line))
        .filter(({ dir }) => dir === 'in')
        .flatMap(({ frame }) => facts(frame))
        .flatMap((fact) => (fact.type === 'usage' ? [fact.usage] : []))
    : [];

  it.each(reports)('%j', (usage) => {
    const { inputTokens, outputTokens, input, output, thoughts } = counted(usage);
    expect(inputTokens).toBe(usage.promptTokenCount);
    // The recorded totals leave thoughts out.
    expect(inputTokens + outputTokens).toBe(usage.totalTokenCount! + thoughts);
    const sum = (kinds: object): number =>
      Object.values(kinds).reduce((total: number, one: number) => total + one, 0);
    expect(sum(input)).toBe(inputTokens);
    expect(sum(output) + thoughts).toBe(outputTokens);
  });
});
