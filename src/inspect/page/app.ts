// SPDX-License-Identifier: Apache-2.0
import { readColors } from './colors.js';
import type { Rows } from './data.js';
import { Details } from './details.js';
import { byId, say } from './dom.js';
import { Finder, type Found } from './finder.js';
import { fillHeader, fillVerdicts } from './header.js';
import { hintFor } from './hints.js';
import { rowBefore } from './hit.js';
import { commandOf, type Command } from './keys.js';
import { EventList } from './list.js';
import type { Model, Selection } from './model.js';
import { Overview } from './overview.js';
import { asked } from './search.js';
import { clockTime, duration } from './time.js';
import { Timeline } from './timeline.js';
import { Tooltip } from './tooltip.js';
import { clamped, panned, showing, spanOf, zoomed, type View } from './view.js';

/** Share of the window that an arrow key pans by, and factor of a zoom key. */
const PAN = 0.2;
const ZOOM = 0.6;
/** A frame is looked at with at most so much time around it, in ms. */
const CLOSE_LOOK_MS = 20_000;

/** The page: what is selected and which window is visible, and all who show it. */
export class App {
  readonly #model: Model;
  readonly #rows: Rows;
  readonly #timeline: Timeline;
  readonly #overview: Overview;
  readonly #list: EventList;
  readonly #details: Details;
  readonly #finder: Finder;
  readonly #search = byId<HTMLInputElement>('search');
  readonly #help = byId<HTMLDialogElement>('help');
  #selected: Selection | undefined;

