// SPDX-License-Identifier: Apache-2.0
import { joined, solid } from '../protocol/transcript.js';
import type { Effect, Piece } from './effects.js';
import type { TurnState, Utterance } from './state.js';
import { LATE_MS } from './times.js';

/** A copy of the state that a step may change, and the effects it asks for. */
export interface Draft {
  readonly s: TurnState;
  readonly out: Effect[];
  readonly at: number;
  /** LiveKit hears from us that the caller speaks. */
  readonly tellsSpeech: boolean;
}

export function newId(d: Draft, kind: string): string {
  return `${d.s.prefix}${kind}${d.s.nextId++}`;
}

/** There is evidence that the caller speaks now. */
export function speechStarted(d: Draft, reported: boolean): void {
  if (d.s.utterance?.answered || d.s.utterance?.repeats) finishUtterance(d);
  const utterance = d.s.utterance ?? create(d, d.at, false);
  if (!utterance.announced && d.tellsSpeech) d.out.push({ type: 'startSpeech' });
  d.s.utterance = {
    ...utterance,
    announced: d.tellsSpeech,
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
export function userSaid(d: Draft, { text, detail }: Piece, interim: boolean): void {
  if (!d.s.utterance) {
    if (text.trim() === '') return;
    begin(d, text);
  }
  const before = d.s.utterance as Utterance;
  if (text === '') return;
  const heard = { text: before.text + text, detail: joined(before.detail, detail) };
  d.s.utterance = { ...before, ...(!interim && heard), lastAt: d.at };
  if (before.repeats) {
    if (mayRepeat(d, heard.text)) return;
    reveal(d);
    if (!interim) return;
  }
  show(d, { text, detail, interim });
}

/** The first words of a line that nothing else has announced. */
function begin(d: Draft, text: string): void {
  const answer = lateFor(d);
  const repeats = mayRepeat(d, text);
  if (answer === undefined && !repeats) speechStarted(d, false);
  else d.s.utterance = { ...create(d, answer ?? d.at, answer !== undefined), repeats };
}

/**
 * The server was seen to process a turn again and to transcribe the same words once more
 * (gemini-live-api-examples#48). Only a microphone that is known to have been silent proves it.
 */
function mayRepeat({ s: { lastLine, loudAt } }: Draft, text: string): boolean {
  if (!lastLine || loudAt === undefined || loudAt > lastLine.endedAt) return false;
  return lastLine.letters !== '' && lastLine.letters.startsWith(solid(text));
}

/** It is no repetition: everything so far is said now. */
function reveal(d: Draft): void {
  const utterance = { ...(d.s.utterance as Utterance), repeats: false };
  d.s.utterance = utterance;
  if (!utterance.answered) speechStarted(d, false);
  const { text, detail } = utterance;
  if (text !== '') show(d, { text, detail, interim: false });
}

function show(d: Draft, news: Piece & { interim: boolean }): void {
  const { turn, utterance } = d.s;
  const { itemId, startedAt, answered, reported, ended, ...line } = utterance as Utterance;
  if (turn.is === 'cut' && !turn.unwanted && !answered) d.s.turn = { ...turn, heard: true };
  if (!reported && !ended && !answered) d.s.askedAt = d.at;
  const text = (news.interim ? line.text + news.text : line.text).trim();
  if (text === '') return;
  const detail = news.interim ? joined(line.detail, news.detail) : line.detail;
  d.out.push({ type: 'transcribe', itemId, text, detail, isFinal: false, startedAt, news });
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

/** Its time is over. True when it turns out to be a line of its own, and no repetition. */
export function settleUtterance(d: Draft): boolean {
  const utterance = d.s.utterance;
  const isNew = utterance?.repeats && !utterance.answered && !isRepetition(d, utterance);
  if (isNew) reveal(d);
  else finishUtterance(d);
  return isNew === true;
}

/** One final per utterance, never an empty one. */
export function finishUtterance(d: Draft): void {
  const utterance = d.s.utterance;
  if (!utterance) return;
  d.s.utterance = undefined;
  if (utterance.announced) d.out.push({ type: 'stopSpeech' });
  const { itemId, startedAt, detail } = utterance;
  const text = utterance.text.trim();
  if (text === '') return;
  if (utterance.repeats && isRepetition(d, utterance)) {
    d.out.push({ type: 'report', what: 'repeated_transcript', detail: { itemId, text } });
    return;
  }
  keep(d, utterance);
  d.out.push({ type: 'transcribe', itemId, text, detail, isFinal: true, startedAt });
  d.s.lastLine = { letters: solid(text), endedAt: utterance.lastAt };
  const [from, to] = [d.s.language, detail?.language];
  if (to === undefined) return;
  d.s.language = to;
  if (from === undefined || from === to) return;
  d.out.push({ type: 'report', what: 'language_changed', detail: { itemId, from, to } });
}

/**
 * The answer ends while the line may still go on: what there is of it stands before the answer, and
 * a handle that is issued now stands for it, too.
 */
export function keepLine(d: Draft): void {
  const { utterance } = d.s;
  if (utterance?.answered && !utterance.repeats) d.s.utterance = keep(d, utterance);
}

function keep(d: Draft, utterance: Utterance): Utterance {
  const { itemId: id, kept, startedAt: createdAt } = utterance;
  const [role, text] = ['user' as const, utterance.text.trim()];
  if (text.length === kept) return utterance;
  if (kept > 0) d.out.push({ type: 'amend', messageId: id, role, text: text.slice(kept) });
  else {
    d.out.push({ type: 'remember', message: { id, role, text, interrupted: false, createdAt } });
  }
  return { ...utterance, kept: text.length };
}

function isRepetition({ s }: Draft, { text }: Utterance): boolean {
  return solid(text) === s.lastLine?.letters;
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
    detail: undefined,
    kept: 0,
    repeats: false,
  };
}
