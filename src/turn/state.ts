// SPDX-License-Identifier: Apache-2.0
import type { Fact } from '../protocol/facts.js';
import type { TranscriptDetail } from '../protocol/transcript.js';
import type { Owed } from './owed.js';
import type { TurnRules } from './rules.js';
import type { Sentences } from './repeats.js';
import type { Piece, Remembered, ReplyFailure, Timing, ToolCall } from './effects.js';
import { NO_USAGE, type WaitingUsage } from './usage.js';
import {
  BLOCKED_MS,
  CANCEL_MS,
  DOUBT_MS,
  EARLY_MS,
  LOUD_MS,
  REPEAT_MS,
  REPORTED_SPEECH_MS,
  SETTLE_MS,
  SPEECH_MS,
} from './times.js';

export type Input =
  | (Fact & { at: number })
  | { type: 'replyRequested'; at: number; replyId: string; instructions: string | undefined }
  | { type: 'replyWritten'; at: number; replyId: string }
  | { type: 'replyAborted'; at: number; replyId: string }
  /** `reaction`: to speech of the caller that we announced, and not a wish of its own. */
  | { type: 'interruptRequested'; at: number; reaction?: boolean }
  | { type: 'turnCommitted'; at: number }
  /** The app took back a turn that the server has heard: its answer is not wanted. */
  | { type: 'turnDiscarded'; at: number }
  /** The microphone carries more than noise; said about twice a second at most. */
  | { type: 'callerLoud'; at: number }
  /** `quiet`: the model was told not to speak about it. */
  | { type: 'toolSettled'; at: number; callId: string; quiet?: boolean }
  | { type: 'toolIs'; at: number; callId: string; phase: CallPhase }
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
  /** Its audio is over; its transcript may not be. */
  complete: boolean;
  /** When its output counts as over, unless more comes. */
  endsAt: number;
}

/** Has the tool begun, given its result, or been aborted by LiveKit while it ran? */
export type CallPhase = 'waiting' | 'running' | 'returned' | 'aborted';

export type Turn =
  | { is: 'idle' }
  /** The model is answering. */
  | { is: 'open'; generation: Generation }
  /** Its output ended, the boundary has not been seen; `complete` when the server said so. */
  | { is: 'drained'; complete: boolean; until?: number }
  /**
   * Interrupted: output is discarded until something shows that it is new. `local`: the server does
   * not know and goes on with its answer, so the deadline moves with what is discarded. `unwanted`: it
   * answers a turn that was taken back, whose transcript shows nothing new.
   */
  | {
      is: 'cut';
      since: number;
      until: number;
      heard: boolean;
      local: boolean;
      unwanted?: true;
      /** It is for an answer that has not begun. */
      unbegun?: true;
    };

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
  /** The server reported its end: words that follow are late news. */
  ended: boolean;
  /** The model has begun to answer: final as soon as it settles. */
  answered: boolean;
  /** What the server said about it besides its text. */
  detail: TranscriptDetail | undefined;
  /** So many of its characters are in the history already. */
  kept: number;
  /** It may be the line before, transcribed once more: until it differs, nothing is said of it. */
  repeats: boolean;
}

/** The server was interrupted, and nobody has said a word so far. */
export interface Doubt {
  since: number;
  /** When the server last reported anything of it. */
  noiseAt: number;
}

export interface PendingReply {
  replyId: string;
  instructions: string | undefined;
  /** Its request was handed over; others wait for their turn. */
  asked: boolean;
  /** When its request went out on the present connection. */
  writtenAt: number | undefined;
  /** Nothing older is still being answered: the next output is its answer. */
  next: boolean;
  /** It was asked for again after an empty turn; once is enough. */
  again: boolean;
}

export interface PendingCall extends ToolCall {
  /** Every id under which it was asked, the first one first. */
  wireIds: readonly (string | undefined)[];
  blocking: boolean;
  askedAt: number;
  phase: CallPhase;
  /** LiveKit was interrupted meanwhile, and may keep the result to itself. */
  dropped: boolean;
  /** When it is answered at the latest. */
  dueAt: number | undefined;
}

