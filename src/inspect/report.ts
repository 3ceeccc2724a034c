// SPDX-License-Identifier: Apache-2.0
import type { RecordingHead } from '../recording/format.js';
import type { GenerationEnd } from '../turn/effects.js';
import type { VerdictKind } from './kinds.js';

/** A recorded call as a human asks about it. All times are in ms since the recording began. */
export interface CallReport {
  head: RecordingHead;
  /** False: the recording has no times. Those given here tell the order only, and nothing took so long. */
  isTimed: boolean;
  durationMs: number;
  connections: readonly ConnectionSpan[];
  answers: readonly AnswerSpan[];
  utterances: readonly UtteranceSpan[];
  tools: readonly ToolSpan[];
  interruptions: readonly Interruption[];
  /** What the app, or another client, asked for. */
  requests: readonly Request[];
  /** When nobody was heard although somebody was waited for, or the line was down. */
  gaps: readonly Gap[];
  /** Level of the audio that crossed the wire, one point for each frame; without levels, where it was. */
  levels: { caller: readonly LevelPoint[]; agent: readonly LevelPoint[] };
  queue: readonly QueuePoint[];
  /** End of the question to first audio, in ms. */
  latency: { count: number; p50: number | null; p95: number | null; max: number | null };
  tokens: { turns: number; input: number; output: number; costUsd: number | null };
  /** What went wrong, and when; the gravest first, then by time. */
  verdicts: readonly Verdict[];
  /** Lines that could not be read. */
  problems: readonly string[];
}

export interface Span {
  from: number;
  /** Undefined: not over when the recording ended. */
  to: number | undefined;
}

export interface ConnectionSpan extends Span {
  connection: number;
  /** When setup was answered; undefined: never. */
  readyAt: number | undefined;
  restored: boolean;
  /** Why it ended, for a human: a close code and reason, or why it was exchanged. */
  ended: string | undefined;
  /** By our own will, or in order. */
  isPlanned: boolean;
}

export interface AnswerSpan extends Span {
  generationId: string;
  replyId: string | undefined;
  askedAt: number | undefined;
  firstAudioAt: number | undefined;
  /** Since it was asked for, or the caller stopped. */
  latencyMs: number | undefined;
  /** As far as audio was recorded. */
  audioMs: number;
  text: string;
  end: GenerationEnd | undefined;
}

export interface UtteranceSpan extends Span {
  itemId: string;
  text: string;
}

export interface ToolSpan extends Span {
  callId: string;
  name: string;
  args: unknown;
  outcome: 'answered' | 'cancelled' | 'overdue' | 'open';
  output: unknown;
  /** The model was told that it failed. */
  isError: boolean;
}

export interface Interruption {
  at: number;
  by: 'caller' | 'app' | 'reply';
  generationId: string | undefined;
  /** Of the answer, in ms, can have been heard: it had been received, and there was time to play it. */
  spokenMs: number | undefined;
}

export interface Request {
  at: number;
  what: 'reply' | 'interrupt' | 'text';
  /** Instructions of the reply, or the text; empty where there is none. */
  text: string;
}

export interface Gap {
  from: number;
  to: number;
  /** No connection, no answer, or an answer that broke off. */
  kind: 'down' | 'unanswered' | 'stall';
}

export interface LevelPoint {
  t: number;
  ms: number;
  /** dB of full scale; undefined where the recording has none. */
  db: number | undefined;
}

export interface QueuePoint {
  t: number;
  commands: number;
  audioMs: number;
}

export interface Verdict {
  at: number;
  /** The same word for the same trouble, in every version. */
  kind: VerdictKind;
  grade: 'error' | 'warning' | 'note';
  what: string;
  /** What to do about it, or what it means. */
  hint: string;
}
