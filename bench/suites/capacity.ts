// SPDX-License-Identifier: Apache-2.0
import { openCallers, type Caller } from '../callers.js';
import { timesBetter } from '../goals.js';
import { isWhole, p99, talk } from '../real_time.js';
import { largest } from '../stats.js';
import { now, sleep, untilIdle, type Suite, type Values } from '../types.js';

const LATE_MS = 20;
const FIRST = 25;
const MOST = 1_600;
/** The server has a core of its own; beyond this it would be measured instead. */
const SERVER_SHARE = 0.9;

export const capacity: Suite = {
  name: 'capacity',
  title: 'Capacity: how many calls one core carries',
  metrics: [
    {
      key: 'callers',
      label: 'real-time callers, event loop p99 < 20 ms late',
      chart: 'callers per core (more is better)',
      unit: '',
      digits: 0,
      more: true,
      goals: [timesBetter(3)],
    },
    {
      key: 'share',
      label: 'share of the core at that',
      unit: '%',
      digits: 0,
      plain: true,
      goals: [],
    },
  ],
  tasks: (quick) => [
    {
      name: 'callers',
      input: { ms: quick ? 1_200 : 4_000, tries: quick ? 3 : 9, budgetMs: quick ? 8_000 : 90_000 },
      seconds: 240,
      ...(!quick && { repetitions: 3 }),
    },
  ],
  async measure(bench, { ms, tries, budgetMs }): Promise<Values> {
    const callers: Caller[] = [];
    const until = now() + budgetMs!;
    let share = NaN;
    let limit: string | undefined;
    let tooMany = Infinity;
    const holds = async (count: number): Promise<boolean> => {
      if (now() > until) {
        limit = 'time';
        return false;
      }
      const missing = count - callers.length;
      if (missing > 0) callers.push(...(await openCallers(bench, missing, callers.length)));
      await untilIdle();
      const call = { ms: ms!, skipMs: 400, hear: true, graceMs: 1_000 };
      const traffic = await talk(bench, callers.slice(0, count), call);
      const good = p99(traffic.lateness) < LATE_MS && isWhole(traffic, call);
      if (good) share = traffic.ownShare * 100;
      else tooMany = Math.min(tooMany, count);
      if (!good && traffic.serverShare > SERVER_SHARE) limit = 'server';
      await sleep(100);
      return good;
    };
    const count = await largest(holds, { first: FIRST, most: MOST, tries: tries! });
    if (count === 0) return { callers: `fewer than ${tooMany}`, share: '—' };
    if (limit === 'server') return { callers: count, share, note: 'the server was at its limit' };
    if (limit === 'time') return { callers: count, share, note: 'the search ran out of time' };
    return { callers: count, share };
  },
};
