// SPDX-License-Identifier: Apache-2.0
import { fitted, scheduler } from './canvas.js';
import type { Colors } from './colors.js';
import { byId } from './dom.js';
import { drawTimeline } from './draw.js';
import { hitAt, type Hit } from './hit.js';
import { layOut, type Layout } from './lanes.js';
import { rowCounts, type Model, type Selection } from './model.js';
import { panned, spanOf, tOf, zoomed, type View } from './view.js';

export interface TimelineEvents {
  /** Somebody looks at another window. */
  moved: (view: View) => void;
  picked: (selection: Selection) => void;
  hovered: (hit: Hit | undefined, x: number, y: number) => void;
}

/** Farther than this a press is a drag, in pixels. */
const DRAG_PX = 4;

/** The lanes: draws what is visible, and tells what the pointer does. */
export class Timeline {
  readonly canvas = byId<HTMLCanvasElement>('timeline');
  readonly redraw = scheduler(() => this.#draw());
  readonly #model: Model;
  readonly #on: TimelineEvents;
  readonly #touches = new Map<number, number>();
  #layout: Layout;
  #width = 0;
  #dragged = 0;
  #pointerT: number | undefined;
  view: View;
  colors: Colors;
  selected: Selection | undefined;
  found: ReadonlySet<number> = new Set();

  constructor(model: Model, colors: Colors, on: TimelineEvents) {
    this.#model = model;
    this.#on = on;
    this.colors = colors;
    this.view = { from: 0, to: model.durationMs };
    this.#layout = layOut(rowCounts(model), this.canvas.clientWidth);
    this.#listen();
    new ResizeObserver(() => this.#resized()).observe(byId('stage'));
    this.#resized();
  }

  #resized(): void {
    this.#width = byId('stage').clientWidth;
    this.#layout = layOut(rowCounts(this.#model), this.#width);
    this.canvas.style.height = `${this.#layout.height}px`;
    this.redraw();
  }

  #draw(): void {
    const pen = fitted(this.canvas, this.#width, this.#layout.height);
    if (!pen || this.#width <= this.#layout.gutter) return;
    const begun = performance.now();
    drawTimeline(pen, {
      ...{ model: this.#model, layout: this.#layout, view: this.view, colors: this.colors },
      ...{ width: this.#width, selected: this.selected, found: this.found },
      pointerT: this.#pointerT,
    });
    const { dataset } = this.canvas;
    dataset['drawMs'] = (performance.now() - begun).toFixed(1);
    dataset['from'] = this.view.from.toFixed(1);
    dataset['to'] = this.view.to.toFixed(1);
  }

  #listen(): void {
    const { canvas } = this;
    canvas.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
    canvas.addEventListener('pointerdown', (event) => this.#down(event));
    canvas.addEventListener('pointermove', (event) => this.#move(event));
    for (const name of ['pointerup', 'pointercancel'] as const) {
      canvas.addEventListener(name, (event) => this.#up(event));
    }
    canvas.addEventListener('pointerleave', () => {
      this.#pointerT = undefined;
      this.#on.hovered(undefined, 0, 0);
      this.redraw();
    });
  }

  #timeAt(x: number): number {
    const { gutter } = this.#layout;
    return tOf(x - gutter, this.view, this.#width - gutter);
  }

  #perPixel(): number {
    return spanOf(this.view) / (this.#width - this.#layout.gutter);
  }

  #hit(event: PointerEvent): Hit {
    const { offsetX, offsetY } = event;
    return hitAt(this.#model, this.#layout, this.view, this.#width, offsetX, offsetY);
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    const isSideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
    const by = (event.deltaX || event.deltaY) * unit;
    const { durationMs } = this.#model;
    if (isSideways) return this.#on.moved(panned(this.view, by * this.#perPixel(), durationMs));
    // A pinch on a touchpad comes as a wheel with Control, in small steps.
    const factor = Math.exp(event.deltaY * unit * (event.ctrlKey ? 0.01 : 0.0022));
    this.#on.moved(zoomed(this.view, factor, this.#timeAt(event.offsetX), durationMs));
  }

  #down(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.#touches.set(event.pointerId, event.offsetX);
    if (this.#touches.size === 1) this.#dragged = 0;
  }

  #move(event: PointerEvent): void {
    const before = this.#touches.get(event.pointerId);
    if (before === undefined) return this.#hover(event);
    this.#on.hovered(undefined, 0, 0);
    const { offsetX: x } = event;
    const other = [...this.#touches].find(([id]) => id !== event.pointerId)?.[1];
    this.#touches.set(event.pointerId, x);
    this.#dragged += Math.abs(x - before);
    const { durationMs } = this.#model;
    if (other !== undefined) {
      const factor = Math.max(8, Math.abs(before - other)) / Math.max(8, Math.abs(x - other));
      this.#on.moved(zoomed(this.view, factor, this.#timeAt((x + other) / 2), durationMs));
    } else if (this.#dragged > DRAG_PX) {
      this.canvas.classList.add('dragging');
      this.#on.moved(panned(this.view, (before - x) * this.#perPixel(), durationMs));
    }
  }

  #up(event: PointerEvent): void {
    const wasDown = this.#touches.delete(event.pointerId);
    this.canvas.classList.remove('dragging');
    if (!wasDown || event.type === 'pointercancel' || this.#dragged > DRAG_PX) return;
    const { selection } = this.#hit(event);
    if (selection) this.#on.picked(selection);
  }

  #hover(event: PointerEvent): void {
    const hit = this.#hit(event);
    this.#pointerT = event.offsetX < this.#layout.gutter ? undefined : hit.t;
    this.canvas.classList.toggle('over', hit.selection !== undefined);
    this.#on.hovered(hit, event.offsetX, event.offsetY);
    this.redraw();
  }
}
