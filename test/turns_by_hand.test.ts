// SPDX-License-Identifier: Apache-2.0
import { AudioFrame } from '@livekit/rtc-node';
import { expect, test, vi } from 'vitest';
import type { RealtimeSession } from '../src/index.js';
import type { LiveConnection } from '../src/testing/index.js';
import { listen, startCall, tone, type Call } from './support/call.js';
import { marks } from './support/marks.js';
import { ManualClock } from './support/manual_clock.js';

const BY_HAND = { realtimeInputConfig: { automaticActivityDetection: { disabled: true } } };

/** A call with both ends connected, whose clock stands still. */
async function byHand(): Promise<Call & { clock: ManualClock }> {
  const clock = new ManualClock();
  const call = await startCall({ env: { clock }, options: BY_HAND });
  await vi.waitFor(() => expect(call.session.health.connections).toBe(1));
  return { ...call, clock };
}

const ended = (connection: LiveConnection) =>
  connection.waitFor((frame) => frame.realtimeInput?.activityEnd !== undefined);

const silence = (ms: number): AudioFrame =>
  new AudioFrame(new Int16Array(ms * 16), 16_000, 1, ms * 16);

/** The server answers, and all of it has arrived. */
async function heardOut({ connection, log }: Pick<Call, 'connection' | 'log'>, say: string) {
  await connection.turn({ say });
  connection.send({ mark: true });
  await log.until(() => log.reports.some(({ what }) => what === 'unknown_frame'));
}

/** Audio in frames of 100 ms, as time goes by. */
function stream(session: RealtimeSession, clock: ManualClock, ms: number, frame = tone(100)): void {
  for (let passed = 0; passed < ms; passed += 100) {
    session.pushAudio(frame);
    clock.advance(100);
  }
}

test('audio outside an activity stays here; its newest second goes first into the next one', async () => {
  const { server, session, connection, clock } = await byHand();
  stream(session, clock, 3_000);
  session.startUserActivity();
  stream(session, clock, 500);
  session.startUserActivity();
  await session.commitAudio();
  await ended(connection);
  expect(marks(connection)).toEqual(['start', 'audio 1500', 'end']);
  server.assertClean();
});

test('a short utterance that opened no activity is sent whole, also after a long wait', async () => {
  const { server, session, connection, clock } = await byHand();
  stream(session, clock, 400);
  stream(session, clock, 3_200, silence(100));
  await session.commitAudio();
  await ended(connection);
  expect(marks(connection)).toEqual(['start', 'audio 3600', 'end']);
  server.assertClean();
});

test('a commit of nothing sends nothing, and neither does a second one', async () => {
  const { server, session, connection } = await byHand();
  await session.commitAudio();
  session.startUserActivity();
  session.pushAudio(tone(120));
  await session.commitAudio();
  await session.commitAudio();
  await session.close();
  await connection.closed;
  expect(marks(connection)).toEqual(['start', 'audio 120', 'end']);
  server.assertClean();
});

test('no audio of a committed turn goes into the next one', async () => {
  const { server, session, connection, clock } = await byHand();
  session.startUserActivity();
  stream(session, clock, 700);
  session.pushAudio(tone(20));
  await session.commitAudio();
  session.pushAudio(tone(60));
  session.startUserActivity();
  await session.commitAudio();
  await ended(connection);
  await ended(connection);
  expect(marks(connection)).toEqual(['start', 'audio 720', 'end', 'start', 'audio 60', 'end']);
  server.assertClean();
});

test('an interruption that follows a commit opens nothing', async () => {
  const { server, session, connection, clock } = await byHand();
  session.startUserActivity();
  stream(session, clock, 300);
  await session.commitAudio();
  await session.interrupt();
  stream(session, clock, 300);
  await session.close();
  await connection.closed;
  expect(marks(connection)).toEqual(['start', 'audio 300', 'end']);
  server.assertClean();
});

test('push-to-talk: the first loud audio after an interruption opens the turn', async () => {
  const { server, session, connection, clock } = await byHand();
  stream(session, clock, 1_000);
  await session.interrupt();
  await session.clearAudio();
  stream(session, clock, 500, silence(100));
  stream(session, clock, 10_000);
  await connection.waitFor(() => connection.audioMs === 10_500);
  await session.commitAudio();
  await ended(connection);
  expect(marks(connection)).toEqual(['start', 'audio 10500', 'end']);
  server.assertClean();
});

test('push-to-talk: a press that was cancelled, or was none, opens nothing', async () => {
  const { server, session, connection, clock } = await byHand();
  await session.interrupt();
  stream(session, clock, 300, silence(100));
  await session.clearAudio();
  stream(session, clock, 1_000);
  await session.interrupt();
  const reply = session.generateReply();
  stream(session, clock, 1_000);
  await connection.waitFor('clientContent');
  void connection.turn({ say: 'Hello.' });
  await listen(await reply);
  expect(marks(connection)).toEqual([]);
  server.assertClean();
});

