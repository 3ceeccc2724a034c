// SPDX-License-Identifier: Apache-2.0
import type { Fact } from '../protocol/facts.js';
import type { Owed, WatchdogStep } from './owed.js';
import type { Remembered, ReplyFailure, Timing, ToolCall } from './effects.js';

/** What the machine has to know of the model and the session. */
export interface TurnRules {
  /** Text parts are the answer, not a side channel (TEXT sessions). */
  textOutput: boolean;
  /** Do function calls hold the model's turn until they are answered? */
  blockingCalls: boolean;
  /** The same of one function; absent: `blockingCalls` holds for all. */
  blocks?: (name: string) => boolean;
  /** Does a request go on after a boundary that says IN_PROGRESS? */
  endsAtIdle: boolean;
  /** Silence after a blocking call, in ms, that counts as the end of its output. */
  blockingCallTailMs: number;
  /** Longest wait for a reply, in ms from the write of its request. */
  replyTimeoutMs: number;
  /** What to do about answers that do not come; absent: nothing. */
  watchdog?: { answerMs: number; steps: readonly WatchdogStep[] } | null | undefined;
  /** The caller's words alone ask for nothing: turns are marked by hand, or silence is allowed. */
  wordsMayWait?: boolean;
}

/** Longest discarding after a cut; a model that never ends its turn must not stay mute. */
export const CUT_MS = 3_000;
/**
 * An answer that pauses longer has ended, and goes on as another one: LiveKit waits 10 s for the next
 * frame and then plays none of the rest, and a turn that never ends would hold its queue for ever.
 */
export const STALL_MS = 8_000;
/** For this long after an answer began, a transcript of the caller may be about what it answers. */
export const LATE_MS = 3_000;
/** A transcript this long without a further piece is whole, once the model answers. */
export const SETTLE_MS = 400;
/** A transcript of the model that gets no audio within this time belongs to the message before. */
export const EARLY_MS = 2_000;
/** Speech of which nothing more is heard for this long has stopped. */
export const SPEECH_MS = 5_000;
/** The same where the server reports when speech ends, in case that report is lost. */
export const REPORTED_SPEECH_MS = 60_000;

/** Longest time that a blocking call holds caller audio back. */
export const BLOCKED_MS = 15_000;

export type Input =
  | (Fact & { at: number })
  | { type: 'replyRequested'; at: number; replyId: string; instructions: string | undefined }
  | { type: 'replyWritten'; at: number; replyId: string }
  | { type: 'replyAborted'; at: number; replyId: string }
  | { type: 'interruptRequested'; at: number }
  | { type: 'turnCommitted'; at: number }
  /** The microphone carries more than noise; said about twice a second at most. */
  | { type: 'callerLoud'; at: number }
  | { type: 'toolSettled'; at: number; callId: string }
  /** An answer was full-length audio and all of it silence. */
  | { type: 'heardNothing'; at: number }
  | { type: 'connectionLost'; at: number }
  /** `forgottenCalls`: a restored session may go back to before it asked them. */
  | {
      type: 'connectionBack';
      at: number;
      restored: boolean;
      forgottenCalls?: readonly string[];
    }
  | { type: 'closed'; at: number; why: ReplyFailure }
  | { type: 'tick'; at: number };

/** One answer of the model, as far as it has come. */
export interface Generation extends Timing {
  messageId: string | undefined;
  /** Spoken so far, by transcript (or text, in a TEXT session). */
  text: string;
  /** A blocking call waits for its end. */
  calling: boolean;
  /** When its output counts as over, unless more comes. */
  endsAt: number;
}

export type Turn =
  | { is: 'idle' }
  /** The model is answering. */
  | { is: 'open'; generation: Generation }
  /** Its output ended, the boundary has not been seen; `complete` when the server said so. */
  | { is: 'drained'; complete: boolean }
  /**
   * Interrupted: output is discarded until something shows that it is new. `local`: the server does
   * not know and goes on with its answer, so the deadline moves with what is discarded.
   */
  | { is: 'cut'; until: number; heard: boolean; local: boolean };

