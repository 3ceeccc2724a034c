// SPDX-License-Identifier: Apache-2.0
/** A bar on a lane; `index` is the event it stands for. */
export interface Bar {
  from: number;
  to: number;
  row: number;
  index: number;
}

/** The first index in `[0, count)` of which `isBeyond` holds; it must hold of all that follow. */
export function firstIndex(count: number, isBeyond: (index: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBeyond(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Bars of one lane, in rows so that they do not hide each other; those of a window are found fast. */
export class Bars {
  readonly all: readonly Bar[];
  readonly rows: number;
  /** The farthest end of this bar and all before it. */
  readonly #reach: Float64Array;

  constructor(spans: readonly Omit<Bar, 'row'>[], mostRows: number) {
    const ends: number[] = [];
    const sorted = [...spans].sort((a, b) => a.from - b.from);
    this.all = sorted.map((span) => {
      const free = ends.findIndex((end) => end <= span.from);
      const row = free >= 0 ? free : Math.min(ends.length, mostRows - 1);
      ends[row] = Math.max(ends[row] ?? 0, span.to);
      return { ...span, row };
    });
    this.rows = Math.max(1, ends.length);
    let reach = 0;
    this.#reach = Float64Array.from(this.all, ({ to }) => (reach = Math.max(reach, to)));
  }

  /** Those that touch a window, in order. */
  within(from: number, to: number): readonly Bar[] {
    const first = firstIndex(this.all.length, (index) => (this.#reach[index] ?? 0) >= from);
    const end = firstIndex(this.all.length, (index) => (this.all[index]?.from ?? 0) > to);
    return this.all.slice(first, end);
  }

  /** The one on top at a moment of a row; `slack` makes thin bars reachable. */
  at(t: number, row: number, slack: number): Bar | undefined {
    const near = this.within(t - slack, t + slack).filter((bar) => bar.row === row);
    const inside = near.findLast((bar) => bar.from <= t && t <= bar.to);
    return inside ?? near.at(-1);
  }
}
