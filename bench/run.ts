// SPDX-License-Identifier: Apache-2.0
/**
 * CPU per event of this plugin, of the official one and of a hand-written floor, as ratios of one run.
 * Each measurement is a process of its own against a sink on 127.0.0.1; the best of three counts.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startSink } from './sink.js';
import { SCENARIOS, SUBJECTS, type Result, type Scenario, type Subject } from './work.js';

const RUNS = 3;
const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url));

function measure(subject: Subject, scenario: Scenario, url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = fork(WORKER, [subject, scenario, url], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const timer = setTimeout(() => child.kill(), 60_000);
    child.once('message', (result) => resolve((result as Result).microseconds));
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`${subject} ${scenario} ended with ${code} and no result`));
    });
  });
}

async function main(): Promise<void> {
  const sink = await startSink();
  const row = (cells: (string | number)[]): void =>
    console.log(
      cells
        .map((cell, i) => (i === 0 ? String(cell).padEnd(22) : String(cell).padStart(14)))
        .join(''),
    );
  console.log('CPU µs per event, best of', RUNS);
  row(['', ...SUBJECTS, 'official/ours', 'ours/floor']);
  for (const scenario of SCENARIOS) {
    const best = new Map<Subject, number>();
    for (let run = 0; run < RUNS; run++) {
      for (const subject of SUBJECTS) {
        const cost = await measure(subject, scenario, sink.url);
        best.set(subject, Math.min(cost, best.get(subject) ?? Infinity));
      }
    }
    const cost = (subject: Subject): number => best.get(subject) ?? NaN;
    row([
      scenario,
      ...SUBJECTS.map((subject) => cost(subject).toFixed(1)),
      (cost('official') / cost('ours')).toFixed(2),
      (cost('ours') / cost('floor')).toFixed(2),
    ]);
  }
  sink.close();
}

await main();
