// SPDX-License-Identifier: Apache-2.0
import type { Signal } from '../clock.js';

/**
 * An abort controller and its signal in one. Each connection holds two for as long as it lives, and real
 * ones weigh a kilobyte.
 */
export class Stop implements Signal {
  aborted = false;
  #runs: readonly (() => void)[] = NONE;

  addEventListener(_type: 'abort', run: () => void): void {
    this.#runs = this.#runs.concat(run);
  }

  removeEventListener(_type: 'abort', run: () => void): void {
    this.#runs = this.#runs.filter((other) => other !== run);
  }

  abort(): void {
    if (this.aborted) return;
    this.aborted = true;
    const runs = this.#runs;
    this.#runs = NONE;
    for (const run of runs) run();
  }
}

const NONE: readonly (() => void)[] = [];
