// SPDX-License-Identifier: Apache-2.0
import type { AudioFrame } from '@livekit/rtc-node';
import type { llm } from '@livekit/agents';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { Generation } from '../src/livekit/generation.js';
import { Playout } from '../src/livekit/playout.js';
import { startCall, listen } from './support/call.js';
import { ManualClock } from './support/manual_clock.js';

type Buffering = { initialMs: number; maxMs: number } | null;

/** An answer, what a reader of its one message has got so far, and the gaps that were counted. */
class Answer {
  readonly frames: AudioFrame[] = [];
  text = '';
  readonly generation: Generation;
  readonly read: Promise<void>;

  constructor(playout: Playout, clock: ManualClock) {
    this.generation = new Generation('g1', { clock, playout, kept: undefined });
    this.read = this.#read(this.generation.event(false));
    this.generation.openMessage('m1', 'audio');
  }

  async #read({ messageStream }: llm.GenerationCreatedEvent): Promise<void> {
    for await (const { audioStream, textStream } of messageStream) {
      const audio = (async () => {
        for await (const frame of audioStream) this.frames.push(frame);
      })();
      for await (const piece of textStream) this.text += piece as string;
      await audio;
    }
  }

  play(pcm: Buffer, rate = 24_000): void {
    this.generation.playAudio(pcm.toString('base64'), rate);
  }

  /** So many ms of sound. */
  speak(ms: number, rate = 24_000): void {
    this.play(sound(ms, rate), rate);
  }

  /** Audio that has come out, in ms, once everybody has read. */
  async heardMs(): Promise<number> {
    await new Promise(setImmediate);
    return this.frames.reduce((ms, f) => ms + (f.samplesPerChannel * 1000) / f.sampleRate, 0);
  }

  get samples(): number[] {
    return this.frames.flatMap(({ data }) => [...data]);
  }

  get rates(): number[] {
    return [...new Set(this.frames.map(({ sampleRate }) => sampleRate))];
  }
}

function sound(ms: number, rate: number): Buffer {
  const samples = Int16Array.from({ length: (rate * ms) / 1000 }, (_, i) =>
    Math.round(8000 * Math.sin((2 * Math.PI * 440 * i) / rate)),
  );
  return Buffer.from(samples.buffer);
}

function stage(buffer: Buffering = null) {
  const clock = new ManualClock();
  const gaps: number[] = [];
  const playout = new Playout(buffer, (ms) => gaps.push(ms));
  return { clock, gaps, playout, answer: () => new Answer(playout, clock) };
}

describe('the samples of a message', () => {
  it('are the same however the stream is cut into parts', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 12_000 }),
        fc.array(fc.nat(12_000), { maxLength: 12 }),
        async (bytes, cuts) => {
          const pcm = Buffer.from(bytes);
          const at = [0, ...cuts.map((cut) => cut % pcm.length).sort((a, b) => a - b), pcm.length];
          const answer = stage().answer();
          at.slice(1).forEach((end, i) => answer.play(pcm.subarray(at[i], end)));
          answer.generation.close(true);
          await answer.read;
          const whole = Array.from({ length: pcm.length >> 1 }, (_, i) => pcm.readInt16LE(2 * i));
          expect(answer.samples).toEqual(whole);
        },
      ),
    );
  });

  it.each([
    [24_000, 16_000],
    [16_000, 24_000],
    [24_000, 48_000],
    [24_000, 44_100],
  ])('keep the rate of the first one: %i Hz, then %i Hz, then back', async (first, then) => {
    const answer = stage().answer();
    answer.speak(200, first);
    for (let i = 0; i < 10; i++) answer.speak(20, then);
    answer.speak(200, first);
    answer.generation.close(true);
    await answer.read;
    expect(answer.rates).toEqual([first]);
    expect(Math.abs((await answer.heardMs()) - 600)).toBeLessThan(2);
    // The parts that needed nothing are untouched.
    const own = [...new Int16Array(new Uint8Array(sound(200, first)).buffer)];
    expect(answer.samples.slice(0, own.length)).toEqual(own);
    expect(answer.samples.slice(-own.length)).toEqual(own);
  });
});

