// SPDX-License-Identifier: Apache-2.0
import type { Behavior, FunctionResponseScheduling } from '@google/genai';
import type { llm } from '@livekit/agents';

/** Watches for answers that are owed: to the caller's words, a tool result, a request. */
export interface Watchdog {
  /** Silence after which the first step is taken, and then each next one, in ms. @default 8000 */
  answerMs?: number;
  /**
   * Each is taken once, in this order, until something is heard: ask again, resume on a new
   * connection, begin a fresh session with the history. @default all three
   */
  steps?: readonly WatchdogStep[];
}

/** Ask again; resume on a new connection; begin a fresh session with the history. */
export type WatchdogStep = 'nudge' | 'resume' | 'fresh';

/** A buffer at the beginning of each answer against gaps in it. */
export interface PlayoutBuffer {
  /** Audio that the first answer holds before it begins, in ms; 0 begins with none. @default 100 */
  initialMs?: number;
  /** Most that an answer may hold, in ms; longer gaps are not bridged. @default 500 */
  maxMs?: number;
}

/** What is done about interruptions in which nobody said anything. */
export interface FalseInterruption {
  /**
   * Wait for words of the caller, in ms from the last sign of noise, 100 to 5000. Too short talks over
   * callers whose words are transcribed late, too long leaves a pause after each cough. @default 2000
   */
  afterMs?: number;
}

/** Settings of one function tool, where they differ from those of all. */
export interface ToolOptions {
  /**
   * Does a call hold the conversation until it is answered? Refused where the model cannot.
   * @default toolBehavior
   */
  behavior?: `${Behavior}`;
  /**
   * When does the model speak about the result? Only for tools that do not block, on models that
   * schedule. @default toolResponseScheduling
   */
  scheduling?: `${FunctionResponseScheduling}`;
  /** How long it may run, in ms: 1 to 86400000; null: no limit. @default toolTimeoutMs */
  deadlineMs?: number | null;
}

/** A long history is told as a summary and its newest turns. */
export interface HistorySummary {
  /**
   * Makes the summary of the older items (messages of caller and agent, calls and their results). May
   * take until the deadline; where it fails, is late or empty, the history is cut instead.
   */
  summarize(items: llm.ChatItem[]): string | Promise<string>;
  /** So many of the newest messages stay word by word; 0 keeps none. @default 20 */
  keepTurns?: number;
  /** Longest that a dial waits for the summary, in ms. @default 3000 */
  deadlineMs?: number;
}

/** How a pushed video frame becomes a picture. */
export interface ImageEncodeOptions {
  format: 'JPEG';
  /** 1 (smallest) to 100 (best). */
  quality: number;
  /** The picture fits into this box, in pixels; its aspect ratio is kept. */
  resizeOptions: { width: number; height: number; strategy: 'scale_aspect_fit' };
}

/** 768 x 768 is the size that the service works with. */
export const DEFAULT_IMAGE_ENCODE_OPTIONS: ImageEncodeOptions = {
  format: 'JPEG',
  quality: 75,
  resizeOptions: { width: 768, height: 768, strategy: 'scale_aspect_fit' },
};
