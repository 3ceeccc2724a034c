// SPDX-License-Identifier: Apache-2.0
import { createFilter, MOST_ROWS, type Filter } from './filter.js';
import { createKernel, GROUP, type Kernel } from './kernel.js';

/** Samples that go through the kernel at a time, and what they may become. */
const MOST_IN = 4096;
const MOST_OUT = 16_384;
/** Where in the kernel's memory, in bytes: input (with what was kept), output. */
const INPUT = 0;
const OUTPUT = INPUT + 2 * (2 * MOST_IN);
const PAIR = OUTPUT + 2 * (MOST_OUT + GROUP * MOST_ROWS);
const FILTERS = PAIR + 2 * 2 * GROUP;

/** A filter and where its coefficients are. */
interface Loaded extends Filter {
  at: number;
}

/** The kernel and the filters that were needed so far, for all resamplers of one thread. */
export class ResamplerCore {
  readonly kernel: Kernel;
  readonly #filters = new Map<string, Loaded>();
  #end = FILTERS;
  #shorts: Int16Array;
  #output: Int16Array;

  constructor(kernel = createKernel()) {
    this.kernel = kernel;
    this.#shorts = this.#output = new Int16Array(kernel.memory(FILTERS));
  }

  /** The kernel's memory, as 16 bit samples. */
  get shorts(): Int16Array {
    return this.#shorts;
  }

  /** The first outputs. Frames are alike, and a view of them is not made for each. */
  output(count: number): Int16Array {
    const known = this.#output;
    if (known.length === count && known.buffer === this.#shorts.buffer) return known;
    return (this.#output = this.#shorts.subarray(OUTPUT / 2, OUTPUT / 2 + count));
  }

  filter(from: number, to: number): Loaded {
    const key = `${from}/${to}`;
    const known = this.#filters.get(key);
    if (known) return known;
    const made = { ...createFilter(from, to), at: this.#end };
    this.#end += made.coefficients.byteLength;
    const memory = this.kernel.memory(this.#end);
    this.#shorts = new Int16Array(memory);
    this.#shorts.set(made.coefficients, made.at / 2);
    this.#filters.set(key, made);
    return made;
  }
}

let shared: ResamplerCore | undefined;

/** Changes the rate of 16 bit mono audio, in pieces of any length. */
export class Resampler {
  readonly inputRate: number;
  readonly #core: ResamplerCore;
  readonly #filter: Loaded;
  readonly #out: (samples: Int16Array) => void;
  readonly #most: number;
  /** Input that later output still needs. */
  readonly #tail: Int16Array;
  #kept = 0;
  /** Where the next output stands in the tail, in parts of `phases`. Whole numbers: no drift. */
  #position = 0;

  /** @param out takes what comes of it; the samples are good until it returns */
  constructor(from: number, to: number, out: (samples: Int16Array) => void, core?: ResamplerCore) {
    this.#core = core ?? (shared ??= new ResamplerCore());
    this.inputRate = from;
    this.#filter = this.#core.filter(from, to);
    this.#out = out;
    this.#most = Math.max(1, Math.min(MOST_IN, Math.floor((MOST_OUT * from) / to) - 1));
    this.#tail = new Int16Array(this.#filter.taps);
    this.clear();
  }

  push(samples: Int16Array): void {
    for (let i = 0; i < samples.length; i += this.#most) {
      this.#run(samples.length <= this.#most ? samples : samples.subarray(i, i + this.#most));
    }
  }

  /** Hands out what is held back; what follows begins anew. */
  flush(): void {
    this.push(new Int16Array(this.#filter.taps / 2));
    this.clear();
  }

  /** Forgets everything so far. */
  clear(): void {
    this.#kept = this.#filter.taps / 2 - 1;
    this.#tail.fill(0);
    this.#position = 0;
  }

  #run(samples: Int16Array): void {
    const { shorts } = this.#core;
    const { taps, phases, step } = this.#filter;
    // All of the tail, though less may be kept: a view of its part costs more than the copy.
    shorts.set(this.#tail);
    shorts.set(samples, INPUT / 2 + this.#kept);
    const length = this.#kept + samples.length;
    const reach = (length - taps + 1) * phases - this.#position;
    const count = Math.max(0, Math.ceil(reach / step));
    if (count > 0) {
      if (this.#filter.rows === phases) this.#filterAll(count);
      else this.#filterEach(count);
    }
    const next = this.#position + count * step;
    const used = Math.floor(next / phases);
    this.#position = next - used * phases;
    this.#kept = length - used;
    for (let i = 0; i < this.#kept; i++) this.#tail[i] = shorts[used + i] ?? 0;
    if (count > 0) this.#out(this.#core.output(count));
  }

  /** Every so many outputs meet the same phase. */
  #filterAll(count: number): void {
    const { kernel } = this.#core;
    const { taps, phases, step, at } = this.#filter;
    for (let first = 0; first < phases && first < count; first++) {
      const position = this.#position + first * step;
      const whole = Math.floor(position / phases);
      const h = at + 4 * taps * (position - whole * phases);
      const [x, out] = [INPUT + 2 * whole, OUTPUT + 2 * first];
      kernel.filter(x, 2 * step, h, taps, out, 2 * phases, Math.ceil((count - first) / phases));
    }
  }

  /** Rates with hardly a common divisor: a mixture of what the two nearest phases give. */
  #filterEach(count: number): void {
    const { kernel, shorts } = this.#core;
    const { taps, phases, step, rows, at } = this.#filter;
    for (let n = 0; n < count; n++) {
      const position = this.#position + n * step;
      const whole = Math.floor(position / phases);
      const row = ((position - whole * phases) * rows) / phases;
      const [below, x] = [Math.floor(row), INPUT + 2 * whole];
      for (const i of [0, 1])
        kernel.filter(x, 0, at + 4 * taps * (below + i), taps, PAIR + 2 * i, 4, 1);
      const [first, second] = [shorts[PAIR / 2] ?? 0, shorts[PAIR / 2 + 1] ?? 0];
      shorts[OUTPUT / 2 + n] = Math.round(first + (second - first) * (row - below));
    }
  }
}
