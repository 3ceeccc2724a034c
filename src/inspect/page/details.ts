// SPDX-License-Identifier: Apache-2.0
import { byId, element, factList, marked } from './dom.js';
import type { CallEvent } from './events.js';
import { tokensOf } from './json.js';
import { summaryOf } from './summary.js';
import { clockTime } from './time.js';

/** The panel in which one thing is read. */
export class Details {
  readonly panel = byId('details');
  readonly #title = byId('details-title');
  readonly #body = byId('details-body');
  readonly #close = byId('close');
  readonly #hint = [...this.#body.children];
  /** Where the focus was before it came here. */
  #cameFrom: HTMLElement | undefined;

  constructor(closed: () => void) {
    this.#close.addEventListener('click', closed);
  }

  get isOpen(): boolean {
    return this.panel.classList.contains('open');
  }

  showEvent(event: CallEvent, wanted: string): void {
    const isSpan = event.to > event.from;
    const when = isSpan
      ? `${clockTime(event.from)} – ${clockTime(event.to)}`
      : clockTime(event.from);
    const parts: HTMLElement[] = [];
    if (event.text !== '' && event.kind !== 'tool') {
      parts.push(marked(element('p', 'said'), event.text, wanted));
    }
    parts.push(factList([['time', when], ...event.facts]), pretty(event.raw));
    this.#show(event.title, parts);
  }

  showRow(json: string, wanted: string): void {
    const { arrow, what } = summaryOf(json);
    let line: unknown = json;
    try {
      line = JSON.parse(json);
    } catch {
      // It is shown as it is.
    }
    const { t, connection, dir, frame } = (line ?? {}) as Record<string, unknown>;
    const facts: [string, string][] = [
      ['time', typeof t === 'number' ? clockTime(t) : 'not recorded'],
      ['direction', String(dir)],
      ['connection', String(connection)],
    ];
    this.#show(`${arrow} ${what}`, [factList(facts), pretty(frame ?? line, wanted)]);
  }

  /** The panel takes the focus, and gives it back when it is closed. */
  focus(): void {
    const { activeElement } = document;
    if (activeElement instanceof HTMLElement && !this.panel.contains(activeElement)) {
      this.#cameFrom = activeElement;
    }
    this.#body.focus();
  }

  close(): void {
    const hadFocus = this.panel.contains(document.activeElement);
    this.panel.classList.remove('open');
    this.#close.hidden = true;
    this.#title.textContent = 'Nothing selected';
    this.#body.replaceChildren(...this.#hint);
    if (hadFocus) (this.#cameFrom ?? byId('timeline')).focus();
    this.#cameFrom = undefined;
  }

  #show(title: string, parts: readonly HTMLElement[]): void {
    this.#title.textContent = title;
    this.#body.replaceChildren(...parts);
    this.#body.scrollTop = 0;
    this.#close.hidden = false;
    this.panel.classList.add('open');
  }
}

function pretty(value: unknown, wanted = ''): HTMLElement {
  const block = element('pre');
  for (const { kind, text } of tokensOf(value)) {
    block.append(marked(element('span', kind), text, wanted));
  }
  return block;
}
