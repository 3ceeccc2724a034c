// SPDX-License-Identifier: Apache-2.0
/** Version of the format. docs/recording.md describes it, docs/recording.schema.json checks it. */
export const FORMAT = 1;

/** The first line of a recording: what was recorded, by what, and how. */
export interface RecordingHead {
  format: number;
  /** Name and version of the writer. */
  library?: string;
  /** ISO 8601. */
  startedAt?: string;
  model?: string;
  backend?: string;
  /** Prefix of the ids that the session gave. */
  session?: string;
  /** Counts the files of one session; the second and later ones begin in its middle. */
  part?: number;
  audio?: AudioKept;
  transcripts?: TranscriptsKept;
  /** Options of the model that are no secrets, as far as JSON holds them. */
  options?: Record<string, unknown>;
  /** Cells of the capability table that the app had overridden. */
  capabilities?: Record<string, unknown>;
  /** What the state machine was told of model and session. */
  rules?: Record<string, unknown>;
  /** A fixture: nobody recorded it, `witness` says what its shape was seen in. */
  synthetic?: boolean;
  witness?: string;
  /** Recordings of other clients say more. */
  [more: string]: unknown;
}

interface Timed {
  /** Since the recording began, in ms. */
  t: number;
  /** Counts the dials of the session from 1; 0 before the first. */
  connection: number;
}

/** A frame as it crossed the wire: an object, or a string where it was no JSON object. */
export type FrameLine = Timed & { dir: 'in' | 'out'; frame: unknown };
/**
 * Frames that are nothing but audio, as they stand in the file: the first one, and of each that followed
 * the time since the first, its bytes and its level. Reading makes a line of each.
 */
export type RunLine = FrameLine & { more: readonly number[] };
/**
 * An input of the state machine that no frame brought. `after`: it came when so many facts of the frame
 * before it had been taken in, and others had not.
 */
export type LocalLine = Timed & {
  dir: 'local';
  input: { type: string } & Record<string, unknown>;
  after?: number;
};
/** The framework or the app called a method of the session. */
export type CallLine = Timed & { dir: 'call'; call: string; args: Record<string, unknown> };
/** What became of a connection. */
export type ConnectionLine = Timed & {
  dir: 'connection';
  event: { is: 'connected' | 'lost' | 'failed' | 'exchange' | 'closed' } & Record<string, unknown>;
};
/** A `gemini_report`, as the app was told. */
export type ReportLine = Timed & { dir: 'report'; what: string; detail?: unknown };
/** So much waits to be sent; noted when it begins, four times a second, and when it is over. */
export type QueueLine = Timed & { dir: 'queue'; commands: number; audioMs: number };
/** About the recording itself: `rules` changed, lines were `dropped`. */
export type NoteLine = Timed & { dir: 'note'; note: Record<string, unknown> };

export type RecordingLine =
  FrameLine | LocalLine | CallLine | ConnectionLine | ReportLine | QueueLine | NoteLine;

/** `none`: no audio line at all; `lengths`: bytes and level; `full`: every byte. */
export type AudioKept = 'none' | 'lengths' | 'full';
/** What is said, written or handed to tools: as it is, as hashes of one recording, or as lengths. */
export type TranscriptsKept = 'keep' | 'hash' | 'drop';

/** What stands where media stood. */
export function mediaMark(bytes: number, levelDb: number | undefined): string {
  return levelDb === undefined ? `<${bytes} bytes>` : `<${bytes} bytes ${levelDb} dB>`;
}

const MARK = /^<(\d+) bytes(?: (-?\d+) dB)?>$/;

/** What a mark tells; undefined where it is none. */
export function readMark(data: string): { bytes: number; levelDb: number | undefined } | undefined {
  const found = MARK.exec(data);
  if (!found) return undefined;
  const levelDb = found[2] === undefined ? undefined : Number(found[2]);
  return { bytes: Number(found[1]), levelDb };
}
