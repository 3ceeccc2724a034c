// SPDX-License-Identifier: Apache-2.0
import { FRAME_MS, micFrames } from '../audio.js';
import { arrived, hangUp, listen, openCallers, sameAudio, type Caller } from '../callers.js';
import { ofOfficial } from '../goals.js';
import { RATE } from '../real_time.js';
import { now, untilIdle, yieldNow, type Bench, type Suite, type Values } from '../types.js';

const CHUNK_MS = 40;
/** Sessions that have come and gone before anything is weighed: code is loaded, caches are warm. */
const WARM_UP = 10;
/** So much of a run is behind us when its growth begins to count. */
const EARLY = 0.2;
/** One exchange of the talk: the caller speaks as long as the model does. */
const TURN_MS = 10_000;
/** Frames between two turns of the event loop. */
const TOGETHER = 25;

/** What V8 knows of: its heap, and buffers outside of it. In KiB. */
async function weight(): Promise<number> {
  if (!globalThis.gc) throw new Error('start with --expose-gc');
  await untilIdle();
  for (let i = 0; i < 4; i++) {
    globalThis.gc();
    await yieldNow();
  }
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1024;
}

/** Each caller speaks, and hears an answer to its end. */
async function exchange(bench: Bench, callers: readonly Caller[], ms: number): Promise<void> {
  const frames = micFrames(RATE);
  await bench.control.ask({ do: 'clear' });
  await bench.control.plan({ chunks: ms / CHUNK_MS, chunkMs: CHUNK_MS });
  const heard = callers.map((caller) => listen(caller));
  for (let i = 0; i < ms / FRAME_MS; i++) {
    for (const { session } of callers) session.pushAudio(frames[i % frames.length]!);
    if (i % TOGETHER === 0) await yieldNow();
  }
  for (const { audioMs } of await Promise.all(heard)) sameAudio('talk, downlink', audioMs, ms);
  await untilIdle();
}

/** A session in the middle of an answer weighs what it has in hand. */
async function perSession(bench: Bench, count: number): Promise<Values> {
  await Promise.all((await openCallers(bench, WARM_UP)).map(hangUp));
  await bench.control.ask({ do: 'forget' });
  const before = await weight();
  const callers = await openCallers(bench, count);
  const idle = (await weight()) - before;
  await exchange(bench, callers, 2_000);
  // A second answer stays open: the server says one chunk and takes its time with the others.
  await bench.control.plan({ chunks: 1_000, chunkMs: CHUNK_MS, batch: 1, everyMs: 5_000 });
  callers.forEach((caller) => void listen(caller).catch(() => {}));
  await bench.control.until(
    (seen) => seen.filter(({ chunks }) => chunks > 0).length >= count || undefined,
    { limitMs: 10_000 },
  );
  const active = (await weight()) - before;
  await Promise.all(callers.map(hangUp));
  await bench.control.ask({ do: 'forget' });
  return { idle: idle / count, active: active / count };
}

async function cycles(bench: Bench, count: number, limitMs: number): Promise<Values> {
  const until = now() + limitMs;
  let early = NaN;
  let done = 0;
  while (done < count && now() < until) {
    const few = Math.min(10, count - done);
    await Promise.all((await openCallers(bench, few, done)).map(hangUp));
    await bench.control.ask({ do: 'forget' });
    done += few;
    if (Number.isNaN(early) && done >= count * EARLY) early = await weight();
  }
  const grown = (await weight()) - early;
  const counted = done - count * EARLY;
  if (done < count) return { cycle: `only ${done} cycles in time` };
  return { cycle: (grown * 1024) / counted };
}

async function talk(bench: Bench, minutes: number): Promise<Values> {
  const callers = await openCallers(bench, 1);
  const turns = Math.round((minutes * 60_000) / TURN_MS);
  const earlyTurns = Math.max(1, Math.round(turns * EARLY));
  let early = NaN;
  let arrivedMs = 0;
  for (let turn = 0; turn < turns; turn++) {
    await exchange(bench, callers, TURN_MS);
    arrivedMs += arrived(await bench.control.look());
    if (turn + 1 === earlyTurns) early = await weight();
  }
  sameAudio('talk, uplink', arrivedMs, turns * TURN_MS, 200);
  return { talk: (await weight()) - early };
}

export const memory: Suite = {
  name: 'memory',
  title: 'Memory: heap and buffers, after a collection',
  metrics: [
    {
      key: 'idle',
      label: 'per idle session',
      chart: 'memory per idle session',
      unit: 'KiB',
      goals: [ofOfficial(0.5)],
    },
    {
      key: 'active',
      label: 'per session in an answer',
      chart: 'memory per active session',
      unit: 'KiB',
      goals: [ofOfficial(0.6)],
    },
    {
      key: 'cycle',
      label: 'growth per open and close',
      unit: 'B',
      digits: 0,
      plain: true,
      goals: [],
    },
    { key: 'talk', label: 'growth over the talk', unit: 'KiB', digits: 0, plain: true, goals: [] },
  ],
  tasks: (quick) => {
    if (quick) {
      const input = { sessions: 40, cycles: 20, limitMs: 10_000, minutes: 0.5 };
      return [{ name: 'memory', input, seconds: 120 }];
    }
    return [
      { name: 'sessions', input: { sessions: 200 }, seconds: 180 },
      { name: 'cycles', input: { cycles: 1_000, limitMs: 240_000 }, seconds: 300, repetitions: 2 },
      { name: 'talk', input: { minutes: 60 }, seconds: 600, repetitions: 2 },
    ];
  },
  async measure(bench, { sessions, cycles: count, limitMs, minutes }): Promise<Values> {
    const values: Values = {};
    if (sessions !== undefined) Object.assign(values, await perSession(bench, sessions));
    if (count !== undefined) Object.assign(values, await cycles(bench, count, limitMs!));
    await bench.control.plan({});
    if (minutes !== undefined) Object.assign(values, await talk(bench, minutes));
    return values;
  },
};
