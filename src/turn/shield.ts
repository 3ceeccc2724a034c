// SPDX-License-Identifier: Apache-2.0
import type { TurnRules } from './rules.js';
import type { Draft } from './utterance.js';

/** The first connection is up: from now on caller audio is held, until the first answer is over. */
export function raiseShield(d: Draft, { firstTurnShieldMs = 0 }: TurnRules): void {
  d.s.shieldUntil ??= firstTurnShieldMs > 0 ? d.at + firstTurnShieldMs : 0;
}

/** Caller audio flows, for good. */
export function lowerShield(d: Draft): void {
  if (d.s.shieldUntil !== undefined) d.s.shieldUntil = 0;
}
