// SPDX-License-Identifier: Apache-2.0
import { AudioFrame } from '@livekit/rtc-node';
import { Resampler } from '../audio/resampler.js';

/**
 * Gives all frames of a message the rate of its first one: the framework makes one resampler for each
 * message, by the first frame that needs it.
 */
export class SteadyRate {
  readonly #out: (frame: AudioFrame) => void;
  #rate: number | undefined;
  #resampler: Resampler | undefined;

  /** @param out takes mono frames, as `push` does */
  constructor(out: (frame: AudioFrame) => void) {
    this.#out = out;
  }

  push(frame: AudioFrame): void {
    const { sampleRate } = frame;
    const rate = (this.#rate ??= sampleRate);
    if (this.#resampler && this.#resampler.inputRate !== sampleRate) this.flush();
    if (sampleRate === rate) {
      this.#out(frame);
      return;
    }
    this.#resampler ??= new Resampler(sampleRate, rate, (samples) =>
      this.#out(new AudioFrame(samples.slice(), rate, 1, samples.length)),
    );
    this.#resampler.push(frame.data);
  }

  /** Hands out what the resampler still holds. */
  flush(): void {
    this.#resampler?.flush();
    this.#resampler = undefined;
  }
}
