// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../clock.js';
import type { Command } from '../protocol/encode.js';

/** What goes ahead of an activity that a VAD opens, in ms: it needs about 500 to be sure. */
const PRE_ROLL_MS = 1_000;
/**
 * Audio that is kept for a turn that nobody opened, in ms: a word that was too short for the VAD, and
 * the wait for more of it (LiveKit: 3 s by default). Much more would not leave in one piece.
 */
const HELD_MS = 5_000;
/** After so long without anything loud nobody will commit: LiveKit took a cough for an interruption. */
const SILENCE_MS = 15_000;
/** Whoever speaks without an end for so long is a television; 5 min are about 7 500 tokens. */
const LONGEST_MS = 300_000;
const BYTES_PER_MS = 32;

export interface ActivityEvents {
  send(command: Command): void;
  /** Forgets the unsent audio of the turn; true when the server knows of an open activity. */
  takeBack(): boolean;
  committed(): void;
  /** The server has heard a turn that the app took back, and will answer it. */
  discarded(): void;
  /** Nobody ended it. `nothing`: what a VAD took for speech was none. */
  expired(nothing: boolean): void;
}

/**
 * Turns by hand: audio outside an activity never reaches the wire (it is refused there); the newest of
 * it is kept, so that the activity begins where the words began. Order is always start, audio, end.
 */
export class Activity {
  readonly #clock: Clock;
  readonly #on: ActivityEvents;
  #open = false;
  #openedAt = 0;
  #loudAt = 0;
  /** A button was pressed: the next that is loud opens the activity. `heard`: audio came since. */
  #pressed: { heard: boolean } | undefined;
  /** A VAD opens activities, no button. */
  #vad = false;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #cancelTimer: (() => void) | undefined;

  constructor(clock: Clock, on: ActivityEvents) {
    this.#clock = clock;
    this.#on = on;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** @param loud it carries more than noise */
  audio(pcm: Uint8Array, loud: boolean): void {
    if (loud) this.#loudAt = this.#clock.now();
    if (this.#pressed) this.#pressed.heard = true;
    if (loud && this.#pressed) this.#begin();
    if (this.#open) this.#on.send({ type: 'audio', pcm });
    else this.#hold(pcm);
  }

  /** Idempotent: a VAD repeats itself for as long as it hears speech. */
  start(): void {
    this.#vad = true;
    this.#loudAt = this.#clock.now();
    if (this.#open) return;
    this.#trim(PRE_ROLL_MS);
    this.#begin();
  }

  get mayBePressed(): boolean {
    return !this.#open && !this.#vad;
  }

  /**
   * With push-to-talk nobody says that a turn begins; LiveKit's `interrupt()` is the only sign. It opens
   * nothing by itself, because it has many other reasons. What came before it is not for the agent.
   */
  press(): void {
    this.#pressed = { heard: false };
    this.#forget();
  }

  /** A reply was requested: `interrupt()` was no button. */
  release(): void {
    this.#pressed = undefined;
  }

  /** Ends the caller's turn; a short utterance that never opened one is sent whole. */
  commit(): void {
    if (!this.#open && this.#heldBytes === 0) return;
    this.#begin();
    this.#end();
    this.#on.send({ type: 'activityEnd' });
    this.#on.committed();
  }

  /** The app takes the turn back. The wire cannot: an open activity ends, unanswered. */
  cancel(): void {
    // A button that goes down says `interrupt` and `clear` in one breath.
    if (this.#pressed?.heard) this.#pressed = undefined;
    this.#forget();
    if (!this.#open) return;
    this.#end();
    if (!this.#on.takeBack()) return;
    this.#on.send({ type: 'activityEnd' });
    this.#on.discarded();
  }

  close(): void {
    if (this.#open) this.#on.send({ type: 'activityEnd' });
    this.#end();
  }

  #begin(): void {
    this.#pressed = undefined;
    if (this.#open) return;
    this.#open = true;
    this.#openedAt = this.#clock.now();
    this.#on.send({ type: 'activityStart' });
    for (const pcm of this.#held) this.#on.send({ type: 'audio', pcm });
    this.#forget();
    this.#watch();
  }

  #end(): void {
    this.#open = false;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #watch(): void {
    const now = this.#clock.now();
    const longest = this.#openedAt + LONGEST_MS;
    const silent = Math.max(this.#loudAt, this.#openedAt) + SILENCE_MS;
    const due = Math.min(longest, silent);
    if (now >= due) this.#on.expired(this.#vad && now < longest);
    else this.#cancelTimer = this.#clock.after(due - now, () => this.#watch());
  }

  #hold(pcm: Uint8Array): void {
    this.#held.push(pcm);
    this.#heldBytes += pcm.byteLength;
    this.#trim(HELD_MS);
  }

  #trim(ms: number): void {
    while (this.#heldBytes > ms * BYTES_PER_MS) {
      this.#heldBytes -= this.#held.shift()?.byteLength ?? 0;
    }
  }

  #forget(): void {
    this.#held = [];
    this.#heldBytes = 0;
  }
}
