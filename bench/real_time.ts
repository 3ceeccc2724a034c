// SPDX-License-Identifier: Apache-2.0
/** Callers in real time: each has a microphone that never stops, and hears the model when asked to. */
import { durationMs, FRAME_MS, micFrames } from './audio.js';
import { listen, type Caller } from './callers.js';
import { stampOf } from './speech.js';
import { addedLatency, quantile, sampleAges } from './stats.js';
import { cpu, now, sleep, type Bench } from './types.js';

/** What RoomIO hands to a realtime model unless it is told otherwise. */
export const RATE = 24_000;
/** Model audio, as long as the microphone, in chunks of this length. */
const CHUNK_MS = 40;
/** How often the event loop is asked how late it is, in ms. */
const LATENESS_MS = 5;

export interface Call {
  ms: number;
  /** This much of the beginning counts for nothing. */
  skipMs: number;
  hear: boolean;
  /** How long an overloaded process may take beyond the call, in ms. */
  graceMs: number;
}

export interface Traffic {
  /** From the frame that holds the last sample of a message to its arrival, of all callers. */
  up: number[];
  /** Of each millisecond of audio, since its frame was due. */
  ages: number[];
  /** From the server's write to the frame in a reader's hands. */
  down: number[];
  /** How late the event loop was. */
  lateness: number[];
  /** Shares of the audio that arrived. */
  upShare: number;
  downShare: number;
  /** Shares of one core. */
  ownShare: number;
  serverShare: number;
}

/** Pushes what is due for all callers, each a little after the one before. */
async function speak(
  callers: readonly Caller[],
  begun: number,
  { ms, graceMs }: Call,
): Promise<void> {
  const frames = micFrames(RATE);
  const gap = FRAME_MS / callers.length;
  const total = Math.round(ms / gap);
  for (let event = 0; event < total;) {
    // Of what is due already no more than a frame each at once: sockets have their turn as well.
    const most = Math.min(total, event + callers.length);
    for (; event < most && begun + FRAME_MS + event * gap <= now(); event++) {
      const turn = Math.floor(event / callers.length);
      callers[event % callers.length]!.session.pushAudio(frames[turn % frames.length]!);
    }
    if (now() > begun + ms + graceMs) return;
    await sleep(1);
  }
}

function watchLateness(fromMs: number): { stop: () => number[] } {
  const lateness: number[] = [];
  let due = now() + LATENESS_MS;
  const look = (): void => {
    const at = now();
    if (at >= fromMs) lateness.push(Math.max(0, at - due));
    due = at + LATENESS_MS;
    timer = setTimeout(look, LATENESS_MS);
  };
  let timer = setTimeout(look, LATENESS_MS);
  const stop = (): number[] => {
    clearTimeout(timer);
    return lateness;
  };
  return { stop };
}

/** One call of all callers at once. They must be open, and the server quiet. */
export async function talk(bench: Bench, callers: readonly Caller[], call: Call): Promise<Traffic> {
  const { control } = bench;
  const chunks = Math.round(call.ms / CHUNK_MS);
  await control.ask({ do: 'clear' });
  await control.plan({ record: true, chunks, chunkMs: CHUNK_MS, batch: 1, everyMs: CHUNK_MS });
  const down: number[] = [];
  const server = await control.ask({ do: 'cpu' });
  const begun = now();
  const begunCpu = cpu();
  const countFrom = begun + call.skipMs;
  let heardMs = 0;
  const hear = (caller: Caller): Promise<unknown> =>
    listen(caller, (frame) => {
      heardMs += durationMs(frame);
      const written = stampOf(frame.data);
      if (written !== undefined && written >= countFrom) down.push(now() - written);
    }).catch(() => {});
  const ended = Promise.all(call.hear ? callers.map(hear) : []);
  const watch = watchLateness(countFrom);
  await speak(callers, begun, call);
  const lateness = watch.stop();
  const tookMs = now() - begun;
  const usedMs = (cpu() - begunCpu) / 1000;
  const serverAfter = await control.ask({ do: 'cpu' });
  await Promise.race([ended, sleep(call.graceMs)]);
  const arrivals = await control.arrivals();
  const gap = FRAME_MS / callers.length;
  const up: number[] = [];
  const ages: number[] = [];
  let arrivedMs = 0;
  callers.forEach(({ id }, i) => {
    const own = arrivals.get(id) ?? [];
    arrivedMs += own.at(-1)?.audioMs ?? 0;
    // The first frame was due a frame after the beginning, the caller's share of a frame later.
    const begunHere = begun + i * gap;
    for (const one of addedLatency(own, begunHere, FRAME_MS, call.skipMs)) up.push(one);
    for (const one of sampleAges(own, begunHere, FRAME_MS, call.skipMs)) ages.push(one);
  });
  const spokenMs = call.ms * callers.length;
  return {
    ...{ up, ages, down, lateness },
    upShare: arrivedMs / spokenMs,
    downShare: heardMs / (chunks * CHUNK_MS * callers.length),
    ownShare: usedMs / tookMs,
    serverShare: (serverAfter.usedMs - server.usedMs) / (serverAfter.atMs - server.atMs),
  };
}

/** Everybody is heard, but for what a client may hold back at the end of a call. */
export function isWhole({ upShare, downShare }: Traffic, { ms, hear }: Call): boolean {
  const held = 120 / ms;
  return upShare > 0.98 - held && upShare < 1.02 && (!hear || downShare > 0.98);
}

export const p50 = (values: readonly number[]): number => quantile(values, 0.5);
export const p99 = (values: readonly number[]): number => quantile(values, 0.99);