  constructor(model: Model, rows: Rows) {
    this.#model = model;
    this.#rows = rows;
    const tooltip = new Tooltip();
    const colors = readColors();
    fillHeader(model);
    fillVerdicts(model, (index) => this.select({ is: 'event', index }, true));
    this.#details = new Details(() => this.#deselect());
    this.#timeline = new Timeline(model, colors, {
      moved: (view) => this.#look(view),
      picked: (selection) => this.select(selection, true),
      hovered: (hit, x, y) => {
        const hint = hit && hintFor(model, hit);
        if (hint) tooltip.show(hint, x, y);
        else tooltip.hide();
      },
    });
    this.#overview = new Overview(model, colors, (view) => this.#look(view));
    this.#list = new EventList(model, rows, {
      picked: (selection, isOpened) => this.select(selection, isOpened),
    });
    this.#finder = new Finder(model.events, rows);
    this.#listen();
    this.#look(this.#view);
  }

  /** Something that is drawn has changed. */
  redraw(): void {
    this.#timeline.redraw();
    this.#overview.redraw();
    this.#list.refresh();
  }

  /** Shows one thing everywhere. Opened: it is to be read, not only passed by. */
  select(selection: Selection, isOpened: boolean): void {
    this.#selected = selection;
    this.#timeline.selected = selection;
    this.#list.select(selection);
    this.#timeline.redraw();
    const { durationMs, events, times } = this.#model;
    if (selection.is === 'row') {
      const t = times[selection.index] ?? 0;
      const span = Math.min(spanOf(this.#view), CLOSE_LOOK_MS);
      const view = { from: this.#view.from, to: this.#view.from + span };
      this.#look(showing(this.#isIn(t) ? this.#view : view, t, t, durationMs));
    }
    const event = selection.is === 'event' ? events[selection.index] : undefined;
    if (event) {
      this.#look(showing(this.#view, event.from, event.to, durationMs));
      say(`${event.title}, ${clockTime(event.from, 100)}. ${event.text.slice(0, 200)}`);
    }
    if (isOpened || !this.#isNarrow) this.#read(selection);
  }

  #read(selection: Selection): void {
    const wanted = asked(this.#search.value);
    if (selection.is === 'event') {
      const event = this.#model.events[selection.index];
      if (event) this.#details.showEvent(event, wanted);
      return;
    }
    const known = this.#rows.peek(selection.index);
    if (known !== undefined) return this.#details.showRow(known, wanted);
    void this.#rows.read(selection.index).then((json) => {
      if (this.#selected === selection) this.#details.showRow(json, wanted);
    });
  }

  get #view(): View {
    return this.#timeline.view;
  }

  get #isNarrow(): boolean {
    return matchMedia('(max-width: 700px)').matches;
  }

  #isIn(t: number): boolean {
    return t >= this.#view.from && t <= this.#view.to;
  }

  #look(view: View): void {
    this.#timeline.view = view;
    this.#overview.view = view;
    this.#timeline.redraw();
    this.#overview.redraw();
    const step = spanOf(view) > 60_000 ? 1000 : 10;
    byId('window').textContent =
      `${clockTime(view.from, step)} – ${clockTime(view.to, step)} (${duration(spanOf(view))})`;
  }

  #deselect(): void {
    this.#selected = undefined;
    this.#timeline.selected = undefined;
    this.#list.select(undefined);
    this.#details.close();
    this.#timeline.redraw();
  }

  #listen(): void {
    const click = (id: string, command: Command): void =>
      byId(id).addEventListener('click', () => this.#do(command));
    click('zoom-in', 'zoomIn');
    click('zoom-out', 'zoomOut');
    click('fit', 'fit');
    click('next', 'next');
    click('previous', 'previous');
    click('theme', 'theme');
    click('help-button', 'help');
    byId('help-close').addEventListener('click', () => this.#help.close());
    this.#search.addEventListener('input', () => this.#ask());
    document.addEventListener('keydown', (event) => {
      if (this.#help.open) return;
      const { key, shiftKey: shift, ctrlKey, metaKey, altKey: alt } = event;
      const where = placeOf(event.target);
      const command = commandOf({ key, shift, control: ctrlKey || metaKey, alt, where });
      if (!command || event.defaultPrevented) return;
      event.preventDefault();
      this.#do(command);
    });
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#recolor());
  }

  #ask(): void {
    const query = this.#search.value;
    void this.#finder.find(query, (found) => {
      const { events, times } = this.#model;
      this.#list.setFound(query, found);
      this.#timeline.found = new Set(found?.events);
      this.#overview.found = [
        ...(found?.events ?? []).map((index) => events[index]?.from ?? 0),
        ...(found?.frames ?? []).map((index) => times[index] ?? 0),
      ];
      this.#timeline.redraw();
      this.#overview.redraw();
      byId('found').textContent = found ? countText(found) : '';
      if (!found?.isDone) return;
      say(`${countText(found)} found`);
      const isElsewhere = found.events.length === 0 && found.frames.length > 0;
      if (isElsewhere && this.#list.tab === 'events') this.#list.show('frames');
      if (found.frames.length === 0 && found.events.length > 0) this.#list.show('events');
    });
  }

  #do(command: Command): void {
    const view = this.#view;
    const { durationMs } = this.#model;
    const pan = (share: number): void => this.#look(panned(view, spanOf(view) * share, durationMs));
    const middle = (view.from + view.to) / 2;
    const run: Record<Command, () => void> = {
      left: () => pan(-PAN),
      right: () => pan(PAN),
      pageLeft: () => pan(-1),
      pageRight: () => pan(1),
      zoomIn: () => this.#look(zoomed(view, ZOOM, this.#focusT() ?? middle, durationMs)),
      zoomOut: () => this.#look(zoomed(view, 1 / ZOOM, this.#focusT() ?? middle, durationMs)),
      fit: () => this.#look({ from: 0, to: durationMs }),
      begin: () => this.#look(clamped({ from: 0, to: spanOf(view) }, durationMs)),
      end: () =>
        this.#look(clamped({ from: durationMs - spanOf(view), to: durationMs }, durationMs)),
      before: () => this.#step(-1),
      after: () => this.#step(1),
      next: () => this.#step(1),
      previous: () => this.#step(-1),
      open: () => this.#open(),
      close: () => this.#close(),
      search: () => this.#search.select(),
      help: () => this.#help.showModal(),
      theme: () => this.#recolor(document.documentElement.dataset['theme'] !== 'dark'),
    };
    run[command]();
  }

  /** What is selected stays where it is while the window is zoomed by keys. */
  #focusT(): number | undefined {
    const { events, times } = this.#model;
    const { is, index = 0 } = this.#selected ?? {};
    const t = is === 'event' ? events[index]?.from : is === 'row' ? times[index] : undefined;
    return t !== undefined && this.#isIn(t) ? t : undefined;
  }

  #step(step: 1 | -1): void {
    const next = this.#list.neighbour(step, this.#view.from);
    if (next) this.select(next, false);
  }

  #open(): void {
    const row = rowBefore(this.#model, this.#view.from);
    const selection =
      this.#selected ?? (row === undefined ? undefined : ({ is: 'row', index: row } as const));
    if (!selection) return;
    this.select(selection, true);
    this.#details.focus();
  }

  #close(): void {
    if (document.activeElement === this.#search && this.#search.value !== '') {
      this.#search.value = '';
      this.#ask();
    } else if (this.#details.isOpen) {
      this.#deselect();
    } else if (document.activeElement === this.#search) {
      byId('timeline').focus();
    }
  }

  #recolor(dark = matchMedia('(prefers-color-scheme: dark)').matches): void {
    document.documentElement.dataset['theme'] = dark ? 'dark' : 'light';
    this.#timeline.colors = this.#overview.colors = readColors();
    this.#timeline.redraw();
    this.#overview.redraw();
  }
}

const countText = ({ events, frames, isDone }: Found): string =>
  `${plural(events.length, 'event')}, ${plural(frames.length, 'frame')}${isDone ? '' : ' …'}`;

const plural = (count: number, name: string): string =>
  `${count.toLocaleString('en')} ${name}${count === 1 ? '' : 's'}`;

function placeOf(target: EventTarget | null): 'text' | 'control' | 'page' {
  if (!(target instanceof Element)) return 'page';
  if (target.matches('input, textarea, [contenteditable]')) return 'text';
  return target.closest('button, #details-body') ? 'control' : 'page';
}
