// SPDX-License-Identifier: Apache-2.0
import type { TurnRules } from './rules.js';
import type { Draft } from './utterance.js';

/** The server noticed speech of the caller, or the microphone did. */
export function callerSpoke(d: Draft): void {
  // While a tool runs, its result is what the next answer is about.
  if (d.s.calls.length === 0) d.s.untranscribed ??= { generationId: undefined };
}

/** During an answer, and while it plays, this may be its echo. */
export function callerLoud(d: Draft): void {
  d.s.loudAt = d.at;
  if (d.s.turn.is === 'idle' || d.s.turn.is === 'cut') callerSpoke(d);
}

export function callerTranscribed(d: Draft): void {
  d.s.untranscribed = undefined;
}

/** An answer begins. One to a request says nothing about the caller. */
export function answerOpened(d: Draft, generationId: string, requested: boolean): void {
  const { untranscribed } = d.s;
  if (!untranscribed || untranscribed.generationId !== undefined) return;
  d.s.untranscribed = requested ? undefined : { generationId };
}

/** The model understood what nobody here can read (pipecat#3350); said once a turn. */
export function turnEnded(d: Draft, rules: TurnRules): void {
  const generationId = d.s.untranscribed?.generationId;
  if (generationId === undefined) return;
  d.s.untranscribed = undefined;
  if (!rules.transcribes) return;
  d.out.push({ type: 'report', what: 'untranscribed_turn', detail: { generationId } });
}
