// SPDX-License-Identifier: Apache-2.0
/** Puts the results of out/bench.json into docs/benchmarks.md, between its marks, and draws the chart. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chart } from './chart.js';
import type { Machine, Results, SuiteResult } from './results.js';
import { SUITES } from './suites/index.js';
import { cells, HEADER } from './table.js';

const PAGE = fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url));
const CHART = fileURLToPath(new URL('../docs/benchmarks.svg', import.meta.url));
const BEGIN = '<!-- Written by `npm run bench -- --docs-only`, from here … -->';
const END = '<!-- … to here. -->';

const line = (parts: readonly string[]): string => `| ${parts.join(' | ')} |`;

function machineText({ cpu, cores, memoryGiB, system, node, versions }: Machine): string {
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB; ${system}; Node.js ${node}; ${packages.join(', ')}`;
}

function section(result: SuiteResult): string {
  const { title, date, quick, repetitions, pinned, load, rows, notes, failures } = result;
  const how = [
    `${date}, ${quick ? 'quick run' : 'full run'}`,
    `${repetitions} ${repetitions === 1 ? 'repetition' : 'repetitions'}`,
    pinned ? 'pinned' : 'not pinned',
    `load average ${load.map((value) => value.toFixed(1)).join(' before, ')} after`,
  ];
  const table = [
    line(HEADER),
    line(HEADER.map((_, i) => (i >= 2 && i < HEADER.length - 1 ? '--:' : '---'))),
    ...rows.map((row) => line(cells(row))),
  ];
  const more = [...notes, ...failures.map((failure) => `not measured: ${failure}`)];
  return [
    `### ${title}`,
    `${how.join('; ')}.`,
    table.join('\n'),
    ...(more.length > 0 ? [more.map((note) => `* ${note}`).join('\n')] : []),
  ].join('\n\n');
}

export function writeDocs(results: Results): void {
  const ordered = SUITES.flatMap(({ name }) => results[name] ?? []);
  if (ordered.length === 0)
    throw new Error('out/bench.json holds no results: run the suites first.');
  const machines = [...new Set(ordered.map(({ machine }) => machineText(machine)))];
  const isQuick = ordered.some(({ quick }) => quick);
  const isBusy = ordered.some(({ load, machine }) => Math.min(...load) > machine.cores);
  const text = [
    ...(isQuick
      ? [
          '**Preliminary:** at least one suite stands here from a quick run, which is too short to cite.',
        ]
      : []),
    ...(isBusy
      ? [
          '**The machine was busy** with other work: look at the load averages, and at no number twice.',
        ]
      : []),
    `Measured on: ${machines.join('; and on: ')}.`,
    ...ordered.map(section),
  ].join('\n\n');
  const page = readFileSync(PAGE, 'utf8');
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${PAGE} has lost its marks: ${BEGIN} and ${END}`);
  writeFileSync(PAGE, `${page.slice(0, begin)}${BEGIN}\n\n${text}\n\n${page.slice(end)}`);
  const rows = ordered.flatMap((result) => result.rows);
  const caption = `On 127.0.0.1; shorter is better unless it says otherwise${isQuick ? ' (preliminary)' : ''}`;
  writeFileSync(CHART, chart(rows, caption));
}
