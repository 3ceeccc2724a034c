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

const AUDIO = /"data":"([A-Za-z0-9+/=]{16,})"/g;
const HANDLE = /"(newHandle|handle)":"([^"]+)"/g;

export function createRecorder(to: string | ((line: string) => void), clock: Clock): Recorder {
  const begun = clock.now();
  const handles = new Map<string, string>();
  const out = typeof to === 'string' ? fileSink(to) : callbackSink(to);

  const handleName = (handle: string): string => {
    const name = handles.get(handle) ?? `handle-${handles.size + 1}`;
    handles.set(handle, name);
    return name;
  };
  const clean = (text: string): string =>
    scrub(
      text
        .replace(
          AUDIO,
          (_all, data: string) => `"data":"<${Math.floor(data.length * 0.75)} bytes>"`,
        )
        .replace(HANDLE, (_all, key: string, handle: string) => `"${key}":"${handleName(handle)}"`),
    );

  return {
    frame(dir, text, connection) {
      const head = `{"t":${clock.now() - begun},"connection":${connection},"dir":"${dir}"`;
      out.write(`${head},"frame":${clean(text)}}`);
    },
    note: (note) => out.write(JSON.stringify({ t: clock.now() - begun, dir: 'note', note })),
    close: () => out.close(),
  };
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
        write(line);
      } catch {
        // The app's own trouble; the call goes on.
      }
    },
    close: () => Promise.resolve(),
  };
}
