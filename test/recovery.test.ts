// SPDX-License-Identifier: Apache-2.0
import { llm } from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../src/clock.js';
import type { FailureKind } from '../src/errors.js';
import type { RealtimeSession } from '../src/index.js';
import type { ConnectionEvent } from '../src/livekit/health.js';
import type { LiveConnection } from '../src/testing/index.js';
import { EventLog, listen, modelFor, startServer, tone, withOutput } from './support/call.js';
import { ManualClock } from './support/manual_clock.js';
import {
  DOWN_MS,
  Front,
  goDown,
  goDownForGood,
  history,
  recoverable,
  ROLLING,
  sentTurns,
  timesSaid,
  weather,
  type Recovery,
} from './support/recovery.js';

const RESUMED: Partial<ConnectionEvent> = { resumed: true, reseeded: false, memoryLost: false };
const FRESH: Partial<ConnectionEvent> = { resumed: false, reseeded: true, memoryLost: false };

/** The model speaks, and it is heard: the call goes on. */
async function goesOn({ log }: Recovery, connection: LiveConnection): Promise<void> {
  const count = log.generations.length;
  void connection.turn({ say: 'Still here.' });
  await log.until(() => log.generations.length > count);
  expect((await listen(log.generations[count]!)).text).toBe('Still here.');
}

describe('the service ends a connection', () => {
  test.each<[code: number, reason: string, kind: FailureKind, afterMs: number]>([
    [1000, '', 'closed', 0],
    [1000, 'The operation was cancelled.', 'closed', 0],
    [1001, '', 'closed', 0],
    [1008, 'The operation was aborted', 'server', 0],
    [1008, 'Operation is not implemented, or supported, or enabled.', 'server', 1_250],
    [1011, 'Internal error encountered.', 'server', 0],
    [1011, 'Deadline expired before operation could complete.', 'server', 0],
    [1011, 'The service is currently unavailable.', 'server', 1_000],
    [1011, 'You exceeded your current quota, please check your plan.', 'quota', 11_000],
    [1012, '', 'server', 1_000],
    [1013, '', 'server', 1_000],
    [1014, '', 'server', 1_000],
  ])('%i "%s": the call goes on (%s)', async (code, reason, kind, afterMs) => {
    const call = await recoverable();
    const { server, connection, log, clock, ups } = call;
    connection.close(code, reason);
    await log.untilNamed('error');
    expect(clock.waits).toEqual([afterMs]);
    expect(server.dials).toHaveLength(1);
    clock.advance(afterMs);
    const second = await call.back();
    const retryable = { recoverable: true, error: { kind, code, phase: 'session' } };
    expect(log.errors).toMatchObject([retryable]);
    expect(log.errors[0]!.error).toMatchObject({ retryable: true, reason });
    expect(log.errors[0]!.error.message).toContain(`Attempt 1 follows in ${afterMs} ms.`);
    expect(ups).toEqual([
      {
        ...{ connection: 2, cause: kind, attempts: 1, ...RESUMED },
        ...{ downtimeMs: afterMs, acquireMs: 0, droppedAudioMs: 0 },
      },
    ]);
    expect(log.names.filter((name) => name === 'session_reconnected')).toHaveLength(1);
    expect(second.resumed).toBe(true);
    await goesOn(call, second);
    expect(log.errors).toHaveLength(1);
    server.assertClean();
  });

  test('a dropped socket that never came back: TCP is destroyed, the call goes on', async () => {
    const call = await recoverable();
    const { server, session, connection, log, clock, ups } = call;
    connection.drop();
    await log.untilNamed('error');
    clock.advance(0);
    const second = await call.back();
    expect(log.errors).toMatchObject([{ recoverable: true, error: { kind: 'network' } }]);
    expect(ups).toMatchObject([{ connection: 2, cause: 'network', attempts: 1, ...RESUMED }]);
    await goesOn(call, second);
    expect(session.health).toMatchObject({ connections: 2, recoveries: 1, downtimeMs: 0 });
    server.assertClean();
  });

  test('the end after 58 minutes: the resume is refused, a fresh session has the history', async () => {
    const call = await recoverable();
    const { server, connection, log, clock, ups } = call;
    connection.heard('I am Ada.');
    await connection.turn({ say: 'Hello Ada.' });
    await call.sync(connection);
    server.refuse({ closeCode: 1007, reason: 'Request contains an invalid argument.' });
    connection.close(1011, 'Deadline expired before operation could complete.');
    await log.untilNamed('error');
    clock.advance(0);
    await log.untilNamed('error', 2);
    clock.advance(0);
    const second = await call.back();
    await second.waitFor('clientContent');
    expect(log.errors).toMatchObject([
      { recoverable: true, error: { kind: 'server', code: 1011 } },
      { recoverable: true, error: { kind: 'resume', code: 1007, phase: 'setup' } },
    ]);
    expect(ups).toMatchObject([{ connection: 2, cause: 'server', attempts: 2, ...FRESH }]);
    expect(sentTurns(second)).toEqual([
      ['user', 'I am Ada.'],
      ['model', 'Hello Ada.'],
    ]);
    await goesOn(call, second);
    server.assertClean();
  });
});

