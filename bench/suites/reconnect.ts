// SPDX-License-Identifier: Apache-2.0
import { FRAME_MS, micFrames } from '../audio.js';
import { arrived, hangUp, of, openCallers, type Caller } from '../callers.js';
import { atMost, betterThanOfficial, floorPlus } from '../goals.js';
import type { Seen } from '../plan.js';
import { median } from '../stats.js';
import { now, sleep, type Bench, type Metric, type Suite, type Values } from '../types.js';

/** Who has not come back by now never does, in ms. */
const NEVER_MS = 3_000;
/** Frames before the break, and after the recovery. */
const AROUND_MS = 200;
const RATE = 16_000;
/** What a client has in hand when its caller falls silent. */
const HELD_FRAMES = 4;

const KINDS = [
  { key: 'quiet', flowing: 0, code: 1011, words: 'close 1011, no audio' },
  { key: 'flowing', flowing: 1, code: 1011, words: 'close 1011, audio flowing' },
  { key: 'dropped', flowing: 1, code: 0, words: 'TCP drop, audio flowing' },
];

interface Recovery {
  setupMs: number;
  heardMs: number;
  lostMs: number;
}

/** Frames in real time, until it is told to stop. */
function speak({ session }: Caller): { pushed: () => number; stop: () => void } {
  const frames = micFrames(RATE);
  const begun = now();
  let pushed = 0;
  const timer = setInterval(() => {
    while (pushed * FRAME_MS <= now() - begun) {
      session.pushAudio(frames[pushed % frames.length]!);
      pushed += 1;
    }
  }, 2);
  return { pushed: () => pushed, stop: () => clearInterval(timer) };
}

/** One break of one session; undefined when it does not come back. */
async function recover(
  bench: Bench,
  id: number,
  { code, flowing }: { code: number; flowing: boolean },
): Promise<Recovery | undefined> {
  const { control } = bench;
  await control.ask({ do: 'forget' });
  const [caller] = await openCallers(bench, 1, id);
  const mic = flowing ? speak(caller!) : undefined;
  try {
    await sleep(AROUND_MS);
    const all = await control.look();
    if (mic && !all.some((seen) => of(id)(seen) && seen.audioMs > 0)) {
      throw new Error('no audio arrived before the break');
    }
    const brokenMs = await control.ask({ do: 'break', caller: id, ...(code && { code }) });
    const next = (find: (seen: Seen) => number | undefined) =>
      control.until(
        (seen) =>
          seen
            .filter(({ caller, openedMs }) => caller === id && openedMs > brokenMs)
            .map(find)
            .find(Boolean),
        { limitMs: NEVER_MS, everyMs: 3 },
      );
    const setup = await next(({ setupMs }) => setupMs);
    if (setup === undefined) return undefined;
    if (!mic) return { setupMs: setup - brokenMs, heardMs: NaN, lostMs: NaN };
    const heard = await next(({ firstAudioMs }) => firstAudioMs);
    if (heard === undefined) return undefined;
    await sleep(AROUND_MS);
    mic.stop();
    await sleep(100);
    const lost = mic.pushed() * FRAME_MS - arrived(await control.look());
    const lostMs = lost <= HELD_FRAMES * FRAME_MS ? 0 : lost;
    return { setupMs: setup - brokenMs, heardMs: heard - brokenMs, lostMs };
  } finally {
    mic?.stop();
    await hangUp(caller!);
  }
}

const metrics = KINDS.flatMap(({ key, flowing, words }): Metric[] => {
  const goals = [atMost(50, 'ms'), floorPlus(1, 'ms'), betterThanOfficial];
  const back = { key: `${key}Setup`, label: `${words}: new setup on the wire`, unit: 'ms', goals };
  if (!flowing) return [{ ...back, chart: 'close 1011 to new setup' }];
  return [
    back,
    { key: `${key}Heard`, label: `${words}: first audio there`, unit: 'ms', goals: [] },
    {
      key: `${key}Lost`,
      label: `${words}: audio lost`,
      unit: 'ms',
      plain: true,
      goals: [atMost(0, 'ms')],
    },
  ];
});

export const reconnect: Suite = {
  name: 'reconnect',
  title: 'Reconnect: after the server ends the connection',
  metrics,
  tasks: (quick) =>
    KINDS.slice(0, quick ? 2 : undefined).map(({ key, code, flowing }, kind) => ({
      name: key,
      input: { kind, code, flowing, breaks: quick ? 2 : 15 },
      seconds: 180,
      ...(!quick && { repetitions: 3 }),
    })),
  async measure(bench, { kind, code, flowing, breaks }): Promise<Values> {
    const { key } = KINDS[kind!]!;
    const all: Recovery[] = [];
    for (let id = 0; id < breaks!; id++) {
      const back = await recover(bench, id, { code: code!, flowing: flowing === 1 });
      if (back) {
        all.push(back);
        continue;
      }
      const never = id === 0 ? 'never' : `never (after ${id})`;
      return flowing
        ? { [`${key}Setup`]: never, [`${key}Heard`]: never, [`${key}Lost`]: 'all' }
        : { [`${key}Setup`]: never };
    }
    const middle = (field: keyof Recovery): number => median(all.map((one) => one[field]));
    if (!flowing) return { [`${key}Setup`]: middle('setupMs') };
    return {
      [`${key}Setup`]: middle('setupMs'),
      [`${key}Heard`]: middle('heardMs'),
      [`${key}Lost`]: middle('lostMs'),
    };
  },
};
