// SPDX-License-Identifier: Apache-2.0
/** The processes of the benchmark: each on a core of its own where the system lets us choose. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'tsup';
import type { Outcome, Subject, Suite, Task } from './types.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BUILT = `${ROOT}out/bench`;
const START_MS = 20_000;

/** Everything as plain JavaScript, as users get it: no measured process compiles anything. */
export async function compile(): Promise<void> {
  await build({
    entry: ['worker', 'server', 'import_probe'].map((name) => `${ROOT}bench/${name}.ts`),
    ...{ outDir: BUILT, format: 'esm', target: 'node20', platform: 'node', config: false },
    ...{ splitting: true, dts: false, clean: true, silent: true, skipNodeModulesBundle: true },
  });
}

export interface Cores {
  server: number;
  subject: number;
}

/** Two cores that this process may use; undefined where processes cannot be pinned. */
export function chooseCores(): Cores | undefined {
  if (spawnSync('taskset', ['--version']).error) return undefined;
  const status = readFileSync('/proc/self/status', 'utf8');
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? '';
  const cores = list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return Array.from({ length: last! - first! + 1 }, (_, i) => first! + i);
  });
  if (cores.length < 2) return undefined;
  return { server: cores.at(-2)!, subject: cores.at(-1)! };
}

function run(program: string, args: readonly string[], core: number | undefined): ChildProcess {
  const node = [process.execPath, '--expose-gc', `${BUILT}/${program}.js`, ...args];
  const [command, ...rest] = core === undefined ? node : ['taskset', '-c', String(core), ...node];
  // Without the loader and the options of this process.
  const env = { ...process.env, NODE_OPTIONS: '' };
  return spawn(command!, rest, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], env });
}

export interface Server {
  url: string;
  stop(): void;
}

export function startServer(cores: Cores | undefined): Promise<Server> {
  const child = run('server', [], cores?.server);
  child.stderr?.pipe(process.stderr);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => child.kill(), START_MS);
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
    child.once('message', (url) => {
      clearTimeout(timer);
      resolve({ url: url as string, stop: () => child.kill() });
    });
  });
}

/** One measurement. Never rejects: what goes wrong is its outcome. */
export function measure(
  { suite, task, subject }: { suite: Suite; task: Task; subject: Subject },
  url: string,
  core: number | undefined,
): Promise<Outcome> {
  const args = task.program ? [subject] : [suite.name, subject, url, JSON.stringify(task.input)];
  const child = run(task.program ?? 'worker', args, core);
  return new Promise((resolve) => {
    let outcome: Outcome | undefined;
    let stderr = '';
    let late = false;
    child.stderr?.on('data', (data: Buffer) => {
      stderr = (stderr + data.toString()).slice(-2_000);
    });
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, task.seconds * 1_000);
    child.once('message', (message) => {
      outcome = message as Outcome;
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      const last =
        stderr
          .trim()
          .split('\n')
          .findLast((line) => /error/i.test(line)) ?? '';
      const ended = late ? `took longer than ${task.seconds} s` : `ended with ${code} ${last}`;
      resolve(outcome ?? { failed: ended.trim(), unhandled: 0 });
    });
  });
}
