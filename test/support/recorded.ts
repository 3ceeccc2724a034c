// SPDX-License-Identifier: Apache-2.0
import { inspectCall } from '../../src/inspect/inspect.js';
import type { CallReport } from '../../src/inspect/report.js';
import { mediaMark } from '../../src/recording/format.js';
import { parseRecording, type Recording } from '../../src/recording/parse.js';
import { RULES } from './turn.js';

/** A line of a recording, or several. */
export type Line = Record<string, unknown> | Line[];

/** Lines of the first connection unless they say otherwise. */
const line = (t: number, dir: string, rest: object, connection = 1): Line => ({
  ...{ t, connection, dir },
  ...rest,
});
export const received = (t: number, frame: unknown, connection = 1): Line =>
  line(t, 'in', { frame }, connection);
export const sent = (t: number, frame: unknown, connection = 1): Line =>
  line(t, 'out', { frame }, connection);
export const local = (t: number, input: object, connection = 1): Line =>
  line(t, 'local', { input }, connection);
export const reported = (t: number, what: string, detail?: unknown): Line =>
  line(t, 'report', { what, detail });
export const called = (t: number, call: string, args: object = {}): Line =>
  line(t, 'call', { call, args });
export const event = (t: number, is: string, more: object = {}, connection = 1): Line =>
  line(t, 'connection', { event: { is, ...more } }, connection);
export const noted = (t: number, note: object): Line => line(t, 'note', { note });

const pcm = (ms: number, db: number | undefined, rate: number): object => ({
  data: mediaMark((ms * 2 * rate) / 1000, db),
  mimeType: `audio/pcm;rate=${rate}`,
});
const content = (serverContent: object): object => ({ serverContent });

/** So much of the agent's voice, in one frame. */
export const agentAudio = (t: number, ms = 1_000, db = -20): Line =>
  received(t, content({ modelTurn: { parts: [{ inlineData: pcm(ms, db, 24_000) }] } }));
export const agentSaid = (t: number, text: string): Line =>
  received(t, content({ outputTranscription: { text } }));
export const callerAudio = (t: number, ms = 1_000, db = -20): Line =>
  sent(t, { realtimeInput: { audio: pcm(ms, db, 16_000) } });
export const callerSaid = (t: number, text: string): Line =>
  received(t, content({ inputTranscription: { text } }));
export const turnEnded = (t: number, more: object = {}): Line =>
  received(t, content({ generationComplete: true, turnComplete: true, ...more }));
export const interrupted = (t: number): Line => received(t, content({ interrupted: true }));
export const tick = (t: number): Line => local(t, { type: 'tick' });

/** A dial that succeeds. */
export const connected = (t: number, connection = 1, restored = false): Line => [
  sent(t, { setup: { model: 'models/m' } }, connection),
  received(t + 100, { setupComplete: {} }, connection),
  event(t + 100, 'connected', { connection, restored, acquireMs: 100 }, connection),
  local(t + 100, { type: 'connectionBack', restored }, connection),
];
export const lost = (t: number, kind = 'network', more: object = {}, connection = 1): Line => [
  event(t, 'lost', { kind, message: `Lost: ${kind}.`, hint: 'Look.', ...more }, connection),
  local(t, { type: 'connectionLost' }, connection),
];
export const closed = (t: number): Line => event(t, 'closed');

/** A whole answer, after a question that was asked so long before. */
export const answer = (t: number, text = 'Yes.', waitedMs = 500): Line => [
  callerSaid(t - waitedMs, 'Well?'),
  ...[agentAudio(t), agentSaid(t, text), turnEnded(t + 10), tick(t + 1_000)],
];

export function recordingOf(lines: Line[], head: object = {}): Recording {
  const note = { format: 1, session: 'x_', rules: RULES, audio: 'lengths', ...head };
  const all = [{ t: 0, connection: 0, dir: 'note', note }, ...lines.flat(3)];
  return parseRecording(all.map((one) => JSON.stringify(one)).join('\n'));
}

export const inspected = (lines: Line[], head: object = {}): CallReport =>
  inspectCall(recordingOf(lines, head));

/** The same on another connection. */
export const onConnection = (connection: number, lines: Line[]): Line[] =>
  lines.map((one) => (Array.isArray(one) ? onConnection(connection, one) : { ...one, connection }));
