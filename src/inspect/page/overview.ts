// SPDX-License-Identifier: Apache-2.0
import { fitted, scheduler, type Pen } from './canvas.js';
import type { Colors } from './colors.js';
import { byId } from './dom.js';
import type { Model } from './model.js';
import type { Pyramid } from './pyramid.js';
import { clockTime } from './time.js';
import { clamped, spanOf, tOf, xOf, type View } from './view.js';

const HEIGHT = 43;

/** The whole call on one strip, with the window that is visible below it. */
export class Overview {
  readonly #canvas = byId<HTMLCanvasElement>('overview');
  readonly redraw = scheduler(() => this.#draw());
  readonly #model: Model;
  view: View;
  colors: Colors;
  /** Moments that were searched for. */
  found: readonly number[] = [];

  constructor(model: Model, colors: Colors, moved: (view: View) => void) {
    this.#model = model;
    this.colors = colors;
    this.view = { from: 0, to: model.durationMs };
    new ResizeObserver(() => this.redraw()).observe(this.#canvas);
    let grip: number | undefined;
    const move = (event: PointerEvent): void => {
      if (grip === undefined) return;
      const from = this.#timeAt(event.offsetX) - grip;
      moved(clamped({ from, to: from + spanOf(this.view) }, model.durationMs));
    };
    this.#canvas.addEventListener('pointerdown', (event) => {
      this.#canvas.setPointerCapture(event.pointerId);
      this.#canvas.classList.add('dragging');
      const t = this.#timeAt(event.offsetX);
      const isInside = t >= this.view.from && t <= this.view.to;
      grip = isInside ? t - this.view.from : spanOf(this.view) / 2;
      move(event);
    });
    this.#canvas.addEventListener('pointermove', move);
    for (const name of ['pointerup', 'pointercancel'] as const) {
      this.#canvas.addEventListener(name, () => {
        grip = undefined;
        this.#canvas.classList.remove('dragging');
      });
    }
  }

  #timeAt(x: number): number {
    return tOf(x, this.#whole, this.#canvas.clientWidth);
  }

  get #whole(): View {
    return { from: 0, to: this.#model.durationMs };
  }

  #draw(): void {
    const width = this.#canvas.clientWidth;
    const pen = fitted(this.#canvas, width, HEIGHT);
    if (!pen || width === 0) return;
    const { colors } = this;
    const { caller, agent } = this.#model;
    pen.fillStyle = colors.panel;
    pen.fillRect(0, 0, width, HEIGHT);
    this.#strip(pen, caller, width, -1, colors.caller);
    this.#strip(pen, agent, width, 1, colors.agent);
    this.#marks(pen, width);
    this.#window(pen, width);
    const { from, to } = this.view;
    const { durationMs } = this.#model;
    this.#canvas.ariaValueMin = '0';
    this.#canvas.ariaValueMax = String(Math.round(durationMs / 1000));
    this.#canvas.ariaValueNow = String(Math.round(from / 1000));
    this.#canvas.ariaValueText = `${clockTime(from, 1000)} to ${clockTime(to, 1000)}`;
  }

  /** The caller above the middle, the agent below. */
  #strip(pen: Pen, pyramid: Pyramid | undefined, width: number, side: 1 | -1, color: string): void {
    if (!pyramid) return;
    const { peak } = pyramid.columns(this.#whole, width);
    pen.fillStyle = color;
    pen.globalAlpha = 0.75;
    for (let x = 0; x < width; x++) {
      const high = Math.max(0, ((peak[x] ?? 0) - 32) / 60) * 16;
      if (high > 0) pen.fillRect(x, side > 0 ? 24 : 24 - high, 1, high);
    }
    pen.globalAlpha = 1;
  }

  #marks(pen: Pen, width: number): void {
    const { colors } = this;
    const { gaps, verdicts, events } = this.#model;
    const at = (t: number): number => Math.round(xOf(t, this.#whole, width));
    pen.fillStyle = colors.error;
    pen.globalAlpha = 0.25;
    for (const { from, to } of gaps.all)
      pen.fillRect(at(from), 8, Math.max(2, at(to) - at(from)), HEIGHT);
    pen.globalAlpha = 1;
    for (const { from, index } of verdicts.all) {
      const tone = events[index]?.tone ?? 'note';
      pen.fillStyle = tone === 'plain' ? colors.muted : colors[tone];
      pen.fillRect(at(from) - 1, 1, 3, 6);
    }
    pen.fillStyle = colors.warning;
    let last = -1;
    for (const t of this.found) {
      const x = at(t);
      if (x === last) continue;
      last = x;
      pen.fillRect(x - 1, HEIGHT - 5, 2, 5);
    }
  }

  #window(pen: Pen, width: number): void {
    const { colors } = this;
    const from = xOf(this.view.from, this.#whole, width);
    const wide = Math.max(4, xOf(this.view.to, this.#whole, width) - from);
    if (wide >= width - 0.5) return;
    pen.fillStyle = colors.panel;
    pen.globalAlpha = 0.62;
    pen.fillRect(0, 0, from, HEIGHT);
    pen.fillRect(from + wide, 0, width, HEIGHT);
    pen.globalAlpha = 1;
    pen.strokeStyle = colors.accent;
    pen.lineWidth = 1.5;
    pen.beginPath();
    pen.roundRect(from + 0.75, 0.75, wide - 1.5, HEIGHT - 1.5, 4);
    pen.stroke();
  }
}
