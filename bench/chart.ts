// SPDX-License-Identifier: Apache-2.0
import type { Row } from './results.js';
import { cell } from './table.js';
import { SUBJECTS, type Subject } from './types.js';

const WIDTH = 860;
const LABELS = 290;
const BARS = 440;
const BAR = 11;
const GAP = 16;
const TOP = 64;

const COLOURS: Record<Subject, string> = { ours: '#2f6fde', official: '#9aa3af', floor: '#d8a33a' };
const NAMES: Record<Subject, string> = {
  ours: 'this plugin',
  official: 'official plugin',
  floor: 'floor',
};

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function text(x: number, y: number, content: string, more = ''): string {
  return `<text x="${x}" y="${y}" ${more}>${escape(content)}</text>`;
}

/** A row's three bars; the longest of them is as long as the chart is wide. */
function group(row: Row, top: number): string {
  const numbers = SUBJECTS.map((subject) => row.shown[subject]).filter(
    (value) => typeof value === 'number',
  );
  const most = Math.max(...numbers, Number.MIN_VALUE);
  const bars = SUBJECTS.map((subject, i) => {
    const y = top + i * BAR;
    const value = row.shown[subject];
    const width = typeof value === 'number' ? Math.max(1, (value / most) * BARS) : 0;
    const shown = `${cell(value, row.digits)}${typeof value === 'number' && row.unit ? ` ${row.unit}` : ''}`;
    return (
      `<rect x="${LABELS}" y="${y}" width="${width.toFixed(1)}" height="${BAR - 2}" fill="${COLOURS[subject]}"/>` +
      text(LABELS + width + 6, y + BAR - 3, shown, 'font-size="10" fill="#4b5563"')
    );
  });
  return text(LABELS - 10, top + 1.6 * BAR, row.chart ?? '', 'text-anchor="end"') + bars.join('');
}

/** The rows that name themselves for it, as bars. */
export function chart(rows: readonly Row[], caption: string): string {
  const shown = rows.filter((row) => row.chart !== undefined);
  const height = TOP + shown.length * (3 * BAR + GAP) + 10;
  const legend = SUBJECTS.map((subject, i) => {
    const x = LABELS + i * 130;
    return `<rect x="${x}" y="42" width="10" height="10" fill="${COLOURS[subject]}"/>${text(x + 15, 51, NAMES[subject])}`;
  });
  const groups = shown.map((row, i) => group(row, TOP + i * (3 * BAR + GAP)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui, sans-serif" font-size="12" fill="#111827">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    text(16, 26, caption, 'font-size="14" font-weight="600"'),
    ...legend,
    ...groups,
    '</svg>\n',
  ].join('\n');
}
