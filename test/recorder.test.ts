// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRecorder, type Recorder } from '../src/recorder.js';
import { ManualClock } from './support/manual_clock.js';

interface Line {
  t: number;
  connection?: number;
  dir: string;
  frame?: any;
  note?: any;
}

let clock: ManualClock;
let lines: string[];
let recorder: Recorder;

beforeEach(() => {
  clock = new ManualClock();
  lines = [];
  recorder = createRecorder((line) => void lines.push(line), clock);
});

const read = (): Line[] => lines.map((line) => JSON.parse(line) as Line);
const last = (): Line => read().at(-1) as Line;
/** What becomes of one frame. */
function recorded(frame: unknown): any {
  recorder.frame('in', JSON.stringify(frame), 1);
  return last().frame;
}

describe('lines', () => {
  it('say when, on which connection, in which direction, and what', () => {
    recorder.frame('out', '{"setup":{"model":"m"}}', 1);
    clock.advance(120);
    recorder.frame('in', '{"setupComplete":{}}', 1);
    clock.advance(5);
    recorder.note({ exchange: 'goAway' });
    recorder.frame('in', '{}', 2);
    expect(lines).toEqual([
      '{"t":0,"connection":1,"dir":"out","frame":{"setup":{"model":"m"}}}',
      '{"t":120,"connection":1,"dir":"in","frame":{"setupComplete":{}}}',
      '{"t":125,"dir":"note","note":{"exchange":"goAway"}}',
      '{"t":125,"connection":2,"dir":"in","frame":{}}',
    ]);
  });

  it('are one line each, however the server lays out its JSON', () => {
    recorder.frame('in', '{\n  "serverContent": {\n    "turnComplete": true\n  }\n}\n', 1);
    expect(lines[0]).not.toContain('\n');
    expect(last().frame).toEqual({ serverContent: { turnComplete: true } });
  });

  it.each(['nonsense', '{"cut off', '', '["\n"'])(
    'hold what is no JSON as a string: %j',
    (text) => {
      recorder.frame('in', text, 1);
      expect(last().frame).toBe(text);
      expect(lines[0]).not.toContain('\n');
    },
  );

  it('are valid JSON whatever is said, and say the same unless it is a secret', () => {
    const said = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('Bearer of news', 'key?key=abc"d', 'AIza"', '\u2028', '"data":"AAAA"', '\\'),
    );
    fc.assert(
      fc.property(fc.array(said), fc.boolean(), (texts, pretty) => {
        const frame = { serverContent: { modelTurn: { parts: texts.map((text) => ({ text })) } } };
        recorder.frame('in', JSON.stringify(frame, null, pretty ? 2 : 0), 1);
        const { parts } = last().frame.serverContent.modelTurn;
        expect(parts).toHaveLength(texts.length);
        texts.forEach((text, index) => {
          if (!/bearer|key|auth_|aiza/i.test(text)) expect(parts[index]).toEqual({ text });
        });
        expect(lines.at(-1)).not.toContain('\n');
      }),
    );
  });
});

describe('audio and pictures', () => {
  it.each([
    [24, 'AAEC'.repeat(8)],
    [22, `${'AAEC'.repeat(7)}AA==`],
    [23, `${'AAEC'.repeat(7)}AAA=`],
    [12, '+/-_'.repeat(4)],
  ])('are a length: %i bytes', (bytes, data) => {
    const blob = { data, mimeType: 'audio/pcm;rate=24000' };
    const expected = { data: `<${bytes} bytes>`, mimeType: 'audio/pcm;rate=24000' };
    const parts = [{ inlineData: blob }];
    expect(recorded({ serverContent: { modelTurn: { parts } } })).toEqual({
      serverContent: { modelTurn: { parts: [{ inlineData: expected }] } },
    });
    expect(recorded({ realtimeInput: { audio: blob } }).realtimeInput.audio).toEqual(expected);
    expect(recorded({ realtimeInput: { video: blob } }).realtimeInput.video).toEqual(expected);
  });

  it('are found in any layout', () => {
    recorder.frame('in', `{ "inlineData": { "data" : "${'AAEC'.repeat(100)}" } }`, 1);
    expect(last().frame).toEqual({ inlineData: { data: '<300 bytes>' } });
  });

  it('are not mistaken for words', () => {
    const args = { data: 'the quick brown fox jumps', other: 'AAEC'.repeat(8) };
    expect(recorded({ toolCall: { functionCalls: [{ args }] } })).toEqual({
      toolCall: { functionCalls: [{ args }] },
    });
  });
});

