// SPDX-License-Identifier: Apache-2.0
import { amend, close } from './answer.js';
import { callsOverdue } from './calls.js';
import { cancelTimeout } from './cancel.js';
import type { Piece } from './effects.js';
import { resolveDoubt } from './false_interruption.js';
import { answerOwedToCaller, watch } from './owed.js';
import { replyTimeouts } from './replies.js';
import { lowerShield } from './shield.js';
import type { TurnRules } from './rules.js';
import { utteranceDeadline } from './state.js';
import { EARLY_MS } from './times.js';
import { settleUtterance, type Draft } from './utterance.js';

/** Time has passed: whatever is due by now happens. */
export function tick(d: Draft, rules: TurnRules): void {
  const { turn, early } = d.s;
  const isTimed = turn.is === 'cut' || turn.is === 'drained';
  if (isTimed && d.at >= (turn.until ?? Infinity)) d.s.turn = { is: 'idle' };
  if (turn.is === 'open' && d.at >= turn.generation.endsAt) {
    const { id: generationId, calling, complete } = turn.generation;
    close(d, calling ? 'calling' : complete ? 'complete' : 'stalled');
    if (!calling && !complete)
      d.out.push({ type: 'report', what: 'stalled', detail: { generationId } });
  }
  if (early && d.at >= early.at + EARLY_MS) lateTranscript(d, early);
  if (d.s.owedUntil !== undefined && d.at >= d.s.owedUntil) d.s.owedUntil = undefined;
  if (d.at >= (d.s.unwantedUntil ?? Infinity)) d.s.unwantedUntil = undefined;
  resolveDoubt(d, rules);
  const due = utteranceDeadline(d.s.utterance);
  if (due !== undefined && d.at >= due && settleUtterance(d)) answerOwedToCaller(d, rules);
  if (d.s.shieldUntil && d.at >= d.s.shieldUntil) lowerShield(d);
  cancelTimeout(d);
  replyTimeouts(d, rules);
  callsOverdue(d);
  watch(d, rules);
}

/** Words without a voice belong to what was spoken last. */
function lateTranscript(d: Draft, said: Piece): void {
  d.s.early = undefined;
  d.out.push({ type: 'report', what: 'late_transcript', detail: said.text });
  if (d.s.lastMessage) amend(d, d.s.lastMessage, said);
}
