// SPDX-License-Identifier: Apache-2.0
import type { RequestedCall } from '../protocol/facts.js';
import type { GenerationEnd, Remembered, Timing } from './effects.js';
import { answerCame, answerOwed } from './owed.js';
import { CUT_MS, STALL_MS, type Generation, type TurnRules } from './state.js';
import { finishUtterance, newId, utteranceAnswered, type Draft } from './utterance.js';

/** Output of an answer that was interrupted. */
function discards(d: Draft): boolean {
  const { turn } = d.s;
  if (turn.is !== 'cut' || turn.heard) return false;
  if (turn.local) d.s.turn = { ...turn, until: d.at + CUT_MS };
  return true;
}

/** The open generation; opens one when the turn has none. Undefined while output is discarded. */
function openFor(d: Draft): Generation | undefined {
  if (d.s.turn.is === 'open') return d.s.turn.generation;
  if (discards(d)) return undefined;
  utteranceAnswered(d);
  const answered = d.s.replies.find((reply) => reply.writtenAt !== undefined);
  d.s.replies = d.s.replies.filter((reply) => reply !== answered);
  const generation: Generation = {
    id: newId(d, 'g'),
    startedAt: d.at,
    askedAt: d.s.askedAt,
    firstAudioAt: undefined,
    endedAt: undefined,
    interrupted: false,
    messageId: undefined,
    text: '',
    calling: false,
    endsAt: d.at + STALL_MS,
  };
  d.s.askedAt = undefined;
  d.s.owedUntil = undefined;
  answerCame(d);
  d.s.turn = { is: 'open', generation };
  d.out.push({
    type: 'openGeneration',
    generationId: generation.id,
    replyId: answered?.replyId,
    at: d.at,
  });
  return generation;
}

/** Announces the message with its first output, not before: its idle clock starts there. */
function openMessage(d: Draft, generation: Generation, modality: 'audio' | 'text'): Generation {
  if (generation.messageId !== undefined) return generation;
  const messageId = newId(d, 'm');
  const { id: generationId, askedAt } = generation;
  const waitedMs = askedAt === undefined ? undefined : d.at - askedAt;
  d.out.push({ type: 'openMessage', generationId, messageId, modality, waitedMs });
  const opened = { ...generation, messageId };
  const early = d.s.early?.text;
  d.s.early = undefined;
  return early === undefined ? opened : writeText(d, opened, early);
}

function writeText(d: Draft, generation: Generation, text: string): Generation {
  d.out.push({ type: 'writeText', generationId: generation.id, text });
  return { ...generation, text: generation.text + text };
}

/** There was output: the wait for its end begins anew. */
function keep(d: Draft, generation: Generation, rules: TurnRules): void {
  const endsAt = d.at + (generation.calling ? rules.blockingCallTailMs : STALL_MS);
  d.s.turn = { is: 'open', generation: { ...generation, endsAt } };
}

export function audio(d: Draft, data: string, rate: number, rules: TurnRules): void {
  const opened = openFor(d);
  if (!opened) return;
  const generation = openMessage(d, opened, 'audio');
  d.out.push({ type: 'playAudio', generationId: generation.id, data, rate });
  keep(d, { ...generation, firstAudioAt: generation.firstAudioAt ?? d.at }, rules);
}

/** A transcript announces nothing: it waits for audio, a call or the end of the turn. */
export function modelSaid(d: Draft, text: string, rules: TurnRules): void {
  const { turn, lastMessage } = d.s;
  if (discards(d)) return;
  if (turn.is === 'open' && turn.generation.messageId !== undefined) {
    keep(d, writeText(d, turn.generation, text), rules);
  } else if (turn.is === 'drained' && turn.complete && lastMessage) {
    amend(d, lastMessage, text);
  } else {
    d.s.early = { text: (d.s.early?.text ?? '') + text, at: d.at };
  }
}

/** Words that came after their message; one that had none is not in the history yet. */
export function amend(d: Draft, message: Remembered, text: string): void {
  const whole = { ...message, text: (message.text + text).trimStart() };
  d.s.lastMessage = whole;
  if (message.text !== '') d.out.push({ type: 'amend', messageId: message.id, text });
  else if (whole.text !== '') d.out.push({ type: 'remember', message: whole });
}

export function text(d: Draft, said: string, rules: TurnRules): void {
  if (!rules.textOutput) {
    if (!discards(d)) d.s.aside += said;
    return;
  }
  const opened = openFor(d);
  if (opened) keep(d, writeText(d, openMessage(d, opened, 'text'), said), rules);
}

