// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Fact, facts } from '../src/protocol/facts.js';
import type { ServerContent, ServerFrame } from '../src/protocol/frames.js';
import { parseServerFrame } from '../src/protocol/parse.js';

/** What can be read of a frame as the wire brings it. */
const wire = (frame: unknown): ServerFrame =>
  parseServerFrame(JSON.stringify(frame)).frame as ServerFrame;
const content = (serverContent: Record<string, unknown>) => facts(wire({ serverContent }));
const parts = (...list: unknown[]) => content({ modelTurn: { role: 'model', parts: list } });
const audioOf = (mimeType?: unknown) => parts({ inlineData: { mimeType, data: 'AAAA' } });

describe('each member of serverContent', () => {
  const cases: readonly [name: string, content: Record<string, unknown>, facts: Fact[]][] = [
    ['interrupted', { interrupted: true }, [{ type: 'interrupted' }]],
    [
      'inputTranscription',
      { inputTranscription: { text: ' Hi', languageCode: 'de-DE', finished: true } },
      [
        {
          type: 'userSaid',
          text: ' Hi',
          interim: false,
          finished: true,
          detail: { language: 'de-DE' },
        },
      ],
    ],
    [
      'interimInputTranscription',
      { interimInputTranscription: { text: 'He' } },
      [{ type: 'userSaid', text: 'He', interim: true, detail: undefined }],
    ],
    [
      'modelTurn: text',
      { modelTurn: { parts: [{ text: 'Hello' }] } },
      [{ type: 'text', text: 'Hello' }],
    ],
    [
      'modelTurn: thought',
      { modelTurn: { parts: [{ text: 'Hm', thought: true }] } },
      [{ type: 'thought', text: 'Hm' }],
    ],
    [
      'outputTranscription',
      { outputTranscription: { text: ' there.' } },
      [{ type: 'modelSaid', text: ' there.' }],
    ],
    [
      'groundingMetadata',
      { groundingMetadata: { webSearchQueries: ['weather'] } },
      [
        {
          type: 'citations',
          grounding: { webSearchQueries: ['weather'] },
          urlContext: undefined,
        },
      ],
    ],
    [
      'urlContextMetadata',
      { urlContextMetadata: { urlMetadata: [] } },
      [{ type: 'citations', grounding: undefined, urlContext: { urlMetadata: [] } }],
    ],
    ['generationComplete', { generationComplete: true }, [{ type: 'generationComplete' }]],
    [
      'turnComplete',
      { turnComplete: true },
      [{ type: 'boundary', reason: undefined, inProgress: false }],
    ],
    [
      'turnComplete with its reason and status',
      {
        turnComplete: true,
        turnCompleteReason: 'RESPONSE_REJECTED',
        interactionStatus: 'IN_PROGRESS',
      },
      [{ type: 'boundary', reason: 'RESPONSE_REJECTED', inProgress: true }],
    ],
    [
      'interactionStatus IDLE',
      { turnComplete: true, interactionStatus: 'IDLE' },
      [{ type: 'boundary', reason: undefined, inProgress: false }],
    ],
    ['waitingForInput', { waitingForInput: true }, [{ type: 'waitingForInput' }]],
    ['speechState', { speechState: 'SPEECH' }, [{ type: 'voiceActivity', speaking: true }]],
    ['speechState', { speechState: 'NON_SPEECH' }, [{ type: 'voiceActivity', speaking: false }]],
  ];

  it.each(cases)('%s', (_name, serverContent, expected) => {
    expect(content(serverContent)).toEqual(expected);
  });

  it('says nothing where a flag is false', () => {
    const flags = ['interrupted', 'generationComplete', 'turnComplete', 'waitingForInput'];
    for (const flag of flags) expect(content({ [flag]: false }), flag).toEqual([]);
  });
});

