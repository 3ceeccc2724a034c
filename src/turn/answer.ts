// SPDX-License-Identifier: Apache-2.0
import type { RequestedCall } from '../protocol/facts.js';
import type { GenerationEnd, Timing } from './effects.js';
import type { Generation, TurnRules } from './state.js';
import { newId, utteranceAnswered, type Draft } from './utterance.js';

/** The open generation; opens one when the turn has none. Undefined while output is discarded. */
function openFor(d: Draft): Generation | undefined {
  const { turn } = d.s;
  if (turn.is === 'open') return turn.generation;
  if (turn.is === 'cut' && !turn.heard) return undefined;
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
    tailEndsAt: undefined,
  };
  d.s.askedAt = undefined;
  d.s.owed = false;
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
  d.out.push({ type: 'openMessage', generationId: generation.id, messageId, modality });
  const opened = { ...generation, messageId };
  const early = d.s.early?.text;
  d.s.early = undefined;
  return early === undefined ? opened : writeText(d, opened, early);
}

function writeText(d: Draft, generation: Generation, text: string): Generation {
  d.out.push({ type: 'writeText', generationId: generation.id, text });
  return { ...generation, text: generation.text + text };
}

function keep(d: Draft, generation: Generation, rules: TurnRules): void {
  // More output after a blocking call: its window begins anew.
  const tailEndsAt = generation.tailEndsAt && d.at + rules.blockingCallTailMs;
  d.s.turn = { is: 'open', generation: { ...generation, tailEndsAt } };
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
  const { turn, lastMessageId } = d.s;
  if (turn.is === 'cut' && !turn.heard) return;
  if (turn.is === 'open' && turn.generation.messageId !== undefined) {
    keep(d, writeText(d, turn.generation, text), rules);
  } else if (turn.is === 'drained' && turn.complete && lastMessageId !== undefined) {
    d.out.push({ type: 'amend', messageId: lastMessageId, text });
  } else {
    d.s.early = { text: (d.s.early?.text ?? '') + text, at: d.at };
  }
}

export function text(d: Draft, said: string, rules: TurnRules): void {
  if (!rules.textOutput) {
    d.s.aside += said;
    return;
  }
  const opened = openFor(d);
  if (opened) keep(d, writeText(d, openMessage(d, opened, 'text'), said), rules);
}

/** Calls are never discarded: they end a cut. */
export function calls(d: Draft, asked: readonly RequestedCall[], rules: TurnRules): void {
  const fresh = asked.filter(({ id }) => !d.s.calls.some((call) => id && call.wireId === id));
  if (fresh.length === 0) return;
  if (d.s.turn.is === 'cut') d.s.turn = { is: 'idle' };
  const generation = openFor(d);
  if (!generation) return;
  for (const { id, name, args } of fresh) {
    const call = { callId: id ?? newId(d, 'c'), wireId: id, name, args };
    d.s.calls = [...d.s.calls, { ...call, blocking: rules.blockingCalls, askedAt: d.at }];
    d.out.push({ type: 'callTool', generationId: generation.id, call, at: d.at });
  }
  if (rules.blockingCalls) {
    // The framework withholds results until this generation ends, the server its boundary until
    // it has them: a short window ends the wait (design of the turn machine, PROTOCOL.md).
    const tailEndsAt = d.at + rules.blockingCallTailMs;
    d.s.turn = { is: 'open', generation: { ...generation, tailEndsAt } };
  }
}

/** The model has finished what it says. Text that nobody spoke is handed over as text. */
export function outputEnded(d: Draft): void {
  const { turn } = d.s;
  const spoken = turn.is === 'open' && turn.generation.messageId !== undefined;
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
}

/** Thoughts and calls that leak as ordinary text parts (mastra PR#17021, live-api-web-console#78). */
function looksInternal(said: string): boolean {
  return /^\s*(\*\*|<|```|[{[]|call:|default_api)/.test(said);
}

/** Ends the open generation, if any; says what it was in the history. */
export function close(d: Draft, end: GenerationEnd): void {
  if (d.s.turn.is !== 'open') return;
  const { messageId, text: said, tailEndsAt: _tail, ...timing } = d.s.turn.generation;
  const interrupted = end !== 'complete' && end !== 'calling';
  if (messageId !== undefined) {
    d.s.lastMessageId = messageId;
    const createdAt = timing.startedAt;
    const message = {
      id: messageId,
      role: 'assistant' as const,
      text: said.trim(),
      interrupted,
      createdAt,
    };
    if (message.text !== '') d.out.push({ type: 'remember', message });
  }
  d.s.last = { ...timing, endedAt: d.at, interrupted } satisfies Timing;
  d.out.push({ type: 'closeGeneration', generationId: timing.id, end, at: d.at });
  d.s.turn = { is: 'drained', complete: end === 'complete' };
}
