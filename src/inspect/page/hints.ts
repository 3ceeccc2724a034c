// SPDX-License-Identifier: Apache-2.0
import { dbOf, NO_LEVEL, ROW_KINDS } from '../page_data.js';
import type { Hit } from './hit.js';
import { queueAt, type Model } from './model.js';
import type { Pyramid } from './pyramid.js';
import { firstIndex } from './spans.js';
import { clockTime, duration } from './time.js';
import type { Hint } from './tooltip.js';

/** What a place of the time line has to say; undefined where there is nothing. */
export function hintFor(model: Model, { t, lane, selection }: Hit): Hint | undefined {
  if (selection?.is === 'row') {
    const title = ROW_KINDS[model.kinds[selection.index] ?? 0] ?? '';
    const time = clockTime(model.times[selection.index] ?? 0);
    return { title: `Frame: ${title}`, text: 'Click to read it', facts: [['time', time]] };
  }
  const event = selection && model.events[selection.index];
  if (event) return { title: event.title, text: event.text.slice(0, 300), facts: event.facts };
  if (lane?.id === 'caller' || lane?.id === 'agent') return level(lane.label, model[lane.id], t);
  return lane?.id === 'queue' ? queue(model, t) : undefined;
}

function level(who: string, pyramid: Pyramid | undefined, t: number): Hint | undefined {
  const cell = pyramid?.at(t) ?? 0;
  if (cell === 0) return undefined;
  const text = cell === NO_LEVEL ? 'audio, its level was not recorded' : `${dbOf(cell)} dB`;
  return { title: `${who}: ${text}`, text: '', facts: [] };
}

function queue(model: Model, t: number): Hint | undefined {
  const count = model.queue.length / 3;
  const after = firstIndex(count, (point) => queueAt(model, point).t > t);
  if (after === 0) return undefined;
  const { commands, audioMs } = queueAt(model, after - 1);
  if (commands === 0) return undefined;
  return {
    title: `${commands} waiting to be sent`,
    text: '',
    facts: [['audio', duration(audioMs)]],
  };
}
