// SPDX-License-Identifier: Apache-2.0
/** Browsers cut elements that are higher. */
const MOST_HEIGHT = 8_000_000;

/** Which entries of a long list are to be seen, and where; heights in pixels. */
export class VirtualList {
  constructor(
    readonly count: number,
    readonly row: number,
    readonly viewport: number,
  ) {}

  get height(): number {
    return Math.min(MOST_HEIGHT, this.count * this.row);
  }

  /** The first entry to draw at a scroll position, and how far above the edge it begins. */
  at(scrollTop: number): { first: number; offset: number; visible: number } {
    const top = scrollTop * this.#scale;
    const first = Math.max(0, Math.min(this.count - 1, Math.floor(top / this.row)));
    const visible = Math.min(this.count - first, Math.ceil(this.viewport / this.row) + 1);
    return { first, offset: first * this.row - top, visible: Math.max(0, visible) };
  }

  /** A scroll position that shows the entry; the same one where it is to be seen already. */
  showing(index: number, scrollTop: number): number {
    const top = index * this.row;
    const now = scrollTop * this.#scale;
    if (top >= now && top + this.row <= now + this.viewport) return scrollTop;
    const wanted = top < now ? top - this.row : top + 2 * this.row - this.viewport;
    return Math.max(0, wanted / this.#scale);
  }

  /** Pixels of the list for one of the element. */
  get #scale(): number {
    const real = this.count * this.row - this.viewport;
    const drawn = this.height - this.viewport;
    return drawn > 0 ? Math.max(1, real / drawn) : 1;
  }
}
