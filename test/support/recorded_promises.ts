// SPDX-License-Identifier: Apache-2.0
import { expect } from 'vitest';
import type { ServerFrame } from '../../src/protocol/frames.js';
import type { Recorded } from './recorded_call.js';

const audio = ({ serverContent }: ServerFrame): boolean =>
  (serverContent?.modelTurn?.parts ?? []).some(({ inlineData }) => inlineData !== undefined);
const boundary = ({ serverContent }: ServerFrame): boolean => serverContent?.turnComplete === true;
const interrupted = ({ serverContent }: ServerFrame): boolean =>
  serverContent?.interrupted === true;
const complete = ({ serverContent }: ServerFrame): boolean =>
  serverContent?.generationComplete === true;
const because = (reason: string) => (frame: ServerFrame) =>
  frame.serverContent?.turnCompleteReason === reason;
const callsOf = ({ toolCall }: ServerFrame) => toolCall?.functionCalls ?? [];

const responsesOf = (call: Recorded) =>
  call.sent.flatMap(({ frame }) => frame.toolResponse?.functionResponses ?? []);
/** In a session that was resumed, or in a fresh one. */
const connections = (call: Recorded): unknown[] =>
  call.events.filter(({ is }) => is === 'connected').map(({ restored }) => restored);
const lost = (call: Recorded) => call.events.filter(({ is }) => is === 'lost');

/** The newest handle before the second setup is the one that setup names. */
function resumesWithItsHandle(call: Recorded): void {
  const setup = call.out((frame) => frame.setup?.sessionResumption?.handle);
  const handles = call.received.flatMap(({ index, frame }) => {
    const handle = frame.sessionResumptionUpdate?.newHandle;
    return handle && index < setup.index ? [handle] : [];
  });
  expect(setup.frame.setup?.sessionResumption?.handle).toBe(handles.at(-1));
}

