// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer, callerAudio, closed, connected, type Line } from './support/recorded.js';
import { RULES } from './support/turn.js';

const root = fileURLToPath(new URL('..', import.meta.url));
let folder: string;
const path = (name: string): string => join(folder, name);

interface Ran {
  code: number;
  out: string;
  err: string;
}

/** The command as a process of its own. */
function run(args: string[], imports: string[] = []): Promise<Ran> {
  const flags = ['tsx', ...imports].flatMap((one) => ['--import', one]);
  const command = [...flags, 'src/cli/bin.ts', ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, command, { cwd: root }, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out, err }),
    );
  });
}

const head = { format: 1, session: 'x_', rules: RULES };
const write = (name: string, lines: Line[]): void =>
  writeFileSync(
    path(name),
    lines
      .flat(3)
      .map((one) => `${JSON.stringify(one)}\n`)
      .join(''),
  );
const note = (part: number): Line => ({
  t: 0,
  connection: 0,
  dir: 'note',
  note: { ...head, part },
});

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cli-'));
  const first = [
    note(1),
    connected(0),
    callerAudio(1_000),
    answer(3_000, 'The key is ?key=abcdef.'),
  ];
  write('call.jsonl', first);
  write('call.2.jsonl', [note(2), answer(9_000, 'Later.'), closed(20_000)]);
  writeFileSync(path('prose.txt'), 'Dear diary,\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('gemini-live', { timeout: 60_000 }, () => {
  it('says what it can do', async () => {
    const { code, out } = await run(['--help']);
    expect(code).toBe(0);
    expect(out).toContain('inspect');
    const none = await run([]);
    expect(none).toMatchObject({ code: 2, out: '' });
    expect(none.err).toBe(out);
  });

  it('says its version', async () => {
    expect(await run(['--version'])).toMatchObject({ code: 0, err: '' });
  });

  it.each([
    [['dance'], 2, "There is no command 'dance'. Commands: "],
    [['toString'], 2, "There is no command 'toString'."],
    [['inspect'], 2, 'inspect needs a file'],
    [['inspect', '--colour', 'x'], 2, "Unknown option '--colour'"],
    [['inspect', 'x', '--from', 'noon'], 2, "--from is 'noon'. Give seconds, m:ss or h:mm:ss."],
    [['inspect', 'x', '--from', '2:00', '--to', '90'], 2, '--to lies before --from.'],
    [['inspect', '/nowhere.jsonl'], 1, '/nowhere.jsonl cannot be read: there is no such file.'],
    [['inspect', '/'], 1, '/ cannot be read: it is a folder'],
  ])('%j: exit %i, %s', async (args, code, says) => {
    const ran = await run(args);
    expect(ran).toMatchObject({ code, out: '' });
    expect(ran.err).toContain(says);
    expect(ran.err).not.toContain('    at ');
  });

  it('says that a file is no recording', async () => {
    const { code, out, err } = await run(['inspect', path('prose.txt')]);
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('prose.txt: This is no recording of frames (line 1: no JSON');
  });
});

describe('gemini-live inspect', { timeout: 60_000 }, () => {
  it('explains itself', async () => {
    const { code, out } = await run(['inspect', '--help']);
    expect(code).toBe(0);
    expect(out).toContain('Usage: gemini-live inspect <file>...');
  });

  it('prints a call without colours and without secrets', async () => {
    const { code, out, err } = await run(['inspect', path('call.jsonl')]);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('"The key is ?key=***');
    expect(out).not.toContain('abcdef');
    expect(out).not.toContain('\u001b');
    expect(out).toContain('The recording ends before the call does.');
  });

  it('takes the files of one session as one call', async () => {
    const { out } = await run(['inspect', path('call.jsonl'), path('call.2.jsonl')]);
    expect(out).toContain('2 answers');
    expect(out).toContain('Nothing went wrong that can be seen here.');
  });

  it('prints JSON, of a part of the call where one is asked for', async () => {
    const files = [path('call.jsonl'), path('call.2.jsonl')];
    const whole = JSON.parse((await run(['inspect', ...files, '--json'])).out);
    expect(whole.answers.map(({ text }: { text: string }) => text)).toHaveLength(2);
    expect(whole).toMatchObject({ durationMs: 20_000, verdicts: [] });
    expect(whole).not.toHaveProperty('levels');
    const part = JSON.parse((await run(['inspect', ...files, '--json', '--from', '0:08'])).out);
    expect(part.answers).toMatchObject([{ text: 'Later.' }]);
  });

  it('loads neither the framework nor what dials', async () => {
    const log = path('log.mjs');
    writeFileSync(
      log,
      `import { register } from 'node:module';
       const hook = "import { writeSync } from 'node:fs';" +
         "export const resolve = (name, context, next) => {" +
         "  writeSync(2, 'loads ' + name + '\\\\n'); return next(name, context); };";
       register('data:text/javascript,' + encodeURIComponent(hook));`,
    );
    const { code, err } = await run(['inspect', path('call.jsonl')], [log]);
    expect(code).toBe(0);
    const loaded = err.split('\n').map((line) => line.replace('loads ', ''));
    expect(loaded.filter((name) => name.includes('inspect.js')).length).toBeGreaterThan(0);
    const heavy = /^(@livekit|@google|google-auth-library|sharp|ws)(\/|$)/;
    expect(loaded.filter((name) => heavy.test(name))).toEqual([]);
  });
});
