// SPDX-License-Identifier: Apache-2.0

/** Time kept in hand before the server's own deadline, in ms. */
const MARGIN_MS = 2_000;
/** A connection looks for a quiet point this long before its known end, in ms. */
export const AGE_MARGIN_MS = 60_000;
/** Longest wait for a quiet point when only our own settings changed, in ms. */
const UPDATE_WAIT_MS = 10_000;

/** Why a working connection shall be exchanged. */
export type RotationCause =
  | { why: 'goAway'; timeLeftMs: number; since: number; fresh?: boolean }
  | { why: 'age'; since: number; fresh?: boolean }
  /** `fresh`: the server must forget what it knows. Beside another cause it says that this waits, too. */
  | { why: 'update' | 'memory' | 'restart'; since: number; fresh: boolean };

export type Rotation = { do: 'now' } | { do: 'wait'; until: number };

/** When must it happen at the latest? The server may fall silent, so a timer has to ask. */
export function rotationDeadline(cause: RotationCause): number {
  if (cause.why === 'goAway') return cause.since + Math.max(0, cause.timeLeftMs - MARGIN_MS);
  return cause.since + (cause.why === 'age' ? AGE_MARGIN_MS - MARGIN_MS : UPDATE_WAIT_MS);
}

/** Two causes at a time: the earlier deadline counts, and what has to be forgotten stays so. */
export function both(before: RotationCause | undefined, cause: RotationCause): RotationCause {
  if (!before) return cause;
  const first = rotationDeadline(before) <= rotationDeadline(cause) ? before : cause;
  const told = [before, cause].flatMap((one) => one.fresh ?? []);
  return told.length > 0 ? { ...first, fresh: told.includes(true) } : first;
}

/** A quiet point is taken at once; the deadline forces it. */
export function rotate(cause: RotationCause, quiet: boolean, now: number): Rotation {
  const until = rotationDeadline(cause);
  return quiet || now >= until ? { do: 'now' } : { do: 'wait', until };
}

/** A duration of the protocol ("50s", "1.5s") in ms. */
export function durationMs(duration: string | undefined): number {
  const seconds = Number(/^([\d.]+)s$/.exec(duration ?? '')?.[1]);
  return Number.isFinite(seconds) ? seconds * 1000 : 0;
}
