// SPDX-License-Identifier: Apache-2.0
import { close } from './answer.js';
import type { GenerationEnd, ReplyFailure } from './effects.js';
import { failReply } from './replies.js';
import { usageSettled } from './usage.js';
import { finishUtterance, type Draft } from './utterance.js';

/** Calls belong to the conversation and stay; everything that was being said ends. */
export function connectionLost(d: Draft): void {
  fallSilent(d, 'lost');
  d.s.replies = d.s.replies.map((reply) => ({ ...reply, writtenAt: undefined }));
}

export function connectionBack(d: Draft, restored: boolean, forgotten: readonly string[]): void {
  // A session that knows nothing of a call is not blocked by it.
  d.s.calls = d.s.calls.map((call) =>
    restored && !forgotten.includes(call.callId) ? call : { ...call, blocking: false },
  );
  // Whatever was handed over died with the queue or the connection.
  // But a turn that was committed meanwhile still goes out, and brings an answer by itself.
  const coming = d.s.owedUntil !== undefined;
  d.s.replies = d.s.replies.map((reply, i) =>
    i === 0 && coming && reply.instructions === undefined
      ? { ...reply, asked: true, writtenAt: d.at }
      : { ...reply, asked: false, writtenAt: undefined },
  );
}

export function closed(d: Draft, why: ReplyFailure): void {
  fallSilent(d, 'closed');
  for (const { replyId } of d.s.replies) failReply(d, replyId, why);
  d.s.owed = undefined;
  d.s.offline = true;
  d.s.calls = [];
}

function fallSilent(d: Draft, end: GenerationEnd): void {
  close(d, end);
  usageSettled(d);
  finishUtterance(d);
  d.s.turn = { is: 'idle' };
  d.s.early = undefined;
  d.s.aside = '';
  d.s.untranscribed = undefined;
  d.s.owedUntil = undefined;
  d.s.unwantedUntil = undefined;
  d.s.cancelAt = undefined;
}
