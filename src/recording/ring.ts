// SPDX-License-Identifier: Apache-2.0
import type { Sink } from './sink.js';

/** What comes just after a failure belongs to it, in ms. */
const AFTER_MS = 10_000;

/**
 * Keeps the newest lines in memory, and writes them when something has failed, with what follows for
 * ten seconds. The sink is opened by the first failure: a call without one leaves nothing behind.
 */
export class Ring {
  readonly #maxBytes: number;
  readonly #now: () => number;
  readonly #open: () => Sink;
  #lines: string[] = [];
  #bytes = 0;
  #first = 0;
  #sink: Sink | undefined;
  #until = -Infinity;

  constructor(maxBytes: number, now: () => number, open: () => Sink) {
    this.#maxBytes = maxBytes;
    this.#now = now;
    this.#open = open;
  }

  write(line: string): void {
    if (this.#sink && this.#now() < this.#until) {
      this.#sink.write(line);
      return;
    }
    this.#lines.push(line);
    this.#bytes += line.length;
    while (this.#bytes > this.#maxBytes && this.#first < this.#lines.length) {
      this.#bytes -= this.#lines[this.#first]?.length ?? 0;
      this.#first += 1;
    }
    if (this.#first < 4096 || this.#first < this.#lines.length / 2) return;
    // Moved rarely: a shift for each line would move them all.
    this.#lines = this.#lines.slice(this.#first);
    this.#first = 0;
  }

  failed(): void {
    this.#sink ??= this.#open();
    this.#until = this.#now() + AFTER_MS;
    for (const line of this.#lines.slice(this.#first)) this.#sink.write(line);
    this.#lines = [];
    this.#first = 0;
    this.#bytes = 0;
  }

  async close(): Promise<void> {
    await this.#sink?.close();
  }
}
