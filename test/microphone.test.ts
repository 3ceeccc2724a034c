// SPDX-License-Identifier: Apache-2.0
import { AudioFrame } from '@livekit/rtc-node';
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

/** How often a caller was loud in so many ms of such audio. */
function loudIn(ms: number, frame: AudioFrame): number {
  const clock = new ManualClock();
  const { settings } = validate({ apiKey: 'a-key' }, {}, '2026-11-20');
  const loud = vi.fn();
  const nothing = (): void => {};
  const caller = new Caller(settings, false, clock, {
    send: nothing,
    takeBack: () => false,
    committed: nothing,
    discarded: nothing,
    missing: nothing,
    warnOnce: nothing,
    state: () => initialState(''),
    loud,
  });
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
