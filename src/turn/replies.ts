// SPDX-License-Identifier: Apache-2.0
import { cancelAnswer } from './cancel.js';
import type { ReplyFailure } from './effects.js';
import { askAgain, replyUnwanted } from './owed.js';
import type { TurnRules } from './rules.js';
import { audioHeldUntil, type PendingReply, type TurnState } from './state.js';
import { REPLY_TAIL_MS } from './times.js';
import type { Draft } from './utterance.js';

/** So many requests may wait; what is asked beyond them takes the place of the oldest waiting one. */
const MOST_REPLIES = 4;

/**
 * An answer that is already on its way is not asked for twice, and one request waits for the answer to
 * the one before: it would cut that answer off.
 */
export function replyRequested(d: Draft, replyId: string, instructions: string | undefined): void {
  const coming = d.s.owedUntil !== undefined && instructions === undefined;
  const reply: PendingReply = {
    replyId,
    instructions,
    asked: coming,
    writtenAt: coming ? d.at : undefined,
    next: true,
    again: false,
  };
  const mustWait = d.s.replies.length > 0;
  d.s.replies = [...d.s.replies, reply];
  if (!coming && !mustWait) ask(d, reply);
  const waiting = d.s.replies.filter(({ asked }) => !asked);
  if (waiting[0] && waiting.length > MOST_REPLIES) failReply(d, waiting[0].replyId, 'superseded');
}

/** Asks for the next of the waiting replies, once nothing is being answered. */
export function askNext(d: Draft, rules: TurnRules): void {
  const [first] = d.s.replies;
  if (!first || d.s.replies.some(({ asked }) => asked) || isBusy(d, rules)) return;
  ask(d, first);
}

/** A request would cut off what is being said, heard or computed. */
function isBusy({ s: { turn, offline, utterance, calls } }: Draft, rules: TurnRules): boolean {
  const goesOn = turn.is === 'drained' && !turn.complete && rules.endsAtIdle;
  const listens = utterance !== undefined && !utterance.answered;
  return offline || turn.is === 'open' || goesOn || listens || calls.some((call) => call.blocking);
}

function ask(d: Draft, reply: PendingReply): void {
  const { replyId, instructions } = reply;
  d.s.replies = d.s.replies.map((one) => (one === reply ? { ...reply, asked: true } : one));
  d.out.push({ type: 'requestReply', replyId, instructions });
}

/** The request is on the wire. While an older turn is not over, output may still be its tail. */
export function replyWritten(d: Draft, replyId: string): void {
  const next = d.s.turn.is === 'idle' || d.s.turn.is === 'cut';
  d.s.replies = d.s.replies.map((reply) =>
    reply.replyId === replyId ? { ...reply, asked: true, writtenAt: d.at, next } : reply,
  );
  // The server may answer both requests at once.
  if (d.s.turn.is === 'cut' && d.s.turn.unbegun) d.s.turn = { is: 'idle' };
}

/** The turn before the request is over: what follows is the answer. */
export function answerIsNext(d: Draft): void {
  if (d.s.replies.every(({ next }) => next)) return;
  d.s.replies = d.s.replies.map((reply) => ({ ...reply, next: true }));
}

/** The request that output, coming now, answers. */
export function answeredReply({ replies }: TurnState, at: number): PendingReply | undefined {
  return replies.find(
    ({ writtenAt, next }) => writtenAt !== undefined && (next || at >= writtenAt + REPLY_TAIL_MS),
  );
}

export function replyAborted(d: Draft, replyId: string, rules: TurnRules): void {
  const reply = d.s.replies.find((pending) => pending.replyId === replyId);
  if (!reply) return;
  failReply(d, replyId, 'aborted');
  replyUnwanted(d);
  if (reply.writtenAt === undefined) {
    // Else its answer would come, and be taken for one that nobody asked for.
    if (reply.asked) d.out.push({ type: 'withdrawReply', replyId });
    return;
  }
  // What comes next may be the answer to the caller, who spoke up, or to another request.
  const speaking = d.s.utterance !== undefined && !d.s.utterance.answered;
  const others = d.s.replies.some(({ writtenAt }) => writtenAt !== undefined);
  if (speaking || others || d.s.turn.is !== 'idle') return;
  const until = d.at + rules.replyTimeoutMs;
  d.s.turn = { is: 'cut', since: d.at, until, heard: false, local: true, unbegun: true };
  cancelAnswer(d, rules);
}

export function failReply(d: Draft, replyId: string, why: ReplyFailure): void {
  d.s.replies = d.s.replies.filter((reply) => reply.replyId !== replyId);
  d.out.push({ type: 'failReply', replyId, why });
}

/** A server that stays silent is asked once more, then the reply fails. */
export function replyTimeouts(d: Draft, rules: TurnRules): void {
  for (const reply of d.s.replies) {
    const { replyId, writtenAt, again } = reply;
    if (writtenAt === undefined || d.at < writtenAt + rules.replyTimeoutMs) continue;
    if (d.s.turn.is === 'open') continue;
    const heldUntil = audioHeldUntil(d.s);
    if (d.at < heldUntil) {
      // What it answers may still be here: its time begins after that.
      d.s.replies = d.s.replies.map((one) =>
        one === reply ? { ...one, writtenAt: heldUntil } : one,
      );
      continue;
    }
    d.s.owedUntil = undefined;
    if (again || !askAgain(d)) failReply(d, replyId, 'timeout');
  }
}
