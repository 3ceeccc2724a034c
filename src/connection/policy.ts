// SPDX-License-Identifier: Apache-2.0
import type { Verdict } from '../protocol/close_codes.js';

/** A connection counts as good only after it lived this long: connect-die-connect loops end. */
export const STABLE_MS = 10_000;
/** How long the server may hold the old socket (measured: 1 s is enough), and some jitter. */
const SHORT_MS = 1_000;
const SHORT_JITTER_MS = 500;
/** With the drop before them, two refused resumes are enough: measured, the second one worked. */
const MOST_HELD = 2;
const QUOTA_MS = 10_000;
const LONGEST_MS = 30_000;

/** What is known when a connection, or an attempt at one, has ended. */
export interface DropFacts {
  verdict: Verdict;
  /** Ends in a row without a stable connection between them, this one included. */
  failures: number;
  /** Since the first of them, in ms. */
  outageMs: number;
  /** A usable resumption handle is at hand. */
  hasHandle: boolean;
  retryAfterMs: number | undefined;
}

export interface RetryOptions {
  maxRetry: number;
  retryIntervalMs: number;
}

export type Plan =
  { do: 'dial'; afterMs: number; resume: boolean } | { do: 'stop'; spent: boolean };

/** Facts about the drop → what to do. `random` is in [0, 1). */
export function plan(facts: DropFacts, options: RetryOptions, random: number): Plan {
  const { verdict } = facts;
  if (verdict.next === 'stop') return { do: 'stop', spent: false };
  if (isSpent(facts, options)) return { do: 'stop', spent: true };
  return {
    do: 'dial',
    afterMs: Math.max(wait(facts, options, random), facts.retryAfterMs ?? 0),
    resume: facts.hasHandle && verdict.next === 'resume' && !isHeld(facts),
  };
}

/**
 * A server that missed a silent loss holds the old connection for minutes (measured: 8), and refuses
 * every resume until then. The call cannot wait for that.
 */
function isHeld({ verdict, failures }: DropFacts): boolean {
  return verdict.kind === 'resume' && failures > MOST_HELD;
}

/**
 * Jitter can use up all retries in a moment. Whoever allows 3 of them 2 s apart has allowed 6 s of
 * trying, so that time is spent as well, with at most three times as many attempts.
 */
function isSpent({ failures, outageMs }: DropFacts, options: RetryOptions): boolean {
  const { maxRetry, retryIntervalMs } = options;
  return failures > maxRetry && (outageMs >= maxRetry * retryIntervalMs || failures > 3 * maxRetry);
}

/** Full jitter over an exponential window, so that many callers do not come back as one. */
function wait({ verdict, failures }: DropFacts, options: RetryOptions, random: number): number {
  // The exponent is bounded: an endless power times an interval of 0 is no number.
  const window = Math.min(LONGEST_MS, options.retryIntervalMs * 2 ** Math.min(30, failures - 1));
  switch (verdict.wait) {
    case 'none':
      // A refused handle is gone: the fresh dial after it is a first attempt of its own.
      return failures <= 1 || verdict.next === 'fresh' ? 0 : window * random;
    case 'short':
      return SHORT_MS + SHORT_JITTER_MS * random;
    case 'quota':
      return QUOTA_MS + window * random;
    case 'backoff':
      return window * random;
  }
}
