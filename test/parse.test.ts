// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { excerpt, parseServerFrame } from '../src/protocol/parse.js';
import type { ProtocolErrorKind } from '../src/protocol/shapes.js';

const read = (frame: unknown) => parseServerFrame(JSON.stringify(frame));
const audio = { inlineData: { mimeType: 'audio/pcm', data: 'AAAA' } };
const nested = (depth: number): unknown =>
  JSON.parse('[{"a":'.repeat(depth) + '1' + '}]'.repeat(depth));

describe('what is no frame', () => {
  it.each<[string, ProtocolErrorKind]>([
    ['', 'not_json'],
    ['{', 'not_json'],
    ['\u0000\ufffd\ufffd', 'not_json'],
    ['NaN', 'not_json'],
    ['{"serverContent":{}}{}', 'not_json'],
    ['['.repeat(1_000_000), 'not_json'],
    ['null', 'not_an_object'],
    ['7', 'not_an_object'],
    ['"text"', 'not_an_object'],
    ['[{"serverContent":{}}]', 'not_an_object'],
  ])('is one error: %.30s', (text, why) => {
    const { frame, errors } = parseServerFrame(text);
    expect(frame).toBeUndefined();
    expect(errors.map((error) => [error.why, error.member])).toEqual([[why, undefined]]);
  });
});

describe('a member that is not of its type', () => {
  type Case = [path: string, why: ProtocolErrorKind, given: object, kept: object];
  const content = (given: object): object => ({ serverContent: given });
  const parts = (...all: unknown[]): object => content({ modelTurn: { parts: all } });
  const call = { name: 'f', id: 'a', args: { x: 1 } };
  const cases: Case[] = [
    ['serverContent', 'wrong_type', { serverContent: 'x', goAway: {} }, { goAway: {} }],
    ['toolCall', 'wrong_type', { toolCall: [1] }, {}],
    ['serverContent.turnComplete', 'wrong_type', content({ turnComplete: 'yes' }), content({})],
    [
      'serverContent.outputTranscription.text',
      'wrong_type',
      content({ outputTranscription: { text: 7, languageCode: 'de' }, interrupted: true }),
      content({ outputTranscription: { languageCode: 'de' }, interrupted: true }),
    ],
    ['serverContent.modelTurn.parts', 'wrong_type', content({ modelTurn: { parts: {} } }), content({ modelTurn: {} })],
    ['serverContent.modelTurn.parts', 'wrong_type', parts('a', audio), parts(audio)],
    ['serverContent.modelTurn.parts', 'wrong_type', parts(audio, null, audio), parts(audio, audio)],
    [
      'serverContent.modelTurn.parts.inlineData.data',
      'missing',
      parts({ inlineData: { mimeType: 'audio/pcm' }, text: 'a' }, audio),
      parts({ text: 'a' }, audio),
    ],
    [
      'serverContent.modelTurn.parts.inlineData.data',
      'wrong_type',
      parts({ inlineData: { data: [1, 2] } }, audio),
      parts({}, audio),
    ],
    ['toolCall.functionCalls.name', 'missing', { toolCall: { functionCalls: [{ id: 'a' }, call] } }, { toolCall: { functionCalls: [call] } }],
    ['toolCall.functionCalls.name', 'wrong_type', { toolCall: { functionCalls: [{ name: 1 }, call] } }, { toolCall: { functionCalls: [call] } }],
    ['toolCall.functionCalls.args', 'wrong_type', { toolCall: { functionCalls: [{ name: 'f', args: 'x' }] } }, { toolCall: { functionCalls: [{ name: 'f' }] } }],
    ['toolCall.functionCalls.args', 'too_deep', { toolCall: { functionCalls: [{ name: 'f', args: { a: nested(60) } }] } }, { toolCall: { functionCalls: [{ name: 'f' }] } }],
    ['toolCall.functionCalls', 'too_many', { toolCall: { functionCalls: Array(200).fill(call) } }, { toolCall: { functionCalls: Array(128).fill(call) } }],
    ['toolCallCancellation.ids', 'wrong_type', { toolCallCancellation: { ids: ['a', 1] } }, { toolCallCancellation: { ids: ['a'] } }],
    ['usageMetadata.promptTokenCount', 'wrong_type', { usageMetadata: { promptTokenCount: '5', totalTokenCount: 6 } }, { usageMetadata: { totalTokenCount: 6 } }],
    ['goAway.timeLeft', 'wrong_type', { goAway: { timeLeft: 5 } }, { goAway: {} }],
    ['voiceActivity.type', 'wrong_type', { voiceActivity: { type: {} } }, { voiceActivity: {} }],
    ['news', 'too_deep', { news: nested(60), goAway: {} }, { goAway: {} }],
    // Half an update would take the handle back, or let an old one stand for a new moment.
    ['sessionResumptionUpdate.newHandle', 'wrong_type', { sessionResumptionUpdate: { newHandle: 5, resumable: true } }, {}],
    ['sessionResumptionUpdate.resumable', 'wrong_type', { sessionResumptionUpdate: { newHandle: 'h', resumable: 'yes' } }, {}],
  ]; // prettier-ignore

  it.each(cases)('is told and taken out, and nothing else: %s, %s', (member, why, given, kept) => {
    const { frame, errors } = read(given);
    expect(errors.map((error) => [error.member, error.why])).toEqual([[member, why]]);
    expect(frame).toEqual(kept);
  });

  it('is absent when it is null, as in all JSON of protobuf', () => {
    const given = {
      serverContent: { modelTurn: null, turnComplete: true, outputTranscription: { text: null } },
      toolCall: { functionCalls: [{ name: 'f', id: null, args: null }] },
      sessionResumptionUpdate: { newHandle: null, resumable: true },
      ...{ goAway: null, setupComplete: null, unknown: null },
    };
    expect(read(given)).toEqual({
      frame: {
        serverContent: { turnComplete: true, outputTranscription: {} },
        toolCall: { functionCalls: [{ name: 'f' }] },
        sessionResumptionUpdate: { resumable: true },
        unknown: null,
      },
      errors: [],
    });
  });

  it('is told a few times in one frame, however often it is there', () => {
    const { frame, errors } = read({
      serverContent: { modelTurn: { parts: Array(50_000).fill(1) } },
    });
    expect(frame).toEqual({ serverContent: { modelTurn: { parts: [] } } });
    expect(errors).toHaveLength(20);
  });
});

