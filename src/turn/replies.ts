// SPDX-License-Identifier: Apache-2.0
import { cut } from './answer.js';
import type { ReplyFailure } from './effects.js';
import { replyUnwanted } from './owed.js';
import type { Draft } from './utterance.js';

/** An answer that is already on its way is not asked for twice. */
export function replyRequested(d: Draft, replyId: string, instructions: string | undefined): void {
  const coming = d.s.owedUntil !== undefined && instructions === undefined;
  const writtenAt = coming ? d.at : undefined;
  d.s.replies = [...d.s.replies, { replyId, instructions, writtenAt, again: false }];
  if (!coming) d.out.push({ type: 'requestReply', replyId, instructions });
}

export function replyAborted(d: Draft, replyId: string): void {
  const reply = d.s.replies.find((pending) => pending.replyId === replyId);
  if (!reply) return;
  failReply(d, replyId, 'aborted');
  replyUnwanted(d);
  // What comes next may be the answer to the caller, who spoke up, or to another request.
  const speaking = d.s.utterance !== undefined && !d.s.utterance.answered;
  const others = d.s.replies.some(({ writtenAt }) => writtenAt !== undefined);
  if (reply.writtenAt === undefined || speaking || others || d.s.turn.is !== 'idle') return;
  cut(d);
}

export function failReply(d: Draft, replyId: string, why: ReplyFailure): void {
  d.s.replies = d.s.replies.filter((reply) => reply.replyId !== replyId);
  d.out.push({ type: 'failReply', replyId, why });
}
