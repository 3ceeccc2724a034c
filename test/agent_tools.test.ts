// SPDX-License-Identifier: Apache-2.0
import { llm, voice } from '@livekit/agents';
import { expect, test } from 'vitest';
import { said, startAgent } from './support/agent.js';
import { tone } from './support/call.js';
import { timesSaid } from './support/recovery.js';
import { responses } from './support/tools.js';

const ASYNC = 'gemini-3.8-live';
const BLOCKING = 'gemini-2.5-flash-native-audio-preview-12-2025';
const MODELS = [ASYNC, BLOCKING];

type Run = Parameters<typeof llm.tool>[0]['execute'];

const agent = (execute: Run, flags = llm.ToolFlag.NONE): voice.Agent =>
  new voice.Agent({
    instructions: 'Help.',
    tools: [llm.tool({ name: 'act', description: 'Acts.', execute, flags })],
  });

/** What the real framework makes of a tool, and what the server is told, once. */
test.each(
  MODELS.flatMap((model) =>
    (
      [
        ['StopResponse', () => Promise.reject(new voice.StopResponse()), { output: 'done' }],
        [
          'an exception',
          () => Promise.reject(new Error('secret')),
          { error: 'An internal error occurred' },
        ],
        [
          'a tool error',
          () => Promise.reject(new llm.ToolError('Try later.')),
          { error: 'Try later.' },
        ],
        [
          'what cannot be written down',
          () => Promise.resolve({ f: () => 1 }),
          { error: expect.stringContaining('cannot be shown') },
        ],
        ['nothing', () => Promise.resolve(undefined), { output: 'done' }],
      ] as [string, Run, object][]
    ).map(([name, execute, response]) => [model, name, execute, response] as const),
  ),
)('%s: %s is answered once, and the call goes on', async (model, _name, execute, response) => {
  const { server, session, until } = await startAgent(agent(execute), { model });
  const connection = await server.connection(0);
  connection.heard('Act.');
  expect((await connection.callTool('act')).response).toEqual(response);
  void connection.turn({ say: 'Well.' });
  await until((told) => told.includes('assistant: Well.'));
  expect(responses(connection)).toHaveLength(1);
  await session.close();
  server.assertClean();
});

test.each(MODELS)('%s: a function that does not exist', async (model) => {
  const { server } = await startAgent(
    agent(() => Promise.resolve('x')),
    { model },
  );
  const connection = await server.connection(0);
  const { response } = await connection.callTool('act2');
  expect(response).toMatchObject({ error: expect.stringContaining('Unknown function') });
  server.assertClean();
});

test.each(MODELS)('%s: a tool that takes too long, and then has a result', async (model) => {
  let finish = (_: unknown): void => {};
  const slow = agent(() => new Promise((resolve) => (finish = resolve)));
  const { server, session, until } = await startAgent(slow, {
    model,
    toolTimeoutMs: 200,
  });
  const connection = await server.connection(0);
  const { response } = await connection.callTool('act');
  expect(response).toMatchObject({ error: expect.stringContaining('Not finished in time') });
  await connection.turn({ say: 'It takes longer.' });
  await until((told) => told.includes('assistant: It takes longer.'));
  finish('booked');
  await connection.waitFor((frame) => frame.clientContent?.turnComplete === true);
  expect(timesSaid(connection, 'booked')).toBe(1);
  void connection.turn({ say: 'It is booked.' });
  await until((told) => told.includes('assistant: It is booked.'));
  expect(responses(connection)).toHaveLength(1);
  await session.close();
  server.assertClean();
});

test('an answer that is interrupted while its tool has already run', async () => {
  const { server, story, until } = await startAgent(
    agent(() => Promise.resolve('booked')),
    {
      model: ASYNC,
    },
  );
  const connection = await server.connection(0);
  connection.say('One moment, I am going to look at that for you right away.', { ms: 60_000 });
  await until((told) => told.includes('agent is speaking'));
  const answered = connection.callTool('act');
  connection.heard('Wait.');
  connection.interrupted();
  expect((await answered).response).toEqual({ output: '"booked"' });
  expect(story).not.toContain('error');
  server.assertClean();
});

