// SPDX-License-Identifier: Apache-2.0
import { listen, openCallers, sameAudio } from '../callers.js';
import { ofFloor, timesBetter } from '../goals.js';
import { cpu, untilIdle, type Suite, type Task } from '../types.js';

/** Two minutes of talk: by then the runtime has compiled what is hot. */
const WARM_UP = 3_000;

/** A model speaks faster than life, so its audio comes in bursts; of this many chunks here. */
const BURST = 16;

/** `single`: the process sleeps before each chunk, and waking up is most of what is measured. */
const SHAPES = [
  { key: 'down40', chunkMs: 40, deflate: 0, single: 0, words: '40 ms' },
  { key: 'down100', chunkMs: 100, deflate: 0, single: 0, words: '100 ms' },
  { key: 'deflate40', chunkMs: 40, deflate: 1, single: 0, words: '40 ms, server takes deflate' },
  { key: 'single40', chunkMs: 40, deflate: 0, single: 1, words: '40 ms, one at a time' },
];

const QUICK = ['down40', 'deflate40'];

export const downlink: Suite = {
  name: 'downlink',
  title: 'Downlink: from the wire to an AudioFrame in a reader',
  metrics: SHAPES.map(({ key, single, words }) => ({
    key,
    label: `CPU per chunk of model audio, ${words}`,
    unit: 'µs',
    goals: single ? [] : [timesBetter(2.2), ofFloor(1.15)],
    ...(!single && { chart: `model audio, ${words.replace('server takes ', '')}: CPU` }),
  })),
  tasks: (quick) =>
    SHAPES.filter(({ key }) => !quick || QUICK.includes(key)).map((shape): Task => {
      const { key, chunkMs, deflate, single } = shape;
      const count = quick ? 3_000 : single ? 5_000 : 15_000;
      const input = { shape: SHAPES.indexOf(shape), chunkMs, deflate, single, count };
      return { name: key, input, seconds: 120 };
    }),
  async measure(bench, { shape, chunkMs, deflate, single, count }) {
    const { control } = bench;
    const chunks = WARM_UP + count!;
    const batch = single ? 1 : BURST;
    await control.plan({ deflate: deflate === 1, chunkMs: chunkMs!, chunks, batch });
    const [caller] = await openCallers(bench, 1);
    await untilIdle();
    let frames = 0;
    let begun = 0;
    let ended = 0;
    const heard = await listen(caller!, () => {
      frames += 1;
      if (frames === WARM_UP) begun = cpu();
      if (frames === chunks) ended = cpu();
    });
    sameAudio('downlink', heard.audioMs, chunks * chunkMs!);
    if (heard.frames !== chunks) throw new Error(`${heard.frames} frames of ${chunks} chunks`);
    return { [SHAPES[shape!]!.key]: (ended - begun) / count! };
  },
};
