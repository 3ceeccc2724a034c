// SPDX-License-Identifier: Apache-2.0

/** Every delay of one server: scaled by its speed, and gone when the server closes. */
export class Timers {
  readonly speed: number;
  #running = new Set<NodeJS.Timeout>();
  #closed = false;

  constructor(speed: number) {
    this.speed = speed;
  }

  /** The server's time, in ms since some moment. */
  now(): number {
    return performance.now() * this.speed;
  }

  /** Real time, in ms since some moment. */
  realNow(): number {
    return performance.now();
  }

  /** Calls back after `ms` of the server's time. Returns a function that cancels. */
  after(ms: number, then: () => void): () => void {
    return this.afterReal(ms / this.speed, then);
  }

  /** Calls back after `ms` of real time. */
  afterReal(ms: number, then: () => void): () => void {
    if (this.#closed) return () => {};
    const timer = setTimeout(() => {
      this.#running.delete(timer);
      then();
    }, ms);
    this.#running.add(timer);
    return () => {
      clearTimeout(timer);
      this.#running.delete(timer);
    };
  }

  clear(): void {
    this.#closed = true;
    for (const timer of this.#running) clearTimeout(timer);
    this.#running.clear();
  }
}
