// SPDX-License-Identifier: Apache-2.0
import type { WireUsage } from '../protocol/frames.js';
import type { Timing } from './effects.js';
import type { TurnRules } from './rules.js';
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
  /** The turn before has had its boundary, and its report is still to come. */
  due: { of: Timing | undefined } | undefined;
}

export const NO_USAGE: WaitingUsage = { early: [], held: [], ended: undefined, due: undefined };

export function usageCame(d: Draft, usage: WireUsage): void {
  const { turn, askedAt, usage: waiting } = d.s;
  if (waiting.due) {
    tell(d, [usage], waiting.due.of);
    d.s.usage = { ...waiting, due: undefined };
    return;
  }
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
  d.s.usage = { ...NO_USAGE, held: d.s.usage.early };
}

/** The turn is over, or its connection: what has found no generation is told without one. */
export function usageSettled(d: Draft): void {
  const { early, ended } = d.s.usage;
  tell(d, early, ended);
  tellHeld(d);
  d.s.usage = NO_USAGE;
}

/** A boundary. `goesOn`: the request goes on after it, and so does the wait for its answer. */
export function usageAtBoundary(d: Draft, goesOn: boolean, rules: TurnRules): void {
  const { early, ended } = d.s.usage;
  if (goesOn) tellHeld(d);
  else usageSettled(d);
  const due = rules.usageAfterBoundary ? { of: ended } : undefined;
  d.s.usage = { ...NO_USAGE, early: goesOn ? early : [], due };
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
