// SPDX-License-Identifier: Apache-2.0
import { keep, openFor, openMessage, writeText } from './answer.js';
import type { Piece } from './effects.js';
import type { TurnRules } from './rules.js';
import { EARLY_MS } from './times.js';
import type { Draft } from './utterance.js';

// The app brings a voice of its own: what the model says is handed over as text, by its transcript, and
// its audio goes unheard.

export function unheard(d: Draft, rules: TurnRules): void {
  const opened = openFor(d);
  if (opened) keep(d, { ...opened, firstAudioAt: opened.firstAudioAt ?? d.at }, rules);
}

export function saidAsText(d: Draft, said: Piece, rules: TurnRules): void {
  const opened = openFor(d);
  if (!opened) return;
  keep(d, writeText(d, openMessage(d, opened, 'text', rules.slowAnswerMs), said), rules);
  if (opened.complete) audioEnded(d);
}

/** Transcripts lag behind: the text goes on until the boundary, or until nothing more comes. */
export function audioEnded(d: Draft): void {
  const { turn } = d.s;
  if (turn.is !== 'open') return;
  const endsAt = Math.min(turn.generation.endsAt, d.at + EARLY_MS);
  d.s.turn = { is: 'open', generation: { ...turn.generation, complete: true, endsAt } };
}
