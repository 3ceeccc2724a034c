// SPDX-License-Identifier: Apache-2.0
import { createWriteStream } from 'node:fs';
import type { Clock } from './clock.js';
import { scrub } from './protocol/scrub.js';

/** A tap on both directions: JSON lines `{t, connection, dir, frame}`, `t` in ms since the start. */
export interface Recorder {
  frame(dir: 'in' | 'out', text: string, connection: number): void;
  note(note: Record<string, unknown>): void;
  close(): Promise<void>;
}

const MEDIA = /^[A-Za-z0-9+/_-]{16,}=*$/;

export function createRecorder(to: string | ((line: string) => void), clock: Clock): Recorder {
  const begun = clock.now();
  const handles = new Map<string, string>();
  const out = typeof to === 'string' ? fileSink(to) : callbackSink(to);

  const handleName = (handle: string): string => {
    const name = handles.get(handle) ?? `handle-${handles.size + 1}`;
    handles.set(handle, name);
    return name;
  };
  /** Value by value, so that what is taken out never takes JSON with it. */
  const clean = (key: string, value: unknown): unknown => {
    if (typeof value !== 'string' || value === '') return value;
    if (key === 'handle' || key === 'newHandle') return handleName(value);
    if (key === 'data' && MEDIA.test(value)) return `<${Buffer.byteLength(value, 'base64')} bytes>`;
    return scrub(value);
  };
  const write = (line: Record<string, unknown>): void => {
    const t = clock.now() - begun;
    try {
      out.write(JSON.stringify({ t, ...line }, clean));
    } catch {
      // Nested more deeply than JSON can be written.
      const { connection, dir } = line;
      out.write(JSON.stringify({ t, connection, dir, frame: 'nested too deeply' }));
    }
  };

  return {
    frame: (dir, text, connection) => write({ connection, dir, frame: parsed(text) }),
    note: (note) => write({ dir: 'note', note }),
    close: () => out.close(),
  };
}

/** One line, however the text was laid out; what is no JSON is kept as a string. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

interface Sink {
  write(line: string): void;
  close(): Promise<void>;
}

/** A recording must never end a call: a disk that fails ends the recording. */
function fileSink(path: string): Sink {
  const stream = createWriteStream(path, { flags: 'a' });
  let broken = false;
  stream.on('error', () => {
    broken = true;
  });
  return {
    write: (line) => void (broken || stream.write(`${line}\n`)),
    close: () =>
      new Promise((resolve) => {
        if (broken) resolve();
        stream.once('error', () => resolve());
        stream.end(() => resolve());
      }),
  };
}

function callbackSink(write: (line: string) => void): Sink {
  return {
    write(line) {
      try {
        const done: unknown = write(line);
        if (done instanceof Promise) done.catch(() => {});
      } catch {
        // The app's own trouble; the call goes on.
      }
    },
    close: () => Promise.resolve(),
  };
}
