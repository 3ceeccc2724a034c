// SPDX-License-Identifier: Apache-2.0
import { agent, agentSession } from '../agent.js';
import { begin, hangUp, instructions, newModel, of } from '../callers.js';
import { atMost, betterThanOfficial, floorPlus } from '../goals.js';
import type { Seen } from '../plan.js';
import { mean, median } from '../stats.js';
import { now, sleep, untilIdle, type Bench, type Suite, type Values } from '../types.js';

const LIMIT_MS = 5_000;
/** Starts that are not counted. */
const WARM_UP = 3;
/** A second dial comes within this, or never. */
const SECOND_DIAL_MS = 300;
const SLOW = { upgradeMs: 50, setupMs: 50 };

interface Start {
  ms: number;
  sockets: number;
}

/** When the server had what a start waits for, and how many sockets that took. */
async function arrival(bench: Bench, id: number, when: (seen: Seen) => number | undefined) {
  const find = (all: Seen[]) => all.filter(of(id)).map(when).find(Boolean);
  const atMs = await bench.control.until(find, { limitMs: LIMIT_MS });
  if (atMs === undefined) throw new Error(`start ${id} did not end within ${LIMIT_MS} ms`);
  await sleep(SECOND_DIAL_MS);
  const all = await bench.control.look();
  const last = find(all);
  if (last === undefined) throw new Error(`start ${id} lost its connection`);
  return { atMs: last, sockets: all.length };
}

/** `session()` and its configuration, up to the setup on the wire. */
async function bare(bench: Bench, id: number): Promise<Start> {
  const model = await newModel(bench);
  const begun = now();
  const caller = await begin(model, id);
  const { atMs, sockets } = await arrival(bench, id, ({ setupMs }) => setupMs);
  await hangUp(caller);
  return { ms: atMs - begun, sockets };
}

/** `AgentSession.start()`, up to the moment at which the model can hear. */
async function whole(bench: Bench, id: number): Promise<Start> {
  const session = agentSession(await newModel(bench));
  const begun = now();
  await session.start({ agent: agent(instructions(id)), record: false });
  const { atMs, sockets } = await arrival(bench, id, ({ readyMs }) => readyMs);
  await Promise.race([session.close().catch(() => {}), sleep(3_000)]);
  return { ms: atMs - begun, sockets };
}

async function many(
  bench: Bench,
  starts: number,
  one: (bench: Bench, id: number) => Promise<Start>,
): Promise<Start> {
  const all: Start[] = [];
  for (let id = 0; id < starts + WARM_UP; id++) {
    await bench.control.ask({ do: 'forget' });
    await untilIdle();
    const start = await one(bench, id);
    if (id >= WARM_UP) all.push(start);
  }
  return { ms: median(all.map(({ ms }) => ms)), sockets: mean(all.map(({ sockets }) => sockets)) };
}

export const start: Suite = {
  name: 'start',
  title: 'Start: from nothing to a model that listens',
  metrics: [
    {
      key: 'setupMs',
      label: 'session() and its configuration → setup on the wire',
      chart: 'session() to setup on the wire',
      unit: 'ms',
      digits: 2,
      goals: [floorPlus(1, 'ms'), betterThanOfficial],
    },
    {
      key: 'sockets',
      label: 'sockets opened for that',
      unit: '',
      plain: true,
      goals: [atMost(1, '')],
    },
    {
      key: 'agentMs',
      label: 'AgentSession.start() → ready; the server takes 50 + 50 ms',
      chart: 'AgentSession.start() to ready',
      unit: 'ms',
      goals: [floorPlus(1, 'ms'), betterThanOfficial],
    },
    {
      key: 'agentSockets',
      label: 'sockets opened for that',
      unit: '',
      plain: true,
      goals: [atMost(1, '')],
    },
    {
      key: 'importMs',
      label: 'import, over the framework alone',
      chart: 'import, over the framework',
      unit: 'ms',
      goals: [atMost(15, 'ms')],
    },
    { key: 'importCpuMs', label: 'CPU of the import', unit: 'ms', goals: [] },
    { key: 'importHeap', label: 'memory after the import', unit: 'MiB', goals: [] },
  ],
  tasks: (quick) => [
    { name: 'sessions', input: { starts: quick ? 2 : 30 }, seconds: 180 },
    {
      name: 'import',
      input: {},
      seconds: 60,
      program: 'import_probe',
      ...(quick ? {} : { repetitions: 10 }),
    },
  ],
  async measure(bench, { starts }): Promise<Values> {
    const alone = await many(bench, starts!, bare);
    await bench.control.plan(SLOW);
    const inAgent = await many(bench, starts!, whole);
    return {
      ...{ setupMs: alone.ms, sockets: alone.sockets },
      ...{ agentMs: inAgent.ms, agentSockets: inAgent.sockets },
    };
  },
};
