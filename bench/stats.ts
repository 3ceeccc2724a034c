// SPDX-License-Identifier: Apache-2.0
/** The arithmetic of the benchmark: nothing here reads a clock or knows a subject. */

/** The value below which this share of the list lies, between neighbours in proportion. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) return NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)]!;
  const above = sorted[Math.ceil(place)]!;
  return below + (above - below) * (place % 1);
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

export const mean = (values: readonly number[]): number =>
  values.length === 0 ? NaN : values.reduce((sum, value) => sum + value, 0) / values.length;

/** Who goes first changes with each repetition (A B, B A): a drift of the machine cancels out. */
export function inTurn<T>(subjects: readonly T[], repetition: number): T[] {
  return repetition % 2 === 0 ? [...subjects] : [...subjects].reverse();
}

/**
 * The median of the ratios, each of two runs of one repetition: what slows a whole repetition down
 * does not count. A repetition in which one of both is no positive number is left out.
 */
export function medianRatio(
  over: readonly (number | undefined)[],
  under: readonly (number | undefined)[],
): number {
  const ratios = over.flatMap((top, i) => {
    const bottom = under[i];
    return (top ?? 0) > 0 && (bottom ?? 0) > 0 ? [top! / bottom!] : [];
  });
  return median(ratios);
}

/** Audio that arrived somewhere: when, in ms, and how much had arrived by then, in ms. */
export interface Arrival {
  atMs: number;
  audioMs: number;
}

/**
 * How long each millisecond of audio is on its way, from the frame that brings it: the frame of what was
 * captured x ms after `begunMs` is handed over when it is full. `skipMs` are left out at the beginning.
 */
export function sampleAges(
  arrivals: readonly Arrival[],
  begunMs: number,
  frameMs: number,
  skipMs = 0,
): number[] {
  const ages: number[] = [];
  let from = 0;
  for (const { atMs, audioMs } of arrivals) {
    for (let at = from + 0.5; at < audioMs; at++) {
      if (at >= skipMs) ages.push(atMs - (begunMs + Math.ceil(at / frameMs) * frameMs));
    }
    from = audioMs;
  }
  return ages;
}

/**
 * What lies between a frame that is handed over and its arrival: for each arrival, the time since the
 * frame that holds its last sample was due. Frame n is due (n + 1) frames after the beginning.
 */
export function addedLatency(
  arrivals: readonly Arrival[],
  begunMs: number,
  frameMs: number,
  skipMs = 0,
): number[] {
  return arrivals
    .filter(({ audioMs }) => audioMs > skipMs)
    .map(({ atMs, audioMs }) => {
      const frames = Math.ceil((audioMs - 0.01) / frameMs);
      return atMs - (begunMs + frames * frameMs);
    });
}

/**
 * The largest count that holds, between nothing and `most`: doubled from `first` until it fails, then
 * halved in between until the gap is an eighth. Asks at most `tries` times.
 */
export async function largest(
  holds: (count: number) => Promise<boolean>,
  { first, most, tries }: { first: number; most: number; tries: number },
): Promise<number> {
  let good = 0;
  let bad: number | undefined;
  let next = Math.min(first, most);
  for (let i = 0; i < tries; i++) {
    if (await holds(next)) good = next;
    else bad = next;
    if (bad === undefined) {
      if (good >= most) break;
      next = Math.min(good * 2, most);
      continue;
    }
    if (bad - good <= Math.max(1, bad / 8)) break;
    next = Math.round((good + bad) / 2);
  }
  return good;
}
