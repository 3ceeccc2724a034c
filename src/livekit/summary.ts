// SPDX-License-Identifier: Apache-2.0
import type { llm } from '@livekit/agents';
import { sleep, type Clock } from '../clock.js';
import type { HistorySummary } from '../options.js';
import { older } from '../protocol/history.js';

/** A text that stands for the older part of a history. */
export interface Summary {
  text: string;
  itemIds: ReadonlySet<string>;
}

/** Asks the app for a summary. Without one in time (or at all) the history is cut instead. */
export async function summarize(
  items: readonly llm.ChatItem[],
  option: Required<HistorySummary>,
  clock: Clock,
  failed: (why: string) => void,
): Promise<Summary | undefined> {
  const covered = older(items, option.keepTurns);
  if (covered.length === 0) return undefined;
  const done = new AbortController();
  const late = sleep(clock, option.deadlineMs, done.signal).then(() => undefined);
  try {
    const text = await Promise.race([ask(option, covered), late]);
    if (text === undefined) failed(`it took longer than ${option.deadlineMs} ms`);
    else if (text.trim() === '') failed('it is empty');
    else return { text: text.trim(), itemIds: new Set(covered.map(({ id }) => id)) };
  } catch (error) {
    failed(String(error));
  } finally {
    done.abort();
  }
  return undefined;
}

/** As a promise, also where it throws at once or is no text. */
async function ask(option: HistorySummary, items: llm.ChatItem[]): Promise<string> {
  return String((await option.summarize(items)) ?? '');
}
