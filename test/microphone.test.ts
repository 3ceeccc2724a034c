// SPDX-License-Identifier: Apache-2.0
import { AudioFrame } from '@livekit/rtc-node';
import { ReadableStream, type ReadableStreamDefaultController } from 'node:stream/web';
import { expect, test, vi } from 'vitest';
import { Caller } from '../src/livekit/caller.js';
import { initialState } from '../src/turn/state.js';
import { validate } from '../src/validate.js';
import { startCall, tone, type Call } from './support/call.js';
import { ManualClock } from './support/manual_clock.js';
import { marks } from './support/marks.js';

async function started(): Promise<Call & { clock: ManualClock }> {
  const clock = new ManualClock();
  const call = await startCall({ env: { clock } });
  await vi.waitFor(() => expect(call.session.health.connections).toBe(1));
  return { ...call, clock };
}

test.each([16_000, 24_000, 48_000])(
  'at %i Hz all that the caller said is sent before the stream ends, each time',
  async (rate) => {
    const { server, session, connection, clock } = await started();
    for (const _ of [1, 2]) {
      // Odd lengths: something is left in the resampler and in the chunk.
      for (let i = 0; i < 7; i++) session.pushAudio(tone(19, rate));
      clock.advance(1_000);
      await connection.waitFor((frame) => frame.realtimeInput?.audioStreamEnd === true);
    }
    expect(marks(connection)).toEqual(['audio 133', 'pause', 'audio 133', 'pause']);
    server.assertClean();
  },
);

test('the end of a stream that carried nothing, or has ended, is not told', async () => {
  const { server, session, connection, clock } = await started();
  await session.commitAudio();
  session.pushAudio(tone(100));
  await session.commitAudio();
  await session.commitAudio();
  clock.advance(5_000);
  await session.close();
  await connection.closed;
  expect(marks(connection)).toEqual(['audio 100', 'pause']);
  server.assertClean();
});

/** A frame that swings between silence and a level, on either side of it. */
function swinging(level: number, ms = 20, rate = 24_000): AudioFrame {
  const count = (rate * ms) / 1_000;
  const samples = Int16Array.from({ length: count }, (_, i) => (i % 40 < 20 ? level : 0));
  return new AudioFrame(samples, rate, 1, count);
}

/** A caller of a session that is not there, and the audio that would have been sent, in ms. */
function someCaller(clock: ManualClock, loud = (): void => {}): { caller: Caller; sent: number[] } {
  const sent: number[] = [];
  const { settings } = validate({ apiKey: 'a-key' }, {}, '2026-11-20');
  const nothing = (): void => {};
  const caller = new Caller(settings, false, clock, {
    send: (command) => {
      if (command.type === 'audio') sent.push(command.pcm.byteLength / 32);
    },
    takeBack: () => false,
    committed: nothing,
    discarded: nothing,
    missing: nothing,
    warnOnce: nothing,
    state: () => initialState(''),
    loud,
  });
  return { caller, sent };
}

/** How often a caller was loud in so many ms of such audio. */
function loudIn(ms: number, frame: AudioFrame): number {
  const clock = new ManualClock();
  const loud = vi.fn();
  const { caller } = someCaller(clock, loud);
  for (let passed = 0; passed < ms; passed += 20) {
    caller.pushAudio(frame);
    clock.advance(20);
  }
  caller.close();
  return loud.mock.calls.length;
}

test('a caller who is loud is noticed at once, and then twice a second at most', () => {
  expect(loudIn(200, swinging(2_000))).toBe(1);
  expect(loudIn(3_000, swinging(2_000))).toBeGreaterThanOrEqual(5);
  expect(loudIn(3_000, swinging(2_000))).toBeLessThanOrEqual(6);
});

test('noise and silence are not loud, whatever their sign', () => {
  expect(loudIn(3_000, swinging(0))).toBe(0);
  expect(loudIn(3_000, swinging(300))).toBe(0);
  expect(loudIn(200, swinging(-2_000))).toBe(1);
});

