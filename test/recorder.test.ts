// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseRecording } from '../src/recording/parse.js';
import { readMark } from '../src/recording/format.js';
import { Recorder, type RecordOptions } from '../src/recording/recorder.js';
import { ManualClock } from './support/manual_clock.js';

interface Line {
  t: number;
  connection?: number;
  dir: string;
  frame?: any;
  note?: any;
}

const SECRET = 'not-known-by-its-shape';

let clock: ManualClock;
let lines: string[];
let failures: string[];
let recorder: Recorder;

/** A recorder as a session has it; its head is taken off `lines`. */
function create(options: Omit<RecordOptions, 'to'> & { to?: RecordOptions['to'] } = {}): Recorder {
  const to = (line: string) => void lines.push(line);
  const made = new Recorder(
    { to, ...options },
    {
      head: { format: 1, model: 'm' },
      rules: () => ({ replyTimeoutMs: 1 }),
      clock,
      unique: 'now-s1',
      secrets: [SECRET],
      failed: ({ message }) => void failures.push(message),
    },
  );
  lines.length = 0;
  return made;
}

beforeEach(() => {
  clock = new ManualClock();
  lines = [];
  failures = [];
  recorder = create();
  recorder.dialling();
});

const read = (): Line[] => lines.map((line) => JSON.parse(line) as Line);
const last = (): Line => read().at(-1) as Line;
/** What becomes of one frame. */
function recorded(frame: unknown): any {
  recorder.frame('in', JSON.stringify(frame));
  recorder.failed();
  return last().frame;
}

