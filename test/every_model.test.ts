// SPDX-License-Identifier: Apache-2.0
import { llm } from '@livekit/agents';
import { describe, expect, test } from 'vitest';
import { known, registerModel, type Backend } from '../src/index.js';
import { listen, startCall, tone, withOutput, type CallOptions } from './support/call.js';
import { nextGeneration, rows, startRow } from './support/rows.js';

const NEW_MODEL = 'gemini-9-live-of-tomorrow';

// Adding a model is one entry: this one takes instructions only by reconnecting.
registerModel({
  name: NEW_MODEL,
  like: 'gemini-3.8-live',
  claims: { instructionUpdate: known('reconnect', 'this test', '2026-11-20') },
});

const ROWS = rows();

const CONVERSING = ROWS.filter(({ capabilities }) => capabilities.conversation);

const tools = new llm.ToolContext([
  llm.tool({
    name: 'lookup',
    description: 'Looks something up.',
    parameters: { type: 'object', properties: { what: { type: 'string' } }, required: ['what'] },
    execute: () => Promise.resolve('42'),
  }),
]);

const start = (name: string, backend: Backend, given: CallOptions = {}) =>
  startRow(
    ROWS.find((row) => row.name === name && row.backend === backend)!,
    given,
  );

test('the table offers models to converse with on both backends', () => {
  expect(CONVERSING.length).toBeGreaterThan(6);
  expect(CONVERSING.map(({ name }) => name)).toContain(NEW_MODEL);
});

describe.each(CONVERSING)('$name on $backend', ({ name, backend, capabilities }) => {
  test('a whole conversation', async () => {
    const call = await start(name, backend, { tools });
    const { server, session, connection, log } = call;

    const reply = session.generateReply('Greet the caller.');
    expect(await connection.replyRequest()).toContain('Greet the caller.');
    void connection.turn({ say: 'Hello.' });
    expect((await listen(await reply)).text).toBe('Hello.');

    session.pushAudio(tone(100));
    await connection.waitFor(() => connection.audioMs >= 100);
    connection.heard('What is it?');
    const calling = nextGeneration(call);
    const answered = connection.callTool('lookup', { what: 'it' });
    const { calls } = await listen(await calling);
    expect(calls.map(({ name: tool, args }) => [tool, args])).toEqual([
      ['lookup', '{"what":"it"}'],
    ]);
    const answering = nextGeneration(call);
    await session.updateChatCtx(withOutput(session, calls[0]!, '42'));
    expect(await answered).toMatchObject({ name: 'lookup', response: { output: '42' } });
    void connection.turn({ say: 'It is 42.', ms: 60_000, complete: false });
    const heard = listen(await answering);
    connection.interrupted();
    expect((await heard).text).toBe('It is 42.');
    connection.heard('Thanks.');
    const last = nextGeneration(call);
    void connection.turn({ say: 'Welcome.' });
    expect((await listen(await last)).text).toBe('Welcome.');

    await log.until(() => log.transcripts.filter(({ isFinal }) => isFinal).length === 2);
    await session.close();
    expect(server.dials).toHaveLength(1);
    expect(log.errors).toEqual([]);
    server.assertClean();
  });

  test('survives a drop with its memory', async () => {
    const call = await start(name, backend);
    const { server, session, connection, log } = call;
    connection.heard('I am Ada.');
    const first = nextGeneration(call);
    void connection.turn({ say: 'Hello Ada.' });
    await listen(await first);
    await log.until(() => log.transcripts.some(({ isFinal }) => isFinal));
    const back = server.nextConnection();
    connection.drop();
    const second = await back;
    await log.untilNamed('session_reconnected');
    const reply = session.generateReply('Go on.');
    await second.waitFor(() => second.history.some(({ text }) => text.includes('I am Ada.')));
    expect(await second.replyRequest()).toContain('Go on.');
    void second.turn({ say: 'Going on.' });
    expect((await listen(await reply)).text).toBe('Going on.');
    const told = second.history.filter(({ text }) => text.includes('I am Ada.'));
    expect(told).toHaveLength(1);
    server.assertClean();
  });

  test('new instructions reach the model by its own route', async () => {
    const { server, session, connection } = await start(name, backend);
    await session.updateInstructions('Be formal.');
    if (capabilities.instructionUpdate === 'reconnect') {
      const second = await server.connection(1);
      expect(second.instructions).toBe('Be formal.');
    } else {
      const route =
        capabilities.instructionUpdate === 'content' ? 'clientContent' : 'contextUpdate';
      const frame = await connection.waitFor(route);
      expect(JSON.stringify(frame)).toContain('Be formal.');
      expect(server.dials).toHaveLength(1);
    }
    server.assertClean();
  });
});

describe.each(ROWS.filter(({ capabilities }) => !capabilities.conversation))(
  '$name on $backend',
  ({ name, backend }) => {
    test('listens, and hands over what comes', async () => {
      const call = await start(name, backend);
      const { server, session, connection, log } = call;
      session.pushAudio(tone(200));
      await connection.waitFor(() => connection.audioMs >= 200);
      connection.heard('Guten Tag.');
      await log.until(() => log.transcripts.length > 0);
      expect(log.transcripts.at(-1)?.transcript).toBe('Guten Tag.');
      await expect(session.generateReply('Hello.')).rejects.toThrow(/does not reply/);
      await session.close();
      expect(server.dials).toHaveLength(1);
      server.assertClean();
    });
  },
);

test('a restricted model learns history by its seed and is asked by realtime text', async () => {
  const restricted = { midSessionContent: 'initialHistory', replyRequest: 'realtimeText' } as const;
  const chatCtx = llm.ChatContext.empty();
  chatCtx.addMessage({ role: 'user', content: 'I am Ada.' });
  const { server, session, connection } = await startCall({
    chatCtx,
    options: { capabilities: restricted },
    server: { capabilities: restricted },
  });
  await connection.waitFor('clientContent');
  const reply = session.generateReply('Greet by name.');
  const frame = await connection.waitFor((f) => f.realtimeInput?.text !== undefined);
  expect(frame.realtimeInput?.text).toContain('Greet by name.');
  void connection.turn({ say: 'Hello Ada.' });
  expect((await listen(await reply)).text).toBe('Hello Ada.');
  server.assertClean();
});
