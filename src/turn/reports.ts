// SPDX-License-Identifier: Apache-2.0
import type { GroundingMetadata, Part, UrlContextMetadata } from '@google/genai';

/** What the state machine reports to the app, and the detail of each. */
export interface TurnReports {
  /** The model thinks aloud, or writes a call down: flagged as a thought, or recognised by its shape. */
  thought: string;
  /** Code that the model ran (`executableCode`), or what came of it (`codeExecutionResult`). */
  code: Part;
  /** Where an answer comes from: Google Search, or pages that were read. */
  citations: {
    grounding?: GroundingMetadata | undefined;
    urlContext?: UrlContextMetadata | undefined;
  };
  /** The model stays silent because it expects the caller to go on. */
  waiting_for_input: undefined;
  /** The model was told to stop: when it said that it did, in ms; undefined: it did not. */
  cancelled: { afterMs: number | undefined };
  /** A turn without output, or one that the server ended for a reason. */
  empty_turn: { reason: string | undefined; lastMessageId: string | undefined };
  /** An answer paused for so long that it was ended; what still comes is another one. */
  stalled: { generationId: string };
  /** An answer took longer to begin than `slowAnswerMs`, in ms since the question. */
  slow_answer: { generationId: string; waitedMs: number };
  /** An answer was audio, and all of it silence: the id of its generation. */
  silent_audio: string | undefined;
  /** An answer of an audio session that came as text only. */
  text_turn: string;
  /** An answer is missing, and what is done about it. `deaf`: it never spoke since it was resumed. */
  unanswered: { step: 'nudge' | 'resume' | 'fresh' | 'none'; deaf: boolean };
  /** Words of the model whose audio had long been played. */
  late_transcript: string;
  /** The caller's line before was transcribed once more, without new speech: dropped. */
  repeated_transcript: { itemId: string; text: string };
  /** A sentence was said twice in a row, and played once (`suppressRepeats`). Audio in ms. */
  repeated_sentence: { generationId: string; text: string; audioMs: number };
  /** The model answered a caller who was heard, and no transcript of the caller came. */
  untranscribed_turn: { generationId: string };
  /** The caller's line is in another language than the one before (BCP-47). */
  language_changed: { itemId: string; from: string; to: string };
  /** What this version does not know. */
  unknown_frame: { member: string; value: unknown };
}

/** A table of details as a union that `what` tells apart. */
export type ReportOf<T> = { [K in keyof T]: { what: K; detail: T[K] } }[keyof T];
