// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { InputWatch } from '../src/livekit/input_watch.js';
import { startCall, tone } from './support/call.js';
import { ManualClock } from './support/manual_clock.js';

function watched(): { clock: ManualClock; watch: InputWatch; said: string[] } {
  const clock = new ManualClock();
  const said: string[] = [];
  const watch = new InputWatch(clock, {
    lull: () => said.push('lull'),
    paused: () => said.push('paused'),
    missing: () => said.push('missing'),
  });
  return { clock, watch, said };
}

test('frames that flow say nothing; 40 ms without one are a lull, a second is a pause, once', () => {
  const { clock, watch, said } = watched();
  for (let i = 0; i < 200; i++) {
    watch.frame();
    clock.advance(39);
  }
  expect(said).toEqual([]);
  clock.advance(1);
  expect(said).toEqual(['lull']);
  clock.advance(959);
  expect(said).toEqual(['lull']);
  clock.advance(1);
  expect(said).toEqual(['lull', 'paused']);
  clock.advance(5_000);
  expect(said).toEqual(['lull', 'paused']);
  watch.frame();
  clock.advance(1_000);
  expect(said).toEqual(['lull', 'paused', 'lull', 'paused']);
});

test('after a lull the next one counts from the next frame', () => {
  const { clock, watch, said } = watched();
  watch.frame();
  clock.advance(500);
  watch.frame();
  clock.advance(39);
  expect(said).toEqual(['lull']);
  clock.advance(1);
  expect(said).toEqual(['lull', 'lull']);
  clock.advance(959);
  expect(said).toEqual(['lull', 'lull']);
  clock.advance(1);
  expect(said).toEqual(['lull', 'lull', 'paused']);
});

test('a caller who is no longer heard is missed once', () => {
  const { clock, watch, said } = watched();
  watch.frame();
  clock.advance(10_000);
  expect(said).toEqual(['lull', 'paused', 'missing']);
  clock.advance(60_000);
  watch.answerEnded();
  expect(said).toEqual(['lull', 'paused', 'missing']);
  expect(clock.pending).toBe(0);
});

test('a caller who is never heard is missed once the agent has spoken', () => {
  const { clock, watch, said } = watched();
  clock.advance(9_999);
  watch.answerEnded();
  expect(said).toEqual([]);
  clock.advance(1);
  watch.answerEnded();
  watch.answerEnded();
  expect(said).toEqual(['missing']);
});

test('a stopped watch leaves no timer', () => {
  const { clock, watch } = watched();
  watch.frame();
  watch.stop();
  expect(clock.pending).toBe(0);
});

test('a muted microphone ends the audio stream, so that the last words are answered', async () => {
  const clock = new ManualClock();
  const { server, session, connection, log } = await startCall({ env: { clock } });
  session.pushAudio(tone(130));
  await connection.waitFor((frame) => frame.realtimeInput?.audio !== undefined);
  clock.advance(1_000);
  await connection.waitFor((frame) => frame.realtimeInput?.audioStreamEnd === true);
  expect(connection.audioMs).toBeCloseTo(130, 0);
  session.pushAudio(tone(100));
  await connection.waitFor(() => connection.audioMs >= 229);
  clock.advance(20_000);
  expect(log.reports.map(({ what }) => what)).toContain('no_caller_audio');
  server.assertClean();
});