/** What each scenario is there for; a recording that lost its point fails. */
export const PROMISES: Readonly<Record<string, (call: Recorded) => void>> = {
  greeting(call) {
    const request = call.out((frame) => frame.clientContent?.turnComplete);
    call.in((frame) => frame.serverContent?.modelTurn, request.index);
    expect(call.of('openGeneration').map(({ replyId }) => replyId)).toEqual(['r1']);
    expect(call.said).toEqual([['assistant', 'Hello, how can I help?']]);
    expect(call.sent.some(({ frame }) => frame.realtimeInput)).toBe(false);
  },
  question_and_answer(call) {
    expect(call.said.map(([role]) => role)).toEqual(['user', 'assistant', 'user', 'assistant']);
    expect(call.of('requestReply')).toEqual([]);
    expect(call.of('reportUsage')).toHaveLength(2);
  },
  history(call) {
    const seed = call.out((frame) => frame.clientContent);
    const heard = call.out((frame) => frame.realtimeInput);
    expect(seed.index).toBeLessThan(heard.index);
    expect(call.turns.slice(0, 2)).toEqual(['user: I am Ada.', 'model: Hello Ada.']);
    expect(call.said.at(-1)).toEqual(['assistant', 'Ada.']);
  },
  tool_blocking(call) {
    const asked = call.in(({ toolCall }) => toolCall);
    const answered = call.out(({ toolResponse }) => toolResponse, asked.index);
    expect(call.in(boundary, asked.index).index).toBeGreaterThan(answered.index);
    expect(call.ends).toEqual(['calling', 'complete']);
  },
  tool_non_blocking(call) {
    const asked = call.in(({ toolCall }) => toolCall);
    const ended = call.in(boundary, asked.index);
    const other = call.in(boundary, ended.index);
    expect(call.out(({ toolResponse }) => toolResponse).index).toBeGreaterThan(other.index);
    expect(call.said.slice(-2)).toEqual([
      ['assistant', 'Yes, one moment.'],
      ['assistant', 'It snows in Oslo.'],
    ]);
  },
  tool_parallel(call) {
    expect(callsOf(call.in(({ toolCall }) => toolCall).frame)).toHaveLength(2);
    expect(responsesOf(call).map(({ name }) => name)).toEqual(['weather', 'time']);
  },
  tool_cancelled(call) {
    const { frame } = call.in(({ toolCallCancellation }) => toolCallCancellation);
    expect(call.of('cancelCalls').flatMap(({ callIds }) => callIds)).toEqual(
      frame.toolCallCancellation?.ids,
    );
    expect(responsesOf(call)).toEqual([]);
  },
  tool_forgotten(call) {
    expect(call.received.some(({ frame }) => frame.toolCallCancellation)).toBe(false);
    expect(call.of('forgetCalls')).toHaveLength(1);
    expect(responsesOf(call)).toEqual([]);
    expect(call.turns).toContain('user: [weather returned It snows.]');
  },
  calls_without_ids(call) {
    const calls = callsOf(call.in(({ toolCall }) => toolCall).frame);
    expect(calls.map(({ id, args }) => [id, args?.['city']])).toEqual([
      [undefined, 'Oslo'],
      [undefined, 'Lima'],
    ]);
    // Without ids only their order tells which is which.
    expect(responsesOf(call).map(({ id, response }) => [id, response])).toEqual([
      [undefined, { output: 'It snows.' }],
      [undefined, { output: 'It rains.' }],
    ]);
  },
  barge_in_speech(call) {
    const cut = call.in(interrupted);
    const begun = call.in(audio);
    expect(call.in(boundary, cut.index).index).toBeGreaterThan(cut.index);
    const completed = call.received.filter(({ frame }) => complete(frame));
    expect(completed.filter(({ index }) => index > begun.index && index < cut.index)).toEqual([]);
    expect(call.ends).toEqual(['interrupted', 'complete']);
    const cutBy = call.steps.findIndex(({ effects }) =>
      effects.some((effect) => effect.type === 'closeGeneration' && effect.end === 'interrupted'),
    );
    expect(call.steps[cutBy - 1]?.state.turn.is).toBe('open');
  },
  barge_in_after_generation(call) {
    const done = call.in(complete);
    const cut = call.in(interrupted, done.index);
    const ended = call.in(boundary);
    expect(ended.index).toBeGreaterThan(cut.index);
    expect(call.ends).toEqual(['complete', 'complete']);
    expect(call.stepsOf('interrupted')[0]?.before?.turn.is).toBe('drained');
    const truncated = call.recording.lines.some(
      (line) => line.dir === 'call' && line.call === 'truncate',
    );
    expect(truncated).toBe(true);
  },
  barge_in_without_generation(call) {
    expect(call.stepsOf('interrupted').map(({ before }) => before?.turn.is)).toEqual(['idle']);
    expect(call.in(boundary, call.in(interrupted).index)).toBeDefined();
    expect(call.ends).toEqual(['complete', 'complete']);
  },
  manual_turns(call) {
    const { automaticActivityDetection } = call.setups[0]?.['realtimeInputConfig'] ?? {};
    expect(automaticActivityDetection).toEqual({ disabled: true });
    const start = call.out(({ realtimeInput }) => realtimeInput?.activityStart);
    const heard = call.out(({ realtimeInput }) => realtimeInput?.audio, start.index);
    const end = call.out(({ realtimeInput }) => realtimeInput?.activityEnd, heard.index);
    expect(call.in(audio).index).toBeGreaterThan(end.index);
    expect(call.of('startSpeech')).toEqual([]);
  },
  empty_turn(call) {
    const empty = call.in(boundary);
    expect(call.in(audio).index).toBeGreaterThan(empty.index);
    expect(call.reports).toContain('empty_turn');
    expect(call.of('requestReply').map(({ replyId }) => replyId)).toEqual(['r1', 'r1']);
    expect(call.of('openGeneration').map(({ replyId }) => replyId)).toEqual(['r1']);
  },
  rejected_turn(call) {
    const rejected = call.in(because('RESPONSE_REJECTED'));
    expect(call.in(audio).index).toBeGreaterThan(rejected.index);
    expect(call.reports).toContain('empty_turn');
  },
  rejected_half_way(call) {
    const begun = call.in(audio);
    call.in(because('GENERATED_CONTENT_SAFETY'), begun.index);
    expect(call.said.at(-1)).toEqual(['assistant', 'Row, row,']);
  },
  malformed_call(call) {
    call.in(because('MALFORMED_FUNCTION_CALL'));
    expect(call.of('callTool')).toEqual([]);
    expect(call.of('requestReply')).toHaveLength(1);
  },
  text_only_turn(call) {
    expect(call.received.some(({ frame }) => audio(frame))).toBe(false);
    expect(call.of('openMessage').map(({ modality }) => modality)).toEqual(['text']);
    expect(call.said.at(-1)).toEqual(['assistant', 'It is noon.']);
  },
  thoughts(call) {
    expect(call.setups[0]?.['generationConfig'].thinkingConfig.includeThoughts).toBe(true);
    const thought = call.in(({ serverContent }) => serverContent?.modelTurn?.parts?.[0]?.thought);
    expect(call.in(audio).index).toBeGreaterThan(thought.index);
    expect(call.reports).toContain('thought');
    expect(call.said.at(-1)).toEqual(['assistant', 'Forty-two.']);
  },
  bundled_frames(call) {
    const { frame } = call.in((one) => (one.serverContent?.modelTurn?.parts?.length ?? 0) > 1);
    expect(Object.keys(frame)).toEqual(['serverContent', 'usageMetadata']);
    expect(Object.keys(frame.serverContent ?? {})).toHaveLength(5);
    expect(call.of('playAudio')).toHaveLength(3);
    expect(call.of('reportUsage')).toHaveLength(1);
    // An interruption that shares a frame with output is of what came before it.
    call.in((one) => interrupted(one) && audio(one) && boundary(one));
    expect(call.ends).toEqual(['complete', 'complete']);
    const words = call.of('writeText').map(({ text }) => text);
    expect(words).toEqual(['It is noon.', 'The same.']);
  },
  extended_thinking(call) {
    const statuses = call.received.flatMap(
      ({ frame }) => frame.serverContent?.interactionStatus ?? [],
    );
    expect(statuses).toEqual(['IN_PROGRESS', 'IN_PROGRESS', 'IDLE']);
    expect(call.ends).toEqual(['complete', 'complete', 'complete']);
    expect(call.of('requestReply')).toEqual([]);
  },
  late_usage(call) {
    const ended = call.in(boundary);
    const usage = call.in(({ usageMetadata }) => usageMetadata, ended.index);
    expect(usage.t).toBeGreaterThan(ended.t);
    expect(usage.frame.serverContent).toBeUndefined();
    call.out(({ realtimeInput }) => realtimeInput?.audio, ended.index);
    const ids = call.of('reportUsage').map(({ generation }) => generation?.id);
    expect(ids).toEqual(call.of('openGeneration').map(({ generationId }) => generationId));
  },
  video(call) {
    const pictures = call.sent.flatMap(({ t, frame }) =>
      frame.realtimeInput?.video ? [{ t, ...frame.realtimeInput.video }] : [],
    );
    expect(pictures.map(({ mimeType }) => mimeType)).toEqual(['image/jpeg', 'image/jpeg']);
    expect(pictures[1]!.t - pictures[0]!.t).toBeGreaterThanOrEqual(1_000);
  },
  go_away(call) {
    const warned = call.in(({ goAway }) => goAway);
    const exchange = call.events.find(({ is }) => is === 'exchange');
    expect(exchange).toMatchObject({ why: 'goAway', fresh: false });
    // It waits for the end of the answer.
    expect(exchange?.index).toBeGreaterThan(call.in(boundary, warned.index).index);
    expect(connections(call)).toEqual([false, true]);
    expect(call.ends).toEqual(['complete', 'complete', 'complete']);
    resumesWithItsHandle(call);
  },
  resume(call) {
    expect(lost(call)).toMatchObject([{ code: 1006, phase: 'session' }]);
    expect(connections(call)).toEqual([false, true]);
    resumesWithItsHandle(call);
    // What the server remembers is not told again.
    expect(call.turns).toEqual([]);
    expect(call.said.at(-1)).toEqual(['assistant', 'Ada.']);
  },
  resume_held(call) {
    expect(lost(call)).toMatchObject([{ code: 1006 }, { code: 1011, phase: 'setup' }]);
    expect(connections(call)).toEqual([false, true]);
    resumesWithItsHandle(call);
  },
  resume_transparent(call) {
    expect(call.setups[0]?.['sessionResumption']).toEqual({ transparent: true });
    call.in(({ sessionResumptionUpdate }) => {
      return sessionResumptionUpdate?.lastConsumedClientMessageIndex;
    });
    expect(connections(call)).toEqual([false, true]);
    resumesWithItsHandle(call);
  },
  unanswered(call) {
    expect(call.reports).toContain('unanswered');
    const nudge = call.out((frame) => frame.clientContent?.turnComplete);
    expect(call.in(audio).index).toBeGreaterThan(nudge.index);
    expect(call.ends).toEqual(['complete']);
  },
  memory_lost(call) {
    expect(connections(call)).toEqual([false, true, false]);
    expect(call.reports).toContain('memory_lost');
    expect(call.events.find(({ is }) => is === 'exchange')).toMatchObject({
      ...{ why: 'memory', fresh: true },
    });
    expect(call.turns).toContain('user: I am Ada. What time is it?');
  },
  refused_handle(call) {
    expect(lost(call)).toMatchObject([{ code: 1006 }, { code: 1008, phase: 'setup' }]);
    expect(connections(call)).toEqual([false, false]);
    expect(call.setups.map(({ sessionResumption }) => sessionResumption?.handle !== undefined)).toEqual([false, true, false]); // prettier-ignore
    expect(call.turns).toContain('user: I am Ada. What time is it?');
  },
  context_update(call) {
    const { frame } = call.out(({ contextUpdate }) => contextUpdate);
    expect(JSON.stringify(frame)).toContain('Speak like a pirate.');
    expect(JSON.stringify(frame)).toContain('"name":"time"');
    expect(connections(call)).toEqual([false]);
  },
  context_update_refused(call) {
    call.out(({ contextUpdate }) => contextUpdate);
    expect(lost(call)).toMatchObject([{ code: 1007, phase: 'session' }]);
    expect(call.reports).toContain('capability_refused');
    expect(JSON.stringify(call.setups[1])).toContain('Speak like a pirate.');
    expect(call.sent.filter(({ frame }) => frame.contextUpdate)).toHaveLength(1);
  },
  new_instructions(call) {
    const told = call.setups.length > 1 ? JSON.stringify(call.setups[1]) : call.turns.join();
    expect(told).toContain('Speak like a pirate.');
    expect(call.sent.some(({ frame }) => frame.contextUpdate)).toBe(false);
    expect(lost(call)).toEqual([]);
  },
  translation(call) {
    expect(call.setups[0]?.['generationConfig'].translationConfig).toBeDefined();
    expect(call.said).toEqual([
      ['user', 'Good morning.'],
      ['assistant', 'Guten Morgen.'],
    ]);
    expect(call.received.some(({ frame }) => boundary(frame))).toBe(false);
  },
  transcription(call) {
    expect(call.said).toEqual([['user', 'Good morning, everybody.']]);
    expect(call.of('openGeneration')).toEqual([]);
  },
};
