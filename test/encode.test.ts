// SPDX-License-Identifier: Apache-2.0
import type { Content, Tool } from '@google/genai';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Backend, Capabilities } from '../src/models/capabilities.js';
import { modelNames, resolve } from '../src/models/resolve.js';
import { INPUT_RATE, type Command, type ToolResult, encode } from '../src/protocol/encode.js';

const BACKENDS: readonly Backend[] = ['gemini', 'vertex'];
const base = resolve('gemini-3.8-live', 'gemini').capabilities;
const rowWith = (fields: Partial<Capabilities>): Capabilities => ({ ...base, ...fields });
const frameOf = (command: Command, row: Capabilities = base): unknown =>
  JSON.parse(encode(command, row));
const turn = (role: 'user' | 'model', text: string): Content => ({ role, parts: [{ text }] });

describe('a reply request', () => {
  const reply = (
    replyRequest: Capabilities['replyRequest'],
    instructions?: string,
    asked = false,
  ): unknown =>
    frameOf({ type: 'reply', replyId: 'r', instructions, asked }, rowWith({ replyRequest }));

  const direction = turn('model', 'Say hello.');
  const placeholder = turn('user', '.');

  it.each([
    // By a placeholder turn: needed where nothing of the user waits for an answer.
    ['placeholderTurn', undefined, false, { turns: [placeholder], turnComplete: true }],
    ['placeholderTurn', undefined, true, { turnComplete: true }],
    [
      'placeholderTurn',
      'Say hello.',
      false,
      { turns: [direction, placeholder], turnComplete: true },
    ],
    [
      'placeholderTurn',
      'Say hello.',
      true,
      { turns: [direction, placeholder], turnComplete: true },
    ],
    // By a bare turn: the placeholder would be answered by an empty turn.
    ['bareTurn', undefined, false, { turnComplete: true }],
    ['bareTurn', undefined, true, { turnComplete: true }],
    ['bareTurn', 'Say hello.', false, { turns: [direction], turnComplete: true }],
    ['bareTurn', 'Say hello.', true, { turns: [direction], turnComplete: true }],
  ] as const)('%s, instructions %j, asked %j', (how, instructions, asked, clientContent) => {
    expect(reply(how, instructions, asked)).toEqual({ clientContent });
  });

  it.each([
    [true, '[Please answer.]'],
    [false, '[Please continue.]'],
  ])('realtimeText, asked %j', (asked, text) => {
    expect(reply('realtimeText', undefined, asked)).toEqual({ realtimeInput: { text } });
    const framed = '[Direction for your next reply, not spoken by the caller: Say hello.]';
    expect(reply('realtimeText', 'Say hello.', asked)).toEqual({ realtimeInput: { text: framed } });
  });

  it('takes typed words along where realtime text asks, in front of the direction', () => {
    const row = { ...base, replyRequest: 'realtimeText' } as const;
    const words = { text: 'How late is it?', itemIds: ['a'] };
    const textOf = (instructions: string | undefined) =>
      frameOf({ type: 'reply', replyId: 'r', instructions, asked: true, words }, row);
    expect(textOf(undefined)).toEqual({ realtimeInput: { text: 'How late is it?' } });
    expect(textOf('Be precise.')).toEqual({
      realtimeInput: {
        text: 'How late is it?\n[Direction for your next reply, not spoken by the caller: Be precise.]',
      },
    });
  });

  it('takes empty instructions for none', () => {
    expect(reply('bareTurn', '')).toEqual({ clientContent: { turnComplete: true } });
    expect(reply('realtimeText', '')).toEqual({ realtimeInput: { text: '[Please continue.]' } });
  });

  it.each([
    ['gemini-2.5-flash-native-audio-preview-12-2025', 'gemini', [placeholder]],
    ['gemini-live-2.5-flash-native-audio', 'vertex', [placeholder]],
    ['gemini-3.1-flash-live-preview', 'gemini', undefined],
    ['gemini-3.8-live', 'gemini', undefined],
    ['gemini-3.8-live', 'vertex', undefined],
    ['gemini-3.8-live-extended-thinking', 'gemini', undefined],
  ] as const)('to %s on %s', (model, backend, turns) => {
    const command: Command = { type: 'reply', replyId: 'r', instructions: undefined, asked: false };
    expect(frameOf(command, resolve(model, backend).capabilities)).toEqual({
      clientContent: { ...(turns && { turns }), turnComplete: true },
    });
  });
});