describe('a dial is refused', () => {
  test('503: it is tried again, later', async () => {
    const call = await recoverable();
    const { server, connection, log, clock, ups } = call;
    server.refuse({ status: 503 });
    connection.drop();
    await log.untilNamed('error');
    clock.advance(0);
    await log.untilNamed('error', 2);
    expect(log.errors[1]).toMatchObject({
      recoverable: true,
      error: { kind: 'server', code: 503, phase: 'upgrade' },
    });
    expect(clock.waits).toEqual([2_000]);
    clock.advance(2_000);
    await goesOn(call, await call.back());
    expect(ups).toMatchObject([{ cause: 'network', attempts: 2, downtimeMs: 2_000, ...RESUMED }]);
    server.assertClean();
  });

  test('429 with Retry-After: the service is given the time it asks for', async () => {
    const server = await startServer();
    const front = new Front(server);
    await front.open();
    const call = await recoverable({ options: front.options }, server);
    front.answers = ['HTTP/1.1 429 Too Many Requests\r\nRetry-After: 25\r\n\r\n'];
    const { log, clock } = call;
    call.connection.drop();
    await log.untilNamed('error');
    clock.advance(0);
    await log.untilNamed('error', 2);
    expect(log.errors[1]).toMatchObject({ recoverable: true, error: { kind: 'quota', code: 429 } });
    expect(log.errors[1]!.error.message).toContain('Attempt 2 follows in 25000 ms.');
    clock.advance(24_999);
    expect(server.dials).toHaveLength(1);
    clock.advance(1);
    await goesOn(call, await call.back());
    server.assertClean();
  });

  test('nobody listens any more: when somebody does, the call goes on', async () => {
    const server = await startServer();
    const front = new Front(server);
    await front.open();
    const call = await recoverable({ options: front.options }, server);
    const { log, clock, ups } = call;
    await front.close();
    await log.untilNamed('error');
    clock.advance(0);
    await log.untilNamed('error', 2);
    expect(log.errors[1]).toMatchObject({
      recoverable: true,
      error: { kind: 'network', phase: 'upgrade', reason: expect.stringContaining('ECONNREFUSED') },
    });
    await front.open();
    clock.advance(2_000);
    await goesOn(call, await call.back());
    expect(ups).toMatchObject([{ attempts: 2, downtimeMs: 2_000, ...RESUMED }]);
    server.assertClean();
  });
});

