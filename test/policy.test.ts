// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  plan,
  type DropFacts,
  type Plan,
  type RetryOptions,
  STABLE_MS,
} from '../src/connection/policy.js';
import type { Verdict } from '../src/protocol/close_codes.js';

type Wait = Verdict['wait'];
type Next = Verdict['next'];

const OPTIONS: RetryOptions = { maxRetry: 20, retryIntervalMs: 2_000 };
const WAITS: readonly Wait[] = ['none', 'short', 'backoff', 'quota'];

const facts = (wait: Wait, failures: number, more: Partial<DropFacts> = {}): DropFacts => ({
  verdict: said(wait, 'resume'),
  failures,
  outageMs: Infinity,
  hasHandle: false,
  retryAfterMs: undefined,
  ...more,
});

function said(wait: Wait, next: Next): Verdict {
  return { kind: 'server', next, wait, message: '', hint: '' };
}

function waitOf(found: Plan): number {
  if (found.do !== 'dial') throw new Error('the plan is to stop');
  return found.afterMs;
}

/** Waits with a random number of 0, 0.5 and 0.999. */
type Case = [wait: Wait, failures: number, low: number, middle: number, high: number];

const CASES: Case[] = [
  // A drop of a good connection: at once. When that fails too, like any other trouble.
  ['none', 1, 0, 0, 0],
  ['none', 2, 0, 2_000, 3_996],
  ['none', 3, 0, 4_000, 7_992],
  // Full jitter over a window that doubles …
  ['backoff', 1, 0, 1_000, 1_998],
  ['backoff', 2, 0, 2_000, 3_996],
  ['backoff', 3, 0, 4_000, 7_992],
  ['backoff', 4, 0, 8_000, 15_984],
  // … up to half a minute.
  ['backoff', 5, 0, 15_000, 29_970],
  ['backoff', 6, 0, 15_000, 29_970],
  ['backoff', 20, 0, 15_000, 29_970],
  // The server needs a second to let go of the old socket, and not longer the next time.
  ['short', 1, 1_000, 1_250, 1_499.5],
  ['short', 2, 1_000, 1_250, 1_499.5],
  ['short', 20, 1_000, 1_250, 1_499.5],
  // A used up quota does not heal in a moment.
  ['quota', 1, 10_000, 11_000, 11_998],
  ['quota', 3, 10_000, 14_000, 17_992],
  ['quota', 20, 10_000, 25_000, 39_970],
];

describe('how long to wait', () => {
  it.each(CASES)('%s, failure %i: %i … %i … %i ms', (wait, failures, low, middle, high) => {
    const waits = [0, 0.5, 0.999].map((random) =>
      waitOf(plan(facts(wait, failures), OPTIONS, random)),
    );
    expect(waits).toEqual([low, middle, high]);
  });

  it('not at all after a refused handle: the fresh dial is a first attempt of its own', () => {
    for (const failures of [1, 2, 20]) {
      const refused = { ...facts('none', failures), verdict: said('none', 'fresh') };
      expect(waitOf(plan(refused, OPTIONS, 0.999))).toBe(0);
    }
    const busy = { ...facts('backoff', 2), verdict: said('backoff', 'fresh') };
    expect(waitOf(plan(busy, OPTIONS, 0.5))).toBe(2_000);
  });

  it('stretches with retryIntervalMs', () => {
    const options = { ...OPTIONS, retryIntervalMs: 100 };
    const waits = [1, 2, 3, 8, 9].map((failures) =>
      waitOf(plan(facts('backoff', failures), options, 0.5)),
    );
    expect(waits).toEqual([50, 100, 200, 6_400, 12_800]);
  });

  it.each([
    ['backoff', 5_000, 5_000],
    ['none', 5_000, 5_000],
    ['short', 500, 1_250],
    ['short', 9_000, 9_000],
    ['quota', 60_000, 60_000],
    ['quota', 1, 11_000],
  ] as const)('%s, asked to wait %i ms: waits %i ms', (wait, retryAfterMs, expected) => {
    expect(waitOf(plan(facts(wait, 1, { retryAfterMs }), OPTIONS, 0.5))).toBe(expected);
  });

  it('is none with an interval of 0, however often it failed', () => {
    const options = { maxRetry: Infinity, retryIntervalMs: 0 };
    for (const failures of [1, 31, 5_000]) {
      expect(waitOf(plan(facts('backoff', failures), options, 0.999))).toBe(0);
    }
  });

  it('is a time, whatever the facts', () => {
    const anything = fc.record({
      wait: fc.constantFrom(...WAITS),
      failures: fc.integer({ min: 1, max: 10_000 }),
      retryAfterMs: fc.option(fc.integer({ min: 0, max: 600_000 }), { nil: undefined }),
      retryIntervalMs: fc.integer({ min: 0, max: 60_000 }),
      random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    });
    fc.assert(
      fc.property(anything, ({ wait, failures, retryAfterMs, retryIntervalMs, random }) => {
        const options = { maxRetry: failures, retryIntervalMs };
        const found = waitOf(plan(facts(wait, failures, { retryAfterMs }), options, random));
        expect(found).toBeGreaterThanOrEqual(retryAfterMs ?? 0);
        expect(found).toBeLessThanOrEqual(Math.max(40_000, retryAfterMs ?? 0));
      }),
    );
  });
});

