// SPDX-License-Identifier: Apache-2.0
import { voice } from '@livekit/agents';
import { describe, expect, it, test } from 'vitest';
import type { RealtimeModelOptions } from '../src/index.js';
import { newest } from '../src/protocol/history.js';
import type { LiveConnection } from '../src/testing/index.js';
import type { WatchdogStep } from '../src/turn/owed.js';
import type { TurnRules } from '../src/turn/rules.js';
import { startAgent } from './support/agent.js';
import { listen, startCall, withOutput, type Call, tone } from './support/call.js';
import { ManualClock } from './support/manual_clock.js';
import {
  asked,
  audio,
  boundary,
  calls,
  callsCancelled,
  closed,
  connectionBack,
  connectionLost,
  generationComplete,
  heardNothing,
  interrupted,
  interruptRequested,
  modelSaid,
  replyAborted,
  RULES,
  speaking,
  T0,
  Talk,
  text,
  type Timeless,
  toolSettled,
  turnCommitted,
  userSaid,
} from './support/turn.js';

const ALL: readonly WatchdogStep[] = ['nudge', 'resume', 'fresh'];
const WATCH: TurnRules = { ...RULES, watchdog: { answerMs: 8_000, steps: ALL } };

/** A machine with a watchdog, after these inputs. */
function watched(inputs: Timeless[] = [], rules: Partial<TurnRules> = {}): Talk {
  const talk = new Talk({ ...WATCH, ...rules });
  talk.put(...inputs);
  return talk;
}

/** When the answer is due, in ms from the start; undefined: none is awaited. */
const due = ({ state: { owed } }: Talk): number | undefined =>
  owed?.dueAt === undefined ? undefined : owed.dueAt - T0;

const words = userSaid('What time is it?');
const waiting: Timeless = { type: 'waitingForInput' };
const steps = (talk: Talk): unknown[] =>
  talk.all('report').flatMap(({ what, detail }) => (what === 'unanswered' ? [detail] : []));

/** Lets the exchange happen that the machine asked for. */
function exchanged(talk: Talk, restored: boolean): string {
  talk.put(connectionLost);
  talk.wait(500);
  return talk.put(connectionBack(restored));
}

describe('an answer is owed', () => {
  it.each<[string, Timeless[]]>([
    ['to words of the caller', [words]],
    ['to a turn that was committed', [turnCommitted]],
    ['to a reply request, once it is written', asked('r1')],
    ['to a tool result', [calls('c1'), boundary(), toolSettled('c1')]],
    ['to words said while the answer is cut', [audio(), interrupted, words]],
  ])('%s', (_, inputs) => {
    expect(due(watched(inputs))).toBe(8_000);
  });

  it.each<[string, Timeless[]]>([
    ['to nothing', []],
    ['to noise', [speaking(true), speaking(false), interrupted]],
    ['to a blank transcript', [userSaid(' ')]],
    ['to one result of two', [calls('c1', 'c2'), boundary(), toolSettled('c1')]],
    ['once the model speaks', [words, audio()]],
    ['once the model calls a tool', [words, calls('c1')]],
    ['to late words of what is being answered', [audio(), words]],
    ['where the model says that it waits', [words, waiting]],
    ['once the session is closed', [words, closed, toolSettled('c1')]],
    [
      'while there is no connection',
      [connectionLost, calls('c1'), toolSettled('c1'), turnCommitted],
    ],
  ])('not %s', (_, inputs) => {
    const talk = watched(inputs);
    expect(due(talk)).toBeUndefined();
    talk.wait(60_000);
    expect(steps(talk)).toEqual([]);
  });

  it('not at all where the watchdog is off', () => {
    for (const watchdog of [null, undefined]) {
      const talk = new Talk({ ...RULES, ...(watchdog === null && { watchdog }) });
      talk.put(words, ...asked('r1'), connectionLost, connectionBack(true), heardNothing);
      expect(talk.state.owed).toBeUndefined();
    }
  });

  it('not to words where turns are marked by hand or silence is allowed', () => {
    const talk = watched([words], { wordsMayWait: true });
    expect(due(talk)).toBeUndefined();
    talk.put(connectionLost, connectionBack(false));
    expect(due(talk)).toBeUndefined();
    talk.put(turnCommitted);
    expect(due(talk)).toBe(8_000);
  });
});

