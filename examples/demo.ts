// SPDX-License-Identifier: Apache-2.0
//
// A whole voice call in one process: npm run demo
import { initializeLogger } from '@livekit/agents';
import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import { Call } from './demo/call.js';
import { check } from './demo/checks.js';
import { Journal } from './demo/journal.js';
import { summary } from './demo/report.js';
import { hasKey, openService } from './demo/service.js';
import { startStopwatch, Tape } from './demo/tape.js';

const FILES = { wav: 'out/call.wav', frames: 'out/frames.jsonl' };
/** RoomIO's rate: the model wants 16 kHz and speaks at 24 kHz. */
const RATE = 24_000;
const WATCHDOG_MS = 120_000;

const INTRODUCTION = hasKey
  ? [
      'Calling the REAL Gemini Live API, because the environment has a key for it: this costs money.',
      'UNTESTED: nobody has tried this mode; the demo was made with the fake service only.',
    ]
  : ['Calling a fake Gemini Live service in this process: no network, no key.'];

const say = (...lines: string[]): void => lines.forEach((line) => console.log(line));

async function main(): Promise<boolean> {
  mkdirSync('out', { recursive: true });
  for (const file of Object.values(FILES)) rmSync(file, { force: true });
  say(...INTRODUCTION, '', '   from      to  who     what');

  const clock = startStopwatch();
  const tape = new Tape(RATE);
  const journal = new Journal(clock, say);
  const service = await openService((line) => {
    appendFileSync(FILES.frames, `${line}\n`);
    journal.frame(line);
  });
  const call = new Call(service, journal, clock, tape);
  const failed: string[] = [];
  await call.run().catch((error: unknown) => failed.push(`the call broke off: ${String(error)}`));
  tape.save(FILES.wav, clock());
  say('', ...summary(call), `recorded           ${FILES.wav} (left: caller), ${FILES.frames}`, '');

  const checked = check(call, FILES);
  await service.server?.close();
  failed.push(...checked.failed);
  say(...failed.map((what) => `FAILED: ${what}`));
  if (failed.length > 0) say('The call did not go as told.');
  else say(`The call went as told: all ${checked.count} checks passed.`);
  return failed.length === 0;
}

setTimeout(() => {
  say(`FAILED: the demo did not end within ${WATCHDOG_MS / 1000} s.`);
  process.exit(1);
}, WATCHDOG_MS).unref();

initializeLogger({ pretty: false, level: process.env.LOG_LEVEL ?? 'error' });
// The native audio library would keep the process alive.
process.exit((await main()) ? 0 : 1);
