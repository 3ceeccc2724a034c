// SPDX-License-Identifier: Apache-2.0
import type { CallEvent } from './events.js';

/** Case does not matter; nothing but spaces is no question. */
export const asked = (query: string): string => query.trim().toLowerCase();

export function findEvents(events: readonly CallEvent[], query: string): number[] {
  const wanted = asked(query);
  return [...events.keys()].filter((index) => {
    const event = events[index];
    return event && wanted !== '' && `${event.title} ${event.text}`.toLowerCase().includes(wanted);
  });
}

/** Rows of a block that hold the words; `first` is the number of its first row. */
export function findRows(block: readonly string[], query: string, first: number): number[] {
  // As JSON writes it, so that a quotation mark or a line break is found too.
  const wanted = JSON.stringify(asked(query)).slice(1, -1).toLowerCase();
  const found: number[] = [];
  block.forEach((json, index) => {
    if (json.toLowerCase().includes(wanted)) found.push(first + index);
  });
  return found;
}

/** The place of the next entry of a sorted list, from `current` on, around the end. */
export function neighbour(
  list: ArrayLike<number>,
  current: number | undefined,
  step: 1 | -1,
): number | undefined {
  if (list.length === 0) return undefined;
  if (current === undefined) return step === 1 ? list[0] : list[list.length - 1];
  const after = Array.prototype.findIndex.call(list, (one: number) => one > current);
  const before = Array.prototype.findLastIndex.call(list, (one: number) => one < current);
  if (step === 1) return after < 0 ? list[0] : list[after];
  return before < 0 ? list[list.length - 1] : list[before];
}
