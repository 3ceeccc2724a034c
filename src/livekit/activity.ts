// SPDX-License-Identifier: Apache-2.0
import type { Command } from '../protocol/encode.js';

/** Speech that came before anybody noticed that it was speech, in ms (a VAD needs about 500). */
const PRE_ROLL_MS = 1_000;
const BYTES_PER_MS = 32;

/**
 * Turns by hand: audio outside an activity never reaches the wire (it is refused there); the newest of
 * it is kept, so that the activity begins where the words began. Order is always start, audio, end.
 */
export class Activity {
  readonly #send: (command: Command) => void;
  #open = false;
  #preRoll: Uint8Array[] = [];
  #bytes = 0;

  constructor(send: (command: Command) => void) {
    this.#send = send;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  audio(pcm: Uint8Array): void {
    if (this.#open) {
      this.#send({ type: 'audio', pcm });
      return;
    }
    this.#preRoll.push(pcm);
    this.#bytes += pcm.byteLength;
    while (this.#bytes > PRE_ROLL_MS * BYTES_PER_MS) {
      this.#bytes -= this.#preRoll.shift()?.byteLength ?? 0;
    }
  }

  /** Idempotent: a VAD repeats itself. */
  start(): void {
    if (this.#open) return;
    this.#open = true;
    this.#send({ type: 'activityStart' });
    for (const pcm of this.#preRoll) this.#send({ type: 'audio', pcm });
    this.forget();
  }

  /** Ends the caller's turn; a short utterance that never opened one is sent whole. */
  commit(): boolean {
    if (!this.#open && this.#bytes === 0) return false;
    this.start();
    this.#open = false;
    this.#send({ type: 'activityEnd' });
    return true;
  }

  forget(): void {
    this.#preRoll = [];
    this.#bytes = 0;
  }

  /** A new session of the server has no open activity. */
  reopen(): void {
    if (this.#open) this.#send({ type: 'activityStart' });
  }
}