describe('interrupt()', () => {
  it('ends the wait for an answer that nobody wants', () => {
    expect(due(watched([turnCommitted, interruptRequested]))).toBeUndefined();
    expect(due(watched([calls('c1'), boundary(), toolSettled('c1'), interruptRequested]))).toBe(
      undefined,
    );
  });

  it('does not when LiveKit calls it because the caller began to speak', () => {
    expect(due(watched([words, interruptRequested]))).toBe(8_000);
    const talk = watched([turnCommitted, speaking(true), interruptRequested, speaking(false)]);
    expect(due(talk)).toBe(8_000);
  });
});

describe('an aborted reply', () => {
  it('is not owed any more', () => {
    expect(due(watched([...asked('r1'), replyAborted('r1')]))).toBeUndefined();
  });

  it('leaves what is owed to another one, or to the caller', () => {
    expect(due(watched([...asked('r1'), ...asked('r2'), replyAborted('r1')]))).toBe(8_000);
    expect(due(watched([words, ...asked('r1'), replyAborted('r1')]))).toBe(8_000);
  });
});

describe('steps', () => {
  it('are taken once each, in order, and then the app is told', () => {
    const talk = watched([words]);
    expect(talk.wait(7_999)).not.toContain('ask');
    expect(talk.wait(1)).toBe('report(unanswered) ask');
    expect(talk.wait(8_000)).toBe('report(unanswered) exchange');
    exchanged(talk, true);
    expect(talk.wait(0)).toBe('ask');
    expect(talk.wait(8_000)).toBe('report(unanswered) exchange(fresh)');
    exchanged(talk, false);
    expect(talk.wait(0)).toBe('ask');
    expect(talk.wait(8_000)).toBe('report(unanswered)');
    expect(talk.wait(600_000)).toBe('');
    expect(steps(talk)).toEqual([
      { step: 'nudge', deaf: false },
      { step: 'resume', deaf: false },
      { step: 'fresh', deaf: false },
      { step: 'none', deaf: false },
    ]);
  });

  it.each<WatchdogStep[][]>([[[]], [['fresh']], [['resume', 'nudge']]])('%j: only these', (own) => {
    const talk = watched([words], { watchdog: { answerMs: 1_000, steps: own } });
    talk.wait(60_000);
    expect(steps(talk)).toMatchObject([...own, 'none'].map((step) => ({ step })));
  });

  it('end as soon as something is heard', () => {
    const talk = watched([words]);
    talk.wait(16_000);
    exchanged(talk, true);
    talk.put(audio());
    expect(talk.state.owed).toBeUndefined();
    talk.put(boundary(), userSaid('And now?'));
    talk.wait(8_000);
    expect(steps(talk).at(-1)).toEqual({ step: 'nudge', deaf: false });
  });

  it('begin with a pending reply that is asked for again, not with a second request', () => {
    const talk = watched(asked('r1'));
    talk.wait(8_000);
    expect(talk.all('requestReply').map(({ replyId }) => replyId)).toEqual(['r1', 'r1']);
    expect(talk.state.replies).toMatchObject([{ replyId: 'r1', again: true }]);
  });

  it('begin later each time that a whole round brought nothing', () => {
    const talk = watched([], { watchdog: { answerMs: 1_000, steps: ['nudge'] } });
    const waits = Array.from({ length: 6 }, () => {
      const from = talk.now;
      talk.put(userSaid('Hello?'));
      const wait = (talk.state.owed?.dueAt ?? 0) - from;
      talk.wait(wait + 10_000);
      return wait;
    });
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
    talk.put(audio(), boundary(), userSaid('Hello?'));
    expect((talk.state.owed?.dueAt ?? 0) - talk.now).toBe(1_000);
  });
});

