// SPDX-License-Identifier: Apache-2.0
import { ROW_KINDS } from '../page_data.js';
import { laneAt, rowAt, type Lane, type Layout } from './lanes.js';
import type { Model, Selection } from './model.js';
import { firstIndex, type Bars } from './spans.js';
import { spanOf, tOf, type View } from './view.js';

export interface Hit {
  t: number;
  lane: Lane | undefined;
  /** What a click there selects. */
  selection: Selection | undefined;
}

/** So far from a thin thing a pointer may be, in pixels. */
const SLACK_PX = 5;
const FRAMES_PER_LANE = 3;

/** What is at a place of the canvas. */
export function hitAt(
  model: Model,
  layout: Layout,
  view: View,
  width: number,
  x: number,
  y: number,
): Hit {
  const plot = width - layout.gutter;
  const t = tOf(x - layout.gutter, view, plot);
  const lane = laneAt(layout, y);
  if (!lane || x < layout.gutter) return { t, lane, selection: undefined };
  const slack = (SLACK_PX * spanOf(view)) / plot;
  return { t, lane, selection: selectionAt(model, lane, y, t, slack) };
}

function selectionAt(
  model: Model,
  lane: Lane,
  y: number,
  t: number,
  slack: number,
): Selection | undefined {
  const event = (bars: Bars, row: number, near: number): Selection | undefined => {
    const bar = bars.at(t, row, near);
    return bar && { is: 'event', index: bar.index };
  };
  const marks = (): Selection | undefined =>
    event(model.interruptions, 0, slack) ?? event(model.gaps, 0, 0);
  switch (lane.id) {
    case 'axis':
      return event(model.verdicts, 0, slack * 1.4) ?? marks();
    case 'frames': {
      const share = Math.floor(((y - lane.y) / lane.height) * FRAMES_PER_LANE);
      const index = nearestRow(model, t, slack, Math.min(FRAMES_PER_LANE - 1, Math.max(0, share)));
      return index === undefined ? marks() : { is: 'row', index };
    }
    case 'caller':
    case 'agent':
    case 'queue':
      return marks();
    default:
      return event(model.bars[lane.id], rowAt(lane, y), slack) ?? marks();
  }
}

/** Which of the three rows of the frames lane a kind belongs to: received, sent, our own. */
export function frameRow(kind: number): number {
  const name = ROW_KINDS[kind] ?? '';
  return name.endsWith('in') ? 0 : name.endsWith('out') ? 1 : 2;
}

/** The row of that kind nearest to a moment; what is no audio goes before audio. */
export function nearestRow(
  { times, kinds }: Pick<Model, 'times' | 'kinds'>,
  t: number,
  slack: number,
  wanted: number,
): number | undefined {
  let best: number | undefined;
  let least = Infinity;
  const first = firstIndex(times.length, (index) => (times[index] ?? 0) >= t - slack);
  for (let index = first; (times[index] ?? Infinity) <= t + slack; index++) {
    if (frameRow(kinds[index] ?? 0) !== wanted) continue;
    const isAudio = (kinds[index] ?? 0) >= 8;
    const far = Math.abs((times[index] ?? 0) - t) + (isAudio ? slack : 0);
    if (far < least) [best, least] = [index, far];
  }
  return best;
}

/** The row that began last before a moment. */
export function rowBefore({ times }: Pick<Model, 'times'>, t: number): number | undefined {
  const after = firstIndex(times.length, (index) => (times[index] ?? 0) > t);
  return times.length === 0 ? undefined : Math.max(0, after - 1);
}