describe('each member of a frame', () => {
  it('toolCall: every call, with the id and the arguments', () => {
    const functionCalls = [
      { id: 'a', name: 'look_up', args: { city: 'Bern' } },
      { id: 'b', name: 'hang_up' },
    ];
    expect(facts(wire({ toolCall: { functionCalls } }))).toEqual([
      {
        type: 'calls',
        calls: [
          { id: 'a', name: 'look_up', args: { city: 'Bern' } },
          { id: 'b', name: 'hang_up', args: {} },
        ],
      },
    ]);
  });

  it('toolCall: an absent or empty id is no id', () => {
    const functionCalls = [{ name: 'f' }, { name: 'g', id: '' }];
    const [fact] = facts(wire({ toolCall: { functionCalls } }));
    expect(fact).toEqual({
      type: 'calls',
      calls: [
        { id: undefined, name: 'f', args: {} },
        { id: undefined, name: 'g', args: {} },
      ],
    });
  });

  it('toolCall: a call that names no function does not take the others with it', () => {
    const functionCalls = [
      { id: 'a', args: {} },
      { id: 'b', name: 'f' },
    ];
    expect(facts(wire({ toolCall: { functionCalls } }))).toEqual([
      { type: 'calls', calls: [{ id: 'b', name: 'f', args: {} }] },
    ]);
  });

  it('toolCallCancellation', () => {
    expect(facts({ toolCallCancellation: { ids: ['a', 'b'] } })).toEqual([
      { type: 'callsCancelled', ids: ['a', 'b'] },
    ]);
  });

  it('usageMetadata, as it came', () => {
    const usage = { promptTokenCount: 7, candidatesTokenCount: 3 };
    expect(facts({ usageMetadata: usage })).toEqual([{ type: 'usage', usage }]);
  });

  it.each([
    [{ type: 'ACTIVITY_START' }, true],
    [{ voiceActivityType: 'ACTIVITY_START' }, true],
    [{ type: 'ACTIVITY_END', audioOffset: '1.5s' }, false],
    [{ voiceActivityType: 'ACTIVITY_END' }, false],
  ])('voiceActivity %j', (voiceActivity, speaking) => {
    expect(facts({ voiceActivity })).toEqual([{ type: 'voiceActivity', speaking }]);
  });

  it.each([
    ['VAD_SIGNAL_TYPE_SOS', true],
    ['VAD_SIGNAL_TYPE_EOS', false],
  ])('voiceActivityDetectionSignal %s', (vadSignalType, speaking) => {
    const frame = { voiceActivityDetectionSignal: { vadSignalType } };
    expect(facts(frame)).toEqual([{ type: 'voiceActivity', speaking }]);
  });

  it('leaves setupComplete, goAway and resumption updates to the connection', () => {
    expect(facts({ setupComplete: { sessionId: 's' } })).toEqual([]);
    expect(facts({ goAway: { timeLeft: '50s' } })).toEqual([]);
    expect(facts({ sessionResumptionUpdate: { newHandle: 'h', resumable: true } })).toEqual([]);
  });
});

describe('parts', () => {
  it.each([
    ['audio/pcm;rate=24000', 24000],
    ['audio/pcm;rate=16000', 16000],
    ['audio/pcm; rate=48000', 48000],
    ['audio/pcm', 24000],
    ['audio/pcm;rate=0', 24000],
    ['audio/pcm;rate=fast', 24000],
    ['', 24000],
    [undefined, 24000],
    // A member that String() cannot turn into text.
    [{ toString: 1, valueOf: 1 }, 24000],
  ])('the rate of %j is %d', (mimeType, rate) => {
    expect(audioOf(mimeType)).toEqual([{ type: 'audio', data: 'AAAA', rate }]);
  });

  it('media that is no audio is kept as unknown', () => {
    const part = { inlineData: { mimeType: 'video/mp4', data: 'AAAA' } };
    expect(parts(part)).toEqual([{ type: 'unknown', member: 'part video/mp4', value: part }]);
  });

  it('code and its result', () => {
    const code = { executableCode: { code: '1+1', language: 'PYTHON' } };
    const result = { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '2' } };
    expect(parts(code, result)).toEqual([
      { type: 'code', part: code },
      { type: 'code', part: result },
    ]);
  });

  it('are told one by one, in the order in which they came', () => {
    const audio = { inlineData: { mimeType: 'audio/pcm;rate=24000', data: 'BBBB' } };
    const found = parts({ text: 'Hm', thought: true }, audio, { text: 'Hi' }, audio);
    expect(found.map(({ type }) => type)).toEqual(['thought', 'audio', 'text', 'audio']);
  });

  it('of an unknown kind are kept', () => {
    const part = { functionCall: { name: 'f' } };
    expect(parts(part)).toEqual([{ type: 'unknown', member: 'part', value: part }]);
  });
});

describe('nothing', () => {
  it.each([
    {},
    { serverContent: {} },
    { serverContent: { outputTranscription: {} } },
    { serverContent: { outputTranscription: { finished: true } } },
    { serverContent: { outputTranscription: { text: '' } } },
    { serverContent: { inputTranscription: {} } },
    { serverContent: { inputTranscription: { text: '' } } },
    { serverContent: { interimInputTranscription: {} } },
    { serverContent: { modelTurn: {} } },
    { serverContent: { modelTurn: { parts: [] } } },
    { serverContent: { modelTurn: { parts: [{}, { text: '' }, { text: '', thought: true }] } } },
    { serverContent: { groundingMetadata: {} } },
    { toolCall: {} },
    { toolCall: { functionCalls: [] } },
    { toolCallCancellation: {} },
    { toolCallCancellation: { ids: [] } },
    { voiceActivity: {} },
    { serverContent: null, toolCall: null, usageMetadata: null },
    { serverContent: { modelTurn: null, turnComplete: null } },
  ])('is said by %j', (frame) => {
    expect(facts(wire(frame))).toEqual([]);
  });
});

