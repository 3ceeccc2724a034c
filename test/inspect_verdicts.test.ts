// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { KINDS, type VerdictKind } from '../src/inspect/kinds.js';
import {
  agentAudio,
  agentSaid,
  answer,
  callerAudio,
  callerSaid,
  closed,
  connected,
  event,
  inspected,
  interrupted,
  local,
  lost,
  noted,
  received,
  reported,
  sent,
  tick,
  turnEnded,
  type Line,
} from './support/recorded.js';
import { inspectCall } from '../src/inspect/inspect.js';
import { parseRecording } from '../src/recording/parse.js';
import { RULES } from './support/turn.js';

const up = connected(0);
const end = closed(30_000);
/** What every call needs, so that nothing else is wrong with it. */
const heard = callerAudio(1_000);
const good = (...lines: Line[]): Line[] => [up, heard, ...lines, end];
const call = (t: number, id = 'c1', name = 'pay'): Line =>
  received(t, { toolCall: { functionCalls: [{ id, name, args: {} }] } });
const settled = (t: number, callId: string, response: object = { output: 'ok' }): Line => [
  sent(t, { toolResponse: { functionResponses: [{ id: 'c1', name: 'pay', response }] } }),
  local(t, { type: 'toolSettled', callId }),
];
/** The generation that asks is the first id, the call the second. */
const CALL = 'x_2';
const watched = { rules: { ...RULES, watchdog: { answerMs: 8_000, steps: ['nudge'] } } };
const slowRules = { rules: { ...RULES, slowAnswerMs: 2_000 } };
const bargeIn = (t: number): Line => [
  ...[agentAudio(t), callerSaid(t + 200, 'Stop.'), interrupted(t + 210)],
  ...[turnEnded(t + 220), tick(t + 900)],
];

