// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { RealtimeModelOptions } from '../src/index.js';
import { HealthLog, type ConnectionEvent } from '../src/livekit/health.js';
import type { LiveConnection } from '../src/testing/index.js';
import { startCall, tone, type Call } from './support/call.js';
import { ManualClock } from './support/manual_clock.js';

const up = (connection: number, restored = false, acquireMs = 0) => ({
  connection,
  restored,
  acquireMs,
});

describe('the log', () => {
  it('of a session that never had a connection is empty', () => {
    expect(new HealthLog().snapshot(0)).toEqual({
      connections: 0,
      recoveries: 0,
      downtimeMs: 0,
      silentTurns: 0,
      stalls: 0,
      memoryLosses: 0,
      protocolErrors: 0,
      droppedAudioMs: 0,
      underruns: 0,
      underrunMs: 0,
      timeToFirstAudioMs: undefined,
    });
  });

  it('tells of the first connection', () => {
    expect(new HealthLog().up(up(1, false, 120), true, 0, 1_000)).toEqual({
      connection: 1,
      cause: 'start',
      attempts: 0,
      resumed: false,
      reseeded: true,
      memoryLost: false,
      downtimeMs: 0,
      acquireMs: 120,
      droppedAudioMs: 0,
    });
  });

  it('keeps the first cause of an outage and counts its attempts', () => {
    const log = new HealthLog();
    log.up(up(1), false, 0, 0);
    log.down('stall', false, 1_000);
    log.down('network', true, 1_500);
    log.down('server', true, 2_000);
    const event = log.up(up(2, true), false, 300, 4_000);
    expect(event).toMatchObject({ cause: 'stall', attempts: 2, downtimeMs: 3_000 });
    expect(event).toMatchObject({ resumed: true, droppedAudioMs: 300 });
    log.down('goAway', false, 5_000);
    expect(log.up(up(3), false, 300, 5_100)).toMatchObject({
      cause: 'goAway',
      attempts: 0,
      downtimeMs: 100,
      droppedAudioMs: 0,
    });
    expect(log.snapshot(450)).toMatchObject({
      connections: 3,
      recoveries: 2,
      downtimeMs: 3_100,
      droppedAudioMs: 450,
    });
  });

  it('adds up: downtime and lost audio of the events are those of the session', () => {
    const outage = fc.record({
      downMs: fc.nat(60_000),
      upMs: fc.nat(60_000),
      failures: fc.nat(5),
      lostMs: fc.nat(5_000),
    });
    fc.assert(
      fc.property(fc.array(outage), (outages) => {
        const log = new HealthLog();
        let [now, lost] = [0, 0];
        const events: ConnectionEvent[] = [log.up(up(1), false, 0, now)];
        for (const { downMs, upMs, failures, lostMs } of outages) {
          now += upMs;
          log.down('goAway', false, now);
          for (let i = 0; i < failures; i++) log.down('network', true, now);
          now += downMs;
          lost += lostMs;
          const event = log.up(up(events.length + 1), false, lost, now);
          expect(event.attempts).toBe(failures);
          events.push(event);
        }
        const sum = (key: 'downtimeMs' | 'droppedAudioMs') =>
          events.reduce((total, event) => total + event[key], 0);
        expect(log.snapshot(lost)).toMatchObject({
          connections: events.length,
          recoveries: outages.length,
          downtimeMs: sum('downtimeMs'),
          droppedAudioMs: sum('droppedAudioMs'),
        });
      }),
    );
  });

  it('counts silent turns, and the steps of the watchdog but not its giving up', () => {
    const log = new HealthLog();
    log.reported('empty_turn');
    log.reported('silent_audio');
    log.reported('thought');
    for (const step of ['nudge', 'resume', 'none']) log.reported('unanswered', { step });
    expect(log.snapshot(0)).toMatchObject({ silentTurns: 2, stalls: 2 });
  });
});

describe('times to the first audio', () => {
  const percentiles = (times: number[]) => {
    const log = new HealthLog();
    for (const ms of times) log.firstAudioAfter(ms);
    return log.snapshot(0).timeToFirstAudioMs;
  };

  it.each([
    [[7], { count: 1, p50: 7, p95: 7 }],
    [[900, 100], { count: 2, p50: 100, p95: 900 }],
    [Array.from({ length: 20 }, (_, i) => 20 - i), { count: 20, p50: 10, p95: 19 }],
    [Array.from({ length: 250 }, (_, i) => i), { count: 200, p50: 149, p95: 239 }],
  ])('%j', (times, expected) => {
    expect(percentiles(times)).toEqual(expected);
  });

  it('are measured ones, and no more of them are higher than the name allows', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(30_000), { minLength: 1, maxLength: 200 }), (times) => {
        const { count, p50, p95 } = percentiles(times)!;
        expect(count).toBe(times.length);
        for (const [value, share] of [
          [p50, 0.5],
          [p95, 0.05],
        ] as const) {
          expect(times).toContain(value);
          expect(times.filter((ms) => ms > value).length).toBeLessThanOrEqual(share * count);
        }
      }),
    );
  });
});