describe('audio like the audio before', () => {
  const frameOf = (data: unknown, beside: object = {}): object => ({
    serverContent: { modelTurn: { parts: [{ inlineData: { mimeType: 'audio/pcm', data } }] } },
    ...beside,
  });

  it('is read like any JSON, whatever came before, however it is laid out', () => {
    const data = fc.oneof(
      fc.uint8Array({ maxLength: 90 }).map((bytes) => Buffer.from(bytes).toString('base64')),
      fc.string({ maxLength: 9 }),
    );
    const mimeType = fc.constantFrom('audio/pcm', 'audio/pcm;rate=24000', 'text/"data"');
    const blob = fc.oneof(
      fc.record({ mimeType, data }, { requiredKeys: ['data'] }),
      fc.record({ data, mimeType }),
      fc.record({ data, displayName: data }),
    );
    const part = fc.record({ inlineData: blob, text: data }, { requiredKeys: ['inlineData'] });
    const turn = fc.record(
      { role: fc.constant('model'), parts: fc.array(part, { minLength: 1, maxLength: 2 }) },
      { requiredKeys: ['parts'] },
    );
    const content = fc.record(
      { data, modelTurn: turn, turnComplete: fc.boolean() },
      { requiredKeys: ['modelTurn'] },
    );
    const frames = fc.record({ serverContent: content, data }, { requiredKeys: ['serverContent'] });
    fc.assert(
      fc.property(fc.array(frames, { minLength: 2, maxLength: 6 }), fc.nat(2), (all, space) => {
        for (const frame of all) {
          const text = JSON.stringify(frame, null, space);
          expect(parseServerFrame(text)).toEqual({ frame: JSON.parse(text), errors: [] });
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is not taken for it when its data is no string, or something stands beside it', () => {
    read(frameOf('AAAA'));
    expect(read(frameOf('BBBB')).frame).toEqual(frameOf('BBBB'));
    expect(read(frameOf(7)).errors.map(({ why }) => why)).toEqual(['wrong_type']);
    expect(read(frameOf('CCCC', { goAway: {} })).frame).toEqual(frameOf('CCCC', { goAway: {} }));
    expect(read(frameOf('a"b\\c')).frame).toEqual(frameOf('a"b\\c'));
  });

  it('is read as the last of two with one name', () => {
    const twice = (one: string, two: string): string =>
      `{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"data":"${one}","data":"${two}"}}]}}}`;
    for (const one of ['AAAA', 'BBBB']) {
      const { frame } = parseServerFrame(twice(one, 'AAAA'));
      expect(frame).toEqual({
        serverContent: { modelTurn: { parts: [{ inlineData: { data: 'AAAA' } }] } },
      });
    }
  });

  it('is its own: what is done with one frame is not seen in the next', () => {
    const { frame } = read(frameOf('AAAA'));
    const again = read(frameOf('BBBB')).frame;
    Object.assign(again?.serverContent?.modelTurn?.parts?.[0]?.inlineData ?? {}, { mimeType: 'x' });
    expect(read(frameOf('CCCC')).frame).toEqual(frameOf('CCCC'));
    expect(frame).toEqual(frameOf('AAAA'));
  });
});

describe('what is shown of it', () => {
  it('is its beginning', () => {
    expect(excerpt({ why: 'not_json', value: 'x'.repeat(1_000) })).toBe(`${'x'.repeat(200)}…`);
    expect(excerpt({ why: 'wrong_type', member: 'toolCall', value: [1] })).toBe('[1]');
  });

  it.each([
    '{"sessionResumptionUpdate":{"newHandle":"a-secret-handle',
    `${'x'.repeat(190)}?key=a-secret-handle`,
    '<a href="/?key=a-secret-handle">',
    'Bearer a-secret-handle',
  ])('has no secret in it: %s', (value) => {
    const text = excerpt({ why: 'not_json', value });
    expect(text).not.toContain('secret');
    expect(text).toContain('***');
  });

  it.each(['sessionResumptionUpdate', 'sessionResumptionUpdate.newHandle'])(
    'is nothing of a handle: %s',
    (member) => {
      const value = { any: ['secret'] };
      expect(excerpt({ why: 'wrong_type', member, value })).toBe('***');
    },
  );

  it('is no stack of brackets', () => {
    const value = JSON.parse('['.repeat(200_000) + ']'.repeat(200_000)) as unknown;
    expect(excerpt({ why: 'too_deep', value })).toBe('nested too deeply to be shown');
    expect(excerpt({ why: 'not_an_object', value })).toBe('not to be shown');
  });
});
