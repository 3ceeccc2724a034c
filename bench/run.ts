// SPDX-License-Identifier: Apache-2.0
/**
 * This plugin beside the official one and a hand-written floor, on 127.0.0.1:
 *
 *   npm run bench -- [--quick] [--suite uplink,downlink] [--repetitions 5] [--write-docs]
 *
 * Prints a table, keeps out/bench.json, and with --write-docs renews docs/benchmarks.md and its chart
 * from that file. Goals are printed, not judged: it fails only when something could not be measured.
 */
import { parseArgs } from 'node:util';
import { writeDocs } from './docs.js';
import {
  chooseCores,
  compile,
  measure,
  startServer,
  type Cores,
  type Server,
} from './processes.js';
import { load, readResults, rowsOf, thisMachine, writeResult, type Outcomes } from './results.js';
import { inTurn } from './stats.js';
import { SUITES } from './suites/index.js';
import { terminalTable } from './table.js';
import { SUBJECTS, type Suite, type Task } from './types.js';

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    suite: { type: 'string' },
    repetitions: { type: 'string' },
    'write-docs': { type: 'boolean', default: false },
    'docs-only': { type: 'boolean', default: false },
  },
});

interface Run {
  server: Server;
  cores: Cores | undefined;
  repetitions: number;
  notes: string[];
  failures: string[];
}

/** Says on one line what is going on; a pipe is spared. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

async function runTask(suite: Suite, task: Task, run: Run): Promise<Outcomes> {
  const outcomes: Outcomes = { ours: [], official: [], floor: [] };
  const repetitions = task.repetitions ?? run.repetitions;
  for (let i = 0; i < repetitions; i++) {
    for (const subject of inTurn(SUBJECTS, i)) {
      progress(`${suite.name}, ${task.name}, ${subject}, ${i + 1} of ${repetitions}`);
      const outcome = await measure({ suite, task, subject }, run.server.url, run.cores?.subject);
      outcomes[subject].push(outcome);
      const where = `${task.name}, ${subject}`;
      if (outcome.failed) run.failures.push(`${where}: ${outcome.failed}`);
      if (outcome.values?.['note']) run.notes.push(`${where}: ${outcome.values['note']}`);
      if (outcome.unhandled > 0) {
        run.notes.push(`${where}: ${outcome.unhandled} rejected promises left behind`);
      }
    }
  }
  return outcomes;
}

async function runSuite(suite: Suite, cores: Cores | undefined): Promise<string[]> {
  const quick = flags.quick;
  const repetitions = Number(flags.repetitions ?? (quick ? 1 : 5));
  const before = load();
  const server = await startServer(cores);
  const run: Run = { server, cores, repetitions, notes: [], failures: [] };
  const all: Outcomes[] = [];
  try {
    for (const task of suite.tasks(quick)) all.push(await runTask(suite, task, run));
  } finally {
    server.stop();
    progress('');
  }
  const result = {
    ...{ name: suite.name, title: suite.title, date: new Date().toISOString().slice(0, 10) },
    ...{
      quick,
      repetitions,
      pinned: cores !== undefined,
      load: [before, load()] as [number, number],
    },
    ...{ machine: thisMachine(), rows: rowsOf(suite, all), notes: [...new Set(run.notes)] },
    failures: [...new Set(run.failures)],
  };
  writeResult(result);
  console.log(terminalTable(result));
  // What the official plugin cannot do is a result.
  return result.failures.filter((failure) => !failure.includes(', official: '));
}

function chosenSuites(): readonly Suite[] {
  const names = flags.suite?.split(',') ?? SUITES.map(({ name }) => name);
  return names.map((name) => {
    const suite = SUITES.find((one) => one.name === name);
    if (suite) return suite;
    const known = SUITES.map((one) => one.name).join(', ');
    throw new Error(`There is no suite '${name}'. There are: ${known}.`);
  });
}

async function main(): Promise<void> {
  const failures: string[] = [];
  if (!flags['docs-only']) {
    const suites = chosenSuites();
    const cores = chooseCores();
    if (!cores) console.log('Processes cannot be pinned here (taskset, two cores): more noise.');
    await compile();
    const begun = Date.now();
    for (const suite of suites) failures.push(...(await runSuite(suite, cores)));
    console.log(`\n${Math.round((Date.now() - begun) / 1000)} s; out/bench.json`);
  }
  if (flags['write-docs'] || flags['docs-only']) writeDocs(readResults());
  if (failures.length > 0) {
    console.error(`Not measured:\n  ${failures.join('\n  ')}`);
    process.exitCode = 1;
  }
}

await main();