describe('content', () => {
  const turns = [turn('user', 'Hi'), turn('model', 'Hello')];

  it('in the middle of a session asks for no answer', () => {
    expect(frameOf({ type: 'content', turns, itemIds: ['a'] })).toEqual({
      clientContent: { turns, turnComplete: false },
    });
  });

  it('as a declared history is committed, whoever spoke last', () => {
    const row = rowWith({ seeding: 'historyConfig' });
    expect(frameOf({ type: 'seed', turns, itemIds: ['a'] }, row)).toEqual({
      clientContent: { turns, turnComplete: true },
    });
  });

  it('as a plain history is not committed, and ends with the user', () => {
    const row = rowWith({ seeding: 'plain' });
    expect(frameOf({ type: 'seed', turns, itemIds: ['a'] }, row)).toEqual({
      clientContent: { turns: [...turns, turn('user', '.')], turnComplete: false },
    });
    const asked = [...turns, turn('user', 'Well?')];
    expect(frameOf({ type: 'seed', turns: asked, itemIds: ['a'] }, row)).toEqual({
      clientContent: { turns: asked, turnComplete: false },
    });
    expect(turns).toHaveLength(2);
  });

  it('never tells the ids of our items', () => {
    for (const type of ['content', 'seed'] as const) {
      expect(encode({ type, turns, itemIds: ['item-1'] }, base)).not.toContain('item-1');
    }
  });
});

describe('tool results', () => {
  const result = (fields: Partial<ToolResult> = {}): ToolResult => ({
    ...{ wireId: 'w', callId: 'c', itemId: 'i', name: 'look_up', output: 'sunny', isError: false },
    ...fields,
  });
  const responses = (results: ToolResult[], row: Partial<Capabilities> = {}): unknown =>
    frameOf({ type: 'toolResults', results }, rowWith(row));
  const sent = (...functionResponses: object[]) => ({ toolResponse: { functionResponses } });

  it('are told as output, errors as error', () => {
    const failed = result({ wireId: 'v', output: 'no network', isError: true });
    expect(responses([result(), failed])).toEqual(
      sent(
        { id: 'w', name: 'look_up', response: { output: 'sunny' } },
        { id: 'v', name: 'look_up', response: { error: 'no network' } },
      ),
    );
  });

  it('keep the shape of what the tool returned', () => {
    const output = { degrees: 12, sky: ['fog'] };
    expect(responses([result({ output })])).toEqual(
      sent({ id: 'w', name: 'look_up', response: { output } }),
    );
  });

  it('carry no id where the call had none', () => {
    const [first] = (
      responses([result({ wireId: undefined })]) as {
        toolResponse: { functionResponses: object[] };
      }
    ).toolResponse.functionResponses;
    expect(first).toStrictEqual({ name: 'look_up', response: { output: 'sunny' } });
  });

  it('are scheduled only as the row allows', () => {
    const scheduled = result({ scheduling: 'SILENT' });
    const plain = { id: 'w', name: 'look_up', response: { output: 'sunny' } };
    expect(responses([scheduled], { toolScheduling: ['SILENT', 'WHEN_IDLE'] })).toEqual(
      sent({ ...plain, scheduling: 'SILENT' }),
    );
    expect(responses([scheduled], { toolScheduling: ['WHEN_IDLE'] })).toEqual(sent(plain));
    expect(responses([scheduled], { toolScheduling: [] })).toEqual(sent(plain));
    expect(responses([result()], { toolScheduling: ['SILENT'] })).toEqual(sent(plain));
  });

  it('carry media only where the row says that the model sees it', () => {
    const parts = [{ inlineData: { data: 'AAAA', mimeType: 'image/png' } }];
    const plain = { id: 'w', name: 'look_up', response: { output: 'sunny' } };
    expect(responses([result({ parts })], { toolResultParts: true })).toEqual(
      sent({ ...plain, parts }),
    );
    expect(responses([result({ parts })], { toolResultParts: false })).toEqual(sent(plain));
    expect(responses([result()], { toolResultParts: true })).toEqual(sent(plain));
  });

  it.each([
    ['gemini-3.8-live', 'gemini', true],
    ['gemini-3.8-live', 'vertex', true],
    ['gemini-3.8-live-extended-thinking', 'gemini', false],
    ['gemini-3.1-flash-live-preview', 'gemini', false],
    ['gemini-2.5-flash-native-audio-preview-12-2025', 'gemini', true],
    ['gemini-live-2.5-flash-native-audio', 'vertex', false],
  ] as const)('to %s on %s: schedule %j', (model, backend, scheduled) => {
    const row = resolve(model, backend).capabilities;
    const text = encode(
      { type: 'toolResults', results: [result({ scheduling: 'WHEN_IDLE' })] },
      row,
    );
    expect(text.includes('"scheduling":"WHEN_IDLE"')).toBe(scheduled);
  });
});

