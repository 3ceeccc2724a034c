// SPDX-License-Identifier: Apache-2.0

/** The only source of time. Tests pass their own. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `run` once, `ms` from now; the returned function cancels it. */
  after(ms: number, run: () => void): () => void;
}

/** What calls off a wait; an `AbortSignal` is one. */
export interface Signal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', run: () => void): void;
  removeEventListener(type: 'abort', run: () => void): void;
}

/** Node takes a longer time for 1 ms. */
const LONGEST_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    let timer: unknown = setTimeout(run, Math.min(Math.max(0, ms), LONGEST_MS));
    return () => {
      clearTimeout(timer as NodeJS.Timeout);
      // Whoever keeps the means to cancel it keeps no more than that.
      timer = undefined;
    };
  },
};

/** So many times as fast as another clock, which it follows from now on; its own time begins at `startAt`. */
export function fastClock(speed: number, startAt: number, clock: Clock = systemClock): Clock {
  const began = clock.now();
  return {
    now: () => startAt + Math.round((clock.now() - began) * speed),
    after: (ms, run) => clock.after(ms / speed, run),
  };
}

/** Resolves after `ms`, or at once when the signal fires. Never rejects. */
export function sleep(clock: Clock, ms: number, signal: Signal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    signal.addEventListener('abort', done);
  });
}

/** A number in [0, 1); here so that nothing else touches chance. */
export const systemRandom = (): number => Math.random();

/** Waits for a promise that never rejects, but no longer than so many ms. */
export async function atMost(clock: Clock, ms: number, done: Promise<unknown>): Promise<void> {
  let cancel = (): void => {};
  const cap = new Promise<void>((resolve) => {
    cancel = clock.after(ms, resolve);
  });
  await Promise.race([done, cap]);
  cancel();
}