describe('gaps', () => {
  /** Plays chunks of 100 ms that arrive at these times. */
  const arrive = (times: number[], buffer: Buffering = null): number[] => {
    const { clock, gaps, answer } = stage(buffer);
    const { generation } = answer();
    for (const at of times) {
      clock.advance(at - (clock.now() - new ManualClock().now()));
      generation.playAudio(sound(100, 24_000).toString('base64'), 24_000);
    }
    clock.advance(60_000);
    generation.close(true);
    return gaps;
  };

  it.each([
    ['a burst has none', [0, 0, 0, 0], []],
    ['neither has audio in time', [0, 50, 190, 299], []],
    ['nor audio that is late by less than anybody hears', [0, 109], []],
    ['late audio has one', [0, 150], [50]],
    ['later audio is measured by when the late one was played', [0, 150, 250, 360], [50, 10]],
    ['a burst makes up for what comes late after it', [0, 0, 0, 250, 400], []],
  ])('%s', (_name, times, expected) => {
    expect(arrive(times)).toEqual(expected);
  });

  it('are what playback at the time of arrival has: together as long as it takes longer', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 100, max: 400 }), { maxLength: 20 }), (waits) => {
        // Waits of 100 ms are in time, those up to 109 are not heard: leave them out.
        const exact = waits.map((ms) => (ms < 110 ? 100 : ms));
        let at = 0;
        const gaps = arrive([0, ...exact.map((ms) => (at += ms))]);
        const sum = gaps.reduce((total, ms) => total + ms, 0);
        expect(sum).toBe(at - 100 * exact.length);
      }),
    );
  });

  it('are bridged by what was held', () => {
    expect(arrive([0, 150], { initialMs: 100, maxMs: 500 })).toEqual([50]);
    // Held until 150 ms have passed, so the second one comes before anything is played.
    expect(arrive([0, 140, 240], { initialMs: 150, maxMs: 500 })).toEqual([]);
  });
});

describe('the beginning of an answer', () => {
  const BUFFER = { initialMs: 150, maxMs: 400 };

  it('goes out at once without a buffer, words included', async () => {
    const { clock, answer } = stage();
    const one = answer();
    one.generation.writeText('Hello');
    one.speak(20);
    expect(await one.heardMs()).toBe(20);
    expect(one.text).toBe('Hello');
    expect(clock.pending).toBe(0);
  });

  it('is held until enough of it is there; its words with it, and what follows is not', async () => {
    const { clock, answer } = stage(BUFFER);
    const one = answer();
    one.speak(100);
    one.generation.writeText('Hello');
    expect([await one.heardMs(), one.text, clock.pending]).toEqual([0, '', 1]);
    one.speak(50);
    expect([await one.heardMs(), one.text, clock.pending]).toEqual([150, 'Hello', 0]);
    one.speak(20);
    one.generation.writeText(' there');
    expect([await one.heardMs(), one.text]).toEqual([170, 'Hello there']);
  });

  it('is held no longer than the same time', async () => {
    const { clock, answer } = stage(BUFFER);
    const one = answer();
    one.speak(20);
    clock.advance(100);
    one.speak(20);
    clock.advance(49);
    expect(await one.heardMs()).toBe(0);
    clock.advance(1);
    expect(await one.heardMs()).toBe(40);
  });

  it('goes out when the answer ends, or calls a tool', async () => {
    const { clock, answer } = stage(BUFFER);
    const ends = answer();
    ends.speak(20);
    ends.generation.close(true);
    expect(await ends.heardMs()).toBe(20);
    const calls = answer();
    calls.speak(20);
    calls.generation.callTool({} as llm.FunctionCall);
    expect(await calls.heardMs()).toBe(20);
    expect(clock.pending).toBe(0);
  });

  it('is dropped when the answer is interrupted', async () => {
    const { clock, answer } = stage(BUFFER);
    const one = answer();
    one.speak(20);
    one.generation.writeText('Hello');
    one.generation.close(false);
    await one.read;
    expect([await one.heardMs(), one.text, clock.pending]).toEqual([0, '', 0]);
  });

  it('is held longer after gaps, shorter without, within its bounds', () => {
    const playout = new Playout({ initialMs: 100, maxMs: 400 }, () => {});
    const learnt = (...gaps: number[]): number => {
      playout.learn(gaps);
      return Math.round(playout.holdMs);
    };
    expect(learnt(50, 30)).toBe(180);
    expect(learnt(300, 300)).toBe(400);
    // No buffer that is allowed covers this one.
    expect(learnt(5_000)).toBe(300);
    expect(learnt()).toBe(225);
    for (let i = 0; i < 30; i++) learnt();
    expect(learnt()).toBeLessThan(1);
    expect(new Playout(null, () => {}).holdMs).toBe(0);
  });
});