describe('a context update', () => {
  const tools: Tool[] = [{ functionDeclarations: [{ name: 'f' }] }];

  it.each([
    [{ instructions: 'Be brief.' }, { systemInstruction: { parts: [{ text: 'Be brief.' }] } }],
    [{ instructions: '' }, { systemInstruction: { parts: [{ text: '' }] } }],
    [{ tools }, { tools: { tools } }],
    // Present and empty means "no tools"; absent means "unchanged".
    [{ tools: [] }, { tools: { tools: [] } }],
    [
      { instructions: 'Be brief.', tools },
      { systemInstruction: { parts: [{ text: 'Be brief.' }] }, tools: { tools } },
    ],
  ])('%j', (update, contextUpdate) => {
    expect(frameOf({ type: 'context', ...update })).toStrictEqual({ contextUpdate });
  });
});

describe('realtime input', () => {
  it.each([
    [{ type: 'activityStart' }, { activityStart: {} }],
    [{ type: 'activityEnd' }, { activityEnd: {} }],
    [{ type: 'audioStreamEnd' }, { audioStreamEnd: true }],
    [
      { type: 'video', data: new Uint8Array([255, 216, 255]), mimeType: 'image/jpeg' },
      { video: { data: '/9j/', mimeType: 'image/jpeg' } },
    ],
  ] satisfies [Command, object][])('%j', (command, realtimeInput) => {
    expect(frameOf(command)).toStrictEqual({ realtimeInput });
  });

  it('audio: the text of the frame, to the byte', () => {
    expect(encode({ type: 'audio', pcm: new Uint8Array([0, 1, 254, 255]) }, base)).toBe(
      '{"realtimeInput":{"audio":{"data":"AAH+/w==","mimeType":"audio/pcm;rate=16000"}}}',
    );
    expect(INPUT_RATE).toBe(16000);
  });

  it('audio and video: only the bytes of a view into a larger buffer', () => {
    const whole = Uint8Array.from({ length: 64 }, (_, index) => index);
    const view = new Uint8Array(whole.buffer, 10, 6);
    const data = Buffer.from([10, 11, 12, 13, 14, 15]).toString('base64');
    expect(frameOf({ type: 'audio', pcm: view })).toEqual({
      realtimeInput: { audio: { data, mimeType: 'audio/pcm;rate=16000' } },
    });
    expect(frameOf({ type: 'video', data: view, mimeType: 'image/png' })).toEqual({
      realtimeInput: { video: { data, mimeType: 'image/png' } },
    });
  });

  it('audio: any bytes at any offset come back as they were', () => {
    const bytes = fc.uint8Array({ maxLength: 200 });
    fc.assert(
      fc.property(bytes, fc.nat({ max: 50 }), (pcm, offset) => {
        const buffer = new ArrayBuffer(offset + pcm.length + 7);
        const view = new Uint8Array(buffer, offset, pcm.length);
        view.set(pcm);
        const frame = frameOf({ type: 'audio', pcm: view }) as {
          realtimeInput: { audio: { data: string } };
        };
        const { data } = frame.realtimeInput.audio;
        expect([...Buffer.from(data, 'base64')]).toEqual([...pcm]);
      }),
    );
  });
});

