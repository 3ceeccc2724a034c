// SPDX-License-Identifier: Apache-2.0
import type { Effect } from './effects.js';
import type { TurnState, Utterance } from './state.js';

/** A copy of the state that a step may change, and the effects it asks for. */
export interface Draft {
  readonly s: TurnState;
  readonly out: Effect[];
  readonly at: number;
}

export function newId(d: Draft, kind: string): string {
  return `${d.s.prefix}${kind}${d.s.nextId++}`;
}

/** There is evidence that the caller speaks now. */
export function speechStarted(d: Draft, reported: boolean): void {
  if (d.s.utterance?.answered) finishUtterance(d);
  const utterance = d.s.utterance ?? create(d, false);
  if (!utterance.announced) d.out.push({ type: 'startSpeech' });
  d.s.utterance = {
    ...utterance,
    announced: true,
    reported: utterance.reported || reported,
    lastAt: d.at,
  };
}

/** The server reports that the caller stopped; the transcript may still be on its way. */
export function speechStopped(d: Draft): void {
  const utterance = d.s.utterance;
  d.s.askedAt = d.at;
  if (!utterance) return;
  if (utterance.announced) d.out.push({ type: 'stopSpeech' });
  d.s.utterance = { ...utterance, announced: false, reported: false, lastAt: d.at };
}

/**
 * A piece of the caller's transcript. While the model answers it is late news of the turn before,
 * not a new interruption: only `interrupted` or voice activity say that.
 */
export function userSaid(d: Draft, text: string, interim: boolean): void {
  const { turn } = d.s;
  if (turn.is === 'cut') d.s.turn = { ...turn, heard: true };
  if (!d.s.utterance) {
    if (turn.is === 'open') d.s.utterance = create(d, true);
    else speechStarted(d, false);
  }
  const before = d.s.utterance as Utterance;
  const heard = before.text + text;
  d.s.utterance = { ...before, lastAt: d.at, text: interim ? before.text : heard };
  if (!before.reported) d.s.askedAt = d.at;
  const { itemId, startedAt } = before;
  const shown = heard.trim();
  if (shown === '') return;
  d.out.push({ type: 'transcribe', itemId, text: shown, isFinal: false, startedAt });
}

/** The model begins to answer: the caller has stopped, the transcript may settle. */
export function utteranceAnswered(d: Draft): void {
  const utterance = d.s.utterance;
  if (!utterance) return;
  if (utterance.announced) d.out.push({ type: 'stopSpeech' });
  d.s.utterance = { ...utterance, announced: false, reported: false, answered: true };
}

/** One final per utterance, never an empty one. */
export function finishUtterance(d: Draft): void {
  const utterance = d.s.utterance;
  if (!utterance) return;
  d.s.utterance = undefined;
  if (utterance.announced) d.out.push({ type: 'stopSpeech' });
  const { itemId, startedAt } = utterance;
  const text = utterance.text.trim();
  if (text === '') return;
  d.out.push({
    type: 'remember',
    message: { id: itemId, role: 'user', text, interrupted: false, createdAt: startedAt },
  });
  d.out.push({ type: 'transcribe', itemId, text, isFinal: true, startedAt });
}

function create(d: Draft, answered: boolean): Utterance {
  return {
    itemId: newId(d, 'u'),
    text: '',
    // Evidence comes after the fact: what it answers can never be older than the question.
    startedAt: d.at - 1,
    lastAt: d.at,
    announced: false,
    reported: false,
    answered,
  };
}
