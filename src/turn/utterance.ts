// SPDX-License-Identifier: Apache-2.0
import type { Effect } from './effects.js';
import { LATE_MS, type TurnState, type Utterance } from './state.js';

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
  const utterance = d.s.utterance ?? create(d, d.at, false);
  if (!utterance.announced) d.out.push({ type: 'startSpeech' });
  d.s.utterance = {
    ...utterance,
    announced: true,
    reported: utterance.reported || reported,
    ended: utterance.ended && !reported,
    lastAt: d.at,
  };
}

/** The server reports that the caller stopped; the transcript may still be on its way. */
export function speechStopped(d: Draft): void {
  const utterance = d.s.utterance;
  if (utterance ? utterance.answered : d.s.turn.is === 'open') return;
  d.s.askedAt = d.at;
  if (!utterance) return;
  if (utterance.announced) d.out.push({ type: 'stopSpeech' });
  d.s.utterance = { ...utterance, announced: false, reported: false, ended: true, lastAt: d.at };
}

/**
 * A piece of the caller's transcript. Once an answer has begun it is late news of the turn before,
 * not a new interruption: only `interrupted` or voice activity say that.
 */
export function userSaid(d: Draft, text: string, interim: boolean): void {
  const { turn } = d.s;
  if (!d.s.utterance) {
    if (text.trim() === '') return;
    const answer = lateFor(d);
    if (answer === undefined) speechStarted(d, false);
    else d.s.utterance = create(d, answer, true);
  }
  const before = d.s.utterance as Utterance;
  if (turn.is === 'cut' && !before.answered) d.s.turn = { ...turn, heard: true };
  const heard = before.text + text;
  d.s.utterance = { ...before, lastAt: d.at, text: interim ? before.text : heard };
  if (!before.reported && !before.ended && !before.answered) d.s.askedAt = d.at;
  const { itemId, startedAt } = before;
  const shown = heard.trim();
  if (shown === '') return;
  d.out.push({ type: 'transcribe', itemId, text: shown, isFinal: false, startedAt });
}

/** When the answer began that new words of the caller came too late for; undefined: they did not. */
function lateFor(d: Draft): number | undefined {
  const { turn, last } = d.s;
  if (turn.is === 'open') return turn.generation.startedAt;
  if (turn.is === 'idle' || !last || d.at >= last.startedAt + LATE_MS) return undefined;
  return last.startedAt;
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

function create(d: Draft, noticedAt: number, answered: boolean): Utterance {
  return {
    itemId: newId(d, 'u'),
    text: '',
    // Evidence comes after the fact: what it answers can never be older than the question.
    startedAt: noticedAt - 1,
    lastAt: d.at,
    announced: false,
    reported: false,
    ended: false,
    answered,
  };
}