describe('a caller', () => {
  it('who repeats "hello?" does not put the step off', () => {
    for (const pause of [2_000, 3_000, 6_000]) {
      const talk = watched();
      while (talk.now < T0 + 12_000) {
        for (const piece of ['Hel', 'lo', '?']) {
          talk.put(userSaid(piece), interruptRequested);
          talk.wait(100);
        }
        talk.wait(pause);
      }
      expect(steps(talk)[0]).toEqual({ step: 'nudge', deaf: false });
    }
  });

  it('in a monologue is not nudged, but waits as long after it as anybody', () => {
    const talk = watched();
    for (let i = 0; i < 40; i++) {
      talk.put(userSaid('and '));
      talk.wait(1_000);
    }
    expect(steps(talk)).toEqual([]);
    talk.wait(6_999);
    expect(steps(talk)).toEqual([]);
    talk.wait(1);
    expect(steps(talk)).toHaveLength(1);
  });

  it('who is speaking when the step is due is heard out, by the report of the server', () => {
    const talk = watched([turnCommitted, speaking(true)]);
    talk.wait(20_000);
    expect(steps(talk)).toEqual([]);
    talk.put(speaking(false));
    talk.wait(3_000);
    expect(steps(talk)).toHaveLength(1);
  });

  it('who goes on after a request was written is given time to be answered', () => {
    const talk = watched(asked('r1'));
    talk.wait(7_000);
    talk.put(userSaid('Wait.'));
    expect(due(talk)).toBe(15_000);
  });
});

describe('a model that is at work', () => {
  it.each<[string, Timeless]>([
    ['thinks', { type: 'thought', text: 'Hm.' }],
    ['runs code', { type: 'code', part: {} }],
    ['has its transcript ahead of its voice', modelSaid('It is')],
    ['writes', text('It is')],
  ])('is not nudged while it %s', (_, sign) => {
    const talk = watched([words]);
    talk.wait(7_000);
    talk.put(sign);
    expect(due(talk)).toBe(15_000);
  });

  it('has all the time that its tool takes, up to a minute', () => {
    const talk = watched([calls('c1'), boundary(), words]);
    talk.wait(59_999);
    expect(steps(talk)).toEqual([]);
    talk.wait(2_000);
    expect(steps(talk)).toHaveLength(1);
  });

  it('owes nothing for calls that it took back', () => {
    const talk = watched([calls('c1'), boundary(), callsCancelled('c1')]);
    expect(due(talk)).toBeUndefined();
  });
});

describe('a turn without anything to hear', () => {
  it('makes the next step due at once', () => {
    const talk = watched([words, boundary('RESPONSE_REJECTED')]);
    expect(talk.wait(0)).toBe('report(unanswered) ask');
    talk.put(boundary());
    expect(talk.wait(0)).toBe('report(unanswered) exchange');
  });

  it('says nothing where nothing is owed', () => {
    const talk = watched([boundary('RESPONSE_REJECTED')]);
    expect(talk.wait(60_000)).toBe('');
  });

  it('of digital silence is as empty, and repeats no step', () => {
    const talk = watched([words]);
    const silentTurn = (): string => {
      talk.put(audio(), generationComplete, heardNothing, boundary());
      return talk.wait(0);
    };
    expect(silentTurn()).toBe('report(unanswered) ask');
    expect(silentTurn()).toBe('report(unanswered) exchange');
    exchanged(talk, true);
    expect(silentTurn()).toBe('report(unanswered) exchange(fresh)');
    exchanged(talk, false);
    expect(silentTurn()).toBe('report(unanswered)');
    expect(talk.wait(600_000)).toBe('');
    // And the next words do not begin the same in a hurry.
    talk.put(userSaid('Hello?'));
    expect(silentTurn()).toBe('');
    expect(talk.wait(16_000)).toBe('report(unanswered) ask');
  });

  it('after a good one begins with the first step', () => {
    const talk = watched([words, audio(), boundary(), userSaid('And now?'), audio(), boundary()]);
    talk.put(heardNothing);
    talk.wait(0);
    expect(steps(talk)).toEqual([{ step: 'nudge', deaf: false }]);
  });
});

