// SPDX-License-Identifier: Apache-2.0
import { NO_LEVEL } from '../page_data.js';
import type { Pen } from './canvas.js';
import type { Colors } from './colors.js';
import { frameRow } from './hit.js';
import type { Lane } from './lanes.js';
import { queueAt, type Model, type Selection } from './model.js';
import type { Pyramid } from './pyramid.js';
import { firstIndex } from './spans.js';
import { xOf, type View } from './view.js';

interface Place {
  lane: Lane;
  view: View;
  /** Width of what is drawn. */
  plot: number;
}

/** What is quieter is drawn as nothing but a line, in dB. */
const FLOOR_DB = -60;

/** Share of the height for a cell. */
function heightOf(cell: number): number {
  if (cell === 0) return 0;
  if (cell === NO_LEVEL) return 0.3;
  return Math.max(0.02, 1 - (cell - 92) / FLOOR_DB);
}

/** Peaks pale, means full, mirrored around the middle. */
export function drawLevels(
  pen: Pen,
  { lane, view, plot }: Place,
  pyramid: Pyramid | undefined,
  color: string,
  line: string,
): void {
  const middle = lane.y + lane.height / 2;
  pen.fillStyle = line;
  pen.fillRect(0, Math.round(middle), plot, 1);
  if (!pyramid || plot < 1) return;
  const { peak, mean } = pyramid.columns(view, Math.ceil(plot));
  pen.fillStyle = color;
  for (const [cells, alpha] of [
    [peak, 0.4],
    [mean, 1],
  ] as const) {
    pen.globalAlpha = alpha;
    for (let x = 0; x < cells.length; x++) {
      const half = (heightOf(cells[x] ?? 0) * lane.height) / 2;
      if (half > 0) pen.fillRect(x, middle - half, 1, half * 2);
    }
  }
  pen.globalAlpha = 1;
}

/** What waited to be sent, as steps; the most of each pixel. */
export function drawQueue(
  pen: Pen,
  { lane, view, plot }: Place,
  model: Model,
  colors: Colors,
): void {
  const points = model.queue.length / 3;
  const bottom = lane.y + lane.height;
  pen.fillStyle = colors.line;
  pen.fillRect(0, bottom - 1, plot, 1);
  const first = firstIndex(points, (point) => queueAt(model, point).t >= view.from) - 1;
  const most = Math.max(1, deepest(model));
  pen.fillStyle = colors.queue;
  for (let point = Math.max(0, first); point < points; point++) {
    const { t, commands } = queueAt(model, point);
    if (t > view.to) break;
    if (commands === 0) continue;
    const x = Math.max(0, xOf(t, view, plot));
    const until = point + 1 < points ? queueAt(model, point + 1).t : model.durationMs;
    const high = Math.max(2, Math.min(1, commands / most) * (lane.height - 2));
    pen.fillRect(x, bottom - high, Math.max(1, xOf(until, view, plot) - x), high);
  }
}

const DEEPEST = new WeakMap<Uint32Array, number>();
function deepest({ queue }: Model): number {
  const known = DEEPEST.get(queue);
  if (known !== undefined) return known;
  let most = 0;
  for (let at = 1; at < queue.length; at += 3) most = Math.max(most, queue[at] ?? 0);
  DEEPEST.set(queue, most);
  return most;
}

/** Received, sent, and what happened on our side, one below the other. */
const FRAME_ROWS = 3;

export function drawFrames(
  pen: Pen,
  { lane, view, plot }: Place,
  { times, kinds }: Model,
  colors: Colors,
  selected: Selection | undefined,
): void {
  const row = lane.height / FRAME_ROWS;
  const shades = [colors.agent, colors.caller, colors.faint];
  const reached = [-2, -2, -2];
  const first = firstIndex(times.length, (index) => (times[index] ?? 0) >= view.from);
  for (let index = first; index < times.length; index++) {
    const t = times[index] ?? 0;
    if (t > view.to) break;
    const at = frameRow(kinds[index] ?? 0);
    const x = Math.round(xOf(t, view, plot));
    if (x < (reached[at] ?? 0) + 2) continue;
    reached[at] = x;
    pen.fillStyle = shades[at] ?? colors.faint;
    pen.globalAlpha = (kinds[index] ?? 0) >= 8 ? 0.35 : 0.9;
    pen.fillRect(x, lane.y + at * row + 1, 1.5, row - 2);
  }
  pen.globalAlpha = 1;
  if (selected?.is !== 'row') return;
  const x = xOf(times[selected.index] ?? 0, view, plot);
  pen.fillStyle = colors.text;
  pen.fillRect(x - 1.5, lane.y + frameRow(kinds[selected.index] ?? 0) * row - 1, 4, row + 2);
}
