// SPDX-License-Identifier: Apache-2.0
import type { AudioFrame } from '@livekit/rtc-node';
import type { Clock } from '../clock.js';
import type { PlayoutBuffer } from '../options.js';

/** A shorter gap is not counted: outputs have a little in hand. */
const AUDIBLE_MS = 10;
/** What an answer without a gap leaves of the hold for the next one. */
const DECAY = 0.75;

export function durationMs({ samplesPerChannel, sampleRate }: AudioFrame): number {
  return (samplesPerChannel * 1000) / sampleRate;
}

/** The gaps in a session's answers, and what is held of the next one because of them. */
export class Playout {
  readonly #maxMs: number;
  readonly #underrun: (ms: number) => void;
  #holdMs: number;

  /** @param underrun hears of each gap */
  constructor(buffer: Required<PlayoutBuffer> | null, underrun: (ms: number) => void) {
    this.#maxMs = buffer?.maxMs ?? 0;
    this.#holdMs = Math.min(buffer?.initialMs ?? 0, this.#maxMs);
    this.#underrun = underrun;
  }

  /** Audio that is held before an answer begins, in ms. */
  get holdMs(): number {
    return this.#holdMs;
  }

  /** What has been handed over is played, and the next audio comes so many ms later. */
  late(ms: number): void {
    this.#underrun(ms);
  }

  /** An answer has ended that had such gaps; those that no buffer covers are left out of it. */
  learn(gaps: readonly number[]): void {
    const missing = gaps.reduce((sum, ms) => (ms <= this.#maxMs ? sum + ms : sum), 0);
    const wanted = missing > 0 ? this.#holdMs + missing : this.#holdMs * DECAY;
    this.#holdMs = Math.min(wanted, this.#maxMs);
  }
}

/** What one answer says, on its way to the framework: its beginning may be held back. */
export class PlayoutLine {
  readonly #playout: Playout;
  readonly #holdMs: number;
  readonly #clock: Clock;
  readonly #out: (piece: AudioFrame | string) => void;
  /** Undefined once the beginning is out. */
  #held: (AudioFrame | string)[] | undefined;
  #heldMs = 0;
  #cancel: (() => void) | undefined;
  /** When everything that was handed over will have been played, if nothing held it up. */
  #endsAt: number | undefined;
  readonly #gaps: number[] = [];

  /** @param holdMs nothing is handed over before there is so much audio, or so long has passed */
  constructor(
    playout: Playout,
    holdMs: number,
    clock: Clock,
    out: (piece: AudioFrame | string) => void,
  ) {
    this.#playout = playout;
    this.#holdMs = holdMs;
    this.#clock = clock;
    this.#out = out;
    if (holdMs > 0) this.#held = [];
  }

  /** Words go with the audio they came with. */
  write(text: string): void {
    if (this.#held) this.#held.push(text);
    else this.#out(text);
  }

  play(frame: AudioFrame): void {
    if (!this.#held) {
      this.#hand(frame);
      return;
    }
    this.#held.push(frame);
    this.#heldMs += durationMs(frame);
    if (this.#heldMs >= this.#holdMs) this.release();
    else this.#cancel ??= this.#clock.after(this.#holdMs, () => this.release());
  }

  /** Nothing is held from now on. */
  release(): void {
    const held = this.#held;
    this.#letGo();
    for (const piece of held ?? []) {
      if (typeof piece === 'string') this.#out(piece);
      else this.#hand(piece);
    }
  }

  /** @param heard what is held will be heard; else it is dropped */
  end(heard: boolean): void {
    if (heard) this.release();
    else this.#letGo();
    if (this.#endsAt !== undefined) this.#playout.learn(this.#gaps);
  }

  #letGo(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#held = undefined;
  }

  #hand(frame: AudioFrame): void {
    const now = this.#clock.now();
    const gapMs = now - (this.#endsAt ?? now);
    if (gapMs >= AUDIBLE_MS) {
      this.#gaps.push(gapMs);
      this.#playout.late(gapMs);
    }
    this.#endsAt = Math.max(now, this.#endsAt ?? now) + durationMs(frame);
    this.#out(frame);
  }
}