describe('across a drop', () => {
  const cutOff = [words, audio(), modelSaid('It is'), connectionLost];

  it('nothing is due until there is a connection', () => {
    const talk = watched(cutOff);
    talk.wait(120_000);
    expect(steps(talk)).toEqual([]);
    expect(talk.state.owed).toMatchObject({ dueAt: undefined });
  });

  it('an answer that was cut is asked for at once on a fresh session, which is no step', () => {
    const talk = watched([...cutOff, connectionBack(false)]);
    talk.wait(1_500);
    expect(talk.all('requestReply')).toHaveLength(1);
    expect(steps(talk)).toEqual([]);
    talk.wait(8_000);
    expect(steps(talk)).toEqual([{ step: 'nudge', deaf: false }]);
  });

  it('and after the usual wait on one that remembers, which may go on by itself', () => {
    const talk = watched([...cutOff, connectionBack(true)]);
    expect(talk.wait(7_999)).toBe('');
    expect(talk.wait(1)).toBe('report(unanswered) ask');
    talk.put(audio());
    expect(due(talk)).toBeUndefined();
  });

  it('a caller who was cut off in a sentence is heard out first', () => {
    const talk = watched([userSaid('I would like'), connectionLost]);
    talk.wait(500);
    talk.put(connectionBack(false));
    expect(talk.wait(1_000)).toBe('');
    talk.put(userSaid(' a table.'));
    expect(due(talk)).toBe(9_500);
  });

  it('a pending reply, a result and a committed turn are not asked for twice', () => {
    const reply = watched([...asked('r1'), connectionLost]);
    expect(reply.put(connectionBack(false))).toBe('ask');
    expect(reply.wait(7_999)).toBe('');
    const commit = watched([connectionLost, turnCommitted, connectionBack(false)]);
    expect(commit.wait(7_999)).toBe('');
    const result = watched([calls('c1'), boundary(), connectionLost, toolSettled('c1')]);
    result.put(connectionBack(false), { type: 'replyWritten', replyId: '' });
    expect(result.wait(7_999)).toBe('');
  });

  it('a resumed session that hears and stays silent goes straight to a fresh one', () => {
    const talk = watched([connectionLost, connectionBack(true), words]);
    expect(talk.wait(8_000)).toContain('exchange(fresh)');
    expect(steps(talk)).toEqual([{ step: 'fresh', deaf: true }]);
    expect(talk.told).not.toContain('ask');
    exchanged(talk, false);
    expect(talk.wait(0)).toBe('ask');
  });

  it('unless it has spoken, or there is no such step', () => {
    const talk = watched([connectionLost, connectionBack(true), audio(), boundary(), words]);
    talk.wait(8_000);
    expect(steps(talk)).toEqual([{ step: 'nudge', deaf: false }]);
    const rules = { watchdog: { answerMs: 8_000, steps: ['nudge'] as const } };
    const other = watched([connectionLost, connectionBack(true), words], rules);
    other.wait(8_000);
    expect(steps(other)).toEqual([{ step: 'nudge', deaf: false }]);
  });
});

// On real sockets.

const FIXED = 'gemini-3.8-live';
const PLACEHOLDER = 'gemini-2.5-flash-native-audio-preview-12-2025';

interface Watched extends Call {
  clock: ManualClock;
}

async function watchedCall(options: RealtimeModelOptions = {}): Promise<Watched> {
  const clock = new ManualClock();
  return { ...(await startCall({ options, env: { clock } })), clock };
}

