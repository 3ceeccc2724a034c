// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AGE_MARGIN_MS,
  durationMs,
  rotate,
  rotationDeadline,
  type RotationCause,
} from '../src/connection/rotation.js';

const SINCE = 1_000_000;
const goAway = (timeLeftMs: number): RotationCause => ({
  why: 'goAway',
  timeLeftMs,
  since: SINCE,
});
const age: RotationCause = { why: 'age', since: SINCE };
const update = (fresh: boolean): RotationCause => ({ why: 'update', since: SINCE, fresh });

describe('the deadline', () => {
  it.each<[string, RotationCause, number]>([
    ['a minute of notice: two seconds are kept in hand', goAway(60_000), 58_000],
    ['half a second beyond the margin', goAway(2_500), 500],
    ['no more than the margin', goAway(2_000), 0],
    ['less than the margin: at once, not in the past', goAway(500), 0],
    ['no notice at all', goAway(0), 0],
    ['age: the same margin before the known end', age, AGE_MARGIN_MS - 2_000],
    ['our own change', update(false), 10_000],
    ['our own change that forgets', update(true), 10_000],
  ])('%s', (_, cause, fromSince) => {
    expect(rotationDeadline(cause)).toBe(SINCE + fromSince);
  });
});

describe('now or later', () => {
  const causes: [string, RotationCause][] = [
    ['goAway', goAway(30_000)],
    ['age', age],
    ['update', update(false)],
  ];

  it.each(causes)('%s: a quiet point is taken at once', (_, cause) => {
    expect(rotate(cause, true, SINCE)).toEqual({ do: 'now' });
  });

  it.each(causes)(
    '%s: otherwise it waits for the deadline, and not a moment longer',
    (_, cause) => {
      const until = rotationDeadline(cause);
      expect(rotate(cause, false, SINCE)).toEqual({ do: 'wait', until });
      expect(rotate(cause, false, until - 1)).toEqual({ do: 'wait', until });
      expect(rotate(cause, false, until)).toEqual({ do: 'now' });
      expect(rotate(cause, false, until + 1)).toEqual({ do: 'now' });
    },
  );

  it('a notice without time left does not wait', () => {
    expect(rotate(goAway(0), false, SINCE)).toEqual({ do: 'now' });
  });

  it('whoever asks again when told to, is never told to wait again', () => {
    const cause = fc.oneof(
      fc.nat(120_000).map(goAway),
      fc.constant(age),
      fc.boolean().map((fresh) => update(fresh)),
    );
    fc.assert(
      fc.property(cause, fc.nat(200_000), (asked, later) => {
        const first = rotate(asked, false, SINCE + later);
        if (first.do === 'now') return;
        expect(first.until).toBeGreaterThan(SINCE + later);
        expect(rotate(asked, false, first.until)).toEqual({ do: 'now' });
      }),
    );
  });
});

describe('durations', () => {
  it.each<[string | undefined, number]>([
    ['50s', 50_000],
    ['1.5s', 1_500],
    ['0.000001s', 0.001],
    ['0s', 0],
    ['60.000s', 60_000],
    // What is no duration leaves no time.
    ['', 0],
    ['50', 0],
    ['50ms', 0],
    ['-3s', 0],
    ['1.2.3s', 0],
    ['s', 0],
    [' 50s', 0],
    ['NaNs', 0],
    ['Infinitys', 0],
    [undefined, 0],
  ])('%s is %d ms', (text, expected) => {
    expect(durationMs(text)).toBeCloseTo(expected, 6);
  });

  it('read back whatever the service writes', () => {
    fc.assert(
      fc.property(fc.nat(3_600_000_000), (micros) => {
        expect(durationMs(`${micros / 1_000_000}s`)).toBeCloseTo(micros / 1000, 3);
      }),
      { examples: [[0], [1_000_000]] },
    );
  });
});