describe('lines', () => {
  it('say when, on which connection, in which direction, and what', () => {
    recorder.frame('out', '{"setup":{"model":"m"}}');
    clock.advance(120);
    recorder.frame('in', '{"setupComplete":{}}');
    clock.advance(5);
    recorder.connection({ is: 'exchange', why: 'goAway' });
    recorder.dialling();
    recorder.frame('in', '{}');
    expect(lines).toEqual([
      '{"t":0,"connection":1,"dir":"out","frame":{"setup":{"model":"m"}}}',
      '{"t":120,"connection":1,"dir":"in","frame":{"setupComplete":{}}}',
      '{"t":125,"connection":1,"dir":"connection","event":{"is":"exchange","why":"goAway"}}',
      '{"t":125,"connection":2,"dir":"in","frame":{}}',
    ]);
  });

  it('are one line each, however the server lays out its JSON', () => {
    recorder.frame('in', '{\n  "serverContent": {\n    "turnComplete": true\n  }\n}\n');
    expect(lines[0]).not.toContain('\n');
    expect(last().frame).toEqual({ serverContent: { turnComplete: true } });
  });

  it.each(['nonsense', '{"cut off', '', '["\n"'])(
    'hold what is no JSON as a string: %j',
    (text) => {
      recorder.frame('in', text);
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
        recorder.frame('in', JSON.stringify(frame, null, pretty ? 2 : 0));
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

describe('the first line', () => {
  it('says what was recorded, by what, and how', async () => {
    const all: string[] = [];
    const made = create({ to: (line) => void all.push(line), transcripts: 'hash' });
    await made.close();
    const [head] = all.map((line) => JSON.parse(line) as Line);
    expect(head).toMatchObject({ t: 0, connection: 0, dir: 'note' });
    expect(head?.note).toEqual({
      format: 1,
      model: 'm',
      startedAt: new Date(clock.now()).toISOString(),
      part: 1,
      audio: 'lengths',
      transcripts: 'hash',
      rules: { replyTimeoutMs: 1 },
    });
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
    const expected = {
      data: expect.stringMatching(`^<${bytes} bytes -\\d+ dB>$`) as string,
      mimeType: 'audio/pcm;rate=24000',
    };
    const parts = [{ inlineData: blob }];
    expect(recorded({ serverContent: { modelTurn: { parts } } })).toEqual({
      serverContent: { modelTurn: { parts: [{ inlineData: expected }] } },
    });
    expect(recorded({ realtimeInput: { audio: blob } }).realtimeInput.audio).toEqual(expected);
    const video = { data, mimeType: 'image/jpeg' };
    expect(recorded({ realtimeInput: { video } }).realtimeInput.video).toEqual({
      data: `<${bytes} bytes>`,
      mimeType: 'image/jpeg',
    });
  });

  it('are found in any layout', () => {
    const data = 'AAEC'.repeat(100);
    const mark = { data: '<300 bytes>', mimeType: 'image/png' };
    for (let i = 0; i < 2; i++) {
      recorder.frame('in', `{ "inlineData": {\n "data" : "${data}", "mimeType": "image/png" } }`);
      expect(last().frame).toEqual({ inlineData: mark });
    }
    const inlineData = { data, mimeType: 'image/png' };
    const { parts } = recorded({ parts: [{ inlineData }, { inlineData }, { text: '@media@' }] });
    expect(parts).toEqual([{ inlineData: mark }, { inlineData: mark }, { text: '@media@' }]);
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
    [`key ${KEY} is bad`, 'key AIzasecret-1 is bad'],
    ['wss://host/ws?key=abcdef&x=1', 'wss://host/ws?key=secret-1&x=1'],
    ['wss://host/ws?x=1&access_token=abc', 'wss://host/ws?x=1&access_token=secret-1'],
    ['auth_tokens/0123-ab.c~d expired', 'auth_tokens/secret-1 expired'],
    [`the key ${SECRET} is bad`, 'the key secret-1 is bad'],
    ['authorization: Bearer ya29.a0-b_c', 'authorization: Bearer secret-1'],
  ])('%s', (text, expected) => {
    expect(recorded({ serverContent: { outputTranscription: { text } } })).toEqual({
      serverContent: { outputTranscription: { text: expected } },
    });
    recorder.connection({ is: 'lost', reason: text });
    expect(read().at(-1)).toMatchObject({ event: { is: 'lost', reason: expected } });
    recorder.frame('in', text);
    expect(last().frame).toBe(expected);
  });
});

describe('levels', () => {
  const tone = (peak: number): string => {
    const samples = Int16Array.from({ length: 480 }, (_, i) => peak * Math.sin(i / 7));
    return Buffer.from(samples.buffer).toString('base64');
  };
  const level = (data: string): number => {
    const audio = { data, mimeType: 'audio/pcm;rate=16000' };
    const mark = recorded({ realtimeInput: { audio } }).realtimeInput.audio.data as string;
    return readMark(mark)?.levelDb as number;
  };

  it.each([
    [32000, -3],
    [3200, -23],
    [320, -43],
    [0, -90],
  ])('of a tone with a peak of %i: %i dB of full scale, within 2', (peak, db) => {
    expect(Math.abs(level(tone(peak)) - db)).toBeLessThanOrEqual(2);
  });
});

describe('frames of nothing but audio', () => {
  const chunk = (peak: number, bytes = 640, mimeType = 'audio/pcm;rate=16000'): string => {
    const samples = new Int16Array(bytes / 2).fill(peak);
    const data = Buffer.from(samples.buffer).toString('base64');
    return JSON.stringify({ realtimeInput: { audio: { data, mimeType } } });
  };
  const unfolded = () => parseRecording(lines.join('\n')).lines;

  it('share a line for a second, and are single frames again when it is read', () => {
    for (let i = 0; i < 50; i++) {
      recorder.frame('out', chunk(i === 7 ? 16384 : 0));
      clock.advance(20);
    }
    recorder.frame('in', '{"serverContent":{}}');
    expect(lines).toHaveLength(2);
    const out = unfolded().filter(({ dir }) => dir === 'out');
    expect(out.map(({ t }) => t)).toEqual(Array.from({ length: 50 }, (_, i) => i * 20));
    expect(out.slice(6, 8)).toMatchObject([
      { frame: { realtimeInput: { audio: { data: '<640 bytes -90 dB>' } } } },
      { frame: { realtimeInput: { audio: { data: '<640 bytes -6 dB>' } } } },
    ]);
    for (let i = 0; i < 120; i++) {
      recorder.frame('out', chunk(0));
      clock.advance(20);
    }
    expect(lines).toHaveLength(4);
  });

  it('of both sides come back in the order of time', () => {
    recorder.frame('in', '{"setupComplete":{}}');
    for (let i = 0; i < 10; i++) {
      recorder.frame('out', chunk(1));
      clock.advance(15);
      recorder.frame('in', chunk(2));
      clock.advance(5);
    }
    recorder.call('interrupt', {});
    expect(lines).toHaveLength(4);
    expect(unfolded().map(({ dir }) => dir)).toEqual([
      'in',
      ...Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? 'out' : 'in')),
      'call',
    ]);
  });

  it('are told apart from frames that say more, and from other formats', () => {
    recorder.frame('out', chunk(1));
    recorder.frame('out', chunk(1, 640, 'audio/pcm;rate=24000'));
    recorder.frame('out', chunk(1));
    recorder.frame('out', chunk(1).replace('"audio":', '"text":"hi","audio":'));
    recorder.frame('out', chunk(1).slice(0, -1));
    recorder.dialling();
    recorder.frame('out', chunk(1));
    recorder.failed();
    const frames = unfolded().map((line) => ('frame' in line ? line.frame : undefined));
    const audio = (rate = 16000) => ({
      data: '<640 bytes -90 dB>',
      mimeType: `audio/pcm;rate=${rate}`,
    });
    expect(frames.map((frame) => typeof frame)).toEqual(
      ['object', 'object', 'object', 'object', 'string', 'object'], // prettier-ignore
    );
    expect(frames[1]).toEqual({ realtimeInput: { audio: audio(24000) } });
    expect(frames[2]).toEqual({ realtimeInput: { audio: audio() } });
    expect(frames[3]).toEqual({ realtimeInput: { text: 'hi', audio: audio() } });
    expect(unfolded().map(({ connection }) => connection)).toEqual([1, 1, 1, 1, 1, 2]);
  });
});

describe('what is kept', () => {
  const audio = { data: 'AAEC'.repeat(80), mimeType: 'audio/pcm;rate=24000' };
  const frames = (text: string): unknown[] => [
    { realtimeInput: { audio } },
    { serverContent: { modelTurn: { parts: [{ inlineData: audio }] } } },
    { serverContent: { outputTranscription: { text } } },
    {
      toolCall: { functionCalls: [{ id: 'c1', name: 'pay', args: { card: text, list: [text] } }] },
    },
    { toolResponse: { functionResponses: [{ id: 'c1', response: { output: text } }] } },
  ];
  const kept = (options: Partial<RecordOptions>): string[] => {
    recorder = create(options);
    for (const frame of frames('4111 1111')) recorder.frame('in', JSON.stringify(frame));
    recorder.report('thought', '4111 1111');
    recorder.call('generateReply', { instructions: '4111 1111' });
    return [...lines];
  };

  it('of audio: nothing, its length, or all of it', () => {
    expect(kept({ audio: 'none' })).toHaveLength(5);
    expect(kept({ audio: 'lengths' }).join()).not.toContain('AAECAAEC');
    const full = kept({ audio: 'full' }).map((line) => JSON.parse(line) as Line);
    expect(full.slice(0, 2).map(({ frame }) => frame)).toEqual(frames('').slice(0, 2));
  });

  it('of words: all, the same hash for the same words, or their length', () => {
    expect(
      kept({ transcripts: 'keep' })
        .join()
        .match(/4111 1111/g),
    ).toHaveLength(6);
    const hashed = kept({ transcripts: 'hash' }).join();
    expect(hashed).not.toContain('4111');
    const hashes = hashed.match(/<9 characters #[0-9a-f]{8}>/g) ?? [];
    expect(hashes).toHaveLength(6);
    expect(new Set(hashes).size).toBe(1);
    // A list of hashes of all card numbers would be of no use.
    expect(kept({ transcripts: 'hash' }).join()).not.toContain(hashes[0]);
    const dropped = kept({ transcripts: 'drop' }).join();
    expect(dropped.match(/<9 characters>/g)).toHaveLength(6);
    // Names of tools and members are not words.
    expect(dropped).toContain('"name":"pay","args":{"card"');
  });
});

describe('inputs of the state machine', () => {
  it('are kept where no frame brings them, with their place among the facts of a frame', () => {
    recorder.frame('in', '{"serverContent":{"interrupted":true,"turnComplete":true}}');
    recorder.input({ type: 'interrupted', at: clock.now() });
    recorder.input({ type: 'interruptRequested', at: clock.now() });
    recorder.input({ type: 'boundary', at: clock.now() });
    recorder.input({ type: 'tick', at: clock.now() + 7 });
    expect(lines.slice(1)).toEqual([
      '{"t":0,"connection":1,"dir":"local","input":{"type":"interruptRequested"},"after":1}',
      '{"t":7,"connection":1,"dir":"local","input":{"type":"tick"},"after":2}',
    ]);
  });
});

describe('what waits to be sent', () => {
  it('is noted when it begins, four times a second, and when it is over', () => {
    const depths = (): unknown[] => lines.map((line) => JSON.parse(line).commands);
    recorder.queue(0, 0);
    recorder.queue(1, 20);
    recorder.queue(2, 40);
    clock.advance(250);
    recorder.queue(9, 180);
    recorder.queue(0, 0);
    recorder.queue(0, 0);
    expect(depths()).toEqual([1, 9, 0]);
    expect(lines[1]).toBe('{"t":250,"connection":1,"dir":"queue","commands":9,"audioMs":180}');
  });
});

describe('when something fails', () => {
  const onFailure = (): Recorder => create({ when: 'failure', ringBytes: 1024 });
  const say = (count: number): void => {
    for (let i = 0; i < count; i++) recorder.frame('in', `{"n":${i}}`);
  };

  it('only then is anything written: the newest that fits, and ten seconds more', () => {
    recorder = onFailure();
    say(100);
    expect(lines).toEqual([]);
    recorder.report('stalled', { generationId: 'g' });
    const [head, ...rest] = read();
    expect(head?.note.format).toBe(1);
    expect(rest.length).toBeGreaterThan(10);
    expect(lines.slice(1).join('').length).toBeLessThanOrEqual(1024);
    expect(rest.at(-2)?.frame).toEqual({ n: 99 });
    say(1);
    expect(last().frame).toEqual({ n: 0 });
    clock.advance(10_000);
    const written = lines.length;
    say(3);
    expect(lines).toHaveLength(written);
    recorder.connection({ is: 'lost' });
    expect(lines).toHaveLength(written + 4);
  });

  it('else nothing is left behind', async () => {
    recorder = onFailure();
    say(10);
    recorder.report('health', {});
    await recorder.close();
    expect(lines).toEqual([]);
  });

  it('what merely took long is none', () => {
    recorder = onFailure();
    recorder.report('slow_answer', {});
    expect(lines).toEqual([]);
  });
});

describe('a recording never ends a call', () => {
  it('when its callback throws', async () => {
    const taken: string[] = [];
    const broken = create({
      to: (line) => {
        taken.push(line);
        throw new Error('disk full');
      },
    });
    broken.frame('in', '{}');
    broken.call('close', {});
    await broken.close();
    expect(taken).toHaveLength(3);
  });

  it('when JSON cannot hold what is to be noted', () => {
    const endless: Record<string, unknown> = {};
    endless['self'] = endless;
    recorder.call('updateOptions', endless);
    expect(last()).toMatchObject({
      dir: 'call',
      call: 'updateOptions',
      args: { unreadable: true },
    });
    const head = { format: 1, options: endless };
    const to = (line: string) => void lines.push(line);
    const ways = { rules: () => ({}), clock, unique: 'u', secrets: [], failed: () => {} };
    expect(() => new Recorder({ to }, { ...ways, head })).not.toThrow();
    recorder.frame('in', '['.repeat(20_000) + ']'.repeat(20_000));
    expect(last().frame).toBe('nested too deeply to be written');
  });

  it('when its callback rejects', async () => {
    const broken = create({ to: () => Promise.reject(new Error('disk full')) });
    broken.frame('in', '{}');
    // An unobserved rejection would end this test run.
    await broken.close();
  });

  it('when its stream fails, is ended by the app, or never reads', async () => {
    const failing = new Writable({ write: (_chunk, _encoding, done) => done(new Error('gone')) });
    const ended = new Writable({ write: (_chunk, _encoding, done) => done() });
    ended.end();
    for (const to of [failing, ended]) {
      const broken = create({ to });
      broken.frame('in', '{}');
      await broken.close();
    }
    expect(failures).toEqual(['gone']);
    const stuck = new Writable({ write: () => {} });
    const full = create({ to: stuck });
    const big = JSON.stringify({ text: 'x'.repeat(1024 * 1024) });
    for (let i = 0; i < 40; i++) full.frame('in', big);
    expect(stuck.writableLength).toBeLessThan(20 * 1024 * 1024);
  });

  it('when another session writes into its web stream, and when that fails', async () => {
    const pieces: string[] = [];
    const stream = new WritableStream<string>({ write: (piece) => void pieces.push(piece) });
    const first = create({ to: stream });
    const second = create({ to: stream });
    first.frame('in', '{"n":1}');
    second.frame('in', '{"n":2}');
    await second.close();
    await first.close();
    expect(pieces.map((piece) => JSON.parse(piece) as Line).at(-1)?.frame).toEqual({ n: 1 });
    expect(pieces).toHaveLength(2);
    const broken = new WritableStream({ write: () => Promise.reject(new Error('gone')) });
    const failing = create({ to: broken });
    failing.frame('in', '{}');
    await failing.close();
  });

  describe('on disk', () => {
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'recorder-'));
    });
    afterEach(() => rmSync(folder, { recursive: true }));
    const readFile = (name: string): Line[] =>
      readFileSync(join(folder, name), 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Line);

    it('makes the folder, and writes many lines at a time', async () => {
      const file = create({ to: join(folder, 'a', 'call.jsonl') });
      file.frame('in', '{"text":"žluťoučký"}');
      clock.advance(249);
      await new Promise((resolve) => setImmediate(resolve));
      expect(readFileSync(join(folder, 'a', 'call.jsonl'), 'utf8')).not.toContain('žlu');
      clock.advance(1);
      await file.close();
      expect(readFile(join('a', 'call.jsonl')).at(-1)?.frame.text).toBe('žluťoučký');
    });

    it('never writes to a file that is there', async () => {
      const path = join(folder, 'call.jsonl');
      const both = [create({ to: path }), create({ to: path })];
      both.forEach((file, n) => file.frame('in', `{"n":${n}}`));
      await Promise.all(both.map((file) => file.close()));
      expect(readFile('call.jsonl').map(({ frame }) => frame?.n)).toEqual([undefined, 0]);
      expect(readFile('call-now-s1.jsonl').map(({ frame }) => frame?.n)).toEqual([undefined, 1]);
    });

    it('begins the next file when one is full, and keeps the newest', async () => {
      const file = create({ to: join(folder, 'call.jsonl'), maxBytes: 1000, maxFiles: 2 });
      for (let n = 0; n < 60; n++) {
        file.frame('in', `{"n":${n}}`);
        clock.advance(100);
      }
      await file.close();
      await vi.waitFor(() => expect(readdirSync(folder)).toHaveLength(2));
      const names = readdirSync(folder).sort();
      const [first, second] = names.map(readFile) as [Line[], Line[]];
      for (const part of [first, second]) expect(part[0]?.note.format).toBe(1);
      expect(second[0]?.note.part).toBe(first[0]?.note.part + 1);
      const kept = [...first.slice(1), ...second.slice(1)].map(({ frame }) => frame.n as number);
      expect(kept).toEqual(kept.map((_, i) => 60 - kept.length + i));
      for (const name of names) {
        expect(readFileSync(join(folder, name)).length).toBeLessThanOrEqual(1000);
      }
    });

    it('says so when the path cannot be written, and close() still resolves', async () => {
      writeFileSync(join(folder, 'file'), '');
      const file = create({ to: join(folder, 'file', 'call.jsonl') });
      file.frame('in', '{}');
      await file.close();
      file.frame('in', '{}');
      await file.close();
      expect(failures).toHaveLength(1);
    });
  });
});
