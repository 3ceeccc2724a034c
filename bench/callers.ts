// SPDX-License-Identifier: Apache-2.0
import { llm } from '@livekit/agents';
import type { AudioFrame } from '@livekit/rtc-node';
import { durationMs } from './audio.js';
import type { Seen } from './plan.js';
import { MODEL, sleep, type Bench, type Subject } from './types.js';

type ModelClass = new (options: {
  apiKey: string;
  model: string;
  httpOptions: { baseUrl: string };
}) => llm.RealtimeModel;

/** Only the subject itself is loaded: what the others weigh would be measured with it. */
async function modelClass(subject: Subject): Promise<ModelClass> {
  if (subject === 'ours') return (await import('../src/index.js')).RealtimeModel;
  if (subject === 'floor') return (await import('./floor.js')).RealtimeModel;
  return (await import('@livekit/agents-plugin-google')).realtime.RealtimeModel;
}

export interface Caller {
  id: number;
  session: llm.RealtimeSession;
}

const OPEN_MS = 15_000;
/** The official plugin dials again while it is being configured. */
const SETTLE_MS = 150;
const TOGETHER = 20;

/** The server knows a caller by what stands in the instructions. */
export const instructions = (id: number): string => `You are talking to caller-${id}.`;

export const of = (id: number) => (seen: Seen) => seen.isOpen && seen.caller === id;

export const isReady = (seen: Seen): boolean => seen.isOpen && seen.readyMs !== undefined;

/** One for each session: those of one official model share their options. */
export async function newModel({ subject, url }: Bench): Promise<llm.RealtimeModel> {
  const Model = await modelClass(subject);
  return new Model({ apiKey: 'bench', model: MODEL, httpOptions: { baseUrl: url } });
}

/** Creates and configures a session, as the framework does, without waiting for its connection. */
export async function begin(model: llm.RealtimeModel, id: number): Promise<Caller> {
  const session = model.session();
  session.on('error', () => {});
  await session._updateSession(instructions(id), llm.ChatContext.empty(), llm.ToolContext.empty());
  return { id, session };
}

/** Sessions that are connected and set up, numbered from `first`. */
export async function openCallers(bench: Bench, count: number, first = 0): Promise<Caller[]> {
  const { control } = bench;
  const callers: Caller[] = [];
  while (callers.length < count) {
    const end = Math.min(callers.length + TOGETHER, count);
    while (callers.length < end) {
      callers.push(await begin(await newModel(bench), first + callers.length));
    }
    const all = new Set(callers.map(({ id }) => id));
    const up = await control.until(
      (seen) => {
        const ready = new Set(seen.filter(isReady).map(({ caller }) => caller));
        return [...all].every((id) => ready.has(id)) || undefined;
      },
      { limitMs: OPEN_MS },
    );
    if (!up) throw new Error(`${count} sessions were not set up within ${OPEN_MS} ms`);
  }
  await sleep(SETTLE_MS);
  return callers;
}

/** Ends a session; one that does not end in time is left alone. */
export async function hangUp({ session }: Caller): Promise<void> {
  const closed = session.close().catch(() => {});
  await Promise.race([closed, sleep(2_000)]);
}

export interface Heard {
  frames: number;
  audioMs: number;
}

/** Asks for an answer and reads it to its end. */
export async function listen(
  { session }: Caller,
  each: (frame: AudioFrame) => void = () => {},
): Promise<Heard> {
  const { messageStream, functionStream } = await session.generateReply();
  const heard = { frames: 0, audioMs: 0 };
  const rest = drain(functionStream);
  for await (const { audioStream, textStream } of messageStream) {
    const text = drain(textStream);
    for await (const frame of audioStream) {
      heard.frames += 1;
      heard.audioMs += durationMs(frame);
      each(frame);
    }
    await text;
  }
  await rest;
  return heard;
}

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}

/** Audio that arrived on any of these connections, in ms. */
export const arrived = (seen: readonly Seen[]): number =>
  seen.reduce((sum, { audioMs }) => sum + audioMs, 0);

/** What was heard must be what was said. */
export function sameAudio(what: string, got: number, expected: number, tolerance = 0): void {
  if (Math.abs(got - expected) > tolerance) {
    throw new Error(
      `${what}: ${got.toFixed(0)} ms of audio arrived, ${expected.toFixed(0)} ms were expected`,
    );
  }
}
