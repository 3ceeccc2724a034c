// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../../src/clock.js';

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** A clock that stands still until it is told to go on. */
export class ManualClock implements Clock {
  #now: number;
  readonly #timers = new Set<Timer>();

  /** @param now ms since the epoch; by default some day on which nothing happens */
  constructor(now: number = Date.UTC(2026, 10, 20)) {
    this.#now = now;
  }

  /** Timers that have not run. */
  get pending(): number {
    return this.#timers.size;
  }

  /** How long each of them still has to wait, in ms, the next one first. */
  get waits(): number[] {
    return this.#inOrder().map(({ at }) => at - this.#now);
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    // `setTimeout` makes 1 ms of a NaN; here it would sort anywhere and never be due.
    if (Number.isNaN(ms)) throw new RangeError('a timer needs a number');
    const timer = { at: this.#now + Math.max(0, ms), run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Lets time pass: runs what falls due, in order, also what was set up on the way. */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const [next] = this.#inOrder();
      if (!next || next.at > until) break;
      this.#timers.delete(next);
      this.#now = next.at;
      next.run();
    }
    this.#now = until;
  }

  /** By time; timers of the same moment as they were set. */
  #inOrder(): Timer[] {
    return [...this.#timers].sort((a, b) => a.at - b.at);
  }
}