test.each([8_000, 16_000, 24_000, 44_100, 48_000])(
  'at %i Hz audio leaves with the frame that ends its 40 ms, but for less than 5 ms',
  (rate) => {
    const { caller, sent } = someCaller(new ManualClock());
    for (let pushed = 40; pushed <= 2_000; pushed += 40) {
      caller.pushAudio(tone(20, rate));
      expect(sent).toHaveLength(pushed / 40 - 1);
      caller.pushAudio(tone(20, rate));
      expect(sent).toHaveLength(pushed / 40);
      const heldMs = pushed - sent.reduce((sum, ms) => sum + ms, 0);
      expect(heldMs).toBeGreaterThanOrEqual(0);
      expect(heldMs).toBeLessThan(5);
    }
    caller.close();
  },
);

test.each([8_000, 16_000, 24_000, 44_100, 48_000])(
  'at %i Hz a microphone that stops anywhere leaves less than 5 ms unsent 40 ms later',
  (rate) => {
    for (let frames = 1; frames <= 5; frames++) {
      const clock = new ManualClock();
      const { caller, sent } = someCaller(clock);
      for (let i = 0; i < frames; i++) {
        caller.pushAudio(tone(20, rate));
        clock.advance(20);
      }
      clock.advance(20);
      const heldMs = frames * 20 - sent.reduce((sum, ms) => sum + ms, 0);
      expect(heldMs).toBeGreaterThanOrEqual(0);
      expect(heldMs).toBeLessThan(5);
      caller.close();
    }
  },
);

test.each([
  [10, [40, 40]],
  [25, [25, 25, 25, 25]],
  [50, [50, 50]],
  [100, [100]],
  [250, [100, 100, 50]],
])('frames of %i ms leave as they come, together up to 40 ms, in parts of 100 ms', (ms, chunks) => {
  const { caller, sent } = someCaller(new ManualClock());
  while (sent.length < chunks.length) caller.pushAudio(tone(ms, 16_000));
  expect(sent).toEqual(chunks);
  caller.close();
});

test('what is no audio is left out, and what follows is heard', () => {
  const { caller, sent } = someCaller(new ManualClock());
  caller.pushAudio({ ...tone(20), sampleRate: 0, samplesPerChannel: 1, channels: 1 } as AudioFrame);
  caller.pushAudio(tone(40, 16_000));
  expect(sent).toEqual([40]);
  caller.close();
});

/** A stream that is fed by hand. */
function feed(): {
  stream: ReadableStream<AudioFrame>;
  write(ms: number): void;
  end(): void;
  fail(): void;
} {
  let to: ReadableStreamDefaultController<AudioFrame>;
  const stream = new ReadableStream<AudioFrame>({ start: (controller) => void (to = controller) });
  return {
    stream,
    write: (ms) => to.enqueue(tone(ms, 16_000)),
    end: () => to.close(),
    fail: () => to.error(new Error('unplugged')),
  };
}

test('another stream takes the place of the one before, which is free for others', async () => {
  const { server, session, connection } = await started();
  const [first, second] = [feed(), feed()];
  session.setInputAudioStream(first.stream);
  first.write(100);
  await connection.waitFor(() => connection.audioMs >= 100);
  session.setInputAudioStream(second.stream);
  expect(first.stream.locked).toBe(false);
  first.write(100);
  second.write(40);
  await connection.waitFor(() => connection.audioMs >= 140);
  expect((await first.stream.getReader().read()).value).toMatchObject({ samplesPerChannel: 1_600 });
  await session.close();
  expect(second.stream.locked).toBe(false);
  expect(connection.audioMs).toBe(140);
  server.assertClean();
});

test('a stream that ends or fails ends no session: the next one is heard', async () => {
  const { server, session, connection } = await started();
  const [ending, failing, last] = [feed(), feed(), feed()];
  session.setInputAudioStream(ending.stream);
  ending.write(40);
  ending.end();
  await connection.waitFor(() => connection.audioMs >= 40);
  await vi.waitFor(() => expect(ending.stream.locked).toBe(false));
  session.setInputAudioStream(failing.stream);
  failing.fail();
  await vi.waitFor(() => expect(failing.stream.locked).toBe(false));
  const taken = feed();
  taken.stream.getReader();
  expect(() => session.setInputAudioStream(taken.stream)).not.toThrow();
  session.setInputAudioStream(last.stream);
  last.write(40);
  await connection.waitFor(() => connection.audioMs >= 80);
  await session.close();
  expect(() => session.setInputAudioStream(feed().stream)).not.toThrow();
  server.assertClean();
});
