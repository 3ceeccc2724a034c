// SPDX-License-Identifier: Apache-2.0
import { cut } from './answer.js';
import type { ReplyFailure } from './effects.js';
import { askAgain, replyUnwanted } from './owed.js';
import type { TurnRules } from './rules.js';
import type { PendingReply, TurnState } from './state.js';
import { REPLY_TAIL_MS } from './times.js';
import type { Draft } from './utterance.js';

/** So many requests may wait; what is asked beyond them takes the place of the oldest waiting one. */
export const MOST_REPLIES = 4;

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
export function askNext(d: Draft): void {
  const { replies, turn, offline } = d.s;
  const [first] = replies;
  if (!first || offline || turn.is === 'open' || replies.some(({ asked }) => asked)) return;
  ask(d, first);
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

export function replyAborted(d: Draft, replyId: string): void {
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
  cut(d);
}

export function failReply(d: Draft, replyId: string, why: ReplyFailure): void {
  d.s.replies = d.s.replies.filter((reply) => reply.replyId !== replyId);
  d.out.push({ type: 'failReply', replyId, why });
}

/** A server that stays silent is asked once more, then the reply fails. */
export function replyTimeouts(d: Draft, rules: TurnRules): void {
  for (const { replyId, writtenAt, again } of d.s.replies) {
    if (writtenAt === undefined || d.at < writtenAt + rules.replyTimeoutMs) continue;
    d.s.owedUntil = undefined;
    if (again || !askAgain(d)) failReply(d, replyId, 'timeout');
  }
}