describe('memory', () => {
  const after = (cause: string, restored: boolean, before: number, now: number): boolean => {
    const log = new HealthLog();
    log.up(up(1), false, 0, 0);
    log.forgot(before);
    log.down(cause, false, 1);
    log.up(up(2, restored), false, 0, 2);
    return log.forgot(now);
  };

  it('is lost when the prompt of a resumed session collapses', () => {
    expect(after('network', true, 2_758, 351)).toBe(true);
    expect(after('goAway', true, 400, 199)).toBe(true);
    expect(after('goAway', true, 400, 200)).toBe(false);
    expect(after('goAway', true, 399, 1)).toBe(false);
    expect(after('network', true, 2_758, 5_000)).toBe(false);
  });

  it('of a fresh session, or under new settings, is not judged', () => {
    expect(after('network', false, 2_758, 351)).toBe(false);
    expect(after('update', true, 2_758, 351)).toBe(false);
  });

  it('is judged by the first turn only, and not by one without a count', () => {
    const log = new HealthLog();
    log.forgot(2_000);
    log.up(up(1, true), false, 0, 0);
    expect([0, 2_100, 300].map((tokens) => log.forgot(tokens))).toEqual([false, false, false]);
    expect(log.snapshot(0).memoryLosses).toBe(0);
  });
});

// On real sockets.

interface Watched extends Call {
  clock: ManualClock;
  events: ConnectionEvent[];
  /** Resolves when so many connections have been told of. */
  told(count: number): Promise<void>;
}

async function watched(options: RealtimeModelOptions = {}): Promise<Watched> {
  const clock = new ManualClock();
  const events: ConnectionEvent[] = [];
  const waiting: (() => void)[] = [];
  const call = await startCall({ options, env: { clock, random: () => 0.5 } });
  call.session.on('gemini_connection', ((event: ConnectionEvent) => {
    events.push(event);
    waiting.forEach((check) => check());
  }) as never);
  const told = (count: number): Promise<void> =>
    new Promise((done) => {
      const check = (): void => void (events.length >= count && done());
      waiting.push(check);
      check();
    });
  await told(1);
  return { ...call, clock, events, told };
}

test('the events of a call: start, goAway, restart, stall, failures', async () => {
  const call = await watched();
  const { server, session, connection, clock, events, log, told } = call;
  expect(events).toMatchObject([{ connection: 1, cause: 'start', resumed: false, attempts: 0 }]);

  connection.resumptionUpdate();
  connection.goAway('50s');
  await told(2);
  expect(events[1]).toMatchObject({ connection: 2, cause: 'goAway', resumed: true });

  session.restart({ keepContext: true });
  await told(3);
  expect(events[2]).toMatchObject({ cause: 'restart', resumed: true, reseeded: false });

  const third = await server.connection(2);
  void third.turn({ say: 'Remember me.' });
  await log.untilNamed('metrics_collected');
  session.restart({ keepContext: false });
  await told(4);
  expect(events[3]).toMatchObject({ cause: 'restart', resumed: false, reseeded: false });
  expect(session.chatCtx.items).toEqual([]);

  const fourth = await server.connection(3);
  fourth.heard('Hello?');
  await log.untilNamed('input_speech_started');
  clock.advance(16_000);
  await told(5);
  expect(events[4]).toMatchObject({ cause: 'stall', resumed: true });

  server.refuse({ status: 503 });
  const fifth = await server.connection(4);
  void fifth.turn({ say: 'Yes?' });
  await log.untilNamed('metrics_collected', 2);
  clock.advance(20_000);
  fifth.drop();
  await log.untilNamed('error', 1);
  clock.advance(0);
  await log.untilNamed('error', 2);
  clock.advance(30_000);
  await told(6);
  expect(events.at(-1)).toMatchObject({ attempts: 2, cause: 'network' });
  expect(events.at(-1)?.downtimeMs).toBe(30_000);
  expect(session.health).toMatchObject({ connections: events.length });
  expect(log.names.filter((name) => name === 'session_reconnected')).toHaveLength(5);
});

test('a resumed session that forgot is told of', async () => {
  const { connection, server, events, log, clock, session, told } = await watched();
  connection.resumptionUpdate();
  void connection.turn({ say: 'Yes.', usage: { promptTokenCount: 2_758 } });
  await log.untilNamed('metrics_collected');
  connection.drop();
  await log.untilNamed('error');
  clock.advance(0);
  const resumed: LiveConnection = await server.connection(1);
  void resumed.turn({ say: 'Hello, who are you?', usage: { promptTokenCount: 351 } });
  await told(3);
  expect(events).toMatchObject([
    { cause: 'start', memoryLost: false },
    { cause: 'network', resumed: true, reseeded: false },
    { cause: 'memory', resumed: false, reseeded: true, memoryLost: true },
  ]);
  expect(session.health).toMatchObject({ memoryLosses: 1, recoveries: 2 });
});

test('latency runs from the words of the caller to the first audio', async () => {
  const { connection, clock, log, session } = await watched();
  for (const [count, ms] of [
    [1, 700],
    [2, 300],
  ] as const) {
    connection.heard('What time is it?');
    await log.until(() => log.transcripts.filter(({ isFinal }) => !isFinal).length === count);
    clock.advance(ms);
    void connection.turn({ say: 'Noon.' });
    await log.untilNamed('metrics_collected', count);
  }
  expect(session.health.timeToFirstAudioMs).toEqual({ count: 2, p50: 300, p95: 700 });
});

test('audio that the gap was too long for is counted', async () => {
  const { connection, clock, log, session, events, told } = await watched({ audioBufferMs: 500 });
  connection.drop();
  await log.untilNamed('error');
  for (let i = 0; i < 10; i++) session.pushAudio(tone(100));
  clock.advance(0);
  await told(2);
  expect(events[1]?.droppedAudioMs).toBeGreaterThan(300);
  expect(session.health.droppedAudioMs).toBe(events[1]?.droppedAudioMs);
});
