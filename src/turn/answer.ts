// SPDX-License-Identifier: Apache-2.0
import { joined } from '../protocol/transcript.js';
import { separate } from './asides.js';
import { endingAt } from './copy.js';
import type { GenerationEnd, Piece, Remembered, Timing } from './effects.js';
import { answerCame } from './owed.js';
import { answeredReply } from './replies.js';
import type { TurnRules } from './rules.js';
import type { Generation } from './state.js';
import { ANSWER_MS, CUT_MS, LOCAL_CUT_MS, STALL_MS } from './times.js';
import { answerOpened } from './untranscribed.js';
import { usageClaimed } from './usage.js';
import { finishUtterance, keepLine, newId, utteranceAnswered, type Draft } from './utterance.js';

/** A generation whose message is announced. */
type Spoken = Generation & { messageId: string };

/** Output of an answer that was interrupted, or that answers a turn which was taken back. */
function discards(d: Draft): boolean {
  const { turn, unwantedUntil } = d.s;
  // Until its boundary, output still belongs to the answer before.
  const isNext = turn.is === 'idle' || (turn.is === 'cut' && turn.heard);
  if (isNext && unwantedUntil !== undefined && d.at < unwantedUntil) {
    d.s.unwantedUntil = undefined;
    const [since, until] = [d.at, d.at + CUT_MS];
    d.s.turn = { is: 'cut', since, until, heard: false, local: true, unwanted: true };
    return true;
  }
  if (turn.is !== 'cut' || turn.heard) return false;
  if (turn.local) {
    const { unbegun: _u, ...begun } = turn;
    d.s.turn = { ...begun, until: Math.min(d.at + CUT_MS, turn.since + LOCAL_CUT_MS) };
  }
  return true;
}

/** The open generation; opens one when the turn has none. Undefined while output is discarded. */
export function openFor(d: Draft): Generation | undefined {
  if (d.s.turn.is === 'open') return d.s.turn.generation;
  if (discards(d)) return undefined;
  utteranceAnswered(d);
  usageClaimed(d);
  const answered = answeredReply(d.s, d.at);
  d.s.replies = d.s.replies.filter((reply) => reply !== answered);
  const generation: Generation = {
    id: newId(d, 'g'),
    startedAt: d.at,
    askedAt: waitedSince(d),
    firstAudioAt: undefined,
    endedAt: undefined,
    interrupted: false,
    messageId: undefined,
    text: '',
    calling: false,
    complete: false,
    endsAt: d.at + STALL_MS,
  };
  d.s.askedAt = undefined;
  d.s.owedUntil = undefined;
  answerCame(d);
  answerOpened(d, generation.id, answered !== undefined);
  d.s.turn = { is: 'open', generation };
  d.out.push({
    type: 'openGeneration',
    generationId: generation.id,
    replyId: answered?.replyId,
    at: d.at,
  });
  return generation;
}

/** Since when the model is waited for: the question, or the end of what it was still saying then. */
function waitedSince({ s: { askedAt, last }, at }: Draft): number | undefined {
  if (askedAt === undefined) return undefined;
  const since = Math.max(askedAt, last?.endedAt ?? 0);
  return at - since > ANSWER_MS ? undefined : since;
}

/** Announces the message with its first output, not before: its idle clock starts there. */
export function openMessage(
  d: Draft,
  generation: Generation,
  modality: 'audio' | 'text',
  slowAnswerMs?: number | null,
): Spoken {
  if (isSpoken(generation)) return generation;
  const messageId = newId(d, 'm');
  const { id: generationId, askedAt } = generation;
  const waitedMs = askedAt === undefined ? undefined : d.at - askedAt;
  const { firstAudioAt } = generation;
  const behindMs = firstAudioAt === undefined ? undefined : d.at - firstAudioAt;
  d.out.push({ type: 'openMessage', generationId, messageId, modality, waitedMs, behindMs });
  if (waitedMs !== undefined && waitedMs > (slowAnswerMs ?? Infinity)) {
    d.out.push({ type: 'report', what: 'slow_answer', detail: { generationId, waitedMs } });
  }
  const opened = { ...generation, messageId };
  const { early } = d.s;
  d.s.early = undefined;
  return early ? writeText(d, opened, early) : opened;
}

function isSpoken(generation: Generation): generation is Spoken {
  return generation.messageId !== undefined;
}

export function writeText(d: Draft, generation: Spoken, { text, detail }: Piece): Spoken {
  const { id: generationId, messageId } = generation;
  d.out.push({ type: 'writeText', generationId, messageId, text, detail });
  return { ...generation, text: generation.text + text };
}

/** There was output: the wait for its end begins anew. */
export function keep(d: Draft, generation: Generation, rules: TurnRules): void {
  const endsAt = d.at + (generation.calling ? rules.blockingCallTailMs : STALL_MS);
  d.s.turn = { is: 'open', generation: endingAt(generation, endsAt) };
}

