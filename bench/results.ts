// SPDX-License-Identifier: Apache-2.0
/** What a run leaves behind: out/bench.json. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Summary } from './goals.js';
import { median, medianRatio } from './stats.js';
import {
  SUBJECTS,
  type Metric,
  type Outcome,
  type Subject,
  type Suite,
  type Value,
} from './types.js';

const FILE = fileURLToPath(new URL('../out/bench.json', import.meta.url));

/** Stands for what was not measured; other words are results. */
const FAILED = 'failed';

export interface Machine {
  cpu: string;
  cores: number;
  memoryGiB: number;
  system: string;
  node: string;
  versions: Record<string, string>;
}

/** One row of the table. */
export interface Row {
  key: string;
  label: string;
  unit: string;
  digits: number;
  chart?: string;
  more?: true;
  /** One entry per repetition. */
  runs: Record<Subject, Value[]>;
  /** What is shown: a median, or words. */
  shown: Partial<Record<Subject, Value>>;
  /** How many times better than official, and how many times over the floor; null without numbers. */
  better: number | null;
  overFloor: number | null;
  goals: { text: string; met: boolean | null }[];
}

export interface SuiteResult {
  name: string;
  title: string;
  date: string;
  quick: boolean;
  repetitions: number;
  pinned: boolean;
  /** One-minute load averages before and after: anything above 1 was not ours alone. */
  load: [number, number];
  machine: Machine;
  rows: Row[];
  notes: string[];
  failures: string[];
}

export type Results = Record<string, SuiteResult>;

function versionOf(name: string): string {
  const require = createRequire(import.meta.url);
  const root = fileURLToPath(new URL('../', import.meta.url));
  return (require(`${root}node_modules/${name}/package.json`) as { version: string }).version;
}

export function thisMachine(): Machine {
  const all = cpus();
  const packages = ['@livekit/agents', '@livekit/rtc-node', '@livekit/agents-plugin-google', 'ws'];
  return {
    cpu: all[0]?.model ?? 'unknown',
    cores: all.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.version,
    versions: Object.fromEntries(packages.map((name) => [name, versionOf(name)])),
  };
}

export const load = (): number => loadavg()[0] ?? NaN;

/** Outcomes of one task: for each subject one per repetition, in order. */
export type Outcomes = Record<Subject, Outcome[]>;

const number = (value: Value | undefined): number | undefined =>
  typeof value === 'number' && !Number.isNaN(value) ? value : undefined;

/** The median; words where most repetitions gave words, and where one of them was not measured. */
function shownOf(values: readonly Value[]): Value | undefined {
  if (values.includes(FAILED)) return FAILED;
  const words = values.filter((value) => typeof value === 'string');
  if (words.length * 2 > values.length) return words[0];
  const numbers = values.flatMap((value) => number(value) ?? []);
  return numbers.length > 0 ? median(numbers) : undefined;
}

function rowOf(metric: Metric, outcomes: Outcomes): Row {
  const { key, label, unit, digits = 1, chart, more, plain } = metric;
  const runs = Object.fromEntries(
    SUBJECTS.map((subject) => [
      subject,
      outcomes[subject].map(({ values, failed }) => (failed ? FAILED : (values?.[key] ?? NaN))),
    ]),
  ) as Record<Subject, Value[]>;
  const shown = Object.fromEntries(
    SUBJECTS.map((subject) => [subject, shownOf(runs[subject])]),
  ) as Row['shown'];
  const ratio = (over: Subject, under: Subject): number =>
    medianRatio(runs[over].map(number), runs[under].map(number));
  const values = Object.fromEntries(
    SUBJECTS.map((subject) => [subject, number(shown[subject])]),
  ) as Summary['values'];
  const none = plain ? NaN : undefined;
  const better = none ?? (more ? ratio('ours', 'official') : ratio('official', 'ours'));
  const overFloor = none ?? (more ? ratio('floor', 'ours') : ratio('ours', 'floor'));
  const { official } = shown;
  const cannot = typeof official === 'string' && official !== FAILED;
  const summary = { values, better, overFloor, alone: cannot && values.ours !== undefined };
  return {
    ...{ key, label, unit, digits, runs, shown },
    ...(chart !== undefined && { chart }),
    ...(more && { more }),
    better: Number.isNaN(better) ? null : better,
    overFloor: Number.isNaN(overFloor) ? null : overFloor,
    goals: metric.goals.map((goal) => ({ text: goal.text, met: goal.met(summary) ?? null })),
  };
}

/** The rows of a suite for which there is anything to show. */
export function rowsOf(suite: Suite, tasks: readonly Outcomes[]): Row[] {
  return suite.metrics.flatMap((metric) => {
    const own = tasks.find((outcomes) =>
      SUBJECTS.some((subject) =>
        outcomes[subject].some(({ values }) => values && metric.key in values),
      ),
    );
    return own ? [rowOf(metric, own)] : [];
  });
}

export function readResults(): Results {
  if (!existsSync(FILE)) return {};
  return JSON.parse(readFileSync(FILE, 'utf8')) as Results;
}

/** A suite that was not run keeps what it has. */
export function writeResult(result: SuiteResult): void {
  mkdirSync(fileURLToPath(new URL('../out', import.meta.url)), { recursive: true });
  const results = { ...readResults(), [result.name]: result };
  writeFileSync(FILE, `${JSON.stringify(results, null, 2)}\n`);
}
