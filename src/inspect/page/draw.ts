// SPDX-License-Identifier: Apache-2.0
import { hatch, label, type Pen } from './canvas.js';
import type { Colors } from './colors.js';
import { drawFrames, drawLevels, drawQueue } from './draw_tracks.js';
import type { CallEvent } from './events.js';
import type { Lane, Layout } from './lanes.js';
import type { BarLane, Model, Selection } from './model.js';
import type { Bar } from './spans.js';
import { clockTime, duration, ticks, type Ticks } from './time.js';
import { xOf, type View } from './view.js';

/** One picture of the time line. */
export interface Scene {
  model: Model;
  layout: Layout;
  view: View;
  colors: Colors;
  /** Of the canvas, with the gutter. */
  width: number;
  selected: Selection | undefined;
  /** Where the pointer is. */
  pointerT: number | undefined;
  /** Events that were searched for. */
  found: ReadonlySet<number>;
}

export function drawTimeline(pen: Pen, scene: Scene): void {
  const { layout, width, colors, view } = scene;
  const plot = width - layout.gutter;
  pen.fillStyle = colors.panel;
  pen.fillRect(0, 0, width, layout.height);
  pen.textBaseline = 'middle';
  drawNames(pen, scene);
  pen.save();
  pen.beginPath();
  pen.rect(layout.gutter, 0, plot, layout.height);
  pen.clip();
  pen.translate(layout.gutter, 0);
  const marks = ticks(view, plot);
  drawGrid(pen, scene, marks, plot);
  drawGaps(pen, scene, plot);
  for (const lane of layout.lanes) drawLane(pen, scene, lane, plot);
  drawInterruptions(pen, scene, plot);
  drawAxis(pen, scene, marks, plot);
  drawPointer(pen, scene, plot);
  pen.restore();
}

function drawLane(pen: Pen, scene: Scene, lane: Lane, plot: number): void {
  const { model, view, colors } = scene;
  const at = { lane, view, plot };
  switch (lane.id) {
    case 'caller':
    case 'agent':
      return drawLevels(pen, at, model[lane.id], colors[lane.id], colors.line);
    case 'queue':
      return drawQueue(pen, at, model, colors);
    case 'frames':
      return drawFrames(pen, at, model, colors, scene.selected);
    case 'axis':
      return;
    default:
      return drawBars(pen, scene, lane, lane.id, plot);
  }
}

function drawNames(pen: Pen, { layout, colors }: Scene): void {
  for (const { label: name, y, height } of layout.lanes) {
    pen.fillStyle = colors.muted;
    pen.font = `${layout.gutter > 0 ? 12 : 10.5}px ${colors.sans}`;
    if (layout.gutter > 0) pen.fillText(name, 16, y + Math.min(height, 60) / 2);
    else if (name !== '') pen.fillText(name, 12, y - 7);
  }
}

function drawGrid(pen: Pen, { layout, view, colors }: Scene, { major }: Ticks, plot: number): void {
  pen.fillStyle = colors.grid;
  for (const t of major) pen.fillRect(Math.round(xOf(t, view, plot)), 26, 1, layout.height);
  if (layout.gutter === 0) return;
  for (const { y } of layout.lanes) pen.fillRect(0, y - 4, plot, 1);
}

function drawAxis(pen: Pen, scene: Scene, { step, major, minor }: Ticks, plot: number): void {
  const { view, colors } = scene;
  pen.fillStyle = colors.panel;
  pen.fillRect(0, 0, plot, 22);
  pen.fillStyle = colors.line;
  for (const t of minor) pen.fillRect(Math.round(xOf(t, view, plot)), 19, 1, 3);
  pen.font = `11px ${colors.sans}`;
  for (const t of major) {
    const x = Math.round(xOf(t, view, plot));
    pen.fillStyle = colors.faint;
    pen.fillRect(x, 16, 1, 6);
    pen.fillStyle = colors.muted;
    if (x + 24 < plot) pen.fillText(clockTime(t, step), x + 4, 10);
  }
  pen.fillStyle = colors.line;
  pen.fillRect(0, 22, plot, 1);
  const reached = new Map<string, number>();
  for (const bar of scene.model.verdicts.within(view.from, view.to)) {
    const x = xOf(bar.from, view, plot);
    const color = toneOf(scene, bar);
    const last = reached.get(color) ?? -Infinity;
    if (x < last + 2 && !isSelected(scene, bar)) continue;
    reached.set(color, x);
    diamond(pen, x, 22, isSelected(scene, bar) ? 6.5 : 5, color);
  }
}