/** The model begins to speak, and its reader has begun to read. */
async function speaking(options: Parameters<typeof startCall>[0] = {}) {
  const call = await startCall(options);
  call.connection.heard('Tell me a story.');
  void call.connection.turn({ say: 'Once upon a time', ms: 400, complete: false });
  await call.log.untilNamed('generation_created');
  return call;
}

test('an interruption ends all streams in the tick in which its frame arrived', async () => {
  const seen: Promise<string[]>[] = [];
  const ended: string[] = [];
  const record = (line: string): void => {
    if (!line.includes('"interrupted":true')) return;
    seen.push(new Promise((resolve) => setImmediate(() => resolve([...ended]))));
  };
  const { connection, log, session } = await speaking({ options: { record } });
  const generation = log.generations[0]!;
  let frames = 0;
  const read = async (name: string, stream: AsyncIterable<unknown>): Promise<void> => {
    for await (const _one of stream) if (name === 'audio') frames += 1;
    ended.push(name);
  };
  const messages = (async () => {
    for await (const { audioStream, textStream } of generation.messageStream) {
      await Promise.all([read('audio', audioStream), read('text', textStream)]);
    }
    ended.push('messages');
  })();
  const calls = read('calls', generation.functionStream);
  await new Promise(setImmediate);
  const before = frames;
  expect(ended).toEqual([]);
  connection.interrupted({ boundary: false });
  connection.audio(200);
  connection.send({ serverContent: { turnComplete: true } });
  await Promise.all([messages, calls]);
  expect((await seen[0]!).toSorted()).toEqual(['audio', 'calls', 'messages', 'text']);
  expect(frames).toBe(before);
  await log.untilNamed('input_speech_started');
  const item = session.chatCtx.items.at(-1);
  expect(item?.type === 'message' && item.interrupted).toBe(true);
});

test('what is held when the interruption comes is never handed out', async () => {
  const clock = new ManualClock();
  const playoutBuffer = { initialMs: 500, maxMs: 500 };
  const { connection, log } = await speaking({ options: { playoutBuffer }, env: { clock } });
  connection.interrupted();
  const heard = await listen(log.generations[0]!);
  clock.advance(60_000);
  expect(heard).toMatchObject({ samples: 0, text: '' });
  expect(heard.messageIds).toHaveLength(1);
});

test('gaps on the wire are counted, with the buffer off', async () => {
  const clock = new ManualClock();
  const { connection, session, log } = await startCall({ env: { clock } });
  connection.audio(100);
  await log.untilNamed('generation_created');
  clock.advance(350);
  connection.audio(100);
  connection.endTurn();
  await listen(log.generations[0]!);
  expect(session.health).toMatchObject({ underruns: 1, underrunMs: 250 });
});