describe('what no retry can mend', () => {
  test.each<[string, Parameters<Recovery['server']['refuse']>[0], FailureKind]>([
    ['a key that is refused', { status: 401 }, 'auth'],
    [
      'a retired model',
      {
        closeCode: 1008,
        reason: 'models/gone is not found for API version v1beta, or is not supported for',
      },
      'model',
    ],
    [
      'a setup that is refused',
      { closeCode: 1007, reason: 'Request contains an invalid argument.' },
      'setup',
    ],
  ])('%s: said once, everything settles', async (_name, refusal, kind) => {
    const server = await startServer();
    const clock = new ManualClock();
    server.refuse(refusal);
    const session = modelFor(server, {}, { clock }).session();
    const log = new EventLog(session);
    await expect(session.generateReply('Greet.')).rejects.toThrow(/gone for good/);
    expect(log.errors).toMatchObject([
      { recoverable: false, error: { kind, retryable: false, hint: expect.stringMatching(/./) } },
    ]);
    await laterCallsSettle(session);
    await session.close();
    expect(log.errors).toHaveLength(1);
    expect(server.dials).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  test('a key that is refused in mid-call: streams end, replies reject, tools are not awaited', async () => {
    const call = await recoverable({ tools: weather });
    const { server, session, connection, log, clock } = call;
    void connection.turn({ say: 'I was saying', complete: false });
    await log.untilNamed('generation_created');
    const heard = listen(log.generations[0]!);
    const reply = session.generateReply('Go on.');
    const rejected = expect(reply).rejects.toThrow(/gone for good/);
    await connection.waitFor('clientContent');
    await call.sync(connection);
    server.refuse({ status: 401 });
    connection.drop();
    await log.untilNamed('error');
    expect((await heard).text).toBe('I was saying');
    clock.advance(0);
    await rejected;
    expect(log.errors.map(({ recoverable, error }) => [recoverable, error.kind])).toEqual([
      [true, 'network'],
      [false, 'auth'],
    ]);
    await laterCallsSettle(session);
    await session.close();
    expect(log.errors).toHaveLength(2);
    expect(clock.pending).toBe(0);
  });

  test('connect, die, connect, die: the budget of attempts is spent', async () => {
    const call = await recoverable({
      options: { connOptions: { maxRetry: 2, retryIntervalMs: 2_000, timeoutMs: 10_000 } },
    });
    const { server, session, log, clock } = call;
    const reply = session.generateReply('Greet.');
    const rejected = expect(reply).rejects.toThrow(/gone for good/);
    let connection = call.connection;
    for (const [count, waitMs] of [
      [1, 0],
      [2, 2_000],
      [3, 4_000],
    ] as const) {
      connection.close(1011, 'Internal error encountered.');
      await log.untilNamed('error', count);
      clock.advance(waitMs);
      connection = await call.back();
    }
    connection.close(1011, 'Internal error encountered.');
    await rejected;
    expect(log.errors.map(({ recoverable, error }) => [recoverable, error.retryable])).toEqual([
      [true, true],
      [true, true],
      [true, true],
      [false, false],
    ]);
    await laterCallsSettle(session);
    clock.advance(60_000);
    await session.close();
    expect(server.dials).toHaveLength(4);
    expect(clock.pending).toBe(0);
  });

  test('a connection that lived a while begins a new count', async () => {
    const call = await recoverable({
      options: { connOptions: { maxRetry: 1, retryIntervalMs: 2_000, timeoutMs: 10_000 } },
    });
    const { log, clock } = call;
    let connection = call.connection;
    for (const count of [1, 2, 3]) {
      clock.advance(10_000);
      connection.close(1011, 'Internal error encountered.');
      await log.untilNamed('error', count);
      expect(log.errors[count - 1]!.error.message).toContain('Attempt 1 follows in 0 ms.');
      clock.advance(0);
      connection = await call.back();
    }
    await goesOn(call, connection);
    expect(log.errors.every(({ recoverable }) => recoverable)).toBe(true);
  });
});

/** A session that has failed takes every call of the framework and answers it. */
async function laterCallsSettle(session: RealtimeSession): Promise<void> {
  session.pushAudio(tone(100));
  session.restart({ keepContext: true });
  await session.updateInstructions('Too late.');
  await session.updateTools(weather);
  await session.updateChatCtx(history(['user', 'Too late.']));
  await session.commitAudio();
  await session.clearAudio();
  await session.interrupt();
  await expect(session.generateReply('Too late.')).rejects.toThrow(/gone for good/);
}

describe('the connection is exchanged in time', () => {
  test('goAway in mid-sentence: the sentence is not cut, the exchange follows it', async () => {
    const call = await recoverable();
    const { server, session, connection, log, ups } = call;
    const order: string[] = [];
    void connection.turn({ say: 'One half', complete: false });
    await log.untilNamed('generation_created');
    const heard = listen(log.generations[0]!);
    connection.goAway('50s');
    await call.sync(connection);
    connection.say(' and the other.');
    await call.sync(connection);
    expect(server.dials).toHaveLength(1);
    void connection.closed.then(({ code, by }) => order.push(`closed ${code} by ${by}`));
    void server.connection(1).then(() => order.push('set up'));
    connection.endTurn();
    const second = await call.back();
    expect((await heard).text).toBe('One half and the other.');
    expect(order).toEqual(['closed 1000 by client', 'set up']);
    expect(ups).toMatchObject([
      { connection: 2, cause: 'goAway', attempts: 0, downtimeMs: 0, ...RESUMED },
    ]);
    const [item] = session.chatCtx.items;
    expect(item?.type === 'message' && item.interrupted).toBe(false);
    await goesOn(call, second);
    expect(log.errors).toEqual([]);
    server.assertClean();
  });

  test('goAway in a sentence of a model whose handle comes after it: the memory is kept', async () => {
    const call = await recoverable({ options: { model: ROLLING } });
    const { server, connection, log, ups } = call;
    await connection.turn({ say: 'Hello.' });
    void connection.turn({ say: 'One half', complete: false });
    await log.untilNamed('generation_created', 2);
    connection.goAway('50s');
    await call.sync(connection);
    connection.say(' and the other.');
    connection.endTurn();
    const second = await call.back();
    expect(second.resumed).toBe(true);
    expect(sentTurns(second)).toEqual([]);
    expect(ups).toMatchObject([{ cause: 'goAway', attempts: 0, ...RESUMED }]);
    server.assertClean();
  });

  test('a handle that was taken back and never comes again holds nothing up for long', async () => {
    const call = await recoverable({ chatCtx: history(['user', 'I am Ada.']) });
    const { session, connection, clock, ups } = call;
    connection.resumptionUpdate({ resumable: false });
    await call.sync(connection);
    session.restart({ keepContext: true });
    clock.advance(9_999);
    await call.sync(connection);
    clock.advance(1);
    const second = await call.back();
    await second.waitFor('clientContent');
    expect(sentTurns(second)).toEqual([['user', 'I am Ada.']]);
    expect(ups).toMatchObject([{ cause: 'restart', attempts: 0, ...FRESH }]);
  });

  test('goAway, then silence: a timer forces it two seconds before the end', async () => {
    const call = await recoverable();
    const { server, connection, log, clock, ups } = call;
    void connection.turn({ say: 'One half', complete: false });
    await log.untilNamed('generation_created');
    const heard = listen(log.generations[0]!);
    connection.goAway('50s');
    await call.sync(connection);
    clock.advance(47_999);
    await call.sync(connection);
    expect(ups).toEqual([]);
    clock.advance(1);
    const second = await call.back();
    expect(await connection.closed).toMatchObject({ code: 1000, by: 'client' });
    expect((await heard).text).toBe('One half');
    expect(ups).toMatchObject([{ cause: 'goAway', ...RESUMED }]);
    await goesOn(call, second);
    expect(log.errors).toEqual([]);
    server.assertClean();
  });

  test('the timer of a goAway never acts on the next connection', async () => {
    const call = await recoverable();
    const { server, connection, log, clock } = call;
    void connection.turn({ say: 'One half', complete: false });
    await log.untilNamed('generation_created');
    connection.goAway('50s');
    await call.sync(connection);
    connection.close(1001, '');
    await log.untilNamed('error');
    clock.advance(0);
    const second = await call.back();
    void second.turn({ say: 'Again', complete: false });
    await log.untilNamed('generation_created', 2);
    clock.advance(60_000);
    await call.sync(second);
    expect(server.dials).toHaveLength(2);
  });

  test('goAway while a tool runs: its result goes to who asked, the answer is heard first', async () => {
    const call = await recoverable({ tools: weather });
    const { server, session, connection, log, clock, ups } = call;
    const answered = connection.callTool('weather', { city: 'Paris' });
    await log.untilNamed('generation_created');
    const { calls } = await listen(log.generations[0]!);
    connection.goAway('50s');
    await call.sync(connection);
    clock.advance(20_000);
    await session.updateChatCtx(withOutput(session, calls[0]!, 'sunny'));
    expect(await answered).toMatchObject({ response: { output: 'sunny' } });
    expect(timesSaid(connection, 'toolResponse')).toBe(1);
    expect(server.dials).toHaveLength(1);
    void connection.turn({ say: 'It is sunny.' });
    const second = await call.back();
    expect((await listen(log.generations[1]!)).text).toBe('It is sunny.');
    expect(ups).toMatchObject([{ cause: 'goAway', ...RESUMED }]);
    expect(timesSaid(second, 'sunny')).toBe(0);
    await goesOn(call, second);
    server.assertClean();
  });

  test('a connection near its greatest age is exchanged before it ends, again and again', async () => {
    const call = await recoverable({ options: { capabilities: { connectionLifeMs: 180_000 } } });
    const { server, log, clock, ups } = call;
    let connection = call.connection;
    for (const count of [1, 2, 3]) {
      clock.advance(119_999);
      await call.sync(connection);
      expect(server.dials).toHaveLength(count);
      clock.advance(1);
      connection = await call.back();
    }
    expect(ups.map(({ cause, resumed }) => [cause, resumed])).toEqual([
      ['age', true],
      ['age', true],
      ['age', true],
    ]);
    await goesOn(call, connection);
    expect(log.errors).toEqual([]);
    server.assertClean();
  });

  test('an age that is shorter than its margin is no reason to exchange without end', async () => {
    const call = await recoverable({ options: { capabilities: { connectionLifeMs: 30_000 } } });
    const { server, connection, clock } = call;
    clock.advance(14_999);
    await call.sync(connection);
    expect(server.dials).toHaveLength(1);
    clock.advance(1);
    await goesOn(call, await call.back());
    expect(server.dials).toHaveLength(2);
  });

  test('an exchange for a missing answer ends what the old connection had announced', async () => {
    const call = await recoverable({
      options: { watchdog: { answerMs: 5_000, steps: ['resume'] } },
    });
    const { server, connection, log, clock, ups } = call;
    connection.heard('Hello?');
    connection.goAway('50s');
    await call.sync(connection);
    clock.advance(5_000);
    const second = await call.back();
    expect(ups).toMatchObject([{ cause: 'stall', ...RESUMED }]);
    void second.turn({ say: 'Yes', complete: false });
    await log.untilNamed('generation_created');
    const pending = clock.waits.length;
    clock.advance(60_000);
    await call.sync(second);
    second.endTurn();
    await call.sync(second);
    expect(server.dials).toHaveLength(2);
    expect(pending).toBeLessThanOrEqual(3);
  });
});

describe('handles', () => {
  test('resumable: false takes the handle back: what follows is fresh and seeded', async () => {
    const call = await recoverable({ chatCtx: history(['user', 'I am Ada.']) });
    const { server, connection, log, clock, ups } = call;
    connection.resumptionUpdate({ resumable: false });
    await call.sync(connection);
    connection.drop();
    await log.untilNamed('error');
    clock.advance(0);
    const second = await call.back();
    expect(second.setup.sessionResumption).toEqual({});
    await second.waitFor('clientContent');
    expect(sentTurns(second)).toEqual([['user', 'I am Ada.']]);
    expect(ups).toMatchObject([{ cause: 'network', attempts: 1, ...FRESH }]);
    server.assertClean();
  });

  test('a handle that the server still holds is tried again, and then works', async () => {
    const call = await recoverable();
    const { server, connection, log, clock, ups } = call;
    server.refuse({ closeCode: 1011, reason: 'Internal error encountered.' });
    connection.drop();
    await log.untilNamed('error');
    clock.advance(0);
    await log.untilNamed('error', 2);
    expect(log.errors[1]).toMatchObject({
      recoverable: true,
      error: { kind: 'resume', code: 1011, phase: 'setup' },
    });
    expect(clock.waits).toEqual([1_250]);
    clock.advance(1_250);
    const second = await call.back();
    expect(second.resumed).toBe(true);
    expect(ups).toMatchObject([{ attempts: 2, downtimeMs: 1_250, ...RESUMED }]);
    server.assertClean();
  });

  test('a session that the server holds for a moment after a loss is resumed', async () => {
    const call = await recoverable({
      server: { holdAfterLossMs: 200 },
      env: { clock: systemClock },
    });
    const { server, connection, log, ups } = call;
    connection.drop();
    const second = await call.back();
    expect(log.errors.map(({ error }) => error.kind)).toEqual(['network', 'resume']);
    expect(ups).toMatchObject([{ attempts: 2, ...RESUMED }]);
    await goesOn(call, second);
    server.assertClean();
  });

  test('a session that the server holds for minutes is left behind', async () => {
    const call = await recoverable({
      server: { holdAfterLossMs: 600_000 },
      chatCtx: history(['user', 'I am Ada.']),
    });
    const { server, connection, log, clock, ups } = call;
    connection.drop();
    for (const [count, waitMs] of [
      [1, 0],
      [2, 1_250],
      [3, 1_250],
    ] as const) {
      await log.untilNamed('error', count);
      expect(clock.waits).toEqual([waitMs]);
      clock.advance(waitMs);
    }
    const second = await call.back();
    expect(log.errors.every(({ recoverable }) => recoverable)).toBe(true);
    await second.waitFor('clientContent');
    expect(sentTurns(second)).toEqual([['user', 'I am Ada.']]);
    expect(ups).toMatchObject([{ cause: 'network', attempts: 3, downtimeMs: 2_500, ...FRESH }]);
    await goesOn(call, second);
    server.assertClean();
  });

  test('a refused handle: a fresh session has the whole history, once', async () => {
    const call = await recoverable({ chatCtx: history(['user', 'I am Ada.']) });
    const { server, connection, log, clock, ups } = call;
    connection.heard('What is my name?');
    await connection.turn({ say: 'Ada.' });
    await call.sync(connection);
    server.forgetSessions();
    connection.drop();
    await log.untilNamed('error');
    clock.advance(0);
    await log.untilNamed('error', 2);
    clock.advance(0);
    const second = await call.back();
    await second.waitFor('clientContent');
    expect(sentTurns(second)).toEqual([
      ['user', 'I am Ada.', 'What is my name?'],
      ['model', 'Ada.'],
    ]);
    expect(ups).toMatchObject([{ cause: 'network', attempts: 2, ...FRESH }]);
    expect(log.errors.map(({ error }) => error.kind)).toEqual(['network', 'resume']);
    const third = await (async () => {
      second.drop();
      await log.untilNamed('error', 3);
      clock.advance(4_000);
      return call.back();
    })();
    expect(third.resumed).toBe(true);
    expect(sentTurns(third)).toEqual([]);
    expect(server.violations.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/not found/),
    ]);
  });
});

