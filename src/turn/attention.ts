// SPDX-License-Identifier: Apache-2.0
import type { TurnState } from './state.js';

/** After this long without a word, a request or an answer pictures wait, in ms: each costs tokens. */
const IDLE_MS = 30_000;

/**
 * Is a picture of use to the model now? It answers speech and requests, never a picture alone, so in
 * an idle conversation the newest one is soon enough when something happens.
 */
export function wantsPictures(state: TurnState, now: number): boolean {
  const { turn, utterance, replies, calls, loudAt, askedAt, last, offline } = state;
  // Without a connection it costs nothing, and the next session shall begin with what is seen now.
  if (offline || turn.is !== 'idle' || utterance) return true;
  if (replies.length > 0 || calls.length > 0) return true;
  const activeAt = Math.max(loudAt ?? 0, askedAt ?? 0, last?.endedAt ?? 0);
  return now < activeAt + IDLE_MS;
}
