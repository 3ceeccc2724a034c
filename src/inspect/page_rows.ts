// SPDX-License-Identifier: Apache-2.0
import { mediaMark, readMark, type FrameLine, type RecordingLine } from '../recording/format.js';
import { levelDb, mediaBytes } from '../recording/level.js';
import { ROW_KINDS } from './page_data.js';

export interface Row {
  t: number;
  kind: number;
  json: string;
}

/** Frames that are nothing but audio are one row for so long, in ms: ten hours have 2.7 million of them. */
const FOLD_MS = 1000;
/** A shorter line has no media worth a mark in it. */
const SHORT = 400;
/** Times are kept in 32 bits. */
const LAST_MS = 2 ** 32 - 1;

interface Audio {
  bytes: number;
  ms: number;
  db: number | undefined;
}

interface Fold {
  row: Row;
  first: FrameLine;
  frames: number;
  bytes: number;
  ms: number;
  peakDb: number | undefined;
}

/** The lines of a recording as rows to read; times never go back. */
export function foldRows(lines: readonly RecordingLine[]): Row[] {
  const rows: Row[] = [];
  const open = new Map<string, Fold>();
  const close = (): void => {
    for (const fold of open.values()) fold.row.json = foldJson(fold);
    open.clear();
  };
  let last = 0;
  for (const line of lines) {
    const t = placed(line.t, last);
    last = t;
    const audio = isFrame(line) ? onlyAudio(line.frame) : undefined;
    if (audio && isFrame(line)) {
      let fold = open.get(line.dir);
      if (!fold || t - fold.row.t >= FOLD_MS || fold.first.connection !== line.connection) {
        if (fold) fold.row.json = foldJson(fold);
        fold = newFold(line, t);
        rows.push(fold.row);
        open.set(line.dir, fold);
      }
      add(fold, audio);
      continue;
    }
    // Audio before an event and audio after it are not one thing.
    if (isFrame(line)) close();
    const kind = ROW_KINDS.indexOf(line.dir);
    rows.push({ t, kind, json: plainJson(line) });
  }
  close();
  return rows;
}

const isFrame = (line: RecordingLine): line is FrameLine => line.dir === 'in' || line.dir === 'out';

function placed(t: number, last: number): number {
  return Number.isFinite(t) ? Math.min(LAST_MS, Math.max(last, Math.round(t))) : last;
}

function newFold(line: FrameLine, t: number): Fold {
  const row = { t, kind: ROW_KINDS.indexOf(`audio ${line.dir}`), json: '' };
  return { row, first: line, frames: 0, bytes: 0, ms: 0, peakDb: undefined };
}

function add(fold: Fold, { bytes, ms, db }: Audio): void {
  fold.frames += 1;
  fold.bytes += bytes;
  fold.ms += ms;
  if (db !== undefined) fold.peakDb = Math.max(fold.peakDb ?? -Infinity, db);
}

function foldJson({ first, frames, bytes, ms, peakDb }: Fold): string {
  const { t, connection, dir } = first;
  const audio = { frames, ms: Math.round(ms), bytes, peakDb };
  return plainJson({ t, connection, dir, audio, first: first.frame });
}

/** One line of JSON; media that were recorded whole become marks. */
function plainJson(line: object): string {
  const json = JSON.stringify(line);
  if (json.length < SHORT) return json;
  return JSON.stringify(line, function (this: unknown, key: string, value: unknown) {
    if (key !== 'data' || typeof value !== 'string' || readMark(value)) return value;
    const mimeType = (this as { mimeType?: unknown }).mimeType;
    if (typeof mimeType !== 'string') return value;
    return mediaMark(mediaBytes(value, 0, value.length), levelOf(value, mimeType));
  });
}

const levelOf = (data: string, mimeType: string): number | undefined =>
  mimeType.startsWith('audio/') ? levelDb(data, 0, data.length) : undefined;

/** What a frame holds that holds nothing but one piece of audio. */
function onlyAudio(frame: unknown): Audio | undefined {
  const blob = only(only(frame, 'realtimeInput'), 'audio') ?? onlyPart(frame);
  const { data, mimeType } = (blob ?? {}) as { data?: unknown; mimeType?: unknown };
  if (typeof data !== 'string' || typeof mimeType !== 'string') return undefined;
  if (!mimeType.startsWith('audio/')) return undefined;
  const mark = readMark(data);
  const bytes = mark?.bytes ?? mediaBytes(data, 0, data.length);
  const rate = Number(/rate=(\d+)/.exec(mimeType)?.[1] ?? 24000);
  return {
    bytes,
    ms: bytes / 2 / (rate / 1000),
    db: mark ? mark.levelDb : levelOf(data, mimeType),
  };
}

function onlyPart(frame: unknown): unknown {
  const parts = only(only(only(frame, 'serverContent'), 'modelTurn', 'role'), 'parts', 'role');
  return Array.isArray(parts) && parts.length === 1 ? only(parts[0], 'inlineData') : undefined;
}

/** The member of that name, where the object has no other, or only one that does not matter. */
function only(value: unknown, name: string, besides = name): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Object.keys(value).some((key) => key !== name && key !== besides)) return undefined;
  return (value as Record<string, unknown>)[name];
}
