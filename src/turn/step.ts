// SPDX-License-Identifier: Apache-2.0
import * as answer from './answer.js';
import { answerCancelled, cancelAnswer } from './cancel.js';
import * as calls from './calls.js';
import { copyOf } from './copy.js';
import { closed, connectionBack, connectionLost } from './drops.js';
import type { Effect } from './effects.js';
import { doubtInterruption, weighDoubt } from './false_interruption.js';
import * as owed from './owed.js';
import * as ownVoice from './own_voice.js';
import { withoutRepeats } from './repeats.js';
import { answerIsNext, askNext, replyAborted, replyRequested, replyWritten } from './replies.js';
import { lowerShield, raiseShield } from './shield.js';
import type { TurnRules } from './rules.js';
import type { Input, TurnState } from './state.js';
import { tick } from './tick.js';
import { CUT_MS, GOES_ON_MS } from './times.js';
import { usageAtBoundary, usageCame } from './usage.js';
import {
  finishUtterance,
  keepLine,
  speechStarted,
  speechStopped,
  userSaid,
  utteranceAnswered,
  type Draft,
} from './utterance.js';
import { callerLoud, callerSpoke, callerTranscribed, turnEnded } from './untranscribed.js';

export interface Step {
  state: TurnState;
  effects: readonly Effect[];
}

/**
 * The receive state machine: one input in, the next state and what to do out. Pure: time comes with
 * the input, ids from a counter, so a replay is exact. PROTOCOL.md has the table of its states.
 */
export function step(state: TurnState, input: Input, rules: TurnRules): Step {
  const draft: Draft = {
    s: copyOf(state),
    out: [],
    at: input.at,
    tellsSpeech: !rules.turnsByHand,
  };
  weighDoubt(draft, input, rules);
  if (!fromServer(draft, input, rules) && !fromTools(draft, input, rules)) {
    fromHere(draft, input, rules);
  }
  askNext(draft, rules);
  if (!rules.suppressRepeats) return { state: draft.s, effects: draft.out };
  const { sentences, effects } = withoutRepeats(draft.s.sentences, draft.out);
  draft.s.sentences = sentences;
  return { state: draft.s, effects };
}

/** What the server said. Returns false when the input is not one of these. */
function fromServer(d: Draft, input: Input, rules: TurnRules): boolean {
  switch (input.type) {
    case 'audio':
      if (rules.ownVoice) ownVoice.unheard(d, rules);
      else answer.audio(d, input.data, input.rate, rules);
      return true;
    case 'modelSaid':
      if (rules.ownVoice) ownVoice.saidAsText(d, input, rules);
      else answer.modelSaid(d, input, rules);
      owed.answerIsNear(d, rules);
      return true;
    case 'text':
      answer.text(d, input.text, rules);
      owed.answerIsNear(d, rules);
      return true;
    case 'calls':
      calls.calls(d, input.calls, rules);
      return true;
    case 'callsCancelled':
      calls.callsCancelled(d, input.ids);
      return true;
    case 'interrupted':
      calls.callsInterrupted(d, rules);
      interrupted(d, rules);
      return true;
    case 'userSaid':
      userSaid(d, input, input.interim);
      owed.answerOwedToCaller(d, rules);
      if (input.finished && !d.s.utterance?.reported) finishUtterance(d);
      if (input.text.trim() !== '') callerTranscribed(d);
      return true;
    case 'voiceActivity':
      if (input.speaking) callerSpoke(d);
      if (input.speaking) speechStarted(d, true);
      else speechStopped(d);
      owed.answerOwedToCaller(d, rules);
      return true;
    case 'generationComplete':
      generationComplete(d, rules);
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
    case 'citations': {
      const { grounding, urlContext } = input;
      d.out.push({ type: 'report', what: 'citations', detail: { grounding, urlContext } });
      return true;
    }
    case 'waitingForInput':
      d.s.owed = undefined;
      d.out.push({ type: 'report', what: 'waiting_for_input', detail: undefined });
      return true;
    case 'unknown': {
      const { member, value } = input;
      d.out.push({ type: 'report', what: 'unknown_frame', detail: { member, value } });
      return true;
    }
    default:
      return false;
  }
}

