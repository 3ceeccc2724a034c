// SPDX-License-Identifier: Apache-2.0
import { writeWav } from './wav.js';

/** Time since the call began, in ms. */
export type Stopwatch = () => number;

export function startStopwatch(): Stopwatch {
  const begun = performance.now();
  return () => performance.now() - begun;
}

export const CALLER = 0;
export const AGENT = 1;

const LONGEST_MS = 180_000;

/** Records a call on its real timeline: the caller on the left channel, the agent on the right. */
export class Tape {
  readonly rate: number;
  readonly #channels: readonly [Int16Array, Int16Array];

  constructor(rate: number) {
    this.rate = rate;
    const length = this.#at(LONGEST_MS);
    this.#channels = [new Int16Array(length), new Int16Array(length)];
  }

  write(channel: typeof CALLER | typeof AGENT, atMs: number, samples: Int16Array): void {
    const track = this.#channels[channel];
    const start = Math.min(this.#at(atMs), track.length);
    track.set(samples.subarray(0, track.length - start), start);
  }

  /** What was to be heard from then on is not heard. */
  erase(channel: typeof CALLER | typeof AGENT, fromMs: number): void {
    this.#channels[channel].fill(0, this.#at(fromMs));
  }

  save(path: string, lengthMs: number): void {
    const length = this.#at(Math.min(lengthMs, LONGEST_MS));
    writeWav(path, {
      rate: this.rate,
      channels: this.#channels.map((track) => track.subarray(0, length)),
    });
  }

  #at(ms: number): number {
    return Math.round((ms * this.rate) / 1000);
  }
}
