// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../clock.js';

/** Work that many calls ask for and that is done once: a moment later, or when somebody needs it. */
export class Settle {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #run: () => void;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, ms: number, run: () => void) {
    this.#clock = clock;
    this.#ms = ms;
    this.#run = run;
  }

  mark(): void {
    this.#cancel ??= this.#clock.after(this.#ms, () => this.now());
  }

  /** Does it now, if it was asked for. */
  now(): void {
    if (!this.#cancel) return;
    this.drop();
    this.#run();
  }

  drop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