describe('what is not understood', () => {
  it('is kept: unknown members of the frame and of serverContent', () => {
    const frame = { weather: { sunny: true }, serverContent: { mood: 'good', turnComplete: true } };
    expect(facts(wire(frame))).toEqual([
      { type: 'boundary', reason: undefined, inProgress: false },
      { type: 'unknown', member: 'weather', value: { sunny: true } },
      { type: 'unknown', member: 'serverContent.mood', value: 'good' },
    ]);
  });

  it('is kept: names that every object inherits', () => {
    const text = '{"toString":1,"__proto__":{"goAway":{}},"serverContent":{"constructor":2}}';
    expect(facts(parseServerFrame(text).frame as ServerFrame)).toEqual([
      { type: 'unknown', member: 'toString', value: 1 },
      { type: 'unknown', member: '__proto__', value: { goAway: {} } },
      { type: 'unknown', member: 'serverContent.constructor', value: 2 },
    ]);
  });
});

const TEXT = fc.string({ minLength: 1, maxLength: 8 });
const TRANSCRIPT = fc.record({ text: TEXT });
const PART = fc.oneof(
  fc.record({ text: TEXT }),
  fc.record({ text: TEXT, thought: fc.constant(true) }),
  fc.record({
    inlineData: fc.record({
      mimeType: fc.constantFrom('audio/pcm', 'audio/pcm;rate=24000', 'audio/pcm;rate=16000'),
      data: fc.base64String({ minLength: 4, maxLength: 8 }),
    }),
  }),
  fc.record({ executableCode: fc.record({ code: TEXT }) }),
  fc.record({ newKindOfPart: TEXT }),
);

/** Members of a frame that mean one thing, in the documented order. `serverContent` members have a dot. */
const MEMBERS = {
  '.interrupted': fc.constant({ interrupted: true }),
  '.inputTranscription': fc.record({ inputTranscription: TRANSCRIPT }),
  '.interimInputTranscription': fc.record({ interimInputTranscription: TRANSCRIPT }),
  '.modelTurn': fc.record({
    modelTurn: fc.record({ parts: fc.array(PART, { minLength: 1, maxLength: 4 }) }),
  }),
  '.outputTranscription': fc.record({ outputTranscription: TRANSCRIPT }),
  // Two members, one fact.
  '.citations': fc.record(
    {
      groundingMetadata: fc.record({ query: TEXT }),
      urlContextMetadata: fc.record({ url: TEXT }),
    },
    { requiredKeys: ['groundingMetadata'] },
  ),
  toolCall: fc.record({
    toolCall: fc.record({
      functionCalls: fc.array(fc.record({ id: TEXT, name: TEXT }), { minLength: 1, maxLength: 3 }),
    }),
  }),
  toolCallCancellation: fc.record({
    toolCallCancellation: fc.record({ ids: fc.array(TEXT, { minLength: 1, maxLength: 3 }) }),
  }),
  '.generationComplete': fc.constant({ generationComplete: true }),
  usageMetadata: fc.record({ usageMetadata: fc.record({ totalTokenCount: fc.nat() }) }),
  // Three members, one fact.
  '.boundary': fc.record(
    {
      turnComplete: fc.constant(true),
      turnCompleteReason: TEXT,
      interactionStatus: fc.constantFrom('IDLE', 'IN_PROGRESS'),
    },
    { requiredKeys: ['turnComplete'] },
  ),
  '.waitingForInput': fc.constant({ waitingForInput: true }),
  voiceActivity: fc.record({
    voiceActivity: fc.record({ type: fc.constantFrom('ACTIVITY_START', 'ACTIVITY_END') }),
  }),
  voiceActivityDetectionSignal: fc.record({
    voiceActivityDetectionSignal: fc.record({
      vadSignalType: fc.constantFrom('VAD_SIGNAL_TYPE_SOS', 'VAD_SIGNAL_TYPE_EOS'),
    }),
  }),
  '.speechState': fc.record({ speechState: fc.constantFrom('SPEECH', 'NON_SPEECH') }),
  unknown: fc.record({ somethingNew: fc.jsonValue() }),
  '.unknown': fc.record({ somethingNew: fc.jsonValue() }),
} satisfies Record<string, fc.Arbitrary<object>>;

type Member = keyof typeof MEMBERS;
const ORDER = Object.keys(MEMBERS) as Member[];
const SOME = fc.record(MEMBERS, { requiredKeys: [] });
type Some = { readonly [K in Member]?: object };

const frameOf = (member: Member, value: object): ServerFrame =>
  wire(member.startsWith('.') ? { serverContent: value } : value);