test('a tool that the caller interrupts, and that goes on, still tells', async () => {
  let finish = (_: unknown): void => {};
  const slow = agent(() => new Promise((resolve) => (finish = resolve)));
  const { server, until } = await startAgent(slow, { model: ASYNC });
  const connection = await server.connection(0);
  const answered = connection.callTool('act');
  await until((told) => told.includes('agent is thinking'));
  connection.heard('Wait.');
  connection.interrupted();
  // LiveKit kills the call after five seconds, not the work.
  setTimeout(() => finish('booked'), 6_500);
  expect((await answered).response).toEqual({ output: '"booked"' });
  expect(responses(connection)).toHaveLength(1);
  server.assertClean();
});

test('a reply without tools: calls are refused until the model speaks', async () => {
  const { server, session, until } = await startAgent(
    agent(() => Promise.resolve('x')),
    {
      model: BLOCKING,
    },
  );
  const connection = await server.connection(0);
  session.generateReply({ instructions: 'Speak.', toolChoice: 'none' });
  await connection.waitFor('clientContent');
  for (let i = 0; i < 2; i++) {
    const { response } = await connection.callTool('act');
    expect(response).toMatchObject({ error: expect.stringContaining('Answer in speech') });
  }
  void connection.turn({ say: 'Fine.' });
  await until((told) => told.includes('assistant: Fine.'));
  expect((await connection.callTool('act')).response).toEqual({ output: '"x"' });
  server.assertClean();
});

test.each([
  [ASYNC, [true, true, false]],
  [BLOCKING, [undefined]],
])('%s: a tool that reports its progress: one reply to each news', async (model, continues) => {
  const next: (() => void)[] = [];
  const wait = (): Promise<void> => new Promise((resolve) => next.push(resolve));
  const worker = agent(async (_args, { ctx }) => {
    await ctx.update('Looking.');
    await wait();
    await ctx.update('Half way.');
    await wait();
    return 'found it';
  });
  const { server, session, until } = await startAgent(worker, { model });
  const connection = await server.connection(0);
  const first = await connection.callTool('act');
  expect(JSON.stringify(first.response)).toContain('Looking.');
  const asks = (): number =>
    connection.frames.filter(({ frame }) => frame.clientContent?.turnComplete).length;
  await connection.turn({ say: 'I am looking.' });
  await until((told) => told.includes('assistant: I am looking.'));
  next.shift()?.();
  await connection.waitFor(() => asks() === 1);
  await connection.turn({ say: 'Half way there.' });
  await until((told) => told.includes('assistant: Half way there.'));
  next.shift()?.();
  await connection.waitFor(() => asks() === 2);
  await connection.turn({ say: 'Found it.' });
  await until((told) => told.includes('assistant: Found it.'));
  const all = responses(connection);
  expect(all.map(({ willContinue }) => willContinue)).toEqual(continues);
  expect(new Set(all.map(({ id }) => id)).size).toBe(1);
  // LiveKit asks for those replies itself: the model must not speak of its own accord as well.
  for (const { scheduling } of all.slice(1)) expect(scheduling).toBe('SILENT');
  for (const news of ['Looking.', 'Half way.', 'found it']) {
    expect([news, timesSaid(connection, news)]).toEqual([news, 1]);
  }
  expect(said(session).filter((line) => line.startsWith('assistant'))).toHaveLength(3);
  server.assertClean();
});

test.each(MODELS)('%s: the caller is heard again after a tool', async (model) => {
  const { server, mic, until } = await startAgent(
    agent(() => Promise.reject(new voice.StopResponse())),
    {
      model,
    },
  );
  const connection = await server.connection(0);
  await connection.callTool('act');
  void connection.turn({ say: 'Yes?' });
  await until((told) => told.includes('assistant: Yes?'));
  for (let i = 0; i < 10; i++) mic.push(tone(50, 24000));
  await connection.waitFor(() => connection.audioMs >= 400);
  server.assertClean();
});
