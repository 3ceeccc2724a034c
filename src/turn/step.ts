// SPDX-License-Identifier: Apache-2.0
import * as answer from './answer.js';
import { closed, connectionBack, connectionLost } from './drops.js';
import type { Effect } from './effects.js';
import * as owed from './owed.js';
import { failReply, replyAborted, replyRequested } from './replies.js';
import {
  CUT_MS,
  EARLY_MS,
  utteranceDeadline,
  type Input,
  type TurnRules,
  type TurnState,
} from './state.js';
import { usageAtBoundary, usageCame } from './usage.js';
import {
  finishUtterance,
  speechStarted,
  speechStopped,
  userSaid,
  type Draft,
} from './utterance.js';

export interface Step {
  state: TurnState;
  effects: readonly Effect[];
}

/**
 * The receive state machine: one input in, the next state and what to do out. Pure: time comes with
 * the input, ids from a counter, so a replay is exact. PROTOCOL.md has the table of its states.
 */
export function step(state: TurnState, input: Input, rules: TurnRules): Step {
  const draft: Draft = { s: { ...state }, out: [], at: input.at };
  if (!fromServer(draft, input, rules)) fromHere(draft, input, rules);
  return { state: draft.s, effects: draft.out };
}

/** What the server said. Returns false when the input is not one of these. */
function fromServer(d: Draft, input: Input, rules: TurnRules): boolean {
  switch (input.type) {
    case 'audio':
      answer.audio(d, input.data, input.rate, rules);
      return true;
    case 'modelSaid':
      answer.modelSaid(d, input.text, rules);
      owed.answerIsNear(d, rules);
      return true;
    case 'text':
      answer.text(d, input.text, rules);
      owed.answerIsNear(d, rules);
      return true;
    case 'calls':
      answer.calls(d, input.calls, rules);
      return true;
    case 'callsCancelled':
      callsCancelled(d, input.ids);
      return true;
    case 'interrupted':
      interrupted(d);
      return true;
    case 'userSaid':
      userSaid(d, input.text, input.interim);
      owed.answerOwedToCaller(d, rules);
      return true;
    case 'voiceActivity':
      if (input.speaking) speechStarted(d, true);
      else speechStopped(d);
      owed.answerOwedToCaller(d, rules);
      return true;
    case 'generationComplete':
      generationComplete(d);
      return true;
    case 'boundary':
      boundary(d, input.reason, input.inProgress && rules.endsAtIdle, rules);
      return true;
    default:
      return reported(d, input, rules);
  }
}

/** Facts that change nothing here. */
function reported(d: Draft, input: Input, rules: TurnRules): boolean {
  switch (input.type) {
    case 'usage':
      usageCame(d, input.usage);
      return true;
    case 'thought':
      owed.answerIsNear(d, rules);
      d.out.push({ type: 'report', what: 'thought', detail: input.text });
      return true;
    case 'code':
      owed.answerIsNear(d, rules);
      d.out.push({ type: 'report', what: 'code', detail: input.part });
      return true;
    case 'citations':
      d.out.push({ type: 'report', what: 'citations', detail: input });
      return true;
    case 'waitingForInput':
      d.s.owed = undefined;
      d.out.push({ type: 'report', what: 'waiting_for_input', detail: undefined });
      return true;
    case 'unknown':
      d.out.push({ type: 'report', what: 'unknown_frame', detail: input });
      return true;
    default:
      return false;
  }
}

/** What the framework, the connection and the clock said. */
function fromHere(d: Draft, input: Input, rules: TurnRules): void {
  switch (input.type) {
    case 'replyRequested':
      replyRequested(d, input.replyId, input.instructions);
      break;
    case 'replyWritten':
      d.s.replies = d.s.replies.map((reply) =>
        reply.replyId === input.replyId ? { ...reply, writtenAt: d.at } : reply,
      );
      // Asking once more does not shorten the wait of whoever asked first.
      if (input.replyId !== '' || d.s.askedAt === undefined) d.s.askedAt = d.at;
      if (input.replyId !== '' || d.s.owed) owed.answerOwed(d, rules);
      break;
    case 'replyAborted':
      replyAborted(d, input.replyId);
      break;
    case 'interruptRequested':
      owed.answerUnwanted(d);
      if (d.s.turn.is === 'open') answer.cut(d);
      break;
    case 'turnCommitted':
      d.s.owedUntil = d.at + rules.replyTimeoutMs;
      d.s.askedAt = d.at;
      owed.answerOwed(d, rules);
      break;
    case 'callerLoud':
      d.s.loudAt = d.at;
      break;
    case 'toolSettled':
      answer.toolSettled(d, input.callId, rules);
      break;
    case 'heardNothing':
      d.out.push({ type: 'report', what: 'silent_audio', detail: d.s.last?.id });
      owed.answerWasSilent(d, rules);
      break;
    case 'connectionLost':
      owed.owedAcrossDrop(d, rules);
      connectionLost(d);
      break;
    case 'connectionBack':
      connectionBack(d, input.restored, input.forgottenCalls ?? []);
      owed.owedAfterDrop(d, input.restored, rules);
      break;
    case 'closed':
      closed(d, input.why);
      break;
    case 'tick':
      tick(d, rules);
      break;
  }
}