/** One frame with everything; its members stand in the order of `names`. */
function bundle(some: Some, names: readonly Member[]): ServerFrame {
  const frame: ServerFrame = {};
  const inside: ServerContent = {};
  for (const name of names) {
    Object.assign(name.startsWith('.') ? inside : frame, some[name] ?? {});
    if (name.startsWith('.') && some[name]) frame.serverContent = inside;
  }
  return wire(frame);
}

describe('a bundled frame', () => {
  it('tells its facts in the documented order', () => {
    const audio = { inlineData: { mimeType: 'audio/pcm;rate=24000', data: 'AAAA' } };
    const frame = wire({
      newer: 1,
      voiceActivity: { type: 'ACTIVITY_END' },
      usageMetadata: { totalTokenCount: 5 },
      toolCallCancellation: { ids: ['a'] },
      toolCall: { functionCalls: [{ id: 'b', name: 'f' }] },
      serverContent: {
        newest: 2,
        waitingForInput: true,
        turnComplete: true,
        generationComplete: true,
        groundingMetadata: { webSearchQueries: ['q'] },
        outputTranscription: { text: 'Hi' },
        modelTurn: { parts: [audio, { text: 'Hm', thought: true }] },
        interimInputTranscription: { text: 'B' },
        inputTranscription: { text: 'A' },
        interrupted: true,
      },
    });
    expect(facts(frame).map(({ type }) => type)).toEqual([
      ...['interrupted', 'userSaid', 'userSaid', 'audio', 'thought', 'modelSaid', 'citations'],
      ...['calls', 'callsCancelled', 'generationComplete', 'usage', 'boundary', 'waitingForInput'],
      ...['voiceActivity', 'unknown', 'unknown'],
    ]);
  });

  it('equals its members sent one by one, however the server wrote them', () => {
    const shuffled = fc.shuffledSubarray(ORDER, { minLength: ORDER.length });
    fc.assert(
      fc.property(SOME, shuffled, (some: Some, names) => {
        const split = ORDER.flatMap((name) => {
          const value = some[name];
          return value === undefined ? [] : facts(frameOf(name, value));
        });
        expect(facts(bundle(some, names))).toEqual(split);
      }),
      { numRuns: 500 },
    );
  });

  it('says something for each of its members', () => {
    fc.assert(
      fc.property(SOME, (some: Some) => {
        const least = ORDER.filter((name) => some[name] !== undefined).length;
        expect(facts(bundle(some, ORDER)).length).toBeGreaterThanOrEqual(least);
      }),
    );
  });
});

describe('any JSON', () => {
  const FRAME_KEYS = [
    ...['setupComplete', 'serverContent', 'toolCall', 'toolCallCancellation', 'usageMetadata'],
    ...['goAway', 'sessionResumptionUpdate', 'voiceActivity', 'voiceActivityDetectionSignal'],
  ];
  const CONTENT_KEYS = [
    ...['modelTurn', 'turnComplete', 'turnCompleteReason', 'interactionStatus', 'interrupted'],
    ...['generationComplete', 'waitingForInput', 'inputTranscription', 'speechState'],
    ...['interimInputTranscription', 'outputTranscription', 'groundingMetadata'],
    ...['urlContextMetadata', 'parts', 'text', 'thought', 'inlineData', 'data', 'mimeType'],
    ...['functionCalls', 'id', 'ids', 'name', 'args', 'type', 'vadSignalType', 'languageCode'],
    ...['executableCode', 'codeExecutionResult', 'toString', '__proto__'],
  ];

  /** Objects whose members have the names of the protocol and whose values have not. */
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'medium', withCrossShrink: true },
      fc.jsonValue({ maxDepth: 1 }),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...CONTENT_KEYS), tie('tree'), { maxKeys: 4 }),
    ),
  }));
  const frame = fc.dictionary(fc.constantFrom(...FRAME_KEYS, 'other'), tree);
  const TYPES = new Set<Fact['type']>([
    ...(['interrupted', 'userSaid', 'audio', 'text', 'thought', 'code', 'modelSaid'] as const),
    ...(['citations', 'calls', 'callsCancelled', 'generationComplete', 'usage'] as const),
    ...(['boundary', 'waitingForInput', 'voiceActivity', 'unknown'] as const),
  ]);

  it('never makes facts() throw', () => {
    fc.assert(
      fc.property(fc.oneof(frame, fc.jsonValue()), (value) => {
        const { frame: parsed } = parseServerFrame(JSON.stringify(value));
        const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
        expect(parsed !== undefined).toBe(isObject);
        for (const { type } of parsed ? facts(parsed) : []) expect(TYPES).toContain(type);
      }),
      { numRuns: 2000 },
    );
  });

  it('never changes under facts()', () => {
    fc.assert(
      fc.property(frame, (value) => {
        const read = wire(value);
        const before = JSON.stringify(read);
        facts(read);
        expect(JSON.stringify(read)).toBe(before);
      }),
    );
  });
});
