// SPDX-License-Identifier: Apache-2.0
import { inspect } from 'node:util';
import type { Behavior, FunctionResponseScheduling } from '@google/genai';
import { optionsError } from './errors.js';
import type { RealtimeModelOptions, Settings, ToolOptions } from './options.js';

/** Their enum is not imported: the SDK takes 40 ms to load. */
const SCHEDULES = ['SILENT', 'WHEN_IDLE', 'INTERRUPT'] satisfies `${FunctionResponseScheduling}`[];

const includes = (allowed: readonly string[], value: unknown): boolean =>
  allowed.includes(value as string);

/** Fits what was said about tools, all of them and single ones, to the model's row. */
export function fitTools(
  settings: Settings,
  given: RealtimeModelOptions,
  warnings: string[],
): void {
  const row = settings.capabilities;
  const { toolBehavior, toolResponseScheduling: scheduling } = given;
  if (toolBehavior !== undefined && !behaves('toolBehavior', toolBehavior, settings, warnings)) {
    settings.toolBehavior = row.defaultToolBehavior as Behavior;
  }
  if (scheduling !== undefined && !includes(row.toolScheduling, scheduling)) {
    Reflect.deleteProperty(settings, 'toolResponseScheduling');
    warnings.push(notScheduled('toolResponseScheduling', settings));
  }
  if (given.toolOptions !== undefined) {
    settings.toolOptions = single(given.toolOptions, settings, warnings);
  }
  const tools = Object.keys(settings.geminiTools ?? {});
  const refused = tools.filter((tool) => !includes(row.providerTools, tool));
  if (refused.length > 0) {
    throw optionsError(
      `${settings.model} has no built-in ${refused.join(', ')}.`,
      `It has: ${row.providerTools.join(', ') || 'none'}.`,
    );
  }
}

const notScheduled = (option: string, { model }: Settings): string =>
  `${option} is left out: ${model} does not schedule tool responses.`;

/** True where the value stands; false where it is left out. */
function behaves(option: string, value: string, settings: Settings, warnings: string[]): boolean {
  const { capabilities: row, model } = settings;
  if (includes(row.toolBehaviors, value)) return true;
  if (row.toolBehaviors.length > 0) {
    throw optionsError(
      `${model} does not take ${option} ${value}.`,
      `Use ${row.toolBehaviors.join(' or ')}, or leave it out.`,
    );
  }
  if (value === row.defaultToolBehavior) return true;
  warnings.push(`${option} is left out: ${model} has only ${row.defaultToolBehavior} tools.`);
  return false;
}

function single(
  given: unknown,
  settings: Settings,
  warnings: string[],
): Record<string, ToolOptions> {
  if (!isObject(given)) throw unusable('toolOptions', given, 'Give an object of tool names.');
  const entries = Object.entries(given).map(([name, options]) => {
    const at = `toolOptions.${name}`;
    if (!isObject(options))
      throw unusable(at, options, 'Give { behavior, scheduling, deadlineMs }.');
    return [name, one(at, options, settings, warnings)] as const;
  });
  return Object.fromEntries(entries);
}

function one(
  at: string,
  given: Record<string, unknown>,
  settings: Settings,
  warnings: string[],
): ToolOptions {
  const { behavior, scheduling, deadlineMs, ...unknown } = given;
  const names = Object.keys(unknown);
  if (names.length > 0) {
    warnings.push(`Unknown option ${at}.${names.join(', ')}: not used. Check the spelling.`);
  }
  const kept: ToolOptions = {};
  if (behavior !== undefined) {
    const choice = typeof behavior === 'string' ? behavior : inspect(behavior);
    if (behaves(`${at}.behavior`, choice, settings, warnings)) kept.behavior = choice as Behavior;
  }
  if (scheduling !== undefined && schedules(`${at}.scheduling`, scheduling, settings, warnings)) {
    const blocks = (kept.behavior ?? settings.toolBehavior) === 'BLOCKING';
    if (blocks) warnings.push(`${at}.scheduling is left out: a blocking call has no schedule.`);
    else kept.scheduling = scheduling as FunctionResponseScheduling;
  }
  if (deadlineMs !== undefined) {
    kept.deadlineMs = deadline(`${at}.deadlineMs`, deadlineMs);
  }
  return kept;
}

function deadline(at: string, ms: unknown): number | null {
  if (ms === null || (typeof ms === 'number' && ms >= 1 && ms <= 86_400_000)) return ms;
  throw unusable(at, ms, 'Give a number of ms from 1 to 86400000, or null for no limit.');
}

function schedules(at: string, value: unknown, settings: Settings, warnings: string[]): boolean {
  if (includes(settings.capabilities.toolScheduling, value)) return true;
  if (!includes(SCHEDULES, value)) throw unusable(at, value, `Give ${SCHEDULES.join(', ')}.`);
  warnings.push(notScheduled(at, settings));
  return false;
}

function unusable(option: string, value: unknown, hint: string): Error {
  return optionsError(`Option ${option} is ${inspect(value, { depth: 1 })}.`, hint);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
