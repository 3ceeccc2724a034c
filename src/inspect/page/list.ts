// SPDX-License-Identifier: Apache-2.0
import { scheduler } from './canvas.js';
import type { Rows } from './data.js';
import { byId, element, marked } from './dom.js';
import type { CallEvent } from './events.js';
import type { Model, Selection } from './model.js';
import { asked, neighbour } from './search.js';
import { firstIndex } from './spans.js';
import { summaryOf } from './summary.js';
import { clockTime } from './time.js';
import { VirtualList } from './virtual.js';

export type Tab = 'events' | 'frames';

export interface ListEvents {
  picked: (selection: Selection, isOpened: boolean) => void;
}

const ROW_PX = 26;
const CLASSES = {
  ...{
    utterance: 'caller',
    answer: 'agent',
    tool: 'tool',
    connection: '',
    interruption: 'warning',
  },
  ...{ gap: 'error', verdict: '', request: 'note' },
} as const;

/** Events or frames below each other, all of them or those that were searched for. */
export class EventList {
  readonly #box = byId('list');
  readonly #spacer = this.#box.querySelector<HTMLElement>('.spacer') as HTMLElement;
  readonly #rows = this.#box.querySelector<HTMLElement>('.rows') as HTMLElement;
  readonly redraw = scheduler(() => this.#draw());
  readonly #model: Model;
  readonly #data: Rows;
  readonly #on: ListEvents;
  tab: Tab = 'events';
  query = '';
  /** What was found; undefined: nothing is searched for, all is listed. */
  #found: { events: ArrayLike<number>; frames: ArrayLike<number> } | undefined;
  selected: Selection | undefined;

  constructor(model: Model, data: Rows, on: ListEvents) {
    this.#model = model;
    this.#data = data;
    this.#on = on;
    this.#box.addEventListener('scroll', () => this.redraw(), { passive: true });
    this.#box.addEventListener('keydown', (event) => this.#key(event));
    new ResizeObserver(() => this.redraw()).observe(this.#box);
    for (const tab of ['events', 'frames'] as const) {
      const button = byId(`tab-${tab}`);
      button.addEventListener('click', () => this.show(tab));
      button.addEventListener('keydown', (event) => this.#tabKey(event));
    }
    this.show('events');
  }

  show(tab: Tab): void {
    if (tab !== this.tab) this.#box.scrollTop = 0;
    this.tab = tab;
    for (const one of ['events', 'frames'] as const) {
      const button = byId(`tab-${one}`);
      button.ariaSelected = String(one === tab);
      button.tabIndex = one === tab ? 0 : -1;
    }
    this.#box.ariaLabel = tab === 'events' ? 'Events' : 'Frames';
    this.refresh();
    this.#reveal();
  }

  setFound(
    query: string,
    found: { events: ArrayLike<number>; frames: ArrayLike<number> } | undefined,
  ): void {
    const isNew = query !== this.query;
    this.query = query;
    this.#found = found;
    if (isNew) this.#box.scrollTop = 0;
    this.refresh();
  }

  select(selection: Selection | undefined): void {
    this.selected = selection;
    const tab = selection?.is === 'row' ? 'frames' : 'events';
    if (selection && tab !== this.tab) this.show(tab);
    this.#reveal();
    this.redraw();
  }

  /** The entry after or before the selected one, or after a moment where none is. */
  neighbour(step: 1 | -1, t: number): Selection | undefined {
    const is = this.tab === 'events' ? 'event' : 'row';
    const near = this.selected?.is === is ? this.selected.index : this.#indexBefore(t);
    const list = this.#listed();
    const index = neighbour(list ?? { length: 0 }, near, step) ?? this.#beside(list, near, step);
    return index === undefined ? undefined : { is, index };
  }

  refresh(): void {
    const { events, frames } = this.#found ?? {};
    setCount('tab-events', 'Events', events?.length ?? this.#model.events.length);
    setCount('tab-frames', 'Frames', frames?.length ?? this.#data.count);
    this.redraw();
  }

  #listed(): ArrayLike<number> | undefined {
    return this.#found?.[this.tab];
  }

  #beside(
    list: ArrayLike<number> | undefined,
    near: number | undefined,
    step: 1 | -1,
  ): number | undefined {
    if (list) return undefined;
    const next = (near ?? -1) + step;
    return next >= 0 && next < this.#count ? next : undefined;
  }

  #indexBefore(t: number): number | undefined {
    const { events, times } = this.#model;
    const count = this.tab === 'events' ? events.length : times.length;
    const timeOf = (index: number): number =>
      (this.tab === 'events' ? events[index]?.from : times[index]) ?? 0;
    const after = firstIndex(count, (index) => timeOf(index) >= t);
    return after === 0 ? undefined : after - 1;
  }

  get #count(): number {
    const all = this.tab === 'events' ? this.#model.events.length : this.#data.count;
    return this.#listed()?.length ?? all;
  }

  #math(): VirtualList {
    return new VirtualList(this.#count, ROW_PX, this.#box.clientHeight);
  }

  /** Where an event or a row stands in the list as it is shown. */
  #placeOf({ is, index }: Selection): number | undefined {
    if ((is === 'event') !== (this.tab === 'events')) return undefined;
    const list = this.#listed();
    if (!list) return index;
    const place = firstIndex(list.length, (at) => (list[at] ?? 0) >= index);
    return list[place] === index ? place : undefined;
  }

