// SPDX-License-Identifier: Apache-2.0
import type { ServerFrame } from '../protocol/frames.js';
import type { ConnectionLine, RecordingLine } from '../recording/format.js';
import type { Recording } from '../recording/parse.js';
import { audioMs } from '../replay/members.js';
import { isObject } from './json.js';
import type { Refusal } from './options.js';

/** What happens next on a recorded connection. `number`: of its line in the file. */
export type ScriptStep = { t: number; number: number } & (
  | { is: 'server'; frame: ServerFrame }
  | { is: 'client'; frame: unknown }
  /** So much caller audio has been sent by then. */
  | { is: 'audio'; totalMs: number }
  /** The server ends the connection; 1006: without a word. */
  | { is: 'close'; code: number; reason: string }
  /** The client ends it. */
  | { is: 'leave'; why: string }
);

/** One recorded connection, as the server plays it. */
export interface ConnectionScript {
  connection: number;
  steps: ScriptStep[];
  /** It is refused at the upgrade; 0: the TCP connection is destroyed. */
  status: number | undefined;
  /** Its setup is not taken: what comes of that is among the steps. */
  refusal: Refusal | undefined;
}

/** Codes that no close frame carries (RFC 6455, 7.4.1). */
const UNSENDABLE = new Set([1005, 1006, 1015]);

/**
 * A recording as what each connection brings, in the order of the dials.
 * @throws Error when there is nothing to play, or it does not begin with a connection
 */
export function scriptsOf(recording: Recording): ConnectionScript[] {
  const scripts = new Map<number, ConnectionScript>();
  const totals = new Map<number, number>();
  for (const [index, line] of recording.lines.entries()) {
    const { connection } = line;
    if (connection < 1) continue;
    const script = scripts.get(connection) ?? {
      connection,
      steps: [],
      status: undefined,
      refusal: undefined,
    };
    const number = recording.numbers[index] ?? 0;
    const step = stepOf(line, number, script, totals);
    if (step && !isOver(script)) script.steps.push(step);
    if (step || script.status !== undefined) scripts.set(connection, script);
  }
  const all = [...scripts.values()];
  for (const script of all) if (!script.steps.some(isSetUp)) script.refusal = { silent: true };
  check(recording, all);
  return all;
}

function isOver({ steps, status }: ConnectionScript): boolean {
  const last = steps.at(-1)?.is;
  return status !== undefined || last === 'close' || last === 'leave';
}

function check({ head, problems }: Recording, scripts: ConnectionScript[]): void {
  const [first] = scripts;
  const begins = first?.status !== undefined || first?.steps.some(isSetup);
  if (begins && scripts.some(({ steps }) => steps.some(({ is }) => is === 'server'))) return;
  const part = head.part !== undefined && head.part > 1 ? ` (it is part ${head.part})` : '';
  throw new Error(
    `This recording cannot be played to a client: it does not begin with the setup of a connection${part}` +
      `${problems.length > 0 ? `; ${problems[0]}` : ''}. Record from the beginning of the call, or ` +
      'replay it without a socket.',
  );
}

function isSetup(step: ScriptStep): boolean {
  return step.is === 'client' && isObject(step.frame) && 'setup' in step.frame;
}

function isSetUp(step: ScriptStep): boolean {
  return step.is === 'server' && isObject(step.frame) && 'setupComplete' in step.frame;
}

function stepOf(
  line: RecordingLine,
  number: number,
  script: ConnectionScript,
  totals: Map<number, number>,
): ScriptStep | undefined {
  const { t, connection } = line;
  if (line.dir === 'in') {
    // What is no frame is played as the text that it was.
    return { t, number, is: 'server', frame: line.frame as ServerFrame };
  }
  if (line.dir === 'out') {
    if (isUncompared(line.frame)) return undefined;
    const ms = audioMs(line.frame, 'out');
    if (ms === undefined) return { t, number, is: 'client', frame: line.frame };
    const totalMs = (totals.get(connection) ?? 0) + ms;
    totals.set(connection, totalMs);
    return { t, number, is: 'audio', totalMs };
  }
  return line.dir === 'connection' ? endOf(line, number, script) : undefined;
}

/**
 * Chosen by the clock, which is another one in a replay: which pictures are sent, and where the
 * microphone was silent for so long that the server is told.
 */
export function isUncompared(frame: unknown): boolean {
  const input = isObject(frame) ? frame['realtimeInput'] : undefined;
  return isObject(input) && ('video' in input || 'audioStreamEnd' in input);
}

function endOf(
  { t, event }: ConnectionLine,
  number: number,
  script: ConnectionScript,
): ScriptStep | undefined {
  const { is, phase, why } = event;
  if (is === 'exchange' || is === 'closed') {
    return { t, number, is: 'leave', why: typeof why === 'string' ? why : 'close' };
  }
  if (is === 'connected') return undefined;
  const code = typeof event['code'] === 'number' ? event['code'] : 1006;
  const reason = typeof event['reason'] === 'string' ? event['reason'] : '';
  if (phase === 'upgrade') {
    // What ended before its first packet, after another connection had ended, was no dial.
    if (script.steps.length === 0) script.status = code >= 400 && code < 600 ? code : 0;
    return undefined;
  }
  if (event['kind'] === 'timeout') return { t, number, is: 'leave', why: 'timeout' };
  const sendable = code >= 1000 && code < 5000 && !UNSENDABLE.has(code);
  return { t, number, is: 'close', code: sendable ? code : 1006, reason };
}
