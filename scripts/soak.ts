// SPDX-License-Identifier: Apache-2.0
/**
 * A session through a storm, for as long as you like:
 *
 *   npm run soak -- --seed 7 --turns 5000 [--model NAME --vertex] [--trace]
 *
 * Each round is a new session with a seed of its own (seed, seed + 1, …). Exits with 1 on the first
 * broken invariant and says how to play that round again. With NODE_OPTIONS=--expose-gc the heap is
 * measured after a collection.
 */
import { parseArgs } from 'node:util';
import { initializeLogger } from '@livekit/agents';
import { CHAOS_MODELS, runChaos } from '../test/support/chaos.js';

const ROUND = 250;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    turns: { type: 'string', default: '2000' },
    model: { type: 'string' },
    vertex: { type: 'boolean', default: false },
    trouble: { type: 'string', default: '0.15' },
    trace: { type: 'boolean', default: false },
  },
});

initializeLogger({ pretty: false, level: 'silent' });
const firstSeed = Number(values.seed ?? Date.now() % 1_000_000);
const models = values.model ? [{ model: values.model, vertexai: values.vertex }] : CHAOS_MODELS;
const total: Record<string, number> = {};
const heap: number[] = [];

console.log(`seed ${firstSeed}, ${values.turns} turns`);
for (let left = Number(values.turns), round = 0; left > 0; left -= ROUND, round++) {
  const turns = Math.min(ROUND, left);
  const seed = firstSeed + round;
  const which = models[round % models.length]!;
  const trace = values.trace ? { trace: console.log } : {};
  const trouble = Number(values.trouble);
  const { broken, summary } = await runChaos({ ...which, seed, turns, trouble, ...trace });
  for (const [name, count] of Object.entries(summary)) total[name] = (total[name] ?? 0) + count;
  globalThis.gc?.();
  heap.push(Math.round(process.memoryUsage().heapUsed / 2 ** 20));
  if (broken.length === 0) continue;
  console.error(`broken with seed ${seed}, ${which.model}:`);
  for (const what of new Set(broken)) console.error(`  ${what}`);
  const vertex = which.vertexai ? ' --vertex' : '';
  console.error(
    `again: npm run soak -- --seed ${seed} --turns ${turns} --model ${which.model}${vertex} --trace`,
  );
  process.exit(1);
}
console.log(total);
console.log(`heap after each round, in MiB: ${heap.join(' ')}`);
