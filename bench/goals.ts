// SPDX-License-Identifier: Apache-2.0
import type { Subject } from './types.js';

/** A metric, summed up: medians, and how ours compares. */
export interface Summary {
  values: Partial<Record<Subject, number>>;
  /** How many times better ours is than the official plugin. */
  better: number;
  /** How many times worse ours is than the floor. */
  overFloor: number;
  /** The official plugin did not manage at all, and ours did. */
  alone: boolean;
}

/** Something to compare with; a goal that is missed fails nothing. */
export interface Goal {
  text: string;
  /** Undefined when a number is missing. */
  met(summary: Summary): boolean | undefined;
}

function goal(text: string, holds: (summary: Summary) => number | boolean): Goal {
  return {
    text,
    met: (summary) => {
      const held = holds(summary);
      if (typeof held === 'boolean') return held;
      return Number.isNaN(held) ? undefined : held >= 0;
    },
  };
}

const ours = ({ values }: Summary): number => values.ours ?? NaN;

export const timesBetter = (times: number): Goal =>
  goal(`≥ ${times}× official`, ({ better, alone }) => alone || better - times);

export const ofOfficial = (share: number): Goal =>
  goal(`≤ ${share} of official`, ({ better, alone }) => alone || share - 1 / better);

export const betterThanOfficial: Goal = goal(
  'better than official',
  ({ better, alone }) => alone || better - 1,
);

export const ofFloor = (times: number): Goal =>
  goal(`≤ ${times} of floor`, ({ overFloor }) => times - overFloor);

export const floorPlus = (extra: number, unit: string): Goal =>
  goal(
    `≤ floor + ${extra} ${unit}`,
    (summary) => (summary.values.floor ?? NaN) + extra - ours(summary),
  );

export const atMost = (limit: number, unit: string): Goal =>
  goal(`≤ ${limit}${unit && ` ${unit}`}`, (summary) => limit - ours(summary));
