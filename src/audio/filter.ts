// SPDX-License-Identifier: Apache-2.0

/** A low-pass filter for one pair of rates, cut into the phases at which it meets the input. */
export interface Filter {
  /** Output sample `n` stands at `n * step / phases` input samples. */
  phases: number;
  step: number;
  /** Coefficients of each phase; a multiple of 8. */
  taps: number;
  /**
   * Phase by phase, and phase 0 once more, one sample later. Each sums to 1. Eight coarse parts
   * (`1 << COARSE_BITS` is 1) stand before eight fine ones (`1 << FINE_BITS` is a coarse 1).
   */
  coefficients: Int16Array;
  /** Coefficients are there for so many phases; between them they are interpolated. */
  rows: number;
}

/** 16 bits alone would let through what is 84 dB down: more than the native resampler does. */
export const COARSE_BITS = 14;
/** More of them, and the sum over the longest filter would not fit into 32 bits. */
export const FINE_BITS = 6;

/** Length in samples of the lower rate; at most so many ms of the input (what it holds back is half). */
const LENGTH = 85;
const LONGEST_MS = 9;
/** Where the answer is down to one half, as a share of what the lower rate can carry. */
const CUTOFF = 0.971;
/** Of the Kaiser window: 93 dB. */
const BETA = 9.3;
/** More phases than any pair of customary rates has; odd rates share so many. */
export const MOST_ROWS = 640;
const SHARED_ROWS = 512;

/** The rates that audio can have, in Hz. */
const [LOWEST, HIGHEST] = [1_000, 384_000];

/**
 * A windowed sinc; see docs/decisions for its measurements.
 *
 * @throws Error for a rate that audio cannot have
 */
export function createFilter(from: number, to: number): Filter {
  for (const rate of [from, to]) {
    if (Number.isInteger(rate) && rate >= LOWEST && rate <= HIGHEST) continue;
    throw new Error(`${rate} Hz is no rate of audio: use whole numbers up to ${HIGHEST}.`);
  }
  const divisor = gcd(from, to);
  const [phases, step] = [to / divisor, from / divisor];
  const rows = phases <= MOST_ROWS ? phases : SHARED_ROWS;
  const length = Math.min(LENGTH * Math.max(1, from / to), (LONGEST_MS * from) / 1000);
  const taps = 8 * Math.ceil(length / 8);
  const cutoff = CUTOFF * Math.min(1, to / from);
  const coefficients = new Int16Array((rows + 1) * 2 * taps);
  const phase = new Float64Array(taps);
  for (let row = 0; row <= rows; row++) {
    let sum = 0;
    for (let k = 0; k < taps; k++) {
      const at = k - (taps / 2 - 1) - row / rows;
      phase[k] = sinc(cutoff * at) * kaiser(at / (taps / 2));
      sum += phase[k] ?? 0;
    }
    const parts = coefficients.subarray(row * 2 * taps);
    phase.forEach((value, k) => split(value / sum, parts, k));
  }
  return { phases, step, taps, coefficients, rows };
}

function split(value: number, parts: Int16Array, k: number): void {
  const place = 2 * k - (k % 8);
  const coarse = Math.round(value * (1 << COARSE_BITS));
  parts[place] = coarse;
  parts[place + 8] = Math.round((value * (1 << COARSE_BITS) - coarse) * (1 << FINE_BITS));
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** Not divided by its peak: each phase is made to sum to 1. */
function kaiser(x: number): number {
  return Math.abs(x) >= 1 ? 0 : bessel(BETA * Math.sqrt(1 - x * x));
}

/** The modified Bessel function of order 0, by its power series. */
function bessel(x: number): number {
  let [sum, term] = [1, 1];
  for (let k = 1; term > sum * 1e-9; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
