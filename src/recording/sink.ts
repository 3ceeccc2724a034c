// SPDX-License-Identifier: Apache-2.0
import { createWriteStream, existsSync, mkdirSync, openSync, rm } from 'node:fs';
import { dirname, extname } from 'node:path';
import type { Writable } from 'node:stream';
import type { Clock } from '../clock.js';

/** Where lines go. Nothing here throws or rejects: a recording must never end a call. */
export interface Sink {
  write(line: string): void;
  close(): Promise<void>;
}

/** Lines are written together: a system call for each would cost more than all the rest. */
const BATCH_MS = 250;
const BATCH_CHARS = 64 * 1024;
/** A disk or a reader that is so far behind loses lines instead of the memory of the process. */
const MOST_WAITING = 16 * 1024 * 1024;

export interface Output {
  /** False: it takes nothing just now. */
  write(chunk: Buffer): boolean;
  close(): Promise<void>;
}

/** @param dropped a line that says how many were lost */
export function batches(to: Output, clock: Clock, dropped: (lines: number) => string): Sink {
  let lines: string[] = [];
  let chars = 0;
  let lost = 0;
  let cancel: (() => void) | undefined;
  const flush = (): void => {
    cancel?.();
    cancel = undefined;
    if (lines.length === 0) return;
    if (lost > 0) lines.unshift(dropped(lost));
    if (to.write(Buffer.from(`${lines.join('\n')}\n`))) lost = 0;
    else lost += lines.length;
    lines = [];
    chars = 0;
  };
  return {
    write(line) {
      lines.push(line);
      chars += line.length;
      if (chars >= BATCH_CHARS) flush();
      else cancel ??= clock.after(BATCH_MS, flush);
    },
    close() {
      flush();
      return to.close();
    },
  };
}

/** A stream that a reader, or a disk, drains. */
export function streamOutput(to: Writable, failed: (why: Error) => void): Output {
  let broken = false;
  to.on('error', (why) => {
    if (!broken) failed(why);
    broken = true;
  });
  return {
    write(chunk) {
      const closed = broken || to.writableEnded || to.destroyed;
      if (closed || to.writableLength > MOST_WAITING) return false;
      to.write(chunk);
      return true;
    },
    close: () =>
      new Promise((resolve) => {
        if (broken || to.destroyed) return resolve();
        to.once('close', () => resolve());
        to.once('error', () => resolve());
        to.end(() => resolve());
      }),
  };
}

/** The app's own function: its trouble is its own. */
export function functionSink(write: (line: string) => unknown): Sink {
  return {
    write(line) {
      try {
        const done = write(line);
        if (done instanceof Promise) done.catch(() => {});
      } catch {
        // The call goes on.
      }
    },
    close: () => Promise.resolve(),
  };
}

/** A web stream. It is locked while the session lives, and closed with it. */
export function webSink(to: WritableStream<string>): Sink {
  let writer: WritableStreamDefaultWriter<string> | undefined;
  try {
    writer = to.getWriter();
    writer.closed.catch(() => {});
  } catch {
    // Another session writes into it; its lines would be mixed with ours.
  }
  return {
    write: (line) => void writer?.write(`${line}\n`).catch(() => {}),
    close: () => writer?.close().catch(() => {}) ?? Promise.resolve(),
  };
}

export interface Files {
  path: string;
  /** Goes into the name where a file of that name is there: nothing is ever overwritten. */
  unique: string;
  /** Of one file. */
  maxBytes: number;
  maxFiles: number;
  /** The first line of each part. */
  head: (part: number) => string;
  failed: (why: Error) => void;
}

/** A file, and when it is full the next: `call.jsonl`, `call.2.jsonl`, … Only the newest are kept. */
export function fileOutput({ path, unique, maxBytes, maxFiles, head, failed }: Files): Output {
  const extension = extname(path);
  const stem = path.slice(0, path.length - extension.length);
  const base = existsSync(path) ? `${stem}-${unique}` : stem;
  const name = (part: number): string => `${base}${part === 1 ? '' : `.${part}`}${extension}`;
  const closed: Promise<void>[] = [];
  let out: Output | undefined;
  let part = 0;
  let bytes = 0;
  const next = (): void => {
    if (out) closed.push(out.close());
    part += 1;
    try {
      out = streamOutput(newFile(name(part)), failed);
    } catch (error) {
      failed(error as Error);
      out = { write: () => false, close: () => Promise.resolve() };
    }
    const first = Buffer.from(`${head(part)}\n`);
    bytes = first.length;
    out.write(first);
    if (part > maxFiles) rm(name(part - maxFiles), { force: true }, () => {});
  };
  next();
  return {
    write(chunk) {
      if (bytes + chunk.length > maxBytes) next();
      bytes += chunk.length;
      return out?.write(chunk) === true;
    },
    async close() {
      await Promise.all([...closed, out?.close()]);
    },
  };
}

/** @throws what the file system says; the folder is made where it is missing */
function newFile(path: string): Writable {
  mkdirSync(dirname(path), { recursive: true });
  return createWriteStream(path, { fd: openSync(path, 'wx', 0o600) });
}