/** Resolves when all that the server has sent so far has been read. */
async function read(call: Watched, connection: LiveConnection): Promise<void> {
  const before = call.log.reports.length;
  connection.send({ marker: {} });
  await call.log.until(() =>
    call.log.reports.slice(before).some(({ what }) => what === 'unknown_frame'),
  );
}

const said = ({ log }: Call, what: string): unknown[] =>
  log.reports.flatMap((report) => (report.what === what ? [report.detail] : []));

/** The caller said something that the local history knows, and nobody answers. */
async function unanswered(call: Watched, connection: LiveConnection): Promise<void> {
  connection.heard('What time is it?');
  await read(call, connection);
}

async function exchangedCall(call: Watched, ms: number): Promise<LiveConnection> {
  const next = call.server.nextConnection();
  call.clock.advance(ms);
  return next;
}

test.each([
  [FIXED, [{ turnComplete: true }]],
  [PLACEHOLDER, [{ turnComplete: true }]],
])(
  '%s that stalls is nudged, resumed, begun anew, and then the app knows',
  async (model, nudge) => {
    const call = await watchedCall({ model });
    const { connection, clock, session, log, server } = call;
    connection.resumptionUpdate();
    await unanswered(call, connection);
    clock.advance(8_000);
    await connection.waitFor('clientContent');
    const contents = connection.frames.flatMap(({ frame }) => frame.clientContent ?? []);
    expect(contents).toEqual(nudge);

    const resumed = await exchangedCall(call, 8_000);
    expect(resumed.resumed).toBe(true);
    await read(call, resumed);
    clock.advance(0);
    await resumed.waitFor('clientContent');

    const fresh = await exchangedCall(call, 8_000);
    expect(fresh.resumed).toBe(false);
    await read(call, fresh);
    clock.advance(0);
    await fresh.waitFor('clientContent');
    await fresh.waitFor('clientContent');
    expect(fresh.contents[0]).toEqual({ role: 'user', parts: [{ text: 'What time is it?' }] });

    clock.advance(8_000);
    await log.until(() => said(call, 'unanswered').length === 4);
    expect(said(call, 'unanswered')).toMatchObject([
      { step: 'nudge' },
      { step: 'resume' },
      { step: 'fresh' },
      { step: 'none' },
    ]);
    clock.advance(60_000);
    expect(server.dials).toHaveLength(3);
    expect(session.health).toMatchObject({ stalls: 3, connections: 3, recoveries: 2 });
    expect(log.errors).toEqual([]);
    void fresh.turn({ say: 'Noon.' });
    await log.untilNamed('generation_created');
    expect((await listen(log.generations[0]!)).text).toBe('Noon.');
    server.assertClean();
  },
);

test('an answer in time leaves the call alone', async () => {
  const call = await watchedCall();
  const { connection, clock, log, server } = call;
  await unanswered(call, connection);
  clock.advance(7_999);
  void connection.turn({ say: 'Noon.' });
  await log.untilNamed('metrics_collected');
  clock.advance(60_000);
  expect(said(call, 'unanswered')).toEqual([]);
  expect(server.dials).toHaveLength(1);
});

test('a turn that is rejected is asked for again at once', async () => {
  const call = await watchedCall();
  const { connection, clock, session } = call;
  await unanswered(call, connection);
  await connection.turn({ reason: 'RESPONSE_REJECTED' });
  await read(call, connection);
  clock.advance(0);
  await connection.waitFor('clientContent');
  expect(said(call, 'empty_turn')).toMatchObject([{ reason: 'RESPONSE_REJECTED' }]);
  expect(session.health).toMatchObject({ silentTurns: 1, stalls: 1 });
});