/** A kind, what brings it, and what is nearly the same and does not. */
const TABLE: Record<VerdictKind, [lines: Line[], near: Line[], head?: object, nearHead?: object]> = {
  never_connected: [[sent(0, { setup: {} }), closed(9_000)], good()],
  connection_failed: [
    [up, heard, event(5_000, 'failed', { kind: 'network', message: 'Gone.' })],
    good(lost(5_000), connected(5_100, 2)),
  ],
  key_refused: [
    [sent(0, { setup: {} }), event(200, 'failed', { kind: 'auth', message: 'The key was refused.' })],
    [sent(0, { setup: {} }), event(200, 'failed', { kind: 'model', message: 'No such model.' })],
  ],
  model_refused: [
    [sent(0, { setup: {} }), event(200, 'failed', { kind: 'model', message: 'No such model.' })],
    [sent(0, { setup: {} }), event(200, 'failed', { kind: 'setup', message: 'Unknown name.' })],
  ],
  setup_refused: [
    [sent(0, { setup: {} }), event(200, 'failed', { kind: 'setup', message: 'Unknown name.' })],
    [sent(0, { setup: {} }), event(200, 'failed', { kind: 'auth', message: 'The key was refused.' })],
  ],
  line_lost: [
    good(lost(5_000), connected(5_500, 2)),
    good(event(5_000, 'exchange', { why: 'age', fresh: false }), connected(5_100, 2, true)),
  ],
  goaway_missed: [
    good(received(4_000, { goAway: { timeLeft: '1s' } }), lost(5_000), connected(5_100, 2)),
    good(
      received(4_000, { goAway: { timeLeft: '9s' } }),
      event(5_000, 'exchange', { why: 'goAway', fresh: false }),
      connected(5_100, 2, true),
    ),
  ],
  handle_refused: [
    good(lost(5_000), sent(5_010, { setup: {} }, 2), lost(5_100, 'resume', {}, 2), connected(5_200, 3)),
    good(lost(5_000), connected(5_010, 2, true)),
  ],
  context_full: [
    good(lost(5_000, 'context'), connected(5_100, 2)),
    good(lost(5_000, 'server'), connected(5_100, 2)),
  ],
  quota_used_up: [
    good(lost(5_000, 'quota'), connected(15_100, 2)),
    good(lost(5_000, 'server'), connected(15_100, 2)),
  ],
  capability_refused: [
    good(
      lost(5_000, 'setup'),
      reported(5_000, 'capability_refused', { capability: 'contextUpdate', reason: 'no' }),
      connected(5_100, 2),
    ),
    good(lost(5_000, 'setup'), connected(5_100, 2)),
  ],
  memory_lost: [
    good(reported(5_000, 'memory_lost', { promptTokens: 300 })),
    good(event(5_000, 'exchange', { why: 'update', fresh: true }), connected(5_100, 2)),
  ],
  unanswered: [
    good(callerSaid(2_000, 'Hello?'), tick(7_000), tick(15_100), agentAudio(17_000), turnEnded(17_010)),
    good(callerSaid(2_000, 'Hello?'), tick(7_000), agentAudio(9_000), turnEnded(9_010)),
    watched,
    watched,
  ],
  slow_answer: [good(answer(9_000, 'Yes.', 4_500)), good(answer(9_000, 'Yes.', 3_500)), slowRules, slowRules],
  reply_failed: [
    good(reported(9_000, 'reply_failed', { why: 'timeout' })),
    [up, heard, event(9_000, 'failed', { kind: 'network', message: 'Gone.' }), reported(9_000, 'reply_failed', { why: 'disconnected' })],
  ],
  empty_turn: [
    good(local(2_000, { type: 'replyRequested', replyId: 'r' }), local(2_000, { type: 'replyWritten', replyId: 'r' }), received(3_000, { serverContent: { turnComplete: true } }), tick(3_001)),
    good(answer(3_000)),
  ],
  rejected_turn: [
    good(reported(3_000, 'empty_turn', { reason: 'SAFETY' })),
    good(reported(3_000, 'empty_turn', { reason: undefined })),
  ],
  stalled: [
    good(callerSaid(1_500, 'And?'), agentAudio(2_000), tick(10_100)),
    good(callerSaid(1_500, 'And?'), agentAudio(2_000), turnEnded(2_100), tick(10_100)),
  ],
  choppy: [
    good(agentAudio(2_000), agentAudio(4_000), turnEnded(4_010), tick(9_000)),
    good(agentAudio(2_000), agentAudio(3_200), turnEnded(3_210), tick(9_000)),
  ],
  text_turn: [
    good(received(2_000, { serverContent: { modelTurn: { parts: [{ text: 'Hm.' }] } } }), turnEnded(2_500), tick(9_000)),
    good(answer(2_000)),
  ],
  silent_audio: [good(reported(3_000, 'silent_audio', 'x_1')), good(answer(3_000))],
  repeated_sentence: [
    good(reported(3_000, 'repeated_sentence', { generationId: 'g', text: 'Hi.', audioMs: 400 })),
    good(answer(3_000, 'Hi. Hi there.')),
  ],
  late_transcript: [
    good(agentAudio(2_000), turnEnded(2_010), tick(6_000), agentSaid(7_000, 'Late.'), tick(9_100)),
    good(agentAudio(2_000), agentSaid(2_005, 'In time.'), turnEnded(2_010), tick(6_000)),
  ],
  cancel_ignored: [good(reported(3_000, 'cancelled', {})), good(reported(3_000, 'cancelled', { afterMs: 200 }))],
  caller_never_heard: [
    [up, agentAudio(2_000), turnEnded(2_010), reported(12_000, 'no_caller_audio'), closed(20_000)],
    [up, callerAudio(1_000), reported(12_000, 'no_caller_audio'), closed(20_000)],
  ],
  caller_silent: [
    [up, callerAudio(1_000, 12_000, -90), closed(20_000)],
    [up, callerAudio(1_000, 12_000, -90), callerAudio(13_000, 20, -30), closed(20_000)],
  ],
  no_caller_audio: [
    [up, heard, reported(15_000, 'no_caller_audio'), closed(20_000)],
    [up, reported(15_000, 'no_caller_audio'), closed(20_000)],
  ],
  caller_audio_lost: [
    good(reported(30_000, 'health', { droppedAudioMs: 900 })),
    good(reported(30_000, 'health', { droppedAudioMs: 40 })),
  ],
  untranscribed_turn: [good(reported(3_000, 'untranscribed_turn', { generationId: 'g' })), good(answer(3_000))],
  repeated_transcript: [
    good(reported(3_000, 'repeated_transcript', { itemId: 'i', text: 'Hi.' })),
    good(callerSaid(3_000, 'Hi.'), callerSaid(3_100, ' Hi again.')),
  ],
  language_changed: [
    good(reported(3_000, 'language_changed', { itemId: 'i', from: 'en-US', to: 'ko-KR' })),
    good(answer(3_000)),
  ],
  interruption_storm: [
    good(bargeIn(2_000), bargeIn(5_000), bargeIn(8_000), bargeIn(11_000)),
    good(bargeIn(2_000), bargeIn(5_000), bargeIn(8_000), bargeIn(23_000)),
  ],
  false_interruption: [good(reported(3_000, 'false_interruption', { resumedMs: 800 })), good(bargeIn(3_000))],
  tool_overdue: [
    good(call(2_000), reported(9_000, 'tool_call_overdue', { callId: CALL, name: 'pay', phase: 'running' }), settled(9_000, CALL)),
    good(call(2_000), settled(9_000, CALL)),
  ],
  tool_unanswered: [good(call(2_000)), good(call(2_000), settled(3_000, CALL))],
  tool_failed: [
    good(call(2_000), settled(3_000, CALL, { error: 'no card' })),
    good(call(2_000), settled(3_000, CALL, { output: 'an error of 3 %' })),
  ],
  tool_slow: [good(call(2_000), settled(8_000, CALL)), good(call(2_000), settled(6_000, CALL))],
  tool_cancelled: [
    good(call(2_000), received(3_000, { toolCallCancellation: { ids: ['c1'] } }), tick(3_001)),
    good(call(2_000), received(3_000, { toolCallCancellation: { ids: ['other'] } }), settled(3_500, CALL)),
  ],
  tool_repeated: [
    good(reported(3_000, 'tool_call_repeated', { callId: CALL })),
    good(call(2_000), settled(3_000, CALL)),
  ],
  tool_choice_ignored: [
    good(reported(3_000, 'tool_choice_ignored', { toolChoice: 'required' })),
    good(reported(3_000, 'tool_choice_emulated', { toolChoice: 'required' })),
  ],
  protocol_error: [
    good(reported(3_000, 'protocol_error', { why: 'not_json', text: '<html>', untold: 2 })),
    good(answer(3_000)),
  ],
  unknown_frame: [good(received(3_000, { serverDance: {} }), tick(3_001)), good(received(3_000, { goAway: {} }), tick(3_001))],
  recording_damaged: [[], []],
  recording_incomplete: [good(noted(3_000, { dropped: 12 })), good(noted(3_000, { rules: RULES }))],
  recording_cut: [[up, heard, tick(9_000)], [up, heard, tick(9_000), closed(9_100)]],
  recording_partial: [[heard, tick(2_000), end], good()],
  no_times: [[], []],
  no_audio: [good(), good(), { audio: 'none' }, { audio: 'lengths' }],
}; // prettier-ignore

