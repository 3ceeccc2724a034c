// SPDX-License-Identifier: Apache-2.0
import type { View } from './view.js';

/** Each storey has so many times fewer cells than the one below. */
const FACTOR = 4;

interface Storey {
  peak: Uint8Array;
  mean: Uint8Array;
  stepMs: number;
}

/** Peaks and means of cells at every scale: a pixel of any window costs a handful of look-ups. */
export class Pyramid {
  readonly #storeys: Storey[];

  constructor(cells: Uint8Array, stepMs: number) {
    this.#storeys = [{ peak: cells, mean: cells, stepMs }];
    for (let below = this.#storeys[0]; below && below.peak.length > FACTOR;) {
      below = above(below);
      this.#storeys.push(below);
    }
  }

  /** One cell of the finest storey; 0 where there is none. */
  at(t: number): number {
    const [ground] = this.#storeys;
    return ground?.peak[Math.floor(t / ground.stepMs)] ?? 0;
  }

  /** Peak and mean of each of `width` pixels. */
  columns({ from, to }: View, width: number): { peak: Uint8Array; mean: Uint8Array } {
    const perPixel = (to - from) / width;
    const { peak, mean, stepMs } = this.#storey(perPixel);
    const out = { peak: new Uint8Array(width), mean: new Uint8Array(width) };
    for (let x = 0; x < width; x++) {
      const first = Math.floor((from + x * perPixel) / stepMs);
      // A cell that a pixel only touches counts too, or the last one would be lost.
      const end = Math.max(first + 1, Math.ceil((from + (x + 1) * perPixel) / stepMs - 1e-6));
      let most = 0;
      let sum = 0;
      for (let at = first; at < end; at++) {
        most = Math.max(most, peak[at] ?? 0);
        sum += mean[at] ?? 0;
      }
      out.peak[x] = most;
      out.mean[x] = sum / (end - first);
    }
    return out;
  }

  /** The coarsest storey that still has a cell for each pixel. */
  #storey(perPixel: number): Storey {
    const fine = this.#storeys.findLastIndex(({ stepMs }) => stepMs <= perPixel);
    return this.#storeys[Math.max(0, fine)] as Storey;
  }
}

function above(below: Storey): Storey {
  const length = Math.ceil(below.peak.length / FACTOR);
  const storey = {
    peak: new Uint8Array(length),
    mean: new Uint8Array(length),
    stepMs: below.stepMs * FACTOR,
  };
  for (let at = 0; at < length; at++) {
    const first = at * FACTOR;
    const end = Math.min(below.peak.length, first + FACTOR);
    let most = 0;
    let sum = 0;
    for (let under = first; under < end; under++) {
      most = Math.max(most, below.peak[under] ?? 0);
      sum += below.mean[under] ?? 0;
    }
    storey.peak[at] = most;
    storey.mean[at] = Math.round(sum / FACTOR);
  }
  return storey;
}
