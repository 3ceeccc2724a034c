// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../clock.js';

const REAL: Clock = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** Every delay of one server: scaled by its speed, and gone when the server closes. */
export class Timers {
  readonly speed: number;
  readonly #clock: Clock;
  #running = new Set<() => void>();
  #closed = false;

  constructor(speed: number, clock: Clock = REAL) {
    this.speed = speed;
    this.#clock = clock;
  }

  /** The server's time, in ms since some moment. */
  now(): number {
    return this.#clock.now() * this.speed;
  }

  /** Real time, in ms since some moment. */
  realNow(): number {
    return performance.now();
  }

  /** Calls back after `ms` of the server's time. Returns a function that cancels. */
  after(ms: number, then: () => void): () => void {
    return this.afterReal(ms / this.speed, then);
  }

  /** Calls back after `ms` of time that is not scaled. */
  afterReal(ms: number, then: () => void): () => void {
    return this.#after(this.#clock, ms, then);
  }

  /** Gives up on a wait after `ms` of the system's time, whoever owns the clock. */
  timeout(ms: number, then: () => void): () => void {
    return this.#after(REAL, ms, then);
  }

  clear(): void {
    this.#closed = true;
    for (const cancel of this.#running) cancel();
    this.#running.clear();
  }

  #after(clock: Clock, ms: number, then: () => void): () => void {
    if (this.#closed) return () => {};
    const cancel = (): void => {
      stop();
      this.#running.delete(cancel);
    };
    const stop = clock.after(ms, () => {
      this.#running.delete(cancel);
      then();
    });
    this.#running.add(cancel);
    return cancel;
  }
}