/** What the caller is saying or has said; it lives beside the model's turn. */
export interface Utterance {
  itemId: string;
  text: string;
  startedAt: number;
  lastAt: number;
  /** `input_speech_started` is out and not yet paired. */
  announced: boolean;
  /** The server reported that speech began and has not reported its end. */
  reported: boolean;
  /** The model has begun to answer: final as soon as it settles. */
  answered: boolean;
}

export interface PendingReply {
  replyId: string;
  instructions: string | undefined;
  /** When its request went out on the present connection. */
  writtenAt: number | undefined;
  /** It was asked for again after an empty turn; once is enough. */
  again: boolean;
}

export interface PendingCall extends ToolCall {
  blocking: boolean;
  askedAt: number;
}

export interface TurnState {
  /** Makes ids unique among sessions. */
  prefix: string;
  nextId: number;
  turn: Turn;
  utterance: Utterance | undefined;
  /** Transcript that came before any audio. */
  early: { text: string; at: number } | undefined;
  /** Text parts of this turn in an audio session: handed over only if nothing is spoken. */
  aside: string;
  replies: readonly PendingReply[];
  calls: readonly PendingCall[];
  /** The caller's turn was committed by hand: an answer is on its way, at the latest now. */
  owedUntil: number | undefined;
  owed: Owed | undefined;
  /** Rounds of the watchdog that brought nothing since the model was last heard. */
  fruitless: number;
  /** What stood before the newest answer, in case nothing is heard in it. */
  unheard: { owed: Owed | undefined; fruitless: number };
  /** The connection is lost. */
  offline: boolean;
  /** The session was resumed and has not spoken since. */
  unproven: boolean;
  /** When the model was last asked for something. */
  askedAt: number | undefined;
  /** When the microphone was last loud; undefined: not since the session began, or not measured. */
  loudAt: number | undefined;
  last: Timing | undefined;
  /** The newest assistant message, for transcripts that come late. */
  lastMessage: Remembered | undefined;
}

export function initialState(prefix: string): TurnState {
  return {
    prefix,
    nextId: 1,
    turn: { is: 'idle' },
    utterance: undefined,
    early: undefined,
    aside: '',
    replies: [],
    calls: [],
    owedUntil: undefined,
    owed: undefined,
    fruitless: 0,
    unheard: { owed: undefined, fruitless: 0 },
    offline: false,
    unproven: false,
    askedAt: undefined,
    loudAt: undefined,
    last: undefined,
    lastMessage: undefined,
  };
}

/** When `tick` has something to do; undefined when nothing waits for time. */
export function nextDeadline(state: TurnState, rules: TurnRules): number | undefined {
  // Runs after every input, audio included: no lists here.
  const { turn, early, utterance, owedUntil, owed, replies } = state;
  let due = Math.min(
    turn.is === 'cut' ? turn.until : Infinity,
    turn.is === 'open' ? turn.generation.endsAt : Infinity,
    early ? early.at + EARLY_MS : Infinity,
    utteranceDeadline(utterance) ?? Infinity,
    owedUntil ?? Infinity,
    owed?.dueAt ?? Infinity,
  );
  for (const { writtenAt } of replies) {
    if (writtenAt !== undefined) due = Math.min(due, writtenAt + rules.replyTimeoutMs);
  }
  return due === Infinity ? undefined : due;
}

export function utteranceDeadline(utterance: Utterance | undefined): number | undefined {
  if (!utterance) return undefined;
  if (utterance.answered) return utterance.lastAt + SETTLE_MS;
  return utterance.lastAt + (utterance.reported ? REPORTED_SPEECH_MS : SPEECH_MS);
}

/** Nothing is being said, asked or computed: a connection may be exchanged unheard. */
export function isQuiet(state: TurnState): boolean {
  return (
    state.turn.is === 'idle' &&
    !state.utterance &&
    state.owedUntil === undefined &&
    // What is to be asked again on the next connection holds up no exchange.
    (state.owed === undefined || state.replies.length > 0) &&
    state.calls.length === 0 &&
    state.replies.every((reply) => reply.writtenAt === undefined)
  );
}

/** A blocking call waits for its result. One that takes too long must not deafen the agent. */
export function isBlocked(state: TurnState, now: number): boolean {
  return state.calls.some((call) => call.blocking && now < call.askedAt + BLOCKED_MS);
}