test.each([
  ['digital silence', 0, 2_000, 1],
  ['noise below what can be heard', 20, 2_000, 1],
  ['a quiet voice', 400, 2_000, 0],
  ['too short to be an answer', 0, 400, 0],
])('an answer of %s', async (_, level, ms, silent) => {
  const call = await watchedCall();
  const { connection, clock, session } = call;
  await unanswered(call, connection);
  const pcm = new Int16Array(24 * ms).map((_zero, i) => (i % 3 === 0 ? level : -level));
  await connection.turn({ pcm });
  await read(call, connection);
  clock.advance(0);
  expect(said(call, 'silent_audio')).toHaveLength(silent);
  expect(session.health.silentTurns).toBe(silent);
  if (silent > 0) await connection.waitFor('clientContent');
  expect(said(call, 'unanswered')).toHaveLength(silent);
});

test('a tool that is stuck suspends the watch', async () => {
  const call = await watchedCall();
  const { connection, clock, log } = call;
  connection.callTool('stuck').catch(() => {});
  await log.untilNamed('generation_created');
  await unanswered(call, connection);
  clock.advance(50_000);
  expect(said(call, 'unanswered')).toEqual([]);
  // After a minute the server has been told so, and owes an answer to that.
  clock.advance(10_000);
  await connection.waitFor((frame) => !!frame.toolResponse);
  clock.advance(8_000);
  expect(said(call, 'unanswered')).toMatchObject([{ step: 'nudge' }]);
});

test('turns by hand: a caller who holds the line open is not nudged', async () => {
  const call = await watchedCall({
    realtimeInputConfig: { automaticActivityDetection: { disabled: true } },
  });
  const { connection, clock, session } = call;
  session.startUserActivity();
  await unanswered(call, connection);
  clock.advance(14_000);
  expect(said(call, 'unanswered')).toEqual([]);
  await session.commitAudio();
  clock.advance(8_000);
  expect(said(call, 'unanswered')).toMatchObject([{ step: 'nudge' }]);
});

test('a whole AgentSession: the caller who is not answered is nudged for, though LiveKit interrupts', async () => {
  const watchdog = { answerMs: 50 };
  const { server } = await startAgent(new voice.Agent({ instructions: 'Be brief.' }), { watchdog });
  const connection = await server.connection(0);
  connection.heard('What time is it?');
  await connection.waitFor('clientContent');
  expect(connection.history.at(0)?.text).toBe('What time is it?');
});

describe('memory after a resume', () => {
  /** A turn whose prompt cost so many tokens. */
  async function turn(call: Watched, connection: LiveConnection, tokens: number): Promise<void> {
    const seen = call.log.metrics.length;
    void connection.turn({ say: 'Yes.', usage: { promptTokenCount: tokens } });
    await call.log.until(() => call.log.metrics.length > seen);
    await read(call, connection);
  }

  async function resumedCall(tokens: number): Promise<[Watched, LiveConnection]> {
    const call = await watchedCall();
    call.connection.resumptionUpdate();
    await turn(call, call.connection, tokens);
    const next = call.server.nextConnection();
    call.connection.drop();
    await call.log.untilNamed('error');
    call.clock.advance(0);
    const resumed = await next;
    expect(resumed.resumed).toBe(true);
    return [call, resumed];
  }

  test('that is lost costs one fresh connection with the history', async () => {
    const [call, resumed] = await resumedCall(2_758);
    const { server, session } = call;
    const next = server.nextConnection();
    void resumed.turn({ say: 'Yes.', usage: { promptTokenCount: 351 } });
    const fresh = await next;
    expect(fresh.resumed).toBe(false);
    await fresh.waitFor('clientContent');
    expect(fresh.contents[0]).toEqual({
      role: 'model',
      parts: [{ text: 'Yes.' }, { text: 'Yes.' }],
    });
    expect(said(call, 'memory_lost')).toEqual([{ promptTokens: 351 }]);
    await turn(call, fresh, 120);
    call.clock.advance(60_000);
    expect(session.health.memoryLosses).toBe(1);
    expect(said(call, 'memory_lost')).toHaveLength(1);
    expect(server.dials).toHaveLength(3);
  });

  test.each([
    ['grew', 2_758, 2_900],
    ['shrank a little', 2_758, 1_400],
    ['was short before', 399, 20],
  ])('is trusted where the prompt %s', async (_, before, after) => {
    const [call, resumed] = await resumedCall(before);
    await turn(call, resumed, after);
    call.clock.advance(20_000);
    expect(said(call, 'memory_lost')).toEqual([]);
    expect(call.server.dials).toHaveLength(2);
  });
});

