// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../clock.js';

/** A microphone that is silent this long is off: the server may finish the turn (Vertex AI reference). */
const PAUSE_MS = 1_000;
/** No caller is heard at all: routing, a muted track, a lost leg. */
const MISSING_MS = 10_000;

export interface InputWatchEvents {
  /** The stream of frames stopped a second ago. */
  paused(): void;
  /** For ten seconds no frame has come. */
  missing(): void;
}

/** Notices that caller audio stops, or never begins. One timer, and nothing on the way of a frame. */
export class InputWatch {
  readonly #clock: Clock;
  readonly #on: InputWatchEvents;
  readonly #begunAt: number;
  #last: number | undefined;
  #missed = false;
  #flowing = false;
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
    if (this.#flowing) return;
    this.#flowing = true;
    this.#cancel?.();
    this.#cancel = this.#clock.after(PAUSE_MS, () => this.#check());
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #check(): void {
    const idleMs = this.#clock.now() - (this.#last ?? 0);
    this.#cancel = undefined;
    if (this.#flowing && idleMs >= PAUSE_MS) {
      this.#flowing = false;
      this.#on.paused();
    }
    if (idleMs >= MISSING_MS) {
      this.#on.missing();
      return;
    }
    const next = (this.#flowing ? PAUSE_MS : MISSING_MS) - idleMs;
    this.#cancel = this.#clock.after(next, () => this.#check());
  }
}
