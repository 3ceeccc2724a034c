// SPDX-License-Identifier: Apache-2.0
import { spanOf, type View } from './view.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500].map((ms) => ms),
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 6, 12, 24].map((hours) => hours * HOUR),
];

const two = (value: number): string => String(value).padStart(2, '0');

/** `1:02:03.450`: hours where there are any, and as many decimals as the step of what is shown needs. */
export function clockTime(ms: number, step = 1): string {
  const decimals = step % SECOND === 0 ? 0 : step % 100 === 0 ? 1 : step % 10 === 0 ? 2 : 3;
  const unit = 10 ** (3 - decimals);
  const all = Math.round(Math.max(0, ms) / unit) * unit;
  const hours = Math.floor(all / HOUR);
  const minutes = Math.floor((all % HOUR) / MINUTE);
  const seconds = Math.floor((all % MINUTE) / SECOND);
  const rest =
    decimals > 0
      ? `.${String(all % SECOND)
          .padStart(3, '0')
          .slice(0, decimals)}`
      : '';
  const head = hours > 0 ? `${hours}:${two(minutes)}` : String(minutes);
  return `${head}:${two(seconds)}${rest}`;
}

/** `820 ms`, `3.2 s`, `2 min 5 s`, `1 h 2 min`. */
export function duration(ms: number): string {
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  if (ms < MINUTE) return `${(Math.round(ms / 100) / 10).toFixed(1)} s`;
  const seconds = Math.round(ms / SECOND);
  if (ms < HOUR) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(ms / MINUTE);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export interface Ticks {
  step: number;
  /** Labelled moments. */
  major: number[];
  minor: number[];
}

/** Round moments of a window, no nearer to each other than `apart` pixels. */
export function ticks(view: View, width: number, apart = 96): Ticks {
  const least = (spanOf(view) / Math.max(1, width)) * apart;
  const day = STEPS.at(-1) ?? HOUR;
  const step = STEPS.find((one) => one >= least) ?? Math.ceil(least / day) * day;
  const fifth = step / 5;
  const major: number[] = [];
  const minor: number[] = [];
  for (let index = Math.ceil(view.from / fifth); index * fifth <= view.to; index++) {
    (index % 5 === 0 ? major : minor).push(index * fifth);
  }
  return { step, major, minor };
}