/** How the tools fare. Returns false when the input is not about them. */
function fromTools(d: Draft, input: Input, rules: TurnRules): boolean {
  switch (input.type) {
    case 'toolSettled':
      calls.toolSettled(d, input.callId, input.quiet === true, rules);
      return true;
    case 'toolIs':
      calls.toolIs(d, input.callId, input.phase, rules);
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
      replyWritten(d, input.replyId);
      // Asking once more does not shorten the wait of whoever asked first.
      if (input.replyId !== '' || d.s.askedAt === undefined) d.s.askedAt = d.at;
      d.s.unwantedUntil = undefined;
      if (input.replyId !== '' || d.s.owed) owed.answerOwed(d, rules);
      break;
    case 'replyAborted':
      replyAborted(d, input.replyId, rules);
      break;
    case 'interruptRequested':
      interruptRequested(d, input.reaction === true, rules);
      calls.callsDropped(d);
      break;
    case 'turnCommitted':
    case 'turnDiscarded':
      handTurnEnded(d, input.type === 'turnCommitted', rules);
      break;
    case 'callerLoud':
      callerLoud(d);
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
      raiseShield(d, rules);
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

function interruptRequested(d: Draft, reaction: boolean, rules: TurnRules): void {
  owed.answerUnwanted(d);
  if (d.s.turn.is !== 'open') return;
  answer.cut(d);
  if (!reaction) cancelAnswer(d, rules);
}

/** By hand: an answer is on its way, wanted or not. */
function handTurnEnded(d: Draft, wanted: boolean, rules: TurnRules): void {
  const until = d.at + rules.replyTimeoutMs;
  const other = d.s.replies.some(({ writtenAt }) => writtenAt !== undefined);
  d.s.unwantedUntil = wanted || other ? undefined : until;
  if (!wanted) return;
  d.s.owedUntil = until;
  d.s.askedAt = d.at;
  owed.answerOwed(d, rules);
}

/** Legal at any time: in an answer, after its end, and with none at all. A boundary follows it. */
function interrupted(d: Draft, rules: TurnRules): void {
  const { turn, replies } = d.s;
  // A reply request interrupts too. To call that speech would make the framework drop the reply.
  const asked = turn.is !== 'open' && replies.some(({ writtenAt }) => writtenAt !== undefined);
  const ours = answerCancelled(d) || asked;
  answerIsNext(d);
  answer.close(d, 'interrupted');
  d.s.turn =
    turn.is === 'idle'
      ? { is: 'drained', complete: false, until: d.at + CUT_MS }
      : { is: 'cut', since: d.at, until: d.at + CUT_MS, heard: false, local: false };
  d.s.early = undefined;
  d.s.aside = '';
  if (ours) return;
  speechStarted(d, false);
  doubtInterruption(d, rules);
}

function generationComplete(d: Draft, rules: TurnRules): void {
  if (d.s.turn.is === 'cut') d.s.turn = { is: 'drained', complete: false };
  else if (rules.ownVoice) ownVoice.audioEnded(d);
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
  answerCancelled(d);
  answerIsNext(d);
  usageAtBoundary(d, inProgress, rules);
  const empty = idle && d.s.turn.is === 'idle' && !inProgress;
  if (reason !== undefined || empty) {
    d.out.push({ type: 'report', what: 'empty_turn', detail: { reason, lastMessageId } });
  }
  if (empty && d.s.utterance?.text) utteranceAnswered(d);
  keepLine(d);
  if (!inProgress) turnEnded(d, rules);
  d.s.turn = inProgress
    ? { is: 'drained', complete: false, until: d.at + GOES_ON_MS }
    : { is: 'idle' };
  if (!empty && !inProgress) lowerShield(d);
  if (!empty) return;
  // An empty turn is no answer.
  d.s.owedUntil = undefined;
  d.s.unwantedUntil = undefined;
  if (!owed.askAgain(d)) owed.answerWasEmpty(d);
  if (!d.s.owed && d.s.replies.length === 0) d.s.askedAt = undefined;
}
