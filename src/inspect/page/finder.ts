// SPDX-License-Identifier: Apache-2.0
import { pause, type Rows } from './data.js';
import type { CallEvent } from './events.js';
import { asked, findEvents, findRows } from './search.js';

export interface Found {
  events: number[];
  frames: number[];
  /** All frames have been looked through. */
  isDone: boolean;
}

/** Looks through events at once, and through frames block by block; a new question ends the old one. */
export class Finder {
  readonly #events: readonly CallEvent[];
  readonly #rows: Rows;
  #turn = 0;

  constructor(events: readonly CallEvent[], rows: Rows) {
    this.#events = events;
    this.#rows = rows;
  }

  /** `tell` is called whenever there is more; with undefined, where nothing was asked. */
  async find(query: string, tell: (found: Found | undefined) => void): Promise<void> {
    const turn = ++this.#turn;
    if (asked(query) === '') return tell(undefined);
    const found: Found = { events: findEvents(this.#events, query), frames: [], isDone: false };
    tell(found);
    for (let block = 0; block < this.#rows.blocks; block++) {
      const lines = await this.#rows.block(block);
      if (turn !== this.#turn) return;
      for (const row of findRows(lines, query, this.#rows.firstOf(block))) found.frames.push(row);
      if (block % 8 === 7) tell(found);
      await pause();
      if (turn !== this.#turn) return;
    }
    found.isDone = true;
    tell(found);
  }
}
