// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Recording } from '../recording/parse.js';
import { traceOf } from '../replay/trace.js';
import { LiveServer } from '../testing/live_server.js';
import { driveSession } from './drive_session.js';
import { EXIT, UsageError, type Io } from './io.js';
import { readRecording } from './read.js';
import { recordedModel } from './recorded_session.js';

const USAGE = [
  'Usage:',
  '  gemini-live replay FILE [--golden GOLDEN [--update]]',
  '  gemini-live replay FILE --socket [--speed N]',
  '',
  '  What this version makes of a recorded call. Without --socket: as text, from the frames alone.',
  '  --golden GOLDEN  compares the text with this file; exit code 1 where they differ',
  '  --update         writes that file instead',
  '  --socket         runs a session against a server that plays the recording, and compares what it',
  '                   sends with what was sent; exit code 1 where they differ',
  '  --speed N        plays the recorded times so many times as fast (default 1, at most 20)',
];

/** Lines of a difference that are shown before and behind it. */
const AROUND = 3;
const SHOWN = 20;
/** For a frame of the server beyond its time, in ms of real time. */
const WAIT_MS = 5_000;
const MAX_SPEED = 20;

interface Request {
  file: string;
  golden: string | undefined;
  update: boolean;
  socket: boolean;
  speed: number;
}

/** `gemini-live replay`: see `USAGE`. */
export async function replayCommand(args: readonly string[], io: Io): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    for (const line of USAGE) io.out(line);
    return EXIT.ok;
  }
  const request = requestOf(args);
  const recording = await readRecording([request.file]);
  for (const problem of recording.problems) io.err(`Not read: ${problem}`);
  return request.socket ? overSocket(recording, request, io) : asText(recording, request, io);
}

function requestOf(args: readonly string[]): Request {
  const { values, positionals } = parsed(args);
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) {
    throw new UsageError('Give one recording.');
  }
  const { golden, update, socket } = values;
  const speed = Number(values.speed ?? 1);
  if (!(speed > 0 && speed <= MAX_SPEED)) {
    throw new UsageError(`--speed is ${values.speed}: give a number above 0, up to ${MAX_SPEED}.`);
  }
  if (values.speed !== undefined && !socket) throw new UsageError('--speed goes with --socket.');
  if (golden !== undefined && socket)
    throw new UsageError('--golden compares text: leave --socket out.');
  if (update && golden === undefined)
    throw new UsageError('--update needs --golden FILE to write to.');
  return { file, golden, update, socket, speed };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        golden: { type: 'string' },
        update: { type: 'boolean', default: false },
        socket: { type: 'boolean', default: false },
        speed: { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function asText(recording: Recording, { golden, update }: Request, io: Io): number {
  const text = traceOf(recording);
  if (golden === undefined) {
    io.out(text.trimEnd());
    return EXIT.ok;
  }
  if (update) {
    writeFileSync(golden, text);
    io.out(`${golden} is written: read it before you keep it.`);
    return EXIT.ok;
  }
  if (!existsSync(golden)) throw new Error(`There is no ${golden}: --update writes it.`);
  const before = readFileSync(golden, 'utf8');
  if (before === text) {
    io.out(`As in ${golden}.`);
    return EXIT.ok;
  }
  for (const line of differing(before.split('\n'), text.split('\n'))) io.out(line);
  io.err(`Not as in ${golden}. Where the new text is right, --update keeps it.`);
  return EXIT.failed;
}

/** From a little before the first line that differs: what was there, and what is there now. */
function differing(before: readonly string[], now: readonly string[]): string[] {
  const first = now.findIndex((line, at) => line !== before[at]);
  const start = first < 0 ? now.length : first;
  let same = 0;
  const most = Math.min(before.length, now.length) - start;
  while (same < most && before.at(-1 - same) === now.at(-1 - same)) same += 1;
  const part = (lines: readonly string[], sign: string): string[] => {
    const all = lines.slice(start, lines.length - same);
    const more = all.length > SHOWN ? [`${sign} … ${all.length - SHOWN} more lines`] : [];
    return [...all.slice(0, SHOWN).map((line) => `${sign} ${line}`), ...more];
  };
  const around = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);
  return [
    ...around(now.slice(Math.max(0, start - AROUND), start)),
    ...part(before, '-'),
    ...part(now, '+'),
    ...around(now.slice(now.length - same, now.length - same + AROUND)),
  ];
}

async function overSocket(recording: Recording, { speed }: Request, io: Io): Promise<number> {
  if (!recording.lines.some(({ dir }) => dir === 'call')) {
    throw new Error(
      'Nobody recorded what was called on the session, so that nothing can drive one: replay this ' +
        'recording without --socket.',
    );
  }
  const server = await LiveServer.start({ replay: recording, speed });
  try {
    const { model, clock } = recordedModel(recording.head, server.url, { speed });
    const session = model.session();
    session.on('error', () => {});
    const waitMs = WAIT_MS * speed;
    const notDriven = await driveSession(recording, session, { clock, waitMs });
    await session.close();
    for (const what of notDriven) io.err(`Not driven: ${what}.`);
    return judged(server, io);
  } finally {
    await server.close();
  }
}

function judged(server: LiveServer, io: Io): number {
  try {
    server.assertComplete();
    server.assertClean();
  } catch (error) {
    io.out((error as Error).message);
    return EXIT.failed;
  }
  const frames = server.dials.reduce(
    (sum, { connection }) => sum + (connection?.frames.length ?? 0),
    0,
  );
  io.out(`As recorded: ${frames} frames of the client on ${server.dials.length} connections.`);
  return EXIT.ok;
}