function diamond(pen: Pen, x: number, y: number, size: number, color: string): void {
  pen.fillStyle = color;
  pen.beginPath();
  pen.moveTo(x, y - size);
  pen.lineTo(x + size, y);
  pen.lineTo(x, y + size);
  pen.lineTo(x - size, y);
  pen.fill();
}

const isSelected = ({ selected }: Scene, bar: Bar): boolean =>
  selected?.is === 'event' && selected.index === bar.index;

function toneOf({ model, colors }: Scene, bar: Bar): string {
  const tone = model.events[bar.index]?.tone ?? 'plain';
  return tone === 'plain' ? colors.muted : colors[tone];
}

function drawGaps(pen: Pen, scene: Scene, plot: number): void {
  const { model, view, colors, layout } = scene;
  const bars = model.gaps.within(view.from, view.to);
  const pale = bars.length > plot / ROOM_PX ? 0.4 : 1;
  for (const bar of bars) {
    const x = xOf(bar.from, view, plot);
    const wide = Math.max(1.5, xOf(bar.to, view, plot) - x);
    pen.globalAlpha = isSelected(scene, bar) ? 0.3 : 0.14 * pale;
    pen.fillStyle = colors.error;
    pen.fillRect(x, 23, wide, layout.height);
    pen.globalAlpha = 0.35;
    pen.fillStyle = hatch(pen, colors.error);
    if (wide > 4) pen.fillRect(x, 23, wide, layout.height);
    pen.globalAlpha = 1;
  }
}

/** With more marks than this many pixels have one each, lines would hide what they mark. */
const ROOM_PX = 16;

function drawInterruptions(pen: Pen, scene: Scene, plot: number): void {
  const { model, view, colors, layout } = scene;
  const bars = model.interruptions.within(view.from, view.to);
  const isDense = bars.length > plot / ROOM_PX;
  pen.fillStyle = pen.strokeStyle = colors.warning;
  pen.setLineDash([3.5, 2.5]);
  let last = -2;
  for (const bar of bars) {
    const x = Math.round(xOf(bar.from, view, plot));
    const isChosen = isSelected(scene, bar);
    if (x < last + 2 && !isChosen) continue;
    last = x;
    pen.beginPath();
    if (!isDense || isChosen) {
      pen.moveTo(x, 24);
      pen.lineTo(x, layout.height);
      pen.lineWidth = isChosen ? 2.5 : 1.2;
      pen.stroke();
    }
    pen.beginPath();
    pen.moveTo(x, 30);
    pen.lineTo(x - 4.5, 23);
    pen.lineTo(x + 4.5, 23);
    pen.fill();
  }
  pen.setLineDash([]);
}

function drawPointer(pen: Pen, { layout, view, colors, pointerT }: Scene, plot: number): void {
  if (pointerT === undefined) return;
  const x = Math.round(xOf(pointerT, view, plot));
  pen.fillStyle = colors.faint;
  pen.fillRect(x, 0, 1, layout.height);
  const text = clockTime(pointerT);
  pen.font = `11px ${colors.sans}`;
  const wide = pen.measureText(text).width + 10;
  const left = Math.min(Math.max(0, x - wide / 2), plot - wide);
  pen.fillStyle = colors.text;
  pen.fillRect(left, 1, wide, 17);
  pen.fillStyle = colors.panel;
  pen.fillText(text, left + 5, 10);
}

