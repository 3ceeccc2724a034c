// SPDX-License-Identifier: Apache-2.0
import type { WireUsage } from '../protocol/frames.js';
import type { Timing } from './effects.js';
import type { Draft } from './utterance.js';

/**
 * Usage reports that wait. LiveKit gives a generation's span the first report it hears of, so none is
 * told before the generation has ended, and the newest, which knows most, goes first.
 */
export interface WaitingUsage {
  /** Came while a question was pending and nothing was being said: of the generation to come. */
  early: readonly WireUsage[];
  /** Of the generation that is open, or ended a moment ago. */
  held: readonly WireUsage[];
  /** The generation of this turn that has ended. */
  ended: Timing | undefined;
}

export const NO_USAGE: WaitingUsage = { early: [], held: [], ended: undefined };

export function usageCame(d: Draft, usage: WireUsage): void {
  const { turn, askedAt, usage: waiting } = d.s;
  if (turn.is !== 'open' && askedAt !== undefined) {
    d.s.usage = { ...waiting, early: [...waiting.early, usage] };
    return;
  }
  d.s.usage = { ...waiting, held: [...waiting.held, usage] };
  if (turn.is !== 'open') tellHeld(d);
}

/** A generation begins: what waited for it is its own, what is left belongs to the one before. */
export function usageClaimed(d: Draft): void {
  tellHeld(d);
  d.s.usage = { early: [], held: d.s.usage.early, ended: undefined };
}

/** The turn is over, or its connection: what has found no generation is told without one. */
export function usageSettled(d: Draft): void {
  const { early, ended } = d.s.usage;
  tell(d, early, ended);
  tellHeld(d);
  d.s.usage = NO_USAGE;
}

/** A boundary ended the generation, but the request goes on, and so does the wait for its answer. */
export function usageContinues(d: Draft): void {
  tellHeld(d);
  d.s.usage = { ...d.s.usage, ended: undefined };
}

function tellHeld(d: Draft): void {
  tell(d, d.s.usage.held, d.s.last);
  d.s.usage = { ...d.s.usage, held: [] };
}

function tell(d: Draft, reports: readonly WireUsage[], generation: Timing | undefined): void {
  for (const usage of reports.toReversed()) {
    d.out.push({ type: 'reportUsage', usage, generation, at: d.at });
  }
}