/** Calls are never discarded: they end a cut. */
export function calls(d: Draft, asked: readonly RequestedCall[], rules: TurnRules): void {
  const known = new Set(d.s.calls.map(({ wireId }) => wireId));
  const fresh = asked.filter(({ id }) => id === undefined || (!known.has(id) && known.add(id)));
  if (fresh.length === 0) return;
  if (d.s.turn.is === 'cut') d.s.turn = { is: 'idle' };
  const generation = openFor(d);
  if (!generation) return;
  let { calling } = generation;
  for (const { id, name, args } of fresh) {
    const call = { callId: id ?? newId(d, 'c'), wireId: id, name, args };
    const blocking = rules.blocks?.(name) ?? rules.blockingCalls;
    calling ||= blocking;
    d.s.calls = [...d.s.calls, { ...call, blocking, askedAt: d.at }];
    d.out.push({ type: 'callTool', generationId: generation.id, call, at: d.at });
  }
  // The framework withholds results until this generation ends, the server its boundary until it has
  // them: after a blocking call a short window ends the wait (PROTOCOL.md, section 6).
  keep(d, { ...generation, calling }, rules);
}

/** A call has its result. When none is left that blocks, the answer goes on as usual. */
export function toolSettled(d: Draft, callId: string, rules: TurnRules): void {
  d.s.calls = d.s.calls.filter((call) => call.callId !== callId);
  d.s.askedAt = d.at;
  const { turn, calls } = d.s;
  if (calls.length === 0) answerOwed(d, rules);
  if (turn.is !== 'open' || calls.some(({ blocking }) => blocking)) return;
  keep(d, { ...turn.generation, calling: false }, rules);
}

/** The model has finished what it says. Text that nobody spoke is handed over as text. */
export function outputEnded(d: Draft): void {
  const { turn } = d.s;
  const spoken =
    turn.is === 'open'
      ? turn.generation.messageId !== undefined
      : turn.is === 'drained' && turn.complete;
  const unspoken = d.s.early?.text ?? d.s.aside;
  if (!spoken && unspoken.trim() !== '') {
    if (d.s.early === undefined && looksInternal(unspoken)) {
      d.out.push({ type: 'report', what: 'thought', detail: unspoken });
    } else {
      const opened = openFor(d);
      if (opened) handOver(d, opened, unspoken);
    }
    d.s.early = undefined;
  }
  d.s.aside = '';
  close(d, 'complete');
}

function handOver(d: Draft, opened: Generation, unspoken: string): void {
  d.s.early = { text: unspoken, at: d.at };
  d.s.turn = { is: 'open', generation: openMessage(d, opened, 'text') };
  d.out.push({ type: 'report', what: 'text_turn', detail: unspoken });
}

/** Thoughts and calls that leak as ordinary text parts (mastra PR#17021, live-api-web-console#78). */
function looksInternal(said: string): boolean {
  return /^\s*(\*\*|<|```|[{[]|call:|default_api)/.test(said);
}

/** Ends the open generation, if any; says what it was in the history. */
export function close(d: Draft, end: GenerationEnd): void {
  if (d.s.turn.is !== 'open') return;
  // The caller's line stands before its answer's end; what is still to come is another line.
  if (d.s.utterance?.answered) finishUtterance(d);
  const { messageId, text: said, calling: _c, endsAt: _e, ...timing } = d.s.turn.generation;
  const interrupted = end === 'interrupted' || end === 'lost' || end === 'closed';
  if (messageId !== undefined) {
    const [role, text, createdAt] = ['assistant' as const, said.trim(), timing.startedAt];
    d.s.lastMessage = { id: messageId, role, text, interrupted, createdAt };
    if (text !== '') d.out.push({ type: 'remember', message: d.s.lastMessage });
  }
  d.s.last = { ...timing, endedAt: d.at, interrupted } satisfies Timing;
  d.out.push({ type: 'closeGeneration', generationId: timing.id, end, at: d.at });
  d.s.turn = { is: 'drained', complete: end === 'complete' };
}

/** Ends local output at once; what is still on its way is discarded. */
export function cut(d: Draft): void {
  close(d, 'interrupted');
  d.s.early = undefined;
  d.s.aside = '';
  d.s.turn = { is: 'cut', until: d.at + CUT_MS, heard: false, local: true };
}