describe('every command', () => {
  const MEMBER = {
    content: ['clientContent'],
    seed: ['clientContent'],
    reply: ['clientContent', 'realtimeInput'],
    cancel: ['clientContent'],
    toolResults: ['toolResponse'],
    context: ['contextUpdate'],
    audio: ['realtimeInput'],
    video: ['realtimeInput'],
    activityStart: ['realtimeInput'],
    activityEnd: ['realtimeInput'],
    audioStreamEnd: ['realtimeInput'],
  } satisfies Record<Command['type'], string[]>;

  const role = fc.constantFrom('user', 'model');
  const turns = fc.array(
    fc.record({ role, parts: fc.array(fc.record({ text: fc.string() }), { minLength: 1 }) }),
    { maxLength: 4 },
  );
  const itemIds = fc.array(fc.string(), { maxLength: 3 });
  const type = <T extends Command['type']>(name: T) => fc.constant(name);
  const command: fc.Arbitrary<Command> = fc.oneof(
    fc.record({ type: type('content'), turns, itemIds }),
    fc.record({ type: type('seed'), turns, itemIds }),
    fc.record({
      type: type('reply'),
      replyId: fc.string(),
      instructions: fc.option(fc.string(), { nil: undefined }),
      asked: fc.boolean(),
    }),
    fc.record({
      type: type('toolResults'),
      results: fc.array(
        fc.record({
          wireId: fc.option(fc.string(), { nil: undefined }),
          callId: fc.string(),
          itemId: fc.string(),
          name: fc.string(),
          output: fc.jsonValue(),
          isError: fc.boolean(),
          scheduling: fc.constantFrom('SILENT', 'WHEN_IDLE', 'INTERRUPT', undefined),
        }),
        { maxLength: 3 },
      ),
    }),
    fc.record(
      { type: type('context'), instructions: fc.string(), tools: fc.constant([] as Tool[]) },
      { requiredKeys: ['type'] },
    ),
    fc.record({ type: type('audio'), pcm: fc.uint8Array() }),
    fc.record({ type: type('video'), data: fc.uint8Array(), mimeType: fc.string() }),
    fc.record({ type: type('cancel') }),
    fc.record({ type: type('activityStart') }),
    fc.record({ type: type('activityEnd') }),
    fc.record({ type: type('audioStreamEnd') }),
  );
  const rows = modelNames().flatMap((name) =>
    BACKENDS.map((backend) => resolve(name, backend).capabilities),
  );

  it('becomes one frame with one member, for every model', () => {
    const told = new Set<string>();
    fc.assert(
      fc.property(command, fc.constantFrom(...rows), (one, row) => {
        const frame = frameOf(one, row) as Record<string, object>;
        const members = Object.keys(frame);
        expect(members).toHaveLength(1);
        expect(MEMBER[one.type]).toContain(members[0]);
        // A realtime input says one thing too: the server promises no order inside a frame.
        if (frame.realtimeInput) expect(Object.keys(frame.realtimeInput)).toHaveLength(1);
        told.add(one.type);
      }),
      { numRuns: 2000 },
    );
    expect([...told].sort()).toEqual(Object.keys(MEMBER).sort());
  });
});
