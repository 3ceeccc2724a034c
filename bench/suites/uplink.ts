// SPDX-License-Identifier: Apache-2.0
import type { AudioFrame } from '@livekit/rtc-node';
import { ReadableStream, type ReadableStreamDefaultController } from 'node:stream/web';
import { FRAME_MS, micFrames } from '../audio.js';
import { arrived, openCallers, sameAudio } from '../callers.js';
import { atMost, betterThanOfficial, timesBetter } from '../goals.js';
import { isWhole, p50, p99, talk } from '../real_time.js';
import { mean } from '../stats.js';
import {
  cpu,
  sleep,
  untilIdle,
  yieldNow,
  type Bench,
  type Suite,
  type Task,
  type Values,
} from '../types.js';

const RATES = [16_000, 24_000, 48_000];
/** Two minutes of talk: by then the runtime has compiled what is hot. */
const WARM_UP = 6_000;
/** The event loop has its turn after so many frames. */
const TOGETHER = 10;
/** After so many the server must have them: a client may drop what nobody takes in. */
const ROUND = 1_000;
/** A chunk that is not full yet, and what a resampler keeps. */
const HELD_MS = 150;
/** The microphone stops after so many frames: at every place in a chunk. */
const STOPS = [50, 51, 52, 53, 54, 55, 56, 57, 58, 59];

/** Gives up after a while: what is missing is told at the end. */
async function taken({ control }: Bench, audioMs: number): Promise<void> {
  await control.until((seen) => arrived(seen) >= audioMs || undefined, { limitMs: 5_000 });
}

async function cost(bench: Bench, rate: number, count: number, stream: boolean): Promise<number> {
  const [caller] = await openCallers(bench, 1);
  const frames = micFrames(rate);
  let push = (frame: AudioFrame): void => caller!.session.pushAudio(frame);
  if (stream) {
    let controller!: ReadableStreamDefaultController<AudioFrame>;
    caller!.session.setInputAudioStream(
      new ReadableStream<AudioFrame>({ start: (own) => void (controller = own) }),
    );
    push = (frame) => controller.enqueue(frame);
  }
  let begun = 0;
  for (let i = 0; i < WARM_UP + count; i++) {
    if (i === WARM_UP) {
      await untilIdle();
      begun = cpu();
    }
    push(frames[i % frames.length]!);
    if (i % TOGETHER === 0) await yieldNow();
    if (i % ROUND === 0) await taken(bench, i * FRAME_MS - HELD_MS);
  }
  await untilIdle();
  const used = cpu() - begun;
  const arrivedMs = arrived(await bench.control.look());
  const spokenMs = (WARM_UP + count) * FRAME_MS;
  sameAudio('uplink', arrivedMs, spokenMs - HELD_MS / 2, HELD_MS / 2);
  return used / count;
}

/** Audio that did not leave: shortly after the microphone stopped, and when it has been off for long. */
async function held(bench: Bench): Promise<Values> {
  await bench.control.ask({ do: 'forget' });
  const mics = [24, 48].flatMap((rate) => STOPS.map((stop) => ({ rate, stop })));
  const callers = await openCallers(bench, mics.length);
  const frames = new Map([24, 48].map((rate) => [rate, micFrames(rate * 1000)]));
  for (let i = 0; i < Math.max(...STOPS); i++) {
    callers.forEach(({ session }, n) => {
      const { rate, stop } = mics[n]!;
      if (i < stop) session.pushAudio(frames.get(rate)![i]!);
    });
    await yieldNow();
  }
  const missing = async (name: string): Promise<Values> => {
    const seen = await bench.control.look();
    const all = mics.map(({ rate, stop }, n) => {
      const arrivedMs = arrived(seen.filter(({ caller }) => caller === n));
      if (arrivedMs === 0) throw new Error(`nothing of caller ${n} arrived`);
      return { rate, ms: stop * FRAME_MS - arrivedMs };
    });
    const of = (rate: number): number =>
      mean(all.filter((one) => one.rate === rate).map(({ ms }) => ms));
    return { [`${name}24`]: of(24), [`${name}48`]: of(48) };
  };
  await sleep(100);
  const atStop = await missing('held');
  await sleep(1_500);
  return { ...atStop, ...(await missing('kept')) };
}

async function realTime(bench: Bench, input: Task['input']): Promise<Values> {
  const callers = await openCallers(bench, 1);
  const call = { ms: input['ms']!, skipMs: 500, hear: false, graceMs: 5_000 };
  const traffic = await talk(bench, callers, call);
  if (!isWhole(traffic, call)) throw new Error(`${traffic.upShare} of the audio arrived`);
  return { age50: p50(traffic.ages), age99: p99(traffic.ages), ...(await held(bench)) };
}

const perFrame = { unit: 'µs', goals: [timesBetter(8)] };

export const uplink: Suite = {
  name: 'uplink',
  title: 'Uplink: from the microphone to the wire',
  metrics: [
    ...RATES.map((rate) => ({
      key: `cpu${rate / 1000}`,
      label: `CPU per 20 ms frame, ${rate / 1000} kHz, pushAudio`,
      chart: `mic frame, ${rate / 1000} kHz: CPU`,
      ...perFrame,
    })),
    {
      key: 'stream24',
      label: 'CPU per 20 ms frame, 24 kHz, setInputAudioStream',
      chart: 'mic frame, 24 kHz, as a stream: CPU',
      unit: 'µs',
      goals: [timesBetter(6)],
    },
    {
      key: 'age50',
      label: 'mic sample → server, real time, 24 kHz, p50',
      chart: 'mic sample to server, p50',
      unit: 'ms',
      goals: [atMost(21, 'ms'), betterThanOfficial],
    },
    { key: 'age99', label: 'mic sample → server, p99', unit: 'ms', goals: [] },
    ...[24, 48].flatMap((rate) => [
      {
        key: `held${rate}`,
        label: `held back 100 ms after the mic stops, ${rate} kHz`,
        unit: 'ms',
        goals: [atMost(5, 'ms')],
      },
      {
        key: `kept${rate}`,
        label: `not sent 1.6 s after, ${rate} kHz`,
        unit: 'ms',
        plain: true as const,
        goals: [],
      },
    ]),
  ],
  tasks: (quick) => {
    const count = quick ? 4_000 : 20_000;
    const cpuTask = (name: string, rate: number, stream: number): Task => ({
      name,
      input: { rate, stream, count },
      seconds: 120,
    });
    return [
      ...RATES.filter((rate) => !quick || rate === 24_000).map((rate) =>
        cpuTask(`cpu${rate / 1000}`, rate, 0),
      ),
      cpuTask('stream24', 24_000, 1),
      { name: 'real time', input: { ms: quick ? 2_000 : 15_000 }, seconds: 120 },
    ];
  },
  async measure(bench, input) {
    const { rate, stream, count } = input;
    if (rate === undefined) return realTime(bench, input);
    const used = await cost(bench, rate, count!, stream === 1);
    return { [stream === 1 ? 'stream24' : `cpu${rate / 1000}`]: used };
  },
};
