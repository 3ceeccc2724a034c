// SPDX-License-Identifier: Apache-2.0
import type { AudioFrame } from '@livekit/rtc-node';
import { Resampler } from '../audio/resampler.js';
import { INPUT_RATE } from '../protocol/encode.js';
import type { InputWatch } from './input_watch.js';

/** What is sent at once, in ms; less where one frame more would make it longer (live guide: 20 to 40). */
const CHUNK_MS = 40;
const CHUNK_SAMPLES = (INPUT_RATE * CHUNK_MS) / 1000;
/** A longer frame leaves in parts of this, in ms (live guide: never more). */
const LONGEST_MS = 100;
const LONGEST_SAMPLES = (INPUT_RATE * LONGEST_MS) / 1000;
/** A peak above this is more than noise: 2 % of full scale, -34 dB; speech on a bad line is louder. */
const LOUD = 655;
/** Every so many samples are looked at: a voice has most of its energy far below 2 kHz. */
const STRIDE = 4;

const NONE = new Int16Array(0);

/** Any frames → 16 kHz mono chunks. */
export class Microphone {
  readonly #chunk: (pcm: Uint8Array, loud: boolean) => void;
  readonly #watch: InputWatch;
  /** What is filled until it leaves. */
  #samples: Int16Array = NONE;
  #filled = 0;
  #mixed: Int16Array = NONE;
  #resampler: Resampler | undefined;
  #rate = INPUT_RATE;

  /** @param chunk takes each chunk; the bytes are its own to keep. `loud`: it is more than noise */
  constructor(chunk: (pcm: Uint8Array, loud: boolean) => void, watch: InputWatch) {
    this.#chunk = chunk;
    this.#watch = watch;
  }

  push(frame: AudioFrame): void {
    const { sampleRate, samplesPerChannel } = frame;
    if (samplesPerChannel === 0) return;
    this.#watch.frame();
    const mono = frame.channels === 1 ? frame.data : this.#downmix(frame);
    if (sampleRate !== this.#rate) this.#changeRate(sampleRate);
    if (this.#resampler) this.#resampler.push(mono);
    else this.#append(mono);
    const next = (samplesPerChannel * INPUT_RATE) / sampleRate;
    if (this.#filled + next > CHUNK_SAMPLES) this.send();
  }

  /** Sends what there is, as a shorter chunk; the resampler keeps what it needs for what follows. */
  send(): void {
    if (this.#filled === 0) return;
    const { buffer, byteOffset } = this.#samples;
    const chunk = Buffer.from(buffer as ArrayBuffer, byteOffset, 2 * this.#filled);
    const loud = isLoud(this.#samples, this.#filled);
    this.#forget();
    this.#chunk(chunk, loud);
  }

  /** Sends all that is left; what follows begins anew. */
  flush(): void {
    this.#resampler?.flush();
    this.send();
  }

  /** Forgets what is left. */
  clear(): void {
    this.#resampler?.clear();
    this.#forget();
  }

  close(): void {
    this.#watch.stop();
    this.clear();
  }

  #changeRate(rate: number): void {
    this.#resampler?.flush();
    const append = (samples: Int16Array): void => this.#append(samples);
    this.#resampler = rate === INPUT_RATE ? undefined : new Resampler(rate, INPUT_RATE, append);
    this.#rate = rate;
  }

  #append(samples: Int16Array): void {
    for (let taken = 0; taken < samples.length;) {
      const left = samples.length - taken;
      if (this.#filled > 0 && this.#filled + left > this.#samples.length) this.send();
      if (this.#filled === 0) {
        this.#samples = room(Math.min(LONGEST_SAMPLES, Math.max(CHUNK_SAMPLES, left)));
      }
      const count = Math.min(this.#samples.length, left);
      const part = count === samples.length ? samples : samples.subarray(taken, taken + count);
      this.#samples.set(part, this.#filled);
      this.#filled += count;
      taken += count;
    }
  }

  #forget(): void {
    this.#samples = NONE;
    this.#filled = 0;
  }

  /** The mean of the channels. */
  #downmix({ data, channels, samplesPerChannel }: AudioFrame): Int16Array {
    if (this.#mixed.length !== samplesPerChannel) this.#mixed = new Int16Array(samplesPerChannel);
    for (let i = 0; i < samplesPerChannel; i++) {
      let sum = 0;
      for (let c = 0; c < channels; c++) sum += data[i * channels + c] ?? 0;
      this.#mixed[i] = sum / channels;
    }
    return this.#mixed;
  }
}

/** From Node's pool: an array of its own costs ten times as much. */
function room(count: number): Int16Array {
  const { buffer, byteOffset } = Buffer.allocUnsafe(2 * count);
  return new Int16Array(buffer, byteOffset, count);
}

function isLoud(samples: Int16Array, count: number): boolean {
  for (let i = 0; i < count; i += STRIDE) {
    const sample = samples[i] ?? 0;
    if (sample > LOUD || sample < -LOUD) return true;
  }
  return false;
}
