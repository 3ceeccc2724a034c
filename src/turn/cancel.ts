// SPDX-License-Identifier: Apache-2.0
import type { TurnRules } from './rules.js';
import { CANCEL_MS } from './times.js';
import type { Draft } from './utterance.js';

/** A local interruption: where the model can be told, it stops computing what nobody will hear. */
export function cancelAnswer(d: Draft, rules: TurnRules): void {
  if (!rules.cancels || d.s.offline) return;
  d.s.cancelAt = d.at;
  d.out.push({ type: 'cancelAnswer' });
}

/** `interrupted`, or the end of the turn: the server has stopped. True when we asked for it. */
export function answerCancelled(d: Draft): boolean {
  const { cancelAt } = d.s;
  if (cancelAt === undefined) return false;
  d.s.cancelAt = undefined;
  d.out.push({ type: 'report', what: 'cancelled', detail: { afterMs: d.at - cancelAt } });
  return true;
}

/** It goes on, or says nothing about it: output is discarded here all the same. */
export function cancelTimeout(d: Draft): void {
  const { cancelAt } = d.s;
  if (cancelAt === undefined || d.at < cancelAt + CANCEL_MS) return;
  d.s.cancelAt = undefined;
  d.out.push({ type: 'report', what: 'cancelled', detail: { afterMs: undefined } });
}
