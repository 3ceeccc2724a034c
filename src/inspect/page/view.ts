// SPDX-License-Identifier: Apache-2.0
/** The window of time that is drawn, in ms. */
export interface View {
  from: number;
  to: number;
}

/** Nothing in a recording is shorter than a millisecond. */
const LEAST_SPAN = 20;

export const xOf = (t: number, { from, to }: View, width: number): number =>
  ((t - from) / (to - from)) * width;

export const tOf = (x: number, { from, to }: View, width: number): number =>
  from + (x / width) * (to - from);

export const spanOf = ({ from, to }: View): number => to - from;

/** The same span, moved to where there is something. */
export function clamped({ from, to }: View, durationMs: number): View {
  const span = Math.min(durationMs, Math.max(LEAST_SPAN, to - from));
  const start = Math.min(durationMs - span, Math.max(0, from));
  return { from: start, to: start + span };
}

/** Below 1 nearer, above 1 farther; the moment `at` stays where it is. */
export function zoomed(view: View, factor: number, at: number, durationMs: number): View {
  const span = Math.min(durationMs, Math.max(LEAST_SPAN, spanOf(view) * factor));
  const share = (at - view.from) / spanOf(view);
  const from = at - share * span;
  return clamped({ from, to: from + span }, durationMs);
}

export const panned = ({ from, to }: View, byMs: number, durationMs: number): View =>
  clamped({ from: from + byMs, to: to + byMs }, durationMs);

/** Moved so that a span is well inside, and made wider where it does not fit. */
export function showing(view: View, from: number, to: number, durationMs: number): View {
  const span = Math.max(spanOf(view), (to - from) * 1.25);
  const margin = span * 0.1;
  const isInside = from >= view.from + margin && to <= view.to - margin;
  if (isInside && span === spanOf(view)) return view;
  const start = to - from > span * 0.8 ? from - margin : (from + to) / 2 - span / 2;
  return clamped({ from: start, to: start + span }, durationMs);
}