describe.each([
  ['resumed', goDown],
  ['fresh', goDownForGood],
] as const)('what changes without a connection, %s', (next, down) => {
  test.each(['gemini-3.8-live', ROLLING])('%s: all of it arrives once', async (model) => {
    const call = await recoverable({
      options: { model },
      tools: weather,
      chatCtx: history(['user', 'Item one.']),
    });
    const { server, session, connection, log, clock } = call;
    const answered = connection.callTool('weather', { city: 'Oslo' });
    await log.untilNamed('generation_created');
    if (model !== ROLLING) await call.sync(connection);
    else clock.advance(2_000);
    const { calls } = await listen(log.generations[0]!);
    if (model === ROLLING && next === 'resumed') connection.resumptionUpdate();
    await call.sync(connection);
    await down(call, connection);
    await session.updateInstructions('Speak like a pirate.');
    await session.updateTools(llm.ToolContext.empty());
    await session.updateChatCtx(withOutput(session, calls[0]!, 'snow'));
    const context = session.chatCtx;
    context.addMessage({ role: 'user', content: 'Item two.' });
    await session.updateChatCtx(context);
    const reply = session.generateReply('Item three.');
    clock.advance(DOWN_MS);
    const second = await call.back();
    await second.waitFor((frame) => JSON.stringify(frame).includes('Item three.'));
    expect(second.resumed).toBe(next === 'resumed');
    expect(second.instructions).toBe('Speak like a pirate.');
    expect(second.functions).toEqual([]);
    if (next === 'resumed') expect((await answered).response).toEqual({ output: 'snow' });
    expect(timesSaid(second, 'snow')).toBe(1);
    expect(timesSaid(second, 'Item one.')).toBe(next === 'fresh' ? 1 : 0);
    expect(timesSaid(second, 'Item two.')).toBe(1);
    expect(timesSaid(second, 'Item three.')).toBe(1);
    void second.turn({ say: 'Arr.' });
    expect((await listen(await reply)).text).toBe('Arr.');
    await call.sync(second);
    expect(timesSaid(second, 'Item three.')).toBe(1);
    expect(server.connections).toHaveLength(2);
    server.assertClean();
  });

  test('typed text and the request to answer it', async () => {
    const call = await recoverable();
    const { server, session, connection, clock } = call;
    await down(call, connection);
    const context = session.chatCtx;
    context.addMessage({ role: 'user', content: 'How late is it?' });
    await session.updateChatCtx(context);
    const reply = session.generateReply();
    clock.advance(DOWN_MS);
    const second = await call.back();
    await second.waitFor(({ clientContent }) => !!clientContent && !clientContent.turns);
    expect(sentTurns(second)).toEqual([['user', 'How late is it?']]);
    void second.turn({ say: 'Noon.' });
    expect((await listen(await reply)).text).toBe('Noon.');
    expect(timesSaid(second, '"turnComplete":true')).toBe(next === 'fresh' ? 2 : 1);
    server.assertClean();
  });

  test('caller audio arrives in order, the oldest is lost, and it is said once', async () => {
    const call = await recoverable({ options: { audioBufferMs: 1_000 } });
    const { server, session, connection, log, clock, ups } = call;
    await down(call, connection);
    for (let level = 1; level <= 30; level++) session.pushAudio(constant(level, 50));
    clock.advance(DOWN_MS);
    const second = await call.back();
    await second.waitFor(() => second.audioMs >= 1_000);
    session.pushAudio(constant(31, 50));
    await second.waitFor(() => second.audioMs > 1_000);
    expect(levels(second)).toEqual(Array.from({ length: 21 }, (_, i) => i + 11));
    expect(ups).toMatchObject([{ droppedAudioMs: 500 }]);
    expect(session.health.droppedAudioMs).toBe(500);
    second.drop();
    await log.untilNamed('error', 2);
    clock.advance(30_000);
    await call.back();
    expect(ups[1]).toMatchObject({ droppedAudioMs: 0 });
    server.assertClean();
  });

  test.each<[string, (session: RealtimeSession) => unknown, string[]]>([
    ['goes on', (session) => session.pushAudio(tone(50)), ['activityStart', 'audio']],
    [
      'is ended',
      (session) => {
        session.pushAudio(tone(50));
        void session.commitAudio();
      },
      ['activityStart', 'audio', 'activityEnd'],
    ],
    [
      'is ended, and another is begun',
      (session) => {
        session.pushAudio(tone(50));
        void session.commitAudio();
        session.startUserActivity();
        session.pushAudio(tone(50));
      },
      ['activityStart', 'audio', 'activityEnd', 'activityStart', 'audio'],
    ],
  ])('an activity that %s is opened again', async (_name, meanwhile, expected) => {
    const call = await recoverable({
      options: { realtimeInputConfig: { automaticActivityDetection: { disabled: true } } },
      chatCtx: history(['user', 'Before.']),
    });
    const { server, session, connection, clock } = call;
    session.startUserActivity();
    session.pushAudio(tone(50));
    await connection.waitFor(() => connection.audioMs === 50);
    await down(call, connection);
    const context = session.chatCtx;
    context.addMessage({ role: 'assistant', content: 'Meanwhile.' });
    await session.updateChatCtx(context);
    meanwhile(session);
    for (let ms = 0; ms < DOWN_MS; ms += 500) {
      // Who stops sending frames has ended the activity.
      if (expected.at(-1) === 'audio') session.pushAudio(tone(50));
      clock.advance(500);
    }
    const second = await call.back();
    const told = (): string[] => realtimeOf(second).filter((one, i, all) => one !== all[i - 1]);
    await second.waitFor(() => told().length >= expected.length);
    expect(told()).toEqual(expected);
    server.assertClean();
  });
});