test('an open activity ends a second after the microphone went silent', async () => {
  const { server, session, connection, clock, log } = await byHand();
  session.startUserActivity();
  session.pushAudio(tone(130));
  clock.advance(999);
  expect(marks(connection)).not.toContain('end');
  clock.advance(1);
  await ended(connection);
  expect(marks(connection)).toEqual(['start', 'audio 130', 'end']);
  // It was committed: the reply that LiveKit requests now is on its way already.
  const reply = session.generateReply();
  connection.heard('Are you there?');
  void connection.turn({ say: 'Yes.' });
  expect((await listen(await reply)).text).toBe('Yes.');
  expect(connection.contents).toEqual([]);
  // LiveKit would take that for an interruption of this very reply.
  expect(log.names).not.toContain('input_speech_started');
  server.assertClean();
});

test('a microphone that goes silent outside an activity ends nothing', async () => {
  const { server, session, connection, clock } = await byHand();
  session.pushAudio(tone(130));
  clock.advance(5_000);
  await session.close();
  await connection.closed;
  expect(marks(connection)).toEqual([]);
  expect(clock.pending).toBe(0);
  server.assertClean();
});

test('an open activity is ended before the socket closes', async () => {
  const { server, session, connection, clock } = await byHand();
  session.startUserActivity();
  session.pushAudio(tone(130));
  await session.close();
  expect((await connection.closed).code).toBe(1000);
  expect(marks(connection)).toEqual(['start', 'audio 130', 'end']);
  session.startUserActivity();
  expect(clock.pending).toBe(0);
  server.assertClean();
});

test('what a VAD took for speech is forgotten after 15 s, and its answer is not heard', async () => {
  const { server, session, connection, clock, log } = await byHand();
  session.startUserActivity();
  stream(session, clock, 1_000);
  session.startUserActivity();
  stream(session, clock, 14_900, silence(100));
  expect(marks(connection)).not.toContain('end');
  stream(session, clock, 200, silence(100));
  await ended(connection);
  await heardOut({ connection, log }, 'Pardon?');
  session.startUserActivity();
  await session.commitAudio();
  await ended(connection);
  void connection.turn({ say: 'Hello.' });
  await log.until(() => log.generations.length > 0);
  expect((await listen(log.generations[0]!)).text).toBe('Hello.');
  server.assertClean();
});

test('a button that stays down in silence commits what was said', async () => {
  const { server, session, connection, clock, log } = await byHand();
  await session.interrupt();
  stream(session, clock, 1_000);
  stream(session, clock, 15_000, silence(100));
  await ended(connection);
  void connection.turn({ say: 'Yes.' });
  await log.until(() => log.generations.length > 0);
  expect((await listen(log.generations[0]!)).text).toBe('Yes.');
  server.assertClean();
});

test('speech without an end is committed after 5 min', async () => {
  const { server, session, connection, clock } = await byHand();
  session.startUserActivity();
  for (let second = 0; second < 299; second++) {
    session.startUserActivity();
    session.pushAudio(tone(20));
    clock.advance(999);
  }
  expect(marks(connection)).not.toContain('end');
  session.pushAudio(tone(20));
  clock.advance(999);
  session.pushAudio(tone(20));
  clock.advance(500);
  await ended(connection);
  const reply = session.generateReply();
  void connection.turn({ say: 'Yes.' });
  expect((await listen(await reply)).text).toBe('Yes.');
  server.assertClean();
});

test('a turn that is taken back is ended, and not answered; the next one is', async () => {
  const { server, session, connection, clock, log } = await byHand();
  session.startUserActivity();
  stream(session, clock, 600);
  await connection.waitFor(() => connection.audioMs === 600);
  await session.clearAudio();
  stream(session, clock, 600);
  await ended(connection);
  connection.heard('Never mind.');
  await heardOut({ connection, log }, 'As you like.');
  session.startUserActivity();
  await session.commitAudio();
  await ended(connection);
  connection.heard('Hello?');
  void connection.turn({ say: 'Hello.' });
  await log.until(() => log.generations.length > 0);
  expect((await listen(log.generations[0]!)).text).toBe('Hello.');
  expect(marks(connection)).toEqual(['start', 'audio 600', 'end', 'start', 'audio 600', 'end']);
  expect(connection.contents).toEqual([]);
  server.assertClean();
});

test('a turn that is taken back before the server heard of it is not sent at all', async () => {
  const { server, session, connection, clock, log } = await byHand();
  const back = server.nextConnection();
  connection.drop();
  await log.untilNamed('error');
  session.startUserActivity();
  session.pushAudio(tone(200));
  await session.commitAudio();
  session.startUserActivity();
  session.pushAudio(tone(400));
  await session.clearAudio();
  clock.advance(10_000);
  const second = await back;
  await ended(second);
  session.startUserActivity();
  session.pushAudio(tone(50));
  await session.commitAudio();
  await ended(second);
  expect(marks(second)).toEqual(['start', 'audio 200', 'end', 'start', 'audio 50', 'end']);
  server.assertClean();
});
