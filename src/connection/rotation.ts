// SPDX-License-Identifier: Apache-2.0

/** Time kept in hand before the server's own deadline, in ms. */
const MARGIN_MS = 2_000;
/** A connection looks for a quiet point this long before its known end, in ms. */
export const AGE_MARGIN_MS = 60_000;
/** Longest wait for a quiet point when only our own settings changed, in ms. */
const UPDATE_WAIT_MS = 10_000;

/** Why a working connection shall be exchanged. */
export type RotationCause =
  | { why: 'goAway'; timeLeftMs: number; since: number }
  | { why: 'age'; since: number }
  /** `fresh`: the server must forget what it knows. */
  | { why: 'update' | 'memory' | 'restart'; since: number; fresh: boolean };

export type Rotation = { do: 'now' } | { do: 'wait'; until: number };

/** When must it happen at the latest? The server may fall silent, so a timer has to ask. */
export function rotationDeadline(cause: RotationCause): number {
  if (cause.why === 'goAway') return cause.since + Math.max(0, cause.timeLeftMs - MARGIN_MS);
  return cause.since + (cause.why === 'age' ? AGE_MARGIN_MS - MARGIN_MS : UPDATE_WAIT_MS);
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
