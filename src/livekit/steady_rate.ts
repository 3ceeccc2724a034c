// SPDX-License-Identifier: Apache-2.0
import { AudioResampler, type AudioFrame } from '@livekit/rtc-node';

/**
 * Gives all frames of a message the rate of its first one: the framework makes one resampler for each
 * message, by the first frame that needs it.
 */
export class SteadyRate {
  readonly #out: (frame: AudioFrame) => void;
  #rate: number | undefined;
  #resampler: AudioResampler | undefined;

  constructor(out: (frame: AudioFrame) => void) {
    this.#out = out;
  }

  push(frame: AudioFrame): void {
    const { sampleRate } = frame;
    this.#rate ??= sampleRate;
    if (this.#resampler?.inputRate !== sampleRate) this.flush();
    if (sampleRate === this.#rate) {
      this.#out(frame);
      return;
    }
    this.#resampler ??= new AudioResampler(sampleRate, this.#rate, frame.channels);
    for (const resampled of this.#resampler.push(frame)) this.#out(resampled);
  }

  /** Hands out what the native resampler still holds, and gives it back. */
  flush(): void {
    for (const frame of this.#resampler?.flush() ?? []) this.#out(frame);
    this.close();
  }

  close(): void {
    this.#resampler?.close();
    this.#resampler = undefined;
  }
}
