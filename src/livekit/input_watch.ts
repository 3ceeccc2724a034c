// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../clock.js';

/** What a microphone that brings nothing for so long means, in ms. */
const STAGES = [
  // What waits for a whole chunk leaves now: jitter is shorter, and nobody waits for more.
  { afterMs: 40, is: 'lull' },
  // The server may finish the turn (Vertex AI reference).
  { afterMs: 1_000, is: 'paused' },
  // No caller is heard at all: routing, a muted track, a lost leg.
  { afterMs: 10_000, is: 'missing' },
] as const;
const MISSING_MS = STAGES[2].afterMs;

/** The stream of frames has stopped for so long. */
export type InputWatchEvents = Record<(typeof STAGES)[number]['is'], () => void>;

/** Notices that caller audio stops, or never begins. One timer, and nothing on the way of a frame. */
export class InputWatch {
  readonly #clock: Clock;
  readonly #on: InputWatchEvents;
  readonly #begunAt: number;
  #last: number | undefined;
  #missed = false;
  /** The stage that comes next. */
  #stage = 0;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, on: InputWatchEvents) {
    this.#clock = clock;
    this.#on = on;
    this.#begunAt = clock.now();
  }

  /** The agent has spoken: by now a caller should have been heard. */
  answerEnded(): void {
    if (this.#last !== undefined || this.#missed) return;
    if (this.#clock.now() - this.#begunAt < MISSING_MS) return;
    this.#missed = true;
    this.#on.missing();
  }

  frame(): void {
    this.#last = this.#clock.now();
    if (this.#cancel && this.#stage === 0) return;
    this.stop();
    this.#stage = 0;
    this.#wait(0);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** A frame moves no timer: the one that runs finds out, and waits for the rest. */
  #wait(idleMs: number): void {
    const next = STAGES[this.#stage];
    if (next) this.#cancel = this.#clock.after(next.afterMs - idleMs, () => this.#check());
  }

  #check(): void {
    this.#cancel = undefined;
    const idleMs = this.#clock.now() - (this.#last ?? 0);
    for (let stage = STAGES[this.#stage]; stage && idleMs >= stage.afterMs;) {
      this.#on[stage.is]();
      stage = STAGES[++this.#stage];
    }
    this.#wait(idleMs);
  }
}
