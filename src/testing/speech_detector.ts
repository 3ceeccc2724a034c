// SPDX-License-Identifier: Apache-2.0

export interface SpeechDetectorOptions {
  /** Louder than this is speech, in dB of full scale (RMS of 20 ms). @default -45 */
  thresholdDb?: number;
  /** Speech begins after so many ms of it without a gap. @default 60 */
  startMs?: number;
  /** Speech ends after so many ms of silence. @default 500 */
  endMs?: number;
}

/** One change, and where in the audio it was noticed, in ms. */
export interface SpeechEdge {
  readonly type: 'start' | 'end';
  readonly atMs: number;
}

const WINDOW_MS = 20;

/** Finds speech by its energy. Time is audio received, never the clock. */
export class SpeechDetector {
  readonly #threshold: number;
  readonly #startMs: number;
  readonly #endMs: number;
  #speaking = false;
  /** Uninterrupted ms of the other state. */
  #changeMs = 0;
  #heardMs = 0;
  #carry: number[] = [];

  constructor(options: SpeechDetectorOptions = {}) {
    this.#threshold = 32_768 * 10 ** ((options.thresholdDb ?? -45) / 20);
    this.#startMs = options.startMs ?? 60;
    this.#endMs = options.endMs ?? 500;
  }

  get speaking(): boolean {
    return this.#speaking;
  }

  /** Takes in samples of any rate and says what changed. */
  feed(pcm: Int16Array, rate: number): SpeechEdge[] {
    const size = Math.max(1, Math.round((rate * WINDOW_MS) / 1000));
    const edges: SpeechEdge[] = [];
    for (const sample of pcm) {
      this.#carry.push(sample);
      if (this.#carry.length < size) continue;
      const loud = rms(this.#carry) > this.#threshold;
      this.#carry = [];
      const edge = this.#window(loud);
      if (edge) edges.push(edge);
    }
    return edges;
  }

  /** The stream has ended: whoever was speaking has stopped. */
  finish(): SpeechEdge[] {
    this.#carry = [];
    this.#changeMs = 0;
    if (!this.#speaking) return [];
    this.#speaking = false;
    return [{ type: 'end', atMs: this.#heardMs }];
  }

  #window(loud: boolean): SpeechEdge | undefined {
    this.#heardMs += WINDOW_MS;
    if (loud === this.#speaking) {
      this.#changeMs = 0;
      return undefined;
    }
    this.#changeMs += WINDOW_MS;
    if (this.#changeMs < (loud ? this.#startMs : this.#endMs)) return undefined;
    this.#speaking = loud;
    this.#changeMs = 0;
    return { type: loud ? 'start' : 'end', atMs: this.#heardMs };
  }
}

function rms(samples: readonly number[]): number {
  const energy = samples.reduce((sum, sample) => sum + sample * sample, 0);
  return Math.sqrt(energy / samples.length);
}
