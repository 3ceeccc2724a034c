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

export interface StreamEvents {
  /** A line that says how many were lost. */
  dropped: (lines: number) => string;
  failed: (why: Error) => void;
}

export function streamSink(to: Writable, clock: Clock, on: StreamEvents): Sink {
  let lines: string[] = [];
  let chars = 0;
  let lost = 0;
  let broken = false;
  let cancel: (() => void) | undefined;
  to.on('error', (why) => {
    if (!broken) on.failed(why);
    broken = true;
  });
  const flush = (): void => {
    cancel?.();
    cancel = undefined;
    if (lines.length === 0) return;
    const closed = broken || to.writableEnded || to.destroyed;
    if (closed || to.writableLength > MOST_WAITING) lost += lines.length;
    else {
      if (lost > 0) lines.push(on.dropped(lost));
      lost = 0;
      to.write(`${lines.join('\n')}\n`);
    }
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
      return ended(to, () => broken);
    },
  };
}

function ended(stream: Writable, isBroken: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    if (isBroken() || stream.destroyed) return resolve();
    stream.once('close', () => resolve());
    stream.once('error', () => resolve());
    stream.end(() => resolve());
  });
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

export interface FileLimits {
  /** Of one file. */
  maxBytes: number;
  maxFiles: number;
}

export interface FileRequest extends FileLimits {
  path: string;
  /** Goes into the name where a file of that name is there: nothing is ever overwritten. */
  unique: string;
  /** The first line of each part. */
  head: (part: number) => string;
  open: (path: string) => Sink;
}

/** A file, and when it is full the next: `call.jsonl`, `call.2.jsonl`, … Only the newest are kept. */
export function fileSink({ path, unique, maxBytes, maxFiles, head, open }: FileRequest): Sink {
  const extension = extname(path);
  const stem = path.slice(0, path.length - extension.length);
  const base = existsSync(path) ? `${stem}-${unique}` : stem;
  const name = (part: number): string => `${base}${part === 1 ? '' : `.${part}`}${extension}`;
  const closed: Promise<void>[] = [];
  let sink: Sink | undefined;
  let part = 0;
  let bytes = 0;
  const next = (): void => {
    if (sink) closed.push(sink.close());
    part += 1;
    sink = open(name(part));
    const line = head(part);
    bytes = Buffer.byteLength(line) + 1;
    sink.write(line);
    if (part > maxFiles) rm(name(part - maxFiles), { force: true }, () => {});
  };
  next();
  return {
    write(line) {
      const length = Buffer.byteLength(line) + 1;
      if (bytes + length > maxBytes) next();
      bytes += length;
      sink?.write(line);
    },
    async close() {
      await Promise.all([...closed, sink?.close()]);
    },
  };
}

/** @throws what the file system says; the folder is made where it is missing */
export function newFile(path: string): Writable {
  mkdirSync(dirname(path), { recursive: true });
  return createWriteStream(path, { fd: openSync(path, 'wx', 0o600) });
}
