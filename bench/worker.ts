// SPDX-License-Identifier: Apache-2.0
/** One measurement of one subject, in a process of its own. */
import { initializeLogger } from '@livekit/agents';
import { Control } from './control.js';
import { SUITES } from './suites/index.js';
import type { Outcome, Subject, Task } from './types.js';

let unhandled = 0;
let firstUnhandled = '';
// The official plugin leaves rejected promises behind; they must not end the measurement.
process.on('unhandledRejection', (reason) => {
  unhandled += 1;
  firstUnhandled ||= String(reason);
});

async function measure(): Promise<Omit<Outcome, 'unhandled'>> {
  const [suiteName, subject, url, input] = process.argv.slice(2) as [
    string,
    Subject,
    string,
    string,
  ];
  const suite = SUITES.find(({ name }) => name === suiteName);
  if (!suite?.measure) return { failed: `there is no suite '${suiteName}'` };
  initializeLogger({ pretty: false, level: 'silent' });
  const control = await Control.open(url);
  try {
    await control.ask({ do: 'forget' });
    await control.plan({});
    const bench = { subject, url, control };
    const values = await suite.measure(bench, JSON.parse(input) as Task['input']);
    if (subject !== 'official' && unhandled > 0) {
      return { failed: `${unhandled} rejected promises were left behind: ${firstUnhandled}` };
    }
    return { values };
  } catch (error) {
    return { failed: error instanceof Error ? error.message : String(error) };
  }
}

function report(outcome: Omit<Outcome, 'unhandled'>): void {
  process.send?.({ ...outcome, unhandled } satisfies Outcome, () => process.exit(0));
}

// Nobody waits for the result any more.
process.on('disconnect', () => process.exit(1));
process.on('uncaughtException', (error) => report({ failed: String(error) }));
report(await measure());
