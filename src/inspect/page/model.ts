// SPDX-License-Identifier: Apache-2.0
import type { PageMeta } from '../page_data.js';
import { eventsOf, type CallEvent, type EventKind } from './events.js';
import type { LaneId, RowCounts } from './lanes.js';
import type { Pyramid } from './pyramid.js';
import { Bars } from './spans.js';

export type BarLane = Extract<LaneId, 'connection' | 'utterance' | 'answer' | 'request' | 'tool'>;
const MOST_ROWS: Record<BarLane, number> = {
  connection: 1,
  utterance: 2,
  answer: 2,
  request: 1,
  tool: 3,
};

export type Selection = { is: 'event' | 'row'; index: number };

/** All that is drawn. What is large comes after the rest. */
export interface Model {
  meta: PageMeta;
  durationMs: number;
  events: readonly CallEvent[];
  bars: Record<BarLane, Bars>;
  gaps: Bars;
  interruptions: Bars;
  verdicts: Bars;
  caller: Pyramid | undefined;
  agent: Pyramid | undefined;
  /** Time, commands and ms of audio of each point. */
  queue: Uint32Array;
  /** Of each row. */
  times: Uint32Array;
  kinds: Uint8Array;
}

export function modelOf(meta: PageMeta): Model {
  const events = eventsOf(meta.report);
  const barsOf = (kind: EventKind, rows: number): Bars =>
    new Bars(
      events.flatMap((event, index) =>
        event.kind === kind
          ? [{ from: Math.min(event.from, event.askedAt ?? Infinity), to: event.to, index }]
          : [],
      ),
      rows,
    );
  const lane = (kind: BarLane): Bars => barsOf(kind, MOST_ROWS[kind]);
  return {
    meta,
    durationMs: meta.report.durationMs,
    events,
    bars: {
      connection: lane('connection'),
      utterance: lane('utterance'),
      answer: lane('answer'),
      request: lane('request'),
      tool: lane('tool'),
    },
    gaps: barsOf('gap', 1),
    interruptions: barsOf('interruption', 1),
    verdicts: barsOf('verdict', 1),
    ...{ caller: undefined, agent: undefined },
    ...{ queue: new Uint32Array(), times: new Uint32Array(), kinds: new Uint8Array() },
  };
}

export function rowCounts({ bars }: Model): RowCounts {
  // Most calls have none: the lane would only take room.
  const isNeeded = bars.request.all.length > 0;
  const counts = Object.entries(bars).map(
    ([id, { rows }]) => [id, id === 'request' && !isNeeded ? 0 : rows] as const,
  );
  return Object.fromEntries(counts);
}

/** How much waits at a moment: the newest point before it. */
export function queueAt(
  { queue }: Pick<Model, 'queue'>,
  point: number,
): { t: number; commands: number; audioMs: number } {
  const at = point * 3;
  return { t: queue[at] ?? 0, commands: queue[at + 1] ?? 0, audioMs: queue[at + 2] ?? 0 };
}
