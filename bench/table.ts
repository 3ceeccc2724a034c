// SPDX-License-Identifier: Apache-2.0
import type { Row, SuiteResult } from './results.js';
import { SUBJECTS, type Value } from './types.js';

export function cell(value: Value | undefined, digits: number): string {
  if (typeof value === 'string') return value;
  return value === undefined || Number.isNaN(value) ? '—' : value.toFixed(digits);
}

const ratio = (value: number | null): string => (value === null ? '—' : value.toFixed(2));

const MARKS = new Map([
  [true, 'met'],
  [false, 'missed'],
  [null, 'open'],
]);

export const HEADER = [
  '',
  'unit',
  ...SUBJECTS,
  'better than official',
  'over floor',
  'goals',
] as const;

/** A row in words, in the order of `HEADER`. */
export function cells(row: Row): string[] {
  return [
    row.label,
    row.unit,
    ...SUBJECTS.map((subject) => cell(row.shown[subject], row.digits)),
    row.better === null ? '—' : `${ratio(row.better)}×`,
    row.overFloor === null ? '—' : `${ratio(row.overFloor)}×`,
    row.goals.map(({ text, met }) => `${text}: ${MARKS.get(met)}`).join('; '),
  ];
}

/** The table of a suite, for a terminal. */
export function terminalTable({ title, rows, notes, failures }: SuiteResult): string {
  const table = [[...HEADER], ...rows.map(cells)];
  const widths = HEADER.map((_, i) => Math.max(...table.map((row) => row[i]!.length)));
  const lines = table.map((row) =>
    row
      .map((text, i) =>
        i < 2 || i === HEADER.length - 1 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!),
      )
      .join('  ')
      .trimEnd(),
  );
  const more = [...notes, ...failures.map((failure) => `FAILED: ${failure}`)];
  return [`\n${title}`, ...lines, ...more.map((line) => `  ${line}`)].join('\n');
}
