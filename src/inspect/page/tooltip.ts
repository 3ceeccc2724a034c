// SPDX-License-Identifier: Apache-2.0
import { byId, element, factList } from './dom.js';

export interface Hint {
  title: string;
  text: string;
  facts: readonly (readonly [string, string])[];
}

/** What is under the pointer, beside the pointer. */
export class Tooltip {
  readonly #box = byId('tooltip');

  show({ title, text, facts }: Hint, x: number, y: number): void {
    const parts: HTMLElement[] = [element('strong', '', title)];
    if (text !== '') parts.push(element('p', '', text));
    if (facts.length > 0) parts.push(factList(facts));
    this.#box.replaceChildren(...parts);
    this.#box.hidden = false;
    const { offsetWidth: width, offsetHeight: height } = this.#box;
    const room = this.#box.parentElement?.clientWidth ?? width;
    const left = x + 16 + width > room ? Math.max(4, x - 12 - width) : x + 16;
    // Not out of the window at its lower edge.
    const bottom = window.innerHeight - (this.#box.parentElement?.getBoundingClientRect().top ?? 0);
    const top = Math.max(4, Math.min(y + 18, bottom - height - 8));
    this.#box.style.transform = `translate(${left}px, ${top}px)`;
  }

  hide(): void {
    this.#box.hidden = true;
  }
}
