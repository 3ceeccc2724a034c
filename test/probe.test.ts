// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { probeCommand } from '../src/cli/probe.js';
import { systemClock, type Clock } from '../src/clock.js';
import { openSocket } from '../src/connection/socket.js';
import { ask, proposals } from '../src/probe/probe.js';
import { QUESTIONS } from '../src/probe/questions.js';
import { parseRecording } from '../src/recording/parse.js';
import type { LiveServerOptions } from '../src/testing/index.js';
import { validate } from '../src/validate.js';
import { startServer } from './support/call.js';

const TODAY = '2026-11-20';
/** Three seconds of patience are 30 ms here. */
const clock: Clock = {
  now: () => systemClock.now(),
  after: (ms, run) => systemClock.after(ms / 100, run),
};

let folder: string;
let warned: string[];
beforeEach(() => {
  warned = [];
  folder = mkdtempSync(join(tmpdir(), 'probe-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  vi.unstubAllEnvs();
});

const question = (id: string) => QUESTIONS.find((one) => one.id === id) as (typeof QUESTIONS)[0];

async function lab(options: LiveServerOptions = {}) {
  const server = await startServer({ keys: ['a-secret-key'], ...options });
  const given = { apiKey: 'a-secret-key', httpOptions: { baseUrl: server.url } };
  const { settings } = validate({ ...given, apiVersion: 'v1beta' }, {}, TODAY);
  return {
    server,
    options: {
      settings,
      clock,
      openSocket,
      folder,
      warn: (text: string) => void warned.push(text),
    },
  };
}

describe('a question', () => {
  it('whether contextUpdate is taken: a model that does', async () => {
    const { options } = await lab();
    const { answer, cells } = await ask(question('context-update'), options);
    expect(answer).toContain('v1beta: accepted');
    expect(cells).toEqual({ instructionUpdate: 'contextUpdate', toolUpdate: 'contextUpdate' });
  });

  it('whether contextUpdate is taken: a service that refuses it, with what it says', async () => {
    const refusing = { instructionUpdate: 'reconnect', toolUpdate: 'reconnect' } as const;
    const { options } = await lab({ capabilities: refusing });
    const finding = await ask(question('context-update'), options);
    expect(finding.answer).toMatch(/v1beta: refused \(1007 ".+"\)/);
    const [first] = proposals(options, [finding], TODAY);
    expect(first).toBe(
      `instructionUpdate: known("reconnect", 'gemini-live probe', '2026-11-20'), // the table says "contextUpdate"`,
    );
  });

  it('confirms what the table says without evidence', async () => {
    const { options } = await lab();
    const finding = { answer: '', cells: { instructionUpdate: 'contextUpdate' } as const };
    const confirmed = proposals(options, [finding], TODAY);
    expect(confirmed).toEqual([
      `instructionUpdate: known("contextUpdate", 'gemini-live probe', '2026-11-20'), // confirmed`,
    ]);
    expect(proposals(options, [{ answer: '' }], TODAY)).toEqual([]);
  });

  it('with which code an empty close is answered', async () => {
    const { options, server } = await lab();
    const { answer } = await ask(question('empty-close'), options);
    expect(answer).toBe('1005');
    await expect(server.connections[0]?.closed).resolves.toMatchObject({ by: 'client' });
  });

  it.each([
    ['about its turn', [9, 8, 9], 'its turn (output tokens: 9, 8, 9)'],
    ['about the session', [9, 18, 27], 'the session (output tokens: 9, 18, 27)'],
  ])('whether usage is %s', async (_, counts, answer) => {
    const { options, server } = await lab();
    const connected = server.nextConnection();
    void connected.then(async (connection) => {
      for (const responseTokenCount of counts) {
        const since = connection.frames.length;
        await vi.waitFor(() => expect(connection.frames.length).toBeGreaterThan(since));
        await connection.turn({ say: 'Hello.', usage: { responseTokenCount } });
      }
    });
    expect((await ask(question('usage'), { ...options, clock: systemClock })).answer).toBe(answer);
  });

  const says = (say: string): LiveServerOptions => ({
    scenario: { steps: [], fallback: { reply: { say }, text: { say } } },
  });

  it('whether an update interrupts: it is sent into an answer', async () => {
    const { options, server } = await lab(says('One, two, three, four, five.'));
    const { answer } = await ask(question('update-interrupts'), { ...options, clock: systemClock });
    expect(answer).toBe('no');
    expect(server.connections[0]?.instructions).toContain('rhymes');
  });

  it('which instructions hold after a resume', async () => {
    const { options, server } = await lab(says('Pear.'));
    const { answer } = await ask(question('resumed-instructions'), {
      ...options,
      clock: systemClock,
    });
    expect(answer).toBe('before: "Pear." (updated: pear); after: "Pear." (new setup: plum)');
    expect(server.connections.map(({ resumed }) => resumed)).toEqual([false, true]);
  });

  it('whether a declared history blocks the answer', async () => {
    const { options } = await lab(says('Hello.'));
    const { answer } = await ask(question('history-config'), { ...options, clock: systemClock });
    expect(answer).toBe('no');
  });

  it('how many sessions a key may hold', async () => {
    const { options, server } = await lab();
    server.refuse({ status: 429, times: 1 });
    const { answer } = await ask(question('concurrency'), options);
    expect(answer).toBe('0; the next one was refused (HTTP 429)');
    expect((await ask(question('concurrency'), options)).answer).toBe('20 or more');
    expect(server.connections.filter(({ isOpen }) => isOpen)).toEqual([]);
  });

  it('how long a connection lives', async () => {
    const { options, server } = await lab();
    const connected = server.nextConnection();
    const asked = ask(question('life'), { ...options, clock: systemClock });
    const connection = await connected;
    connection.goAway('50s');
    connection.close(1008, 'Session duration exceeded.');
    expect((await asked).answer).toBe(
      'goAway (50s) after 0.0 min; ended after 0.0 min (1008 "Session duration exceeded.")',
    );
  });

  it('is asked although it cannot be recorded, and that is said', async () => {
    const { options } = await lab();
    writeFileSync(join(folder, 'file'), '');
    const nowhere = { ...options, folder: join(folder, 'file') };
    expect((await ask(question('empty-close'), nowhere)).answer).toBe('1005');
    expect(warned).toEqual([expect.stringMatching(/^empty-close is not recorded: /)]);
  });

  it('that cannot be asked says why, and nothing stays open', async () => {
    const { options, server } = await lab();
    server.refuse({ closeCode: 1011, reason: 'Deadline expired.' });
    const { answer } = await ask(question('usage'), options);
    expect(answer).toBe('could not be asked: No session: 1011 "Deadline expired.".');
    expect(server.connections.every(({ isOpen }) => !isOpen)).toBe(true);
  });

  it('leaves a recording behind that can be read, and holds no secret', async () => {
    const { options } = await lab();
    await ask(question('api-versions'), options);
    const text = readFileSync(join(folder, 'api-versions.jsonl'), 'utf8');
    const { head, lines } = parseRecording(text);
    expect(head).toMatchObject({ question: 'api-versions', backend: 'gemini' });
    expect(new Set(lines.map(({ connection }) => connection))).toEqual(new Set([1, 2, 3]));
    expect(text).not.toContain('a-secret-key');
  });
});

describe('gemini-live probe', () => {
  const io = () => {
    const lines: string[] = [];
    const keep = (line: string): void => void lines.push(line);
    return { lines, out: keep, err: keep };
  };

  it('asks what is named, says what it found, where the recordings are, and no secret', async () => {
    const server = await startServer({ keys: ['a-secret-key'] });
    vi.stubEnv('GOOGLE_API_KEY', 'a-secret-key');
    const told = io();
    const args = ['--only', 'empty-close,api-versions', '--out', folder, '--base-url', server.url];
    expect(await probeCommand(args, told)).toBe(0);
    const text = told.lines.join('\n');
    expect(text).toContain('empty-close: 1005');
    expect(text).toMatch(/api-versions: .*v1beta: yes/);
    expect(text).not.toContain('a-secret-key');
    const [row] = readdirSync(folder);
    expect(readdirSync(join(folder, String(row))).sort()).toEqual([
      'api-versions.jsonl',
      'empty-close.jsonl',
    ]);
  });

  it('needs a key, and says so', async () => {
    for (const name of ['GOOGLE_API_KEY', 'GEMINI_API_KEY']) vi.stubEnv(name, '');
    await expect(probeCommand([], io())).rejects.toThrow('No API key');
  });

  it.each([
    [['--only', 'nothing'], "There is no question 'nothing'"],
    [['--unheard-of'], 'unheard-of'],
  ])('refuses %j', async (args, why) => {
    await expect(probeCommand(args, io())).rejects.toThrow(why);
  });

  it('lists its questions without asking them', async () => {
    const told = io();
    expect(await probeCommand(['--list'], told)).toBe(0);
    expect(told.lines).toHaveLength(QUESTIONS.filter(({ isExtra }) => !isExtra).length);
  });
});