function drawBars(pen: Pen, scene: Scene, lane: Lane, id: BarLane, plot: number): void {
  const { view } = scene;
  pen.font = `11px ${scene.colors.sans}`;
  const reached = new Array<number>(lane.rows).fill(-Infinity);
  for (const bar of scene.model.bars[id].within(view.from, view.to)) {
    const x = xOf(bar.from, view, plot);
    // What has no length is a mark.
    const end = Math.max(x + (bar.to > bar.from ? 1 : 6), xOf(bar.to, view, plot));
    // Many calls in one pixel look like one.
    if (end <= (reached[bar.row] ?? 0) + 0.5 && !isSelected(scene, bar)) continue;
    reached[bar.row] = end;
    const place = { x: Math.max(-8, x), end: Math.min(plot + 8, end) };
    drawBar(
      pen,
      scene,
      bar,
      { ...place, y: lane.y + bar.row * lane.row, height: lane.row - 2 },
      plot,
    );
  }
}

interface Place {
  x: number;
  end: number;
  y: number;
  height: number;
}

function drawBar(pen: Pen, scene: Scene, bar: Bar, place: Place, plot: number): void {
  const { model, view, colors, found } = scene;
  const event = model.events[bar.index];
  if (!event) return;
  const waits = event.askedAt !== undefined && event.askedAt < event.from;
  const begun = answeredAt(event.raw) ?? event.from;
  const start = waits ? Math.min(place.end, Math.max(place.x, xOf(begun, view, plot))) : place.x;
  const color = barColor(scene, bar);
  if (waits) drawWait(pen, scene, place, start, begun - (event.askedAt ?? begun));
  const wide = Math.max(1, place.end - start - (place.end - start > 4 ? 1 : 0));
  pen.globalAlpha = isSelected(scene, bar) || found.has(bar.index) ? 1 : 0.82;
  pen.fillStyle = color;
  pen.beginPath();
  pen.roundRect(start, place.y, wide, place.height, Math.min(4, wide / 2));
  pen.fill();
  pen.globalAlpha = 1;
  if (isSelected(scene, bar) || found.has(bar.index)) {
    pen.strokeStyle = isSelected(scene, bar) ? colors.text : colors.warning;
    pen.lineWidth = 2;
    pen.stroke();
  }
  pen.fillStyle = colors['on-bar'];
  const text = barText(event);
  label(
    pen,
    text,
    Math.max(start, 0) + 6,
    place.y + place.height / 2 + 0.5,
    wide - 12 + Math.min(0, start),
  );
}

function answeredAt(raw: unknown): number | undefined {
  return (raw as { firstAudioAt?: number }).firstAudioAt;
}

/** From the end of the question to the first audio. */
function drawWait(pen: Pen, scene: Scene, place: Place, end: number, waitedMs: number): void {
  const { colors } = scene;
  const y = place.y + place.height / 2;
  pen.globalAlpha = 0.5;
  pen.fillStyle = colors.agent;
  pen.fillRect(place.x, y - 1.5, Math.max(1, end - place.x - 1), 3);
  pen.fillRect(place.x, y - 5, 1.5, 10);
  pen.globalAlpha = 1;
  const room = end - place.x - 10;
  if (room < 24) return;
  const text = duration(waitedMs);
  const wide = text.length * 6.2;
  if (room < wide) return;
  pen.fillStyle = colors.panel;
  pen.fillRect(place.x + 5 + (room - wide) / 2 - 3, y - 6, wide + 6, 12);
  pen.fillStyle = colors.muted;
  pen.fillText(text, place.x + 5 + (room - wide) / 2, y + 0.5);
}

function barColor({ model, colors }: Scene, { index }: Bar): string {
  const event = model.events[index];
  if (event?.kind === 'utterance') return colors.caller;
  if (event?.kind === 'answer') return event.tone === 'error' ? colors.error : colors.agent;
  if (event?.kind === 'tool')
    return event.tone === 'good' ? colors.tool : colors[toneName(event.tone)];
  return event ? colors[toneName(event.tone)] : colors.muted;
}

/** Of what was said the words, of what happened its name first. */
function barText({ kind, title, text }: CallEvent): string {
  if (kind === 'connection' && text !== '') return `${title}: ${text}`;
  return kind === 'tool' ? title : text || title;
}

const toneName = (tone: 'plain' | 'good' | 'note' | 'warning' | 'error') =>
  tone === 'plain' ? 'muted' : tone;
