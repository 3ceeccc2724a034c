// SPDX-License-Identifier: Apache-2.0
export type LaneId =
  | 'axis' | 'connection' | 'caller' | 'utterance' | 'agent' | 'answer' | 'request' | 'tool' | 'queue'
  | 'frames'; // prettier-ignore

export interface Lane {
  id: LaneId;
  label: string;
  y: number;
  height: number;
  /** Height of one row of bars, and how many there are. */
  row: number;
  rows: number;
}

/** Rows of bars that a lane needs; with 0 it is left out. */
export type RowCounts = Partial<Record<LaneId, number>>;

const GAP = 6;
/** What each lane is called, and how high a row of it is. */
const LANES: readonly (readonly [id: LaneId, label: string, row: number])[] = [
  ['axis', '', 26],
  ['connection', 'Connection', 18],
  ['caller', 'Caller', 52],
  ['utterance', 'Caller said', 20],
  ['agent', 'Agent', 52],
  ['answer', 'Agent said', 20],
  ['request', 'App asked', 18],
  ['tool', 'Tools', 18],
  ['queue', 'Send queue', 30],
  ['frames', 'Frames', 30],
];

export interface Layout {
  lanes: readonly Lane[];
  height: number;
  /** Where time begins; labels stand left of it, or inside the lanes where it is 0. */
  gutter: number;
}

/** Lanes from top to bottom. Without a gutter each lane has its label above itself. */
export function layOut(counts: RowCounts, width: number): Layout {
  const gutter = width >= 700 ? 104 : 0;
  const lanes: Lane[] = [];
  let y = 0;
  for (const [id, label, row] of LANES) {
    const rows = counts[id] ?? 1;
    if (rows === 0) continue;
    if (gutter === 0 && label !== '') y += 13;
    lanes.push({ id, label, y, height: row * rows, row, rows });
    y += row * rows + GAP;
  }
  return { lanes, height: y, gutter };
}

/** The lane at a height; the space below a lane belongs to it. */
export function laneAt({ lanes }: Layout, y: number): Lane | undefined {
  return lanes.findLast((lane) => y >= lane.y);
}

export const rowAt = (lane: Lane, y: number): number =>
  Math.min(lane.rows - 1, Math.max(0, Math.floor((y - lane.y) / lane.row)));
