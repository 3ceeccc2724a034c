// SPDX-License-Identifier: Apache-2.0
import type { Control } from './control.js';
import type { Goal } from './goals.js';

export const SUBJECTS = ['ours', 'official', 'floor'] as const;
export type Subject = (typeof SUBJECTS)[number];

export const MODEL = 'gemini-2.5-flash-native-audio-preview-12-2025';

/** What one number means, and what it should be. */
export interface Metric {
  key: string;
  label: string;
  unit: string;
  digits?: number;
  /** Default: less is better. */
  more?: true;
  /** A ratio would say nothing: a count, or what may be nothing at all. */
  plain?: true;
  goals: readonly Goal[];
  /** Shown in the chart under this name. */
  chart?: string;
}

/** One measurement: one process per subject and repetition. */
export interface Task {
  name: string;
  /** What the measurement is told. */
  input: Readonly<Record<string, number>>;
  /** Killed after this. */
  seconds: number;
  /** Default: the count of the run. */
  repetitions?: number;
  /** Another program than the worker. */
  program?: 'import_probe';
}

/** A number, or words for what a subject cannot do. */
export type Value = number | string;
export type Values = Record<string, Value>;

export interface Suite {
  name: string;
  title: string;
  metrics: readonly Metric[];
  tasks(quick: boolean): Task[];
  /** Runs in the worker. Throws when it did not measure what it is named after. */
  measure?(bench: Bench, input: Task['input']): Promise<Values>;
}

/** What a measurement works with. */
export interface Bench {
  subject: Subject;
  url: string;
  control: Control;
}

/** What a measuring process reports. */
export interface Outcome {
  values?: Values;
  failed?: string;
  /** Promises that the subject left behind rejected. */
  unhandled: number;
}

/** What comes from one clock for all processes of a machine, in ms. */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6;

export const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));

/** Whatever is due in the event loop goes first. */
export const yieldNow = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** CPU of this process and all its threads, in µs. */
export function cpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Resolves when this process has nothing left to do: what was started is part of what it costs. */
export async function untilIdle(limitMs = 30_000): Promise<void> {
  const until = now() + limitMs;
  for (let quiet = 0; quiet < 2;) {
    const before = cpu();
    await sleep(20);
    quiet = cpu() - before < 1_000 ? quiet + 1 : 0;
    if (now() > until) throw new Error(`still busy after ${limitMs} ms`);
  }
}