test('a full context begins anew with a far smaller seed', async () => {
  const capabilities = { contextTokens: 100 };
  const call = await watchedCall({ capabilities });
  const { connection, server, log } = call;
  for (const say of ['one', 'two', 'three', 'four', 'five', 'six', 'seven'].map((n) =>
    n.repeat(3),
  )) {
    connection.heard(`${say}?`);
    await connection.turn({ say });
    await read(call, connection);
    call.clock.advance(5_000);
  }
  const texts = ({ contents }: LiveConnection) =>
    contents.flatMap(({ parts }) => (parts ?? []).map(({ text: part }) => part));
  const next = server.nextConnection();
  connection.close(1007, 'The context window is exhausted: too many tokens.');
  await log.untilNamed('error');
  call.clock.advance(0);
  const fresh = await next;
  await fresh.waitFor('clientContent');
  expect(log.errors).toMatchObject([{ recoverable: true, error: { kind: 'context' } }]);
  // 100 tokens × 0.1 × 3 characters.
  expect(texts(fresh).join('').length).toBeLessThanOrEqual(30);
  expect(texts(fresh).at(-1)).toBe('sevensevenseven');
  server.forgetSessions();
  const last = server.nextConnection();
  fresh.close(1007, 'Request contains an invalid argument.');
  await log.untilNamed('error', 2);
  call.clock.advance(5_000);
  const again = await last;
  await again.waitFor('clientContent');
  expect(texts(again).join('').length).toBeGreaterThan(texts(fresh).join('').length);
});

test('of one enormous turn the end is kept', () => {
  const turn = { role: 'user', parts: [{ text: 'a'.repeat(50) }, { text: 'b'.repeat(50) }] };
  const found = {
    turns: [{ role: 'model', parts: [{ text: 'c' }] }, turn],
    itemIds: [],
    instructions: [],
  };
  const textsOf = (most: number) => newest(found, most).turns.map(({ parts }) => parts);
  expect(textsOf(60)).toEqual([[{ text: 'a'.repeat(10) }, { text: 'b'.repeat(50) }]]);
  expect(textsOf(50)).toEqual([[{ text: 'b'.repeat(50) }]]);
  expect(textsOf(0)).toEqual([[{ text: 'b' }]]);
  expect(textsOf(101)).toEqual(found.turns.map(({ parts }) => parts));
});

test('a result that a fresh session only reads is asked about once', async () => {
  const call = await watchedCall();
  const { connection, session, server, log, clock } = call;
  connection.callTool('weather', {}, 'call-1').catch(() => {});
  await log.untilNamed('generation_created');
  const {
    calls: [asked],
  } = await listen(log.generations[0]!);
  server.forgetSessions();
  connection.drop();
  await log.untilNamed('error');
  await session.updateChatCtx(withOutput(session, asked!, 'snow'));
  const next = server.nextConnection();
  clock.advance(0);
  await log.untilNamed('error', 2);
  clock.advance(0);
  const fresh = await next;
  await fresh.waitFor('clientContent');
  await fresh.waitFor('clientContent');
  await read(call, fresh);
  clock.advance(2_000);
  session.pushAudio(tone(50));
  await session.commitAudio();
  await fresh.waitFor((frame) => frame.realtimeInput?.audioStreamEnd === true);
  const requests = fresh.frames.filter(({ frame }) => frame.clientContent?.turnComplete === true);
  // The seed, and one request.
  expect(requests).toHaveLength(2);
  expect(said(call, 'unanswered')).toEqual([]);
});
