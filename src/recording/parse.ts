// SPDX-License-Identifier: Apache-2.0
import { FORMAT, type RecordingHead, type RecordingLine } from './format.js';
import { Lines } from './runs.js';

export interface Recording {
  head: RecordingHead;
  lines: readonly RecordingLine[];
  /** Where in the file each of them stands, counted from 1. */
  numbers: readonly number[];
  /** Times were recorded; without them lines are one after the other, and nobody knows when. */
  isTimed: boolean;
  /** What could not be read, for a human: line number and reason. */
  problems: readonly string[];
}

const DIRECTIONS = new Set(['in', 'out', 'local', 'call', 'connection', 'report', 'queue', 'note']);
/** Other clients write the members of a frame as protobuf names them. */
const SNAKE = /_([a-z])/g;

/**
 * The text of a recording, ours or another client's. A line that cannot be read is a problem, not the
 * end: the file may have been cut by a crash.
 * @throws Error when there is no frame in it, or a newer version wrote it
 */
export function parseRecording(text: string): Recording {
  return parseLines(linesOf(text));
}

/**
 * The same, line by line: a call of hours is longer than a string may be. The files of one session may
 * follow each other.
 */
export function parseLines(texts: Iterable<string>): Recording {
  const problems: string[] = [];
  const found = new Lines();
  const { lines, numbers } = found;
  let head: RecordingHead | undefined;
  let isTimed = false;
  let last = { t: 0, connection: 1 };
  let number = 0;
  for (const raw of texts) {
    number += 1;
    if (raw.trim() === '') continue;
    const line = readLine(raw);
    if (typeof line === 'string') {
      problems.push(`line ${number}: ${line}`);
      continue;
    }
    if (line['dir'] === 'note' && !head) head = headOf(line['note']);
    if (line['dir'] === 'note' && lines.length === 0) continue;
    isTimed ||= typeof line['t'] === 'number';
    const t = typeof line['t'] === 'number' ? line['t'] : last.t;
    const { connection = last.connection } = line;
    last = { t, connection: Number(connection) };
    Object.assign(line, last, camelFrame(line));
    found.add(line as unknown as RecordingLine, number);
  }
  if (!lines.some(({ dir }) => dir === 'in' || dir === 'out')) {
    const [why = 'it is empty'] = problems;
    throw new Error(
      `This is no recording of frames (${why}). Give a file that \`record\` wrote: one JSON object a line.`,
    );
  }
  return { head: head ?? { format: FORMAT }, lines, numbers, isTimed, problems };
}

/** No list of them: each would hold on to the whole text. */
function* linesOf(text: string): Generator<string, void> {
  for (let start = 0; start <= text.length;) {
    const end = text.indexOf('\n', start);
    yield text.slice(start, end < 0 ? text.length : end);
    if (end < 0) return;
    start = end + 1;
  }
}

/** The line, or why it cannot be read. */
function readLine(raw: string): Record<string, unknown> | string {
  try {
    const line: unknown = JSON.parse(raw);
    if (typeof line !== 'object' || line === null) return 'no JSON object';
    const { dir } = line as Record<string, unknown>;
    if (typeof dir !== 'string' || !DIRECTIONS.has(dir))
      return `unknown dir ${JSON.stringify(dir)}`;
    return line as Record<string, unknown>;
  } catch {
    return 'no JSON (cut off?)';
  }
}

function headOf(note: unknown): RecordingHead {
  const head = { format: FORMAT, ...(note as object) } as RecordingHead;
  if (head.format > FORMAT) {
    throw new Error(
      `This recording has format ${head.format}; this version reads up to ${FORMAT}. Update the package.`,
    );
  }
  if (typeof head.model === 'string') head.model = head.model.replace(/^models\//, '');
  return head;
}

/** `client_content` → `clientContent`: members of the frame only, what they hold is left as it is. */
function camelFrame({ frame }: Record<string, unknown>): { frame?: unknown } {
  if (typeof frame !== 'object' || frame === null || Array.isArray(frame)) return {};
  if (!Object.keys(frame).some((key) => key.includes('_'))) return {};
  const renamed = Object.entries(frame).map(([key, value]) => [
    key.replace(SNAKE, (_match, letter: string) => letter.toUpperCase()),
    value as unknown,
  ]);
  return { frame: Object.fromEntries(renamed) as unknown };
}