describe('whether to try again', () => {
  it.each([
    [0, 1, 'stop'],
    [1, 1, 'dial'],
    [3, 3, 'dial'],
    [3, 4, 'stop'],
    [3, 5, 'stop'],
  ] as const)('maxRetry %i, failure %i: %s', (maxRetry, failures, expected) => {
    const found = plan(facts('backoff', failures), { ...OPTIONS, maxRetry }, 0);
    expect(found.do).toBe(expected);
    if (found.do === 'stop') expect(found.spent).toBe(true);
  });

  it('not when the verdict says that no attempt can heal it, at any number of failures', () => {
    for (const wait of WAITS) {
      const fatal = { ...facts(wait, 1, { hasHandle: true, retryAfterMs: 1 }) };
      const verdict = said(wait, 'stop');
      expect(plan({ ...fatal, verdict }, OPTIONS, 0)).toEqual({ do: 'stop', spent: false });
      expect(plan({ ...fatal, verdict, failures: 99 }, OPTIONS, 0)).toEqual({
        do: 'stop',
        spent: false,
      });
    }
  });
});

describe('with the handle or without', () => {
  it.each([
    ['resume', true, true],
    ['resume', false, false],
    ['fresh', true, false],
    ['fresh', false, false],
  ] as const)('%s, handle at hand: %s → resumes: %s', (next, hasHandle, resume) => {
    const verdict = said('none', next);
    const found = plan({ ...facts('none', 1, { hasHandle }), verdict }, OPTIONS, 0);
    expect(found).toEqual({ do: 'dial', afterMs: 0, resume });
  });
});

it('a connection has to live for seconds, not for a moment, before failures are forgotten', () => {
  expect(STABLE_MS).toBeGreaterThanOrEqual(5_000);
  expect(STABLE_MS).toBeLessThan(60_000);
});

it('is not over before the time that the retries stand for, and never goes on for ever', () => {
  const options: RetryOptions = { maxRetry: 3, retryIntervalMs: 2_000 };
  const what = (failures: number, outageMs: number): string =>
    plan(facts('backoff', failures, { outageMs }), options, 0).do;
  expect(what(3, 60_000)).toBe('dial');
  expect(what(4, 5_999)).toBe('dial');
  expect(what(4, 6_000)).toBe('stop');
  expect(what(9, 0)).toBe('dial');
  expect(what(10, 0)).toBe('stop');
  expect(plan(facts('backoff', 1, { outageMs: 0 }), { ...options, maxRetry: 0 }, 0).do).toBe(
    'stop',
  );
});

it('gives a handle up after two resumes that the server refused because it holds the old socket', () => {
  const held: Verdict = { ...said('short', 'resume'), kind: 'resume' };
  const resumes = [1, 2, 3].map((failures) =>
    plan(facts('short', failures, { verdict: held, hasHandle: true }), OPTIONS, 0),
  );
  expect(resumes.map((found) => found.do === 'dial' && found.resume)).toEqual([true, true, false]);
});
