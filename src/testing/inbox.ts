// SPDX-License-Identifier: Apache-2.0
import type { ClientFrame } from '../protocol/frames.js';
import { brief } from './json.js';
import type { Timers } from './timers.js';

/** One frame of the client. */
export interface ReceivedFrame {
  /** Since the connection was accepted, in ms of real time. */
  readonly ms: number;
  /** Field names in camel case, whatever the client wrote. */
  readonly frame: ClientFrame;
}

/** What `waitFor` looks for: a message by its name, or anything a function recognises. */
export type FrameMatch = keyof ClientFrame | ((frame: ClientFrame) => boolean);

interface Waiter {
  readonly matches: (frame: ClientFrame) => boolean;
  readonly resolve: (frame: ClientFrame) => void;
  readonly reject: (error: Error) => void;
  readonly cancel: () => void;
}

/** Everything one client sent, in order. */
export class Inbox {
  readonly frames: ReceivedFrame[] = [];
  readonly #timers: Timers;
  readonly #start = performance.now();
  #handedOut = new Set<ReceivedFrame>();
  #waiters = new Set<Waiter>();
  #ended: string | undefined;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** Keeps a frame. `offer` it once the server has acted on it. */
  add(frame: ClientFrame): ReceivedFrame {
    const received = { ms: performance.now() - this.#start, frame };
    this.frames.push(received);
    return received;
  }

  offer(received: ReceivedFrame): void {
    for (const waiter of this.#waiters) {
      if (!waiter.matches(received.frame)) continue;
      this.#handedOut.add(received);
      this.#settle(waiter);
      waiter.resolve(received.frame);
      return;
    }
  }

  waitFor(match: FrameMatch, timeoutMs: number): Promise<ClientFrame> {
    const matches = typeof match === 'function' ? match : (frame: ClientFrame) => match in frame;
    const early = this.frames.find((each) => !this.#handedOut.has(each) && matches(each.frame));
    if (early) {
      this.#handedOut.add(early);
      return Promise.resolve(early.frame);
    }
    const wanted = typeof match === 'function' ? 'a matching frame' : `"${match}"`;
    if (this.#ended !== undefined) return Promise.reject(this.#error(wanted, this.#ended));
    return new Promise((resolve, reject) => {
      const cancel = this.#timers.timeout(timeoutMs, () => {
        this.#waiters.delete(waiter);
        reject(this.#error(wanted, `not received within ${timeoutMs} ms`));
      });
      const waiter: Waiter = { matches, resolve, reject, cancel };
      this.#waiters.add(waiter);
    });
  }

  /** Nothing more will come. */
  end(why: string): void {
    this.#ended ??= why;
    for (const waiter of this.#waiters) {
      this.#settle(waiter);
      waiter.reject(this.#error('the awaited frame', why));
    }
  }

  #settle(waiter: Waiter): void {
    waiter.cancel();
    this.#waiters.delete(waiter);
  }

  #error(wanted: string, why: string): Error {
    const last = this.frames
      .slice(-8)
      .map(({ ms, frame }) => `  ${Math.round(ms)} ms ${brief(frame, 200)}`);
    const list = last.length > 0 ? last.join('\n') : '  (none)';
    return new Error(`Waiting for ${wanted}: ${why}. Last frames of the client:\n${list}`);
  }
}
