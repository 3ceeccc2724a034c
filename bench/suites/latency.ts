// SPDX-License-Identifier: Apache-2.0
import { openCallers } from '../callers.js';
import { betterThanOfficial, floorPlus } from '../goals.js';
import { isWhole, p50, p99, talk } from '../real_time.js';
import type { Metric, Suite, Values } from '../types.js';

const COUNTS = [1, 50, 200];
const WAYS = [
  { way: 'up', words: 'mic frame → server' },
  { way: 'down', words: 'server → frame in a reader' },
];

const SHARES = [50, 99];

function metrics(count: number): Metric[] {
  const calls = count === 1 ? '1 call' : `${count} calls`;
  return WAYS.flatMap(({ way, words }) =>
    SHARES.map((share) => ({
      key: `${way}${share}x${count}`,
      label: `${words}, ${calls}, p${share}`,
      unit: 'ms',
      digits: 2,
      goals: [floorPlus(1, 'ms'), betterThanOfficial],
    })),
  );
}

export const latency: Suite = {
  name: 'latency',
  title: 'Latency: what a client adds, both ways at once, in real time',
  metrics: COUNTS.flatMap(metrics),
  tasks: (quick) =>
    COUNTS.filter((count) => !quick || count < 200).map((count) => ({
      name: `${count} calls`,
      input: { count, ms: quick ? 2_200 : 12_000 },
      seconds: 120,
    })),
  async measure(bench, { count, ms }): Promise<Values> {
    const callers = await openCallers(bench, count!);
    const call = { ms: ms!, skipMs: 1_000, hear: true, graceMs: 5_000 };
    const traffic = await talk(bench, callers, call);
    const keys = WAYS.flatMap(({ way }) => SHARES.map((share) => `${way}${share}x${count}`));
    if (!isWhole(traffic, call)) {
      const got = Math.min(traffic.upShare, traffic.downShare);
      const words = `${(got * 100).toFixed(0)} % arrived`;
      if (count === 1) throw new Error(`${words} of the audio of a single call`);
      return Object.fromEntries(keys.map((key) => [key, words]));
    }
    const { up, down } = traffic;
    const values = [p50(up), p99(up), p50(down), p99(down)];
    return Object.fromEntries(keys.map((key, i) => [key, values[i]!]));
  },
};