  #reveal(): void {
    const place = this.selected && this.#placeOf(this.selected);
    if (place === undefined) return;
    const math = this.#math();
    this.#spacer.style.height = `${math.height}px`;
    this.#box.scrollTop = math.showing(place, this.#box.scrollTop);
  }

  #draw(): void {
    const math = this.#math();
    this.#spacer.style.height = `${math.height}px`;
    const { scrollTop } = this.#box;
    const { first, offset, visible } = math.at(scrollTop);
    const list = this.#listed();
    const entries = Array.from({ length: visible }, (_, at) => {
      const index = list ? (list[first + at] ?? 0) : first + at;
      return this.#entry(index, first + at, math.count);
    });
    if (math.count === 0) {
      const text = list
        ? `No ${this.tab} with “${this.query}”`
        : `No ${this.tab} in this recording`;
      entries.push(element('p', 'empty', text));
    }
    this.#rows.style.transform = `translateY(${scrollTop + offset}px)`;
    this.#rows.replaceChildren(...entries);
    const active = this.#rows.querySelector('[aria-selected="true"]');
    if (active) this.#box.setAttribute('aria-activedescendant', active.id);
    else this.#box.removeAttribute('aria-activedescendant');
  }

  #entry(index: number, place: number, count: number): HTMLElement {
    const is = this.tab === 'events' ? 'event' : 'row';
    const entry = element('div', 'row');
    entry.role = 'option';
    entry.id = `${is}-${index}`;
    entry.ariaSetSize = String(count);
    entry.ariaPosInSet = String(place + 1);
    entry.ariaSelected = String(this.selected?.is === is && this.selected.index === index);
    entry.addEventListener('click', () => this.#on.picked({ is, index }, true));
    const event = this.#model.events[index];
    if (is === 'row') this.#fillRow(entry, index);
    else if (event) this.#fillEvent(entry, event);
    return entry;
  }

  #fillEvent(entry: HTMLElement, event: CallEvent): void {
    const wanted = asked(this.query);
    entry.classList.add(CLASSES[event.kind] || event.tone);
    entry.append(
      element('time', '', clockTime(event.from, 100)),
      element('i', 'kind'),
      marked(element('span', 'what'), event.title, wanted),
      marked(element('span', 'text'), event.text.slice(0, 400), wanted),
    );
  }

  #fillRow(entry: HTMLElement, index: number): void {
    const wanted = asked(this.query);
    const time = clockTime(this.#model.times[index] ?? 0);
    entry.classList.add('frame');
    entry.append(element('time', '', time));
    const json = this.#data.peek(index);
    if (json === undefined) {
      entry.append(element('span', 'text', '…'));
      void this.#data.read(index).then(() => this.redraw());
      return;
    }
    const { arrow, what, text } = summaryOf(json);
    if (arrow !== '·') entry.classList.add(arrow === '←' ? 'agent' : 'caller');
    entry.append(
      element('span', 'arrow', arrow),
      marked(element('span', 'what'), what, wanted),
      marked(element('span', 'text'), text, wanted),
    );
  }

  #key(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor(this.#box.clientHeight / ROW_PX) - 1);
    const steps: Record<string, number> = {
      ...{ ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page },
      ...{ Home: -Infinity, End: Infinity },
    };
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
    const step = isPlain ? steps[event.key] : undefined;
    if (step === undefined || this.#count === 0) return;
    event.preventDefault();
    event.stopPropagation();
    const place = (this.selected && this.#placeOf(this.selected)) ?? (step > 0 ? -1 : 0);
    const next = Math.min(this.#count - 1, Math.max(0, place + step));
    const index = this.#listed()?.[next] ?? next;
    this.#on.picked({ is: this.tab === 'events' ? 'event' : 'row', index }, false);
  }

  #tabKey(event: KeyboardEvent): void {
    if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
    event.preventDefault();
    event.stopPropagation();
    this.show(this.tab === 'events' ? 'frames' : 'events');
    byId(`tab-${this.tab}`).focus();
  }
}

function setCount(id: string, name: string, count: number): void {
  byId(id).replaceChildren(name, element('b', '', count.toLocaleString('en')));
}