/** A frame in which every sample says the same. */
function constant(level: number, ms: number): AudioFrame {
  const count = (16_000 * ms) / 1_000;
  return new AudioFrame(new Int16Array(count).fill(level), 16_000, 1, count);
}

/** What the frames of caller audio say, in order. */
const levels = (connection: LiveConnection): number[] =>
  connection.frames.flatMap(({ frame }) => {
    const data = frame.realtimeInput?.audio?.data;
    return data === undefined ? [] : [Buffer.from(data, 'base64').readInt16LE(0)];
  });

/** Names of what came as realtime input, in order. */
const realtimeOf = (connection: LiveConnection): string[] =>
  connection.frames.flatMap(({ frame }) => Object.keys(frame.realtimeInput ?? {}));

describe('a half-open network', () => {
  test('is noticed because it takes nothing, and dialled again', async () => {
    const call = await recoverable({ chatCtx: history(['user', 'I am Ada.']) });
    const { server, session, connection, log, clock, ups } = call;
    connection.freeze();
    const second = tone(1_000);
    // What lies in the buffers of both ends is megabytes; then caller audio begins to be shed.
    for (let i = 0; i < 20_000 && session.health.droppedAudioMs === 0; i++) {
      session.pushAudio(second);
      if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(session.health.droppedAudioMs).toBeGreaterThan(0);
    clock.advance(4_999);
    session.pushAudio(second);
    expect(log.errors).toEqual([]);
    clock.advance(1);
    session.pushAudio(second);
    await log.untilNamed('error');
    // The server holds the session that it believes to be alive, so the handle is of no use.
    for (const [count, waitMs] of [
      [1, 0],
      [2, 1_250],
      [3, 1_250],
    ] as const) {
      await log.untilNamed('error', count);
      // Beside the retry only the microphone, which has just been heard, is watched.
      expect(clock.waits).toContain(waitMs);
      clock.advance(waitMs);
    }
    const next = await call.back();
    expect(log.errors.map(({ error }) => error.kind)).toEqual(['network', 'resume', 'resume']);
    expect(ups).toMatchObject([{ cause: 'network', attempts: 3, ...FRESH }]);
    expect(ups[0]!.droppedAudioMs).toBeGreaterThan(0);
    await next.waitFor(() => next.audioMs >= 2_000);
    await goesOn(call, next);
    server.assertClean();
  });
});

describe('restart', () => {
  test('keepContext: true resumes', async () => {
    const call = await recoverable({ chatCtx: history(['user', 'I am Ada.']) });
    const { server, session, connection, log, ups } = call;
    session.restart({ keepContext: true });
    const second = await call.back();
    expect(await connection.closed).toMatchObject({ code: 1000, by: 'client' });
    expect(second.resumed).toBe(true);
    expect(sentTurns(second)).toEqual([]);
    expect(ups).toMatchObject([{ cause: 'restart', attempts: 0, ...RESUMED }]);
    expect(session.chatCtx.items).toHaveLength(1);
    expect(log.errors).toEqual([]);
    server.assertClean();
  });

  test('keepContext: false forgets, here and there', async () => {
    const call = await recoverable({ chatCtx: history(['user', 'I am Ada.']) });
    const { server, session, log, ups } = call;
    session.restart({ keepContext: false });
    const second = await call.back();
    expect(second.resumed).toBe(false);
    expect(timesSaid(second, 'Ada')).toBe(0);
    expect(ups).toMatchObject([{ cause: 'restart', attempts: 0, ...FRESH, reseeded: false }]);
    expect(session.chatCtx.items).toEqual([]);
    expect(log.errors).toEqual([]);
    server.assertClean();
  });

  test('a wish to forget survives a drop, and leaves no timer of the old connection', async () => {
    const call = await recoverable({ options: { capabilities: { connectionLifeMs: 180_000 } } });
    const { session, connection, log, clock } = call;
    void connection.turn({ say: 'The code is 1234', complete: false });
    await log.untilNamed('generation_created');
    session.restart({ keepContext: false });
    connection.drop();
    await log.untilNamed('error');
    clock.advance(0);
    const second = await call.back();
    expect(second.resumed).toBe(true);
    clock.advance(10_000);
    const third = await call.back();
    expect(third.resumed).toBe(false);
    await session.close();
    expect(clock.pending).toBe(0);
  });

  test('a late close of the old socket touches nothing', async () => {
    const call = await recoverable();
    const { session, connection, log, clock } = call;
    connection.freeze();
    session.restart({ keepContext: false });
    // The closing handshake is not answered: the socket is destroyed after its time.
    clock.advance(1_000);
    const second = await call.back();
    void second.turn({ say: 'One half', complete: false });
    await log.untilNamed('generation_created');
    const heard = listen(log.generations[0]!);
    connection.drop();
    await connection.closed;
    second.say(' and the other.');
    await call.sync(second);
    second.endTurn();
    expect((await heard).text).toBe('One half and the other.');
    expect(log.errors).toEqual([]);
    expect(log.names.filter((name) => name === 'session_reconnected')).toHaveLength(1);
  });

  test('settings that a new setup has to carry, changed during the dial: one more exchange', async () => {
    const call = await recoverable({ options: { model: ROLLING } });
    const { server, session, connection, clock, ups } = call;
    await connection.turn({ say: 'Hello.' });
    await call.sync(connection);
    await goDown(call, connection);
    const reply = session.generateReply('Begin.');
    clock.advance(DOWN_MS);
    await until(() => server.dials.length === 2);
    await session.updateTools(weather);
    await until(() => server.connections.at(-1)?.functions[0] === 'weather');
    const last = server.connections.at(-1)!;
    await last.waitFor((frame) => JSON.stringify(frame).includes('Begin.'));
    void last.turn({ say: 'Begun.' });
    expect((await listen(await reply)).text).toBe('Begun.');
    expect(ups.map(({ connection: nth, cause }) => [nth, cause])).toEqual([
      [2, 'quota'],
      [3, 'update'],
    ]);
    server.assertClean();
  });
});

describe('close', () => {
  type Prepare = (call: Recovery) => Promise<unknown>;
  test.each<[string, Prepare]>([
    ['while it serves', async () => {}],
    ['while it waits to dial again', (call) => goDown(call, call.connection)],
    [
      'while it dials',
      async (call) => {
        call.server.refuse({ silent: true });
        await goDownForGood(call, call.connection);
        call.clock.advance(DOWN_MS);
        await dialled(call, 2);
      },
    ],
    [
      'while it resumes',
      async (call) => {
        call.server.refuse({ silent: true });
        await goDown(call, call.connection);
        call.clock.advance(DOWN_MS);
        await dialled(call, 2);
      },
    ],
    [
      'while it waits for a quiet point',
      async (call) => {
        call.connection.goAway('50s');
        await call.sync(call.connection);
      },
    ],
    [
      'while it exchanges a connection',
      async ({ session }) => session.restart({ keepContext: true }),
    ],
  ])('%s: everything settles, nothing is left', async (name, prepare) => {
    const call = await recoverable();
    const { server, session, connection, log, clock } = call;
    if (!name.includes('exchanges')) {
      void connection.turn({ say: 'One half', complete: false });
      await log.untilNamed('generation_created');
    }
    const heard = Promise.all(log.generations.map(listen));
    const reply = session.generateReply('Never answered.');
    const rejected = expect(reply).rejects.toThrow(/closed/);
    await prepare(call);
    await Promise.all([session.close(), session.close()]);
    await rejected;
    await heard;
    expect(clock.pending).toBe(0);
    const sockets = server.dials.flatMap((dial) => dial.connection ?? []);
    await Promise.all(sockets.map(({ closed }) => closed));
    const dials = server.dials.length;
    session.pushAudio(tone(100));
    await session.updateInstructions('Too late.');
    await expect(session.generateReply()).rejects.toThrow(/closed/);
    clock.advance(60_000);
    expect(server.dials).toHaveLength(dials);
  });
});

/** So many dials have reached the server, and the last one has sent its setup. */
async function dialled({ server }: Recovery, count: number): Promise<void> {
  await until(() => server.dials.length >= count && !!server.dials.at(-1)?.connection);
  await server.dials.at(-1)!.connection!.waitFor('setup');
}

/** Lets the sockets work until something is so; the test itself has the deadline. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
