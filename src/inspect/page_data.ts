// SPDX-License-Identifier: Apache-2.0
import type { CallReport } from './report.js';

/**
 * What the page and its writer agree on. Data travel in chunks, each raw deflate in base64, in a script
 * element that no browser runs (`type` is no JavaScript): nothing that was said stands in the HTML as text.
 * `meta`: JSON of `PageMeta`. `caller-N`, `agent-N`: cells of a level lane. `queue`: three 32 bit
 * numbers a point (time, commands, ms of audio). `times`, `kinds`: of each row, in 32 and in 8 bits.
 * `rows-N`: one line of JSON a row.
 */
export interface PageMeta {
  title: string;
  report: Omit<CallReport, 'levels' | 'queue'>;
  /** Cells of each level lane, and how much time one of them covers, in ms. */
  levels: { stepMs: number; caller: number; agent: number };
  /** Rows of each block, in order. */
  blocks: readonly number[];
}

/** What a row of the frame list is, by its number in `kinds`. */
export const ROW_KINDS = [
  ...['in', 'out', 'local', 'call', 'connection', 'report', 'queue', 'note'],
  ...['audio in', 'audio out'],
] as const;

/** Cells in one chunk of a level lane. */
export const CELLS_PER_CHUNK = 2 ** 18;

/** A cell: 0 is no audio, 1 is audio without a level, 2 to 92 is -90 to 0 dB. */
export const NO_LEVEL = 1;
export const cellOf = (db: number | undefined): number =>
  db === undefined ? NO_LEVEL : Math.round(Math.min(0, Math.max(-90, db))) + 92;
export const dbOf = (cell: number): number | undefined => (cell > NO_LEVEL ? cell - 92 : undefined);

export const chunkId = (name: string, index?: number): string =>
  index === undefined ? `chunk-${name}` : `chunk-${name}-${index}`;

/** Type of the elements that hold chunks. */
export const CHUNK_TYPE = 'application/x-deflate-base64';