export function audio(d: Draft, data: string, rate: number, rules: TurnRules): void {
  const opened = openFor(d);
  if (!opened) return;
  const generation = openMessage(d, opened, 'audio', rules.slowAnswerMs);
  d.out.push({ type: 'playAudio', generationId: generation.id, data, rate });
  const first = generation.firstAudioAt === undefined;
  keep(d, first ? { ...generation, firstAudioAt: d.at } : generation, rules);
}

/** A transcript announces nothing: it waits for audio, a call or the end of the turn. */
export function modelSaid(d: Draft, said: Piece, rules: TurnRules): void {
  const { turn, lastMessage, early } = d.s;
  if (discards(d)) return;
  if (turn.is === 'open' && isSpoken(turn.generation)) {
    keep(d, writeText(d, turn.generation, said), rules);
  } else if (turn.is === 'drained' && turn.complete && lastMessage) {
    amend(d, lastMessage, said);
  } else {
    const detail = joined(early?.detail, said.detail);
    d.s.early = { text: (early?.text ?? '') + said.text, at: d.at, detail };
  }
}

/** Words that came after their message; one that had none is not in the history yet. */
export function amend(d: Draft, message: Remembered, { text, detail }: Piece): void {
  const whole = { ...message, text: (message.text + text).trimStart() };
  d.s.lastMessage = whole;
  const { id: messageId, role } = message;
  if (message.text !== '') d.out.push({ type: 'amend', messageId, role, text, detail });
  else if (whole.text !== '') {
    d.out.push({ type: 'remember', message: whole, late: { text: whole.text, detail } });
  }
}

export function text(d: Draft, said: string, rules: TurnRules): void {
  if (!rules.textOutput) {
    if (!discards(d)) d.s.aside += said;
    return;
  }
  const opened = openFor(d);
  if (opened)
    keep(
      d,
      writeText(d, openMessage(d, opened, 'text', rules.slowAnswerMs), { text: said }),
      rules,
    );
}

/** The model has finished what it says. Text that nobody spoke is handed over as text. */
export function outputEnded(d: Draft): void {
  const { turn } = d.s;
  const spoken =
    turn.is === 'open'
      ? turn.generation.messageId !== undefined
      : turn.is === 'drained' && turn.complete;
  const { internal, said } = separate(d.s.aside);
  if (internal !== '') d.out.push({ type: 'report', what: 'thought', detail: internal });
  // A transcript is of speech: it is never withheld for how it looks.
  const unspoken = d.s.early?.text ?? said;
  if (!spoken && unspoken.trim() !== '') {
    const opened = openFor(d);
    if (opened) handOver(d, opened, unspoken);
    d.s.early = undefined;
  }
  d.s.aside = '';
  close(d, 'complete');
}

function handOver(d: Draft, opened: Generation, unspoken: string): void {
  d.s.early = { ...d.s.early, text: unspoken, at: d.at };
  d.s.turn = { is: 'open', generation: openMessage(d, opened, 'text') };
  d.out.push({ type: 'report', what: 'text_turn', detail: unspoken });
}

/** Ends the open generation, if any; says what it was in the history. */
export function close(d: Draft, end: GenerationEnd): void {
  if (d.s.turn.is !== 'open') return;
  answerEnded(d, d.s.turn.generation);
  const {
    messageId,
    text: said,
    calling: _c,
    endsAt: _e,
    complete: _d,
    ...timing
  } = d.s.turn.generation;
  const interrupted = end === 'interrupted' || end === 'lost' || end === 'closed';
  if (messageId !== undefined) {
    const [role, text, createdAt] = ['assistant' as const, said.trim(), timing.startedAt];
    d.s.lastMessage = { id: messageId, role, text, interrupted, createdAt };
    if (text !== '') d.out.push({ type: 'remember', message: d.s.lastMessage });
  }
  d.s.last = { ...timing, endedAt: d.at, interrupted } satisfies Timing;
  d.s.usage = { ...d.s.usage, ended: d.s.last };
  d.out.push({ type: 'closeGeneration', generationId: timing.id, end, at: d.at });
  d.s.turn = { is: 'drained', complete: end === 'complete' };
  // Who was asked for meanwhile has waited for this one, not for an answer.
  d.s.replies = d.s.replies.map((reply) =>
    reply.writtenAt === undefined ? reply : { ...reply, writtenAt: d.at },
  );
}

/**
 * The caller's line stands before the end of its answer, and is final with it. But a call in the
 * middle of a sentence answers nothing, and a transcript that lags behind the answer goes on.
 */
function answerEnded(d: Draft, { messageId, startedAt }: Generation): void {
  const { utterance } = d.s;
  if (!utterance?.answered) return;
  if (messageId !== undefined && utterance.lastAt <= startedAt) finishUtterance(d);
  else keepLine(d);
}

/** Ends local output at once; what is still on its way is discarded. */
export function cut(d: Draft): void {
  close(d, 'interrupted');
  d.s.early = undefined;
  d.s.aside = '';
  d.s.turn = { is: 'cut', since: d.at, until: d.at + CUT_MS, heard: false, local: true };
}
