// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { llm } from '@livekit/agents';
import { describe, expect, it, vi } from 'vitest';
import { parseRecording } from '../src/recording/parse.js';
import { listen, modelFor, startCall, startServer, tone, withOutput } from './support/call.js';

const schema = JSON.parse(
  readFileSync(new URL('../docs/recording.schema.json', import.meta.url), 'utf8'),
) as object;
const isLine: ValidateFunction = new Ajv2020({ strict: false }).compile(schema);

describe('docs/recording.schema.json', () => {
  it.each([
    ['a line without a direction', { t: 0, connection: 1, frame: {} }],
    ['a direction that does not exist', { t: 0, connection: 1, dir: 'up', frame: {} }],
    ['a frame without a time', { connection: 1, dir: 'in', frame: {} }],
    ['an input without a type', { t: 0, connection: 1, dir: 'local', input: {} }],
    ['an input that frames bring', { t: 0, connection: 1, dir: 'local', input: { type: 'audio' } }],
    ['a head of another format', { dir: 'note', note: { format: 2 } }],
    ['a note about nothing', { dir: 'note', note: {} }],
    [
      'an event that does not exist',
      { t: 0, connection: 1, dir: 'connection', event: { is: '?' } },
    ],
  ])('refuses %s', (_, line) => {
    expect(isLine(line)).toBe(false);
  });
});

const pay = llm.tool({ name: 'pay', description: 'Pays.', execute: () => Promise.resolve('paid') });

describe('a recorded session', () => {
  it('is lines of the schema, with everything that happened, and no secret', async () => {
    const lines: string[] = [];
    const { session, connection, log, server } = await startCall({
      options: {
        record: (line: string) => void lines.push(line),
        capabilities: { blockingCallTailMs: 50 },
        temperature: 0.5,
      },
      instructions: 'Take orders.',
      tools: new llm.ToolContext([pay]),
    });
    session.pushAudio(tone(200));
    const reply = session.generateReply('Greet.');
    await connection.waitFor('clientContent');
    void connection.turn({ say: 'Hello there.' });
    await listen(await reply);
    const answered = connection.callTool('pay', { sum: 3 }, 'c1');
    await log.untilNamed('generation_created', 2);
    const { calls } = await listen(log.generations[1] as llm.GenerationCreatedEvent);
    await session.updateChatCtx(withOutput(session, calls[0] as llm.FunctionCall, 'paid'));
    await answered;
    connection.drop();
    await log.untilNamed('session_reconnected');
    await session.interrupt();
    await session.close();

    const parsed = lines.map((line) => JSON.parse(line));
    expect(parsed.filter((line) => !isLine(line))).toEqual([]);
    const [head] = parsed;
    const rest: any[] = [...parseRecording(lines.join('\n')).lines];
    expect(head.note).toMatchObject({
      ...{ format: 1, model: 'gemini-3.8-live', backend: 'gemini', audio: 'lengths' },
      capabilities: { blockingCallTailMs: 50 },
      options: { temperature: 0.5 },
    });
    expect(head.note.options).not.toHaveProperty('apiKey');
    const times = rest.map(({ t }) => t as number);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    const said = (dir: string, member: string): string[] =>
      rest.flatMap((line) => (line.dir === dir ? [line[member]] : []));
    expect(said('call', 'call')).toEqual([
      ...['updateInstructions', 'updateChatCtx', 'updateTools', 'generateReply'],
      ...['updateChatCtx', 'interrupt', 'close'],
    ]);
    const events = rest.flatMap(({ dir, event }) => (dir === 'connection' ? [event.is] : []));
    expect(events).toEqual(['connected', 'lost', 'connected', 'closed']);
    expect(rest.at(-1)).toMatchObject({ dir: 'connection', event: { is: 'closed' } });
    expect(said('report', 'what')).toContain('health');
    // What the server took in is what was recorded as sent, connection by connection.
    const kinds = (of: readonly object[]): string[] => of.flatMap((frame) => Object.keys(frame));
    for (const [n, { frames }] of server.connections.entries()) {
      const sent = rest.filter(({ dir, connection: c }) => dir === 'out' && c === n + 1);
      expect(kinds(sent.map(({ frame }) => frame))).toEqual(
        kinds(frames.map(({ frame }) => frame)),
      );
    }
    expect(lines.join()).not.toContain('a-key');
    // The result of the tool, once as an item of the context and once on the wire.
    const { ids, items } = rest.filter(({ call }) => call === 'updateChatCtx').at(-1).args;
    expect(ids.slice(-1)).toEqual(items.slice(-1).map(({ id }: { id: string }) => id));
    expect(items.at(-1)).toMatchObject({ type: 'function_call_output', output: 'paid' });
  });

  it('holds what the server got wrong, although nobody listens', async () => {
    const lines: string[] = [];
    const server = await startServer();
    const to = (line: string) => void lines.push(line);
    const session = modelFor(server, { record: { to, when: 'failure' } }).session();
    const connected = server.nextConnection();
    await session._updateSession('', llm.ChatContext.empty(), llm.ToolContext.empty());
    (await connected).sendRaw('garbage');
    await vi.waitFor(() => expect(lines.join()).toContain('protocol_error'));
    await session.close();
  });

  it('keeps its rules up to date', async () => {
    const lines: string[] = [];
    const { session } = await startCall({ options: { record: (l: string) => void lines.push(l) } });
    session.updateOptions({ toolBehavior: 'BLOCKING' as never });
    await session.close();
    const notes = lines.map((line) => JSON.parse(line)).filter(({ dir }) => dir === 'note');
    expect(notes.map(({ note }) => note.rules.blockingCalls)).toEqual([false, true]);
  });
});
