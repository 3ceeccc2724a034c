// SPDX-License-Identifier: Apache-2.0
import { cellOf } from './page_data.js';
import type { LevelPoint } from './report.js';

/** Shorter than any audio frame of a call. */
const STEP_MS = 20;
/** Eleven hours of them; a longer recording gets longer cells. */
const MOST_CELLS = 2_000_000;

export const stepFor = (durationMs: number): number =>
  STEP_MS * Math.max(1, Math.ceil(durationMs / STEP_MS / MOST_CELLS));

/** Levels on a grid, the loudest of each cell. */
export function levelCells(
  points: readonly LevelPoint[],
  durationMs: number,
  stepMs: number,
): Uint8Array {
  const cells = new Uint8Array(Math.ceil(durationMs / stepMs));
  for (const { t, ms, db } of points) {
    const cell = cellOf(db);
    const last = Math.min(cells.length, Math.ceil((t + ms) / stepMs));
    for (let at = Math.max(0, Math.floor(t / stepMs)); at < last; at++) {
      if ((cells[at] ?? 0) < cell) cells[at] = cell;
    }
  }
  return cells;
}

/**
 * The server sends faster than anybody listens: each piece of speech is placed where it would be heard,
 * after the one before it, and what an interruption threw away is left out.
 */
export function asHeard(
  points: readonly LevelPoint[],
  interruptedAt: readonly number[],
): LevelPoint[] {
  const heard: LevelPoint[] = [];
  const cuts = [...interruptedAt].sort((a, b) => a - b);
  let cut = 0;
  let end = 0;
  const cutUntil = (t: number): void => {
    for (; cut < cuts.length && (cuts[cut] ?? 0) <= t; cut++) {
      const at = cuts[cut] ?? 0;
      end = Math.min(end, at);
      while ((heard.at(-1)?.t ?? -1) >= at) heard.pop();
      const last = heard.at(-1);
      if (last && last.t + last.ms > at) heard[heard.length - 1] = { ...last, ms: at - last.t };
    }
  };
  for (const point of points) {
    cutUntil(point.t);
    const t = Math.max(point.t, end);
    heard.push({ ...point, t });
    end = t + point.ms;
  }
  cutUntil(Infinity);
  return heard;
}