describe('handles', () => {
  it('get a name each, and keep it', () => {
    const issued = (newHandle: string) =>
      recorded({ sessionResumptionUpdate: { newHandle, resumable: true } }).sessionResumptionUpdate;
    const resumed = (handle: string) =>
      recorded({ setup: { sessionResumption: { handle } } }).setup.sessionResumption;
    expect(issued('secret-a')).toEqual({ newHandle: 'handle-1', resumable: true });
    expect(issued('secret-b')).toEqual({ newHandle: 'handle-2', resumable: true });
    expect(resumed('secret-a')).toEqual({ handle: 'handle-1' });
    expect(issued('secret-b')).toEqual({ newHandle: 'handle-2', resumable: true });
    expect(resumed('secret-c')).toEqual({ handle: 'handle-3' });
    expect(lines.join()).not.toContain('secret');
  });

  it('that are empty stay empty', () => {
    const update = { sessionResumptionUpdate: { newHandle: '', resumable: false } };
    expect(recorded(update)).toEqual(update);
  });
});

describe('secrets', () => {
  const KEY = 'AIzaSyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY';

  it.each<[string, string]>([
    [`key ${KEY} is bad`, 'key AIza*** is bad'],
    ['wss://host/ws?key=abcdef&x=1', 'wss://host/ws?key=***&x=1'],
    ['wss://host/ws?x=1&access_token=abc', 'wss://host/ws?x=1&access_token=***'],
    ['auth_tokens/0123-ab.c~d expired', 'auth_tokens/*** expired'],
    ['authorization: Bearer ya29.a0-b_c', 'authorization: Bearer ***'],
  ])('%s', (text, expected) => {
    expect(recorded({ serverContent: { outputTranscription: { text } } })).toEqual({
      serverContent: { outputTranscription: { text: expected } },
    });
    recorder.note({ lost: { reason: text } });
    expect(last().note).toEqual({ lost: { reason: expected } });
    recorder.frame('in', text, 1);
    expect(last().frame).toBe(expected);
  });
});

describe('a recording never ends a call', () => {
  it('when its callback throws', async () => {
    const taken: string[] = [];
    const broken = createRecorder((line) => {
      taken.push(line);
      throw new Error('disk full');
    }, clock);
    broken.frame('in', '{}', 1);
    broken.note({});
    await broken.close();
    expect(taken).toHaveLength(2);
  });

  it('when its callback rejects', async () => {
    const rejects: () => unknown = () => Promise.reject(new Error('disk full'));
    const broken = createRecorder(rejects, clock);
    broken.frame('in', '{}', 1);
    // An unobserved rejection would end this test run.
    await broken.close();
  });

  describe('on disk', () => {
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'recorder-'));
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    it('writes a file, and goes on with one that is there', async () => {
      const path = join(folder, 'call.jsonl');
      for (const name of ['first', 'second']) {
        const file = createRecorder(path, clock);
        file.note({ name });
        file.frame('in', '{"text":"žluťoučký"}', 1);
        await file.close();
      }
      const text = readFileSync(path, 'utf8');
      expect(text.endsWith('\n')).toBe(true);
      const found = text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Line);
      expect(found.map(({ note, frame }) => note?.name ?? frame.text)).toEqual([
        'first',
        'žluťoučký',
        'second',
        'žluťoučký',
      ]);
    });

    it.each([
      ['at once', 0],
      ['after some lines', 3],
    ])('when the path cannot be written: close() still resolves, %s', async (_, count) => {
      const file = createRecorder(join(folder, 'no', 'such', 'folder', 'call.jsonl'), clock);
      for (let i = 0; i < count; i += 1) file.frame('in', '{}', 1);
      await file.close();
      file.frame('in', '{}', 1);
      await file.close();
    });

    it('when the disk failed long ago', async () => {
      const file = createRecorder(folder, clock);
      file.frame('in', '{}', 1);
      await file.close();
      file.frame('in', '{}', 1);
      await file.close();
    });
  });
});