const kindsOf = (lines: Line[], head: object = {}): string[] =>
  inspected(lines, head).verdicts.map(({ kind }) => kind);

describe('a verdict', () => {
  const rows = Object.entries(TABLE).filter(([, [lines]]) => lines.length > 0);

  it.each(rows)('%s comes once of what brings it', (kind, [lines, , head]) => {
    expect(kindsOf(lines, head).filter((one) => one === kind)).toHaveLength(1);
  });

  it.each(rows)('%s does not come of what is nearly the same', (kind, [, near, , head]) => {
    expect(kindsOf(near, head)).not.toContain(kind);
  });

  it('says what happened, and what it means or what to do', () => {
    for (const [, [lines, , head]] of rows) {
      for (const { what, hint } of inspected(lines, head).verdicts) {
        expect(what).toMatch(/^\S.*\S$/);
        expect(what).not.toMatch(/undefined|NaN|\[object/);
        expect(hint).toMatch(/[.]$/);
      }
    }
  });

  it('of every kind has a case', () => {
    expect(Object.keys(TABLE).sort()).toEqual(Object.keys(KINDS).sort());
  });
});

describe('a good call', () => {
  it('has none', () => {
    expect(
      kindsOf(good(answer(3_000), answer(6_000), call(9_000), settled(10_000, 'x_7'))),
    ).toEqual([]);
  });
});

describe('the recording itself', () => {
  it('is damaged where a line cannot be read', () => {
    const text = [...good().flat(3), { t: 1 }].map((one) => JSON.stringify(one)).join('\n');
    const { verdicts } = inspectCall(parseRecording(`${text}\n{"t":9`));
    expect(verdicts.find(({ kind }) => kind === 'recording_damaged')?.what).toContain(
      '(and 1 more)',
    );
  });

  it('has no times where another client wrote none: nothing is said of how long it took', () => {
    const frames = [
      sent(0, { setup: {} }),
      received(0, { setupComplete: {} }),
      call(0),
      agentAudio(0),
    ];
    const text = frames
      .map((one) => JSON.stringify({ ...(one as object), t: undefined }))
      .join('\n');
    const report = inspectCall(parseRecording(text));
    expect(report).toMatchObject({
      isTimed: false,
      durationMs: 0,
      latency: { count: 0, max: null },
    });
    expect(report.verdicts.map(({ kind }) => kind).sort()).toEqual(['no_times', 'tool_unanswered']);
  });
});

describe('the same thing is said once', () => {
  it('where the recorder and the replay both tell it', () => {
    const stalls = [callerSaid(1_500, 'And?'), agentAudio(2_000), tick(10_100)];
    const told = reported(10_105, 'stalled', { generationId: 'x_1' });
    const kinds = kindsOf(good(...stalls, told));
    expect(kinds.filter((kind) => kind === 'stalled')).toHaveLength(1);
  });

  it('where a connection is lost again and again before it is back', () => {
    const lines = good(
      lost(5_000),
      sent(5_100, { setup: {} }, 2),
      lost(5_200, 'network', {}, 2),
      connected(9_000, 3),
    );
    const [verdict, ...more] = inspected(lines).verdicts;
    expect(more).toEqual([]);
    expect(verdict).toMatchObject({ kind: 'line_lost', grade: 'error', at: 5_000 });
    expect(verdict?.what).toBe('Lost: network. The line was down for 4.1 s (2 failures).');
  });

  it('where an answer that was missing comes late', () => {
    const [lines, , head] = TABLE.unanswered;
    const { verdicts, gaps } = inspected(lines, {
      rules: { ...watched.rules, ...slowRules.rules, watchdog: watched.rules.watchdog },
      ...head,
    });
    expect(verdicts.map(({ kind }) => kind)).toEqual(['unanswered']);
    expect(verdicts[0]?.what).toBe('15.0 s without an answer; the session asked again.');
    expect(gaps).toEqual([{ kind: 'unanswered', from: 2_000, to: 17_000 }]);
  });
});

it('the gravest comes first, then the earliest', () => {
  const faults = [3_000, 8_000].map((t) => reported(t, 'protocol_error', { why: 'not_json' }));
  const unknown = received(9_000, { serverDance: {} });
  const lines = good(...faults, unknown, tick(9_001), call(20_000), tick(20_001));
  const order = inspected(lines).verdicts.map(({ grade, at }) => `${grade} ${at}`);
  expect(order).toEqual(['error 20000', 'warning 3000', 'warning 8000', 'note 9000']);
});