export interface TurnState {
  /** Makes ids unique among sessions. */
  prefix: string;
  nextId: number;
  turn: Turn;
  utterance: Utterance | undefined;
  /** Transcript that came before any audio. */
  early: (Piece & { at: number }) | undefined;
  /** Text parts of this turn in an audio session: handed over only if nothing is spoken. */
  aside: string;
  replies: readonly PendingReply[];
  calls: readonly PendingCall[];
  /** The caller's turn was committed by hand: an answer is on its way, at the latest now. */
  owedUntil: number | undefined;
  /** The caller's turn was taken back: an answer that begins by then is the answer to it. */
  unwantedUntil: number | undefined;
  owed: Owed | undefined;
  /** When the server was asked to cancel its answer. */
  cancelAt: number | undefined;
  /** Caller audio is held until then; undefined before the first connection. */
  shieldUntil: number | undefined;
  /** Rounds of the watchdog that brought nothing since the model was last heard. */
  fruitless: number;
  /** What stood before the newest answer, in case nothing is heard in it. */
  unheard: { owed: Owed | undefined; fruitless: number };
  /** The connection is lost. */
  offline: boolean;
  /** The session was resumed and has not spoken since. */
  unproven: boolean;
  doubt: Doubt | undefined;
  /** When the model was last asked for something. */
  askedAt: number | undefined;
  /** When the microphone was last loud; undefined: not since the session began, or not measured. */
  loudAt: number | undefined;
  /** The caller's line before, as letters alone, and when it ended. */
  lastLine: { letters: string; endedAt: number } | undefined;
  /** The language of the newest line that named one. */
  language: string | undefined;
  /** A caller who was heard and not transcribed, and the generation that answered all the same. */
  untranscribed: { generationId: string | undefined } | undefined;
  /** What the open generation says, in case it says a sentence twice. */
  sentences: Sentences | undefined;
  last: Timing | undefined;
  usage: WaitingUsage;
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
    unwantedUntil: undefined,
    owed: undefined,
    cancelAt: undefined,
    shieldUntil: undefined,
    fruitless: 0,
    unheard: { owed: undefined, fruitless: 0 },
    offline: false,
    unproven: false,
    doubt: undefined,
    askedAt: undefined,
    loudAt: undefined,
    lastLine: undefined,
    language: undefined,
    untranscribed: undefined,
    sentences: undefined,
    last: undefined,
    usage: NO_USAGE,
    lastMessage: undefined,
  };
}

/** When `tick` has something to do; undefined when nothing waits for time. */
export function nextDeadline(state: TurnState, rules: TurnRules): number | undefined {
  // Runs after every input, audio included: no new lists here.
  const { turn, early, utterance, owedUntil, unwantedUntil, owed, replies } = state;
  const { cancelAt, shieldUntil, calls } = state;
  let due = Math.min(
    turn.is === 'cut' ? turn.until : Infinity,
    turn.is === 'drained' ? (turn.until ?? Infinity) : Infinity,
    turn.is === 'open' ? turn.generation.endsAt : Infinity,
    early ? early.at + EARLY_MS : Infinity,
    utteranceDeadline(utterance) ?? Infinity,
    owedUntil ?? Infinity,
    unwantedUntil ?? Infinity,
    owed?.dueAt ?? Infinity,
    cancelAt === undefined ? Infinity : cancelAt + CANCEL_MS,
    shieldUntil || Infinity,
    doubtDeadline(state, rules)?.at ?? Infinity,
  );
  for (const { writtenAt } of replies) {
    if (writtenAt !== undefined && turn.is !== 'open')
      due = Math.min(due, writtenAt + rules.replyTimeoutMs);
  }
  for (const { dueAt } of calls) due = Math.min(due, dueAt ?? Infinity);
  return due === Infinity ? undefined : due;
}

export function utteranceDeadline(utterance: Utterance | undefined): number | undefined {
  if (!utterance) return undefined;
  if (utterance.answered) return utterance.lastAt + SETTLE_MS;
  if (utterance.repeats) return utterance.lastAt + REPEAT_MS;
  return utterance.lastAt + (utterance.reported ? REPORTED_SPEECH_MS : SPEECH_MS);
}

/**
 * When an interruption in doubt is decided. Some models transcribe only after the last word, so who
 * is still loud, or reported to be active, is given time.
 */
export function doubtDeadline(
  { doubt, utterance, loudAt }: TurnState,
  { falseInterruption }: TurnRules,
): { at: number; isQuiet: boolean } | undefined {
  if (!doubt || !falseInterruption) return undefined;
  const noiseAt = utterance?.reported ? Infinity : Math.max(doubt.noiseAt, loudAt ?? 0);
  const [quietAt, latest] = [noiseAt + falseInterruption.afterMs, doubt.since + DOUBT_MS];
  return { at: Math.min(quietAt, latest), isQuiet: quietAt <= latest };
}

/** Nothing is being said, asked or computed: a connection may be exchanged unheard. */
export function isQuiet(state: TurnState, now: number): boolean {
  return (
    now >= (state.loudAt ?? -Infinity) + LOUD_MS &&
    state.turn.is === 'idle' &&
    !state.utterance &&
    state.owedUntil === undefined &&
    // What is to be asked again on the next connection holds up no exchange.
    (state.owed === undefined || state.replies.length > 0) &&
    state.calls.length === 0 &&
    state.replies.every((reply) => reply.writtenAt === undefined)
  );
}

/** Until when caller audio may be held back at the latest; 0: it is not. */
export function audioHeldUntil({ shieldUntil, calls }: TurnState): number {
  return calls.reduce(
    (until, { blocking, askedAt }) => (blocking ? Math.max(until, askedAt + BLOCKED_MS) : until),
    shieldUntil ?? 0,
  );
}

/** The first answer is not to be interrupted by the caller's "hello?". */
export function isShielded({ shieldUntil }: TurnState, now: number): boolean {
  return shieldUntil !== undefined && now < shieldUntil;
}

/** A blocking call waits for its result. One that takes too long must not deafen the agent. */
export function isBlocked(state: TurnState, now: number): boolean {
  return state.calls.some((call) => call.blocking && now < call.askedAt + BLOCKED_MS);
}