/** Legal at any time: in an answer, after its end, and with none at all. A boundary follows it. */
function interrupted(d: Draft): void {
  const { turn, replies } = d.s;
  // A reply request interrupts too. To call that speech would make the framework drop the reply.
  const ours = turn.is !== 'open' && replies.some(({ writtenAt }) => writtenAt !== undefined);
  answer.close(d, 'interrupted');
  d.s.turn =
    turn.is === 'idle'
      ? { is: 'drained', complete: false }
      : { is: 'cut', until: d.at + CUT_MS, heard: false, local: false };
  d.s.early = undefined;
  d.s.aside = '';
  if (!ours) speechStarted(d, false);
}

function generationComplete(d: Draft): void {
  if (d.s.turn.is === 'cut') d.s.turn = { is: 'drained', complete: false };
  else answer.outputEnded(d);
}

function boundary(
  d: Draft,
  reason: string | undefined,
  inProgress: boolean,
  rules: TurnRules,
): void {
  const idle = d.s.turn.is === 'idle';
  const lastMessageId = d.s.lastMessage?.id;
  answer.outputEnded(d);
  usageAtBoundary(d, inProgress, rules);
  const empty = idle && d.s.turn.is === 'idle' && !inProgress;
  if (reason !== undefined || empty) {
    d.out.push({ type: 'report', what: 'empty_turn', detail: { reason, lastMessageId } });
  }
  if (d.s.utterance?.answered || (empty && d.s.utterance?.text)) finishUtterance(d);
  d.s.turn = inProgress ? { is: 'drained', complete: false } : { is: 'idle' };
  if (!empty) return;
  // An empty turn is no answer.
  d.s.owedUntil = undefined;
  if (!owed.askAgain(d)) owed.answerWasEmpty(d);
  if (!d.s.owed && d.s.replies.length === 0) d.s.askedAt = undefined;
}

function callsCancelled(d: Draft, ids: readonly string[]): void {
  const gone = d.s.calls.filter((call) => call.wireId !== undefined && ids.includes(call.wireId));
  if (gone.length === 0) return;
  d.s.calls = d.s.calls.filter((call) => !gone.includes(call));
  d.out.push({ type: 'cancelCalls', callIds: gone.map((call) => call.callId) });
}

function tick(d: Draft, rules: TurnRules): void {
  const { turn, early } = d.s;
  if (turn.is === 'cut' && d.at >= turn.until) d.s.turn = { is: 'idle' };
  if (turn.is === 'open' && d.at >= turn.generation.endsAt) {
    const { id: generationId, calling } = turn.generation;
    answer.close(d, calling ? 'calling' : 'stalled');
    if (!calling) d.out.push({ type: 'report', what: 'stalled', detail: { generationId } });
  }
  if (early && d.at >= early.at + EARLY_MS) lateTranscript(d, early.text);
  if (d.s.owedUntil !== undefined && d.at >= d.s.owedUntil) d.s.owedUntil = undefined;
  const due = utteranceDeadline(d.s.utterance);
  if (due !== undefined && d.at >= due) finishUtterance(d);
  for (const { replyId, writtenAt } of d.s.replies) {
    if (writtenAt === undefined || d.at < writtenAt + rules.replyTimeoutMs) continue;
    d.s.owedUntil = undefined;
    failReply(d, replyId, 'timeout');
  }
  owed.watch(d, rules);
}

/** Words without a voice belong to what was spoken last. */
function lateTranscript(d: Draft, text: string): void {
  d.s.early = undefined;
  d.out.push({ type: 'report', what: 'late_transcript', detail: text });
  if (d.s.lastMessage) answer.amend(d, d.s.lastMessage, text);
}
