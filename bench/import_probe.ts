// SPDX-License-Identifier: Apache-2.0
/** What loading a subject takes, in time and memory, over the framework alone. A fresh process each. */
import { cpu, type Outcome, type Subject } from './types.js';

const [subject] = process.argv.slice(2) as [Subject];

const PACKAGES: Record<Subject, () => Promise<unknown>> = {
  ours: () => import('../src/index.js'),
  official: () => import('@livekit/agents-plugin-google'),
  floor: () => import('./floor.js'),
};

function heap(): number {
  for (let i = 0; i < 3; i++) globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

await import('@livekit/agents');
await import('@livekit/rtc-node');
const heapBefore = heap();
const cpuBefore = cpu();
const begun = performance.now();
await PACKAGES[subject]();
const importMs = performance.now() - begun;
const importCpuMs = (cpu() - cpuBefore) / 1000;
const importHeap = (heap() - heapBefore) / 2 ** 20;
const outcome: Outcome = { values: { importMs, importCpuMs, importHeap }, unhandled: 0 };
process.send?.(outcome, () => process.exit(0));
