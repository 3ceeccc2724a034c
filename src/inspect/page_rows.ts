// SPDX-License-Identifier: Apache-2.0
import { scrub } from '../protocol/scrub.js';
import { mediaMark, readMark, type FrameLine, type RecordingLine } from '../recording/format.js';
import { levelDb, mediaBytes } from '../recording/level.js';
import type { Recording } from '../recording/parse.js';
import { STEP_MS } from './inspect.js';
import { audioOf, isObject, type Audio } from './media.js';
import { ROW_KINDS } from './page_data.js';

export interface Row {
  t: number;
  kind: number;
  json: string;
}

/** Frames that are nothing but audio are one row for so long, in ms: ten hours have 2.7 million of them. */
const FOLD_MS = 1000;
/** Times are kept in 32 bits. */
const LAST_MS = 2 ** 32 - 1;

interface Fold {
  row: Row;
  first: FrameLine;
  frames: number;
  ms: number;
  peakDb: number | undefined;
}

/** The lines of a recording as rows to read; times never go back. */
export function foldRows({ lines, isTimed }: Recording): Row[] {
  const rows: Row[] = [];
  const open = new Map<string, Fold>();
  const close = (fold: Fold): void => {
    fold.row.json = foldJson(fold);
    open.delete(fold.first.dir);
  };
  let last = 0;
  for (const [index, line] of lines.entries()) {
    const t = isTimed ? placed(line.t, last) : index * STEP_MS;
    last = t;
    const audio = isFrame(line) ? onlyAudio(line) : undefined;
    if (!audio || !isFrame(line)) {
      // Audio before an event and audio after it are not one thing.
      if (isFrame(line)) for (const fold of open.values()) close(fold);
      rows.push({ t, kind: ROW_KINDS.indexOf(line.dir), json: plainJson(line) });
      continue;
    }
    let fold = open.get(line.dir);
    if (fold && (t - fold.row.t >= FOLD_MS || fold.first.connection !== line.connection)) {
      close(fold);
      fold = undefined;
    }
    if (!fold) {
      fold = begun(line, t);
      rows.push(fold.row);
      open.set(line.dir, fold);
    }
    add(fold, audio);
  }
  for (const fold of open.values()) close(fold);
  return rows;
}

const isFrame = (line: RecordingLine): line is FrameLine => line.dir === 'in' || line.dir === 'out';

function placed(t: number, last: number): number {
  return Number.isFinite(t) ? Math.min(LAST_MS, Math.max(last, Math.round(t))) : last;
}

function begun(first: FrameLine, t: number): Fold {
  const row = { t, kind: ROW_KINDS.indexOf(`audio ${first.dir}`), json: '' };
  return { row, first, frames: 0, ms: 0, peakDb: undefined };
}

function add(fold: Fold, { ms, db }: Audio): void {
  fold.frames += 1;
  fold.ms += ms;
  if (db !== undefined) fold.peakDb = Math.max(fold.peakDb ?? -Infinity, db);
}

function foldJson({ first, frames, ms, peakDb }: Fold): string {
  const { t, connection, dir } = first;
  const audio = { frames, ms: Math.round(ms), peakDb };
  return plainJson({ t, connection, dir, audio, first: first.frame });
}

/** One line of JSON without secrets; media that were recorded whole become marks. */
function plainJson(line: object): string {
  return JSON.stringify(line, function (this: unknown, key: string, value: unknown) {
    if (typeof value !== 'string') return value;
    const mimeType = key === 'data' && isObject(this) ? this['mimeType'] : undefined;
    if (typeof mimeType !== 'string' || readMark(value)) return scrub(value);
    const isAudio = mimeType.startsWith('audio/');
    const level = isAudio ? levelDb(value, 0, value.length) : undefined;
    return mediaMark(mediaBytes(value, 0, value.length), level);
  });
}

/** The audio of a frame that holds nothing else. */
function onlyAudio({ frame, dir }: FrameLine): Audio | undefined {
  const isOnly = only(only(frame, 'realtimeInput'), 'audio') ?? onlyPart(frame);
  return isOnly === undefined ? undefined : audioOf(frame, dir)[0];
}

function onlyPart(frame: unknown): unknown {
  const parts = only(only(only(frame, 'serverContent'), 'modelTurn'), 'parts', 'role');
  return Array.isArray(parts) && parts.length === 1 ? only(parts[0], 'inlineData') : undefined;
}

/** The member of that name, where the object has no other, or only one that does not matter. */
function only(value: unknown, name: string, besides = name): unknown {
  if (!isObject(value)) return undefined;
  for (const key in value) if (key !== name && key !== besides) return undefined;
  return value[name];
}
