// SPDX-License-Identifier: Apache-2.0
import type { Connected } from '../connection/connection.js';
import { memoryLost } from '../connection/memory.js';
import type { TurnReports } from '../turn/reports.js';

/** Of the newest 200 answers. */
export interface Times {
  count: number;
  p50: number;
  p95: number;
}

/** How a session has fared so far. Times in ms. */
export interface Health {
  /** Connections that were set up. */
  connections: number;
  /** Connections that followed another one. */
  recoveries: number;
  /** Without a connection, summed up. */
  downtimeMs: number;
  /** Turns that ended without anything to hear. */
  silentTurns: number;
  /** Steps that the watchdog took because an answer did not come. */
  stalls: number;
  /** Resumed sessions that had forgotten the conversation. */
  memoryLosses: number;
  /** What the server sent and the protocol does not allow, all of it. */
  protocolErrors: number;
  /** Caller audio that could not be sent in time. */
  droppedAudioMs: number;
  /** Gaps in answers because audio came too late to be played on without a break. */
  underruns: number;
  /** How long they were, summed up. */
  underrunMs: number;
  /** From the end of the caller's speech, a request or a tool result to the first audio. */
  timeToFirstAudioMs: Times | undefined;
  /** From the first audio of an answer to its first text; with `ownVoice` only. */
  textBehindAudioMs: Times | undefined;
}

/** `gemini_connection`: a connection is up. Times in ms. */
export interface ConnectionEvent {
  /** Counts from 1. */
  connection: number;
  /** `start`, the kind of the failure before it, or why it was exchanged. */
  cause: string;
  /** Attempts that failed since the last connection. */
  attempts: number;
  /** The model remembers the conversation. */
  resumed: boolean;
  /** It was told the history anew. */
  reseeded: boolean;
  /** The connection before had forgotten it. */
  memoryLost: boolean;
  downtimeMs: number;
  /** From the start of the dial. */
  acquireMs: number;
  /** Caller audio that the gap was too long for. */
  droppedAudioMs: number;
}

/** Answers whose times are kept. */
const KEPT = 200;

/** Keeps count of what happens to the connections and answers of a session. */
export class HealthLog {
  readonly #count = {
    recoveries: 0,
    downtimeMs: 0,
    silentTurns: 0,
    stalls: 0,
    memoryLosses: 0,
    underruns: 0,
    underrunMs: 0,
    protocolErrors: 0,
  };
  #connections = 0;
  #acquireMs: number | undefined;
  readonly #firstAudio: number[] = [];
  readonly #firstText: number[] = [];
  #down: { since: number; cause: string; attempts: number } | undefined;
  #droppedAudioMs = 0;
  /** Prompt tokens of the newest turn, and whether a resume stands between it and the next. */
  #promptTokens = 0;
  #resumed = false;

  /** There is no connection from now on, or still none. */
  down(cause: string, failed: boolean, now: number): void {
    this.#down ??= { since: now, cause, attempts: 0 };
    if (failed) this.#down.attempts += 1;
  }

  up(info: Connected, reseeded: boolean, droppedMs: number, now: number): ConnectionEvent {
    const { since, cause, attempts } = this.#down ?? { since: now, cause: 'start', attempts: 0 };
    this.#down = undefined;
    const { connection, restored, acquireMs } = info;
    const event: ConnectionEvent = {
      connection,
      cause,
      attempts,
      resumed: restored,
      reseeded,
      memoryLost: cause === 'memory',
      downtimeMs: now - since,
      acquireMs,
      droppedAudioMs: droppedMs - this.#droppedAudioMs,
    };
    this.#droppedAudioMs = droppedMs;
    // New settings change the prompt as well: shorter instructions are no lost memory.
    this.#resumed = restored && cause !== 'update';
    this.#connections = connection;
    this.#acquireMs = acquireMs;
    this.#count.downtimeMs += event.downtimeMs;
    if (connection > 1) this.#count.recoveries += 1;
    return event;
  }

  /** How long the newest connection took; told once. */
  takeAcquireMs(): number | undefined {
    const acquireMs = this.#acquireMs;
    this.#acquireMs = undefined;
    return acquireMs;
  }

  /** A turn cost so many prompt tokens. True when it shows that a resumed session has forgotten. */
  forgot(promptTokens: number): boolean {
    if (promptTokens === 0) return false;
    const lost = this.#resumed && memoryLost(this.#promptTokens, promptTokens);
    this.#resumed = false;
    this.#promptTokens = promptTokens;
    if (lost) this.#count.memoryLosses += 1;
    return lost;
  }

  reported(what: keyof TurnReports, detail?: unknown): void {
    if (what === 'empty_turn' || what === 'silent_audio') this.#count.silentTurns += 1;
    const { step } = (detail ?? {}) as { step?: string };
    if (what === 'unanswered' && step !== 'none') this.#count.stalls += 1;
  }

  malformed(): void {
    this.#count.protocolErrors += 1;
  }

  underrun(ms: number): void {
    this.#count.underruns += 1;
    this.#count.underrunMs += Math.round(ms);
  }

  firstAudioAfter(ms: number): void {
    push(this.#firstAudio, ms);
  }

  firstTextBehind(ms: number): void {
    push(this.#firstText, ms);
  }

  snapshot(droppedAudioMs: number): Health {
    return {
      connections: this.#connections,
      ...this.#count,
      droppedAudioMs,
      timeToFirstAudioMs: timesOf(this.#firstAudio),
      textBehindAudioMs: timesOf(this.#firstText),
    };
  }
}

function push(kept: number[], ms: number): void {
  kept.push(ms);
  if (kept.length > KEPT) kept.shift();
}

function timesOf(kept: readonly number[]): Times | undefined {
  const sorted = kept.toSorted((a, b) => a - b);
  // Nearest rank: never less than what that share of the answers took at most.
  const at = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
  const count = sorted.length;
  return count > 0 ? { count, p50: at(0.5), p95: at(0.95) } : undefined;
}
