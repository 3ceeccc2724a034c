// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { llm } from '@livekit/agents';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run as runCommand } from '../src/cli/main.js';
import { LiveServer } from '../src/testing/index.js';
import { RealtimeModel } from '../src/index.js';
import { listen } from './support/call.js';

let folder: string;
const path = (name: string): string => join(folder, name);

/** A turn by hand, recorded to call.jsonl. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'replay-'));
  const server = await LiveServer.start({ playbackDelay: false, setupDelayMs: 1 });
  const model = new RealtimeModel({
    ...{ apiKey: 'a-key', httpOptions: { baseUrl: server.url }, record: path('call.jsonl') },
    realtimeInputConfig: { automaticActivityDetection: { disabled: true } },
  });
  const session = model.session();
  await session._updateSession('Be brief.', llm.ChatContext.empty(), llm.ToolContext.empty());
  const connection = await server.connection(0);
  session.startUserActivity();
  await connection.waitFor((frame) => frame.realtimeInput?.activityStart !== undefined);
  await session.commitAudio();
  await connection.waitFor((frame) => frame.realtimeInput?.activityEnd !== undefined);
  const reply = session.generateReply('Say yes.');
  await connection.waitFor('clientContent');
  await connection.turn({ say: 'Yes.' });
  await listen(await reply);
  await session.close();
  await server.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const out: string[] = [];
  const err: string[] = [];
  const io = { out: (line: string) => out.push(line), err: (line: string) => err.push(line) };
  const code = await runCommand(['replay', ...args], io);
  return { code, out: out.join('\n'), err: err.join('\n') };
}

describe('gemini-live replay', () => {
  it('prints what this version makes of the call', async () => {
    const { code, out, err } = await run(path('call.jsonl'));
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/out {3}realtimeInput activityStart\n/);
    expect(out).toContain('keep(assistant "Yes.")');
  });

  it('compares it with a golden file, and writes one', async () => {
    const golden = path('call.golden');
    expect((await run(path('call.jsonl'), '--golden', golden)).err).toContain('--update writes it');
    expect((await run(path('call.jsonl'), '--golden', golden, '--update')).code).toBe(0);
    expect((await run(path('call.jsonl'), '--golden', golden)).code).toBe(0);
    const text = readFileSync(golden, 'utf8');
    writeFileSync(golden, text.replace('keep(assistant "Yes.")', 'keep(assistant "No.")'));
    const { code, out } = await run(path('call.jsonl'), '--golden', golden);
    expect(code).toBe(1);
    const changed = out.split('\n').filter((line) => /^[-+]/.test(line));
    expect(changed).toEqual([
      expect.stringMatching(/^- .*keep\(assistant "No\."\)/),
      expect.stringMatching(/^\+ .*keep\(assistant "Yes\."\)/),
    ]);
  });

  it('runs a session over a socket, faster than it was', async () => {
    const { code, out, err } = await run(path('call.jsonl'), '--socket', '--speed', '2');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^As recorded: \d+ frames of the client on 1 connections\.$/);
  });

  it('says over a socket what differs', async () => {
    const text = readFileSync(path('call.jsonl'), 'utf8');
    writeFileSync(path('other.jsonl'), text.replace('"text":"Say yes."', '"text":"Say no."'));
    const { code, out } = await run(path('other.jsonl'), '--socket');
    expect(code).toBe(1);
    expect(out).toContain('recorded "Say no.", now "Say yes."');
  });

  it.each([
    [[], 'Give one recording.'],
    [['nowhere.jsonl'], 'there is no such file'],
    [['call.jsonl', '--speed', '0', '--socket'], '--speed is 0: give a number'],
    [['call.jsonl', '--speed', '2'], '--speed goes with --socket'],
    [['call.jsonl', '--update'], '--update needs --golden'],
    [['call.jsonl', '--golden', 'g', '--socket'], 'leave --socket out'],
    [['call.jsonl', '--what'], "Unknown option '--what'"],
  ])('refuses %j with what to do', async (args, words) => {
    const given = args.map((arg) => (arg === 'call.jsonl' ? path(arg) : arg));
    const { code, err } = await run(...given);
    expect(code).toBe(args[0] === 'nowhere.jsonl' ? 1 : 2);
    expect(err).toContain(words);
  });

  it('says that a recording of frames alone drives nothing', async () => {
    const frames = [
      { dir: 'out', frame: { setup: {} } },
      { dir: 'in', frame: { setupComplete: {} } },
    ];
    writeFileSync(path('frames.jsonl'), frames.map((line) => JSON.stringify(line)).join('\n'));
    const { code, err } = await run(path('frames.jsonl'), '--socket');
    expect([code, err]).toEqual([
      1,
      expect.stringContaining('replay this recording without --socket'),
    ]);
  });
});
