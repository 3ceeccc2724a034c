// SPDX-License-Identifier: Apache-2.0
import { mediaMark, type FrameLine, type RecordingLine, type RunLine } from './format.js';

/** Different frames of audio that are kept; a call has some hundreds. */
const SHARED = 4096;

/** The lines of a recording as they are read: runs of audio become single frames, each in its time. */
export class Lines {
  readonly lines: RecordingLine[] = [];
  /** Where in the file each of them stands. */
  readonly numbers: number[] = [];
  /** Seventy frames a second differ in their level only: alike ones share one object. */
  readonly #shared = new Map<string, unknown>();

  add(line: RecordingLine, number: number): void {
    if (line.dir !== 'in' && line.dir !== 'out') {
      this.lines.push(line);
      this.numbers.push(number);
      return;
    }
    const news = this.#unfolded(line).map((frame) => ({ line: frame, number }));
    // Caller and agent speak at once: their runs overlap.
    let from = this.lines.length;
    while (from > 0 && isLater(this.lines[from - 1], line.t)) from -= 1;
    const numbers = this.numbers.splice(from);
    const before = this.lines
      .splice(from)
      .map((one, i) => ({ line: one, number: numbers[i] ?? 0 }));
    const sorted = before.length > 0 ? [...before, ...news].sort(byTime) : news;
    for (const one of sorted) {
      this.lines.push(one.line);
      this.numbers.push(one.number);
    }
  }

  #unfolded({ more, ...first }: FrameLine & Partial<RunLine>): RecordingLine[] {
    if (!isNumbers(more)) return [first];
    const shape = JSON.stringify(first.frame);
    const frames: FrameLine[] = [first];
    for (let i = 0; i + 2 < more.length; i += 3) {
      const [after = 0, bytes = 0, level] = more.slice(i, i + 3);
      const mark = mediaMark(bytes, level);
      frames.push({ ...first, t: first.t + after, frame: this.#withAudio(shape, mark) });
    }
    return frames;
  }

  /** A frame like another one, with other audio. */
  #withAudio(shape: string, mark: string): unknown {
    const key = mark + shape;
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    const frame: unknown = JSON.parse(shape, (name, value: unknown) =>
      name === 'data' ? mark : value,
    );
    if (this.#shared.size < SHARED) this.#shared.set(key, frame);
    return frame;
  }
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'number');
}

const byTime = (a: { line: RecordingLine }, b: { line: RecordingLine }): number =>
  a.line.t - b.line.t;

function isLater(line: RecordingLine | undefined, t: number): boolean {
  return line !== undefined && (line.dir === 'in' || line.dir === 'out') && line.t > t;
}
