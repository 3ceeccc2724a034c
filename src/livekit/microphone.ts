// SPDX-License-Identifier: Apache-2.0
import { AudioFrame, AudioResampler } from '@livekit/rtc-node';
import { INPUT_RATE } from '../protocol/encode.js';
import type { InputWatch } from './input_watch.js';

/** Longest chunk on the wire, in ms (Gemini API live guide: 20 to 100 ms). */
export const CHUNK_MS = 50;
const CHUNK_SAMPLES = (INPUT_RATE * CHUNK_MS) / 1000;
/** A peak above this is more than noise: 2 % of full scale, -34 dB; speech on a bad line is louder. */
const LOUD = 655;
/** Every so many samples are looked at: a voice has most of its energy far below 2 kHz. */
const STRIDE = 4;

/** Any frames → 16 kHz mono chunks of `CHUNK_MS`. */
export class Microphone {
  readonly #chunk: (pcm: Uint8Array, loud: boolean) => void;
  readonly #watch: InputWatch;
  #buffer = new Int16Array(CHUNK_SAMPLES);
  #filled = 0;
  #resampler: AudioResampler | undefined;
  #rate = INPUT_RATE;

  /** @param chunk takes each chunk; the bytes are its own to keep. `loud`: it is more than noise */
  constructor(chunk: (pcm: Uint8Array, loud: boolean) => void, watch: InputWatch) {
    this.#chunk = chunk;
    this.#watch = watch;
  }

  push(frame: AudioFrame): void {
    if (frame.samplesPerChannel === 0) return;
    this.#watch.frame();
    const mono = downmix(frame);
    if (frame.sampleRate !== this.#rate) this.#changeRate(frame.sampleRate);
    if (!this.#resampler) {
      this.#append(mono.data);
      return;
    }
    for (const resampled of this.#resampler.push(mono)) this.#append(resampled.data);
  }

  /** Sends what is left, as a shorter chunk. */
  flush(): void {
    this.#drainResampler();
    this.#emit();
  }

  /** Forgets what is left. */
  clear(): void {
    this.#drainResampler();
    this.#filled = 0;
  }

  close(): void {
    this.#watch.stop();
    this.#resampler?.close();
    this.#resampler = undefined;
    this.#rate = INPUT_RATE;
    this.#filled = 0;
  }

  #changeRate(rate: number): void {
    this.#drainResampler();
    this.#resampler?.close();
    this.#resampler = undefined;
    this.#rate = rate;
    if (rate !== INPUT_RATE) this.#resampler = new AudioResampler(rate, INPUT_RATE, 1);
  }

  #drainResampler(): void {
    for (const frame of this.#resampler?.flush() ?? []) this.#append(frame.data);
  }

  #append(samples: Int16Array): void {
    let taken = 0;
    while (taken < samples.length) {
      const count = Math.min(CHUNK_SAMPLES - this.#filled, samples.length - taken);
      this.#buffer.set(samples.subarray(taken, taken + count), this.#filled);
      this.#filled += count;
      taken += count;
      if (this.#filled === CHUNK_SAMPLES) this.#emit();
    }
  }

  #emit(): void {
    if (this.#filled === 0) return;
    const samples = this.#buffer.slice(0, this.#filled);
    this.#filled = 0;
    this.#chunk(new Uint8Array(samples.buffer), isLoud(samples));
  }
}

function isLoud(samples: Int16Array): boolean {
  for (let i = 0; i < samples.length; i += STRIDE) {
    const sample = samples[i] ?? 0;
    if (sample > LOUD || sample < -LOUD) return true;
  }
  return false;
}

/** The mean of the channels; the native resampler does not mix. */
function downmix(frame: AudioFrame): AudioFrame {
  const { data, channels, samplesPerChannel } = frame;
  if (channels === 1) return frame;
  const mixed = new Int16Array(samplesPerChannel);
  for (let i = 0; i < samplesPerChannel; i++) {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += data[i * channels + c] ?? 0;
    mixed[i] = sum / channels;
  }
  return new AudioFrame(mixed, frame.sampleRate, 1, samplesPerChannel);
}
