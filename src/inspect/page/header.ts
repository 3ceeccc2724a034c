// SPDX-License-Identifier: Apache-2.0
import type { PageMeta } from '../page_data.js';
import { byId, element } from './dom.js';
import type { Model } from './model.js';
import { clockTime, duration } from './time.js';

type Report = PageMeta['report'];

/** What the call was, its figures, and what went wrong in it. */
export function fillHeader({ meta, durationMs }: Model): void {
  const { title, report } = meta;
  const { model, backend, startedAt, synthetic } = report.head;
  document.title = title;
  byId('title').textContent = title;
  const began = typeof startedAt === 'string' ? new Date(startedAt) : undefined;
  const parts = [
    model,
    backend,
    began && !Number.isNaN(began.getTime()) ? began.toLocaleString() : undefined,
    report.isTimed ? duration(durationMs) : 'no times were recorded: order only',
    synthetic === true ? 'synthetic' : undefined,
    report.problems.length > 0 ? `${report.problems.length} lines unreadable` : undefined,
  ];
  byId('subtitle').textContent = parts.filter((part) => part !== undefined).join(' · ');
  byId('stats').replaceChildren(...figures(report).map(([name, value]) => figure(name, value)));
}

function figures({ latency, answers, interruptions, tools, tokens }: Report): [string, string][] {
  const ms = (value: number | null): string => (value === null ? '–' : duration(value));
  const list: [string, string][] = [
    ['answers', String(answers.length)],
    ['latency p50', ms(latency.p50)],
    ['latency p95', ms(latency.p95)],
    ['interruptions', String(interruptions.length)],
    ['tool calls', String(tools.length)],
  ];
  const count = tokens.input + tokens.output;
  if (count > 0) list.push(['tokens', count.toLocaleString('en')]);
  if (tokens.costUsd !== null)
    list.push(['cost', `$${tokens.costUsd.toFixed(tokens.costUsd < 1 ? 4 : 2)}`]);
  return list;
}

function figure(name: string, value: string): HTMLElement {
  const box = element('div');
  box.append(element('dt', '', name), element('dd', '', value));
  return box;
}

/** More would be a wall; the list of events has them all. */
const MOST_CHIPS = 60;

/** The gravest first, as the report has them. */
export function fillVerdicts(model: Model, picked: (index: number) => void): void {
  const { verdicts } = model.meta.report;
  const list = byId('verdicts').firstElementChild;
  const chips = verdicts.slice(0, MOST_CHIPS).map((verdict) => {
    const index = model.events.findIndex(({ raw }) => raw === verdict);
    const chip = element('button', `chip ${verdict.grade}`);
    chip.type = 'button';
    chip.title = verdict.hint;
    chip.ariaLabel = `${verdict.grade}: ${verdict.what}, at ${clockTime(verdict.at, 1000)}`;
    chip.append(element('time', '', clockTime(verdict.at, 100)), element('span', '', verdict.what));
    chip.addEventListener('click', () => picked(index));
    const item = element('li');
    item.append(chip);
    return item;
  });
  const left = verdicts.length - chips.length;
  if (left > 0) chips.push(element('li', 'fine', `and ${left} more in the list`));
  if (verdicts.length === 0) {
    const item = element('li', 'fine good');
    item.append(element('i', 'dot'), 'No problem found');
    chips.push(item);
  }
  list?.replaceChildren(...chips);
}
