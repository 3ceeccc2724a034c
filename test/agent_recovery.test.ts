// SPDX-License-Identifier: Apache-2.0
import { llm, voice } from '@livekit/agents';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { said, startAgent, type AgentCall } from './support/agent.js';
import { tone } from './support/call.js';

/** The same call, with a model that speaks while its tool runs and with one that waits for it. */
const MODELS = ['gemini-3.8-live', 'gemini-2.5-flash-native-audio-preview-12-2025'];

const weather = (): llm.FunctionTool<{ city: string }> =>
  llm.tool({
    name: 'weather',
    description: 'Current weather of a city.',
    parameters: z.object({ city: z.string() }),
    execute: ({ city }) => Promise.resolve({ city, sky: 'sunny' }),
  });

const told =
  (line: string) =>
  (story: readonly string[]): boolean =>
    story.includes(line);

/** The caller asks, the model answers, and the framework has taken both in. */
async function exchange(
  { server, until }: AgentCall,
  asked: string,
  answer: string,
): Promise<void> {
  const connection = server.current!;
  connection.heard(asked);
  void connection.turn({ say: answer });
  await until(told(`assistant: ${answer}`));
}

test.each(MODELS)('%s: one call through every kind of loss', { timeout: 30_000 }, async (model) => {
  const agent = new voice.Agent({ instructions: 'You are a weather bot.', tools: [weather()] });
  const call = await startAgent(agent, {
    model,
    connOptions: { maxRetry: 9, retryIntervalMs: 50, timeoutMs: 5_000 },
  });
  const { server, session, mic, story, until } = call;
  const first = await server.connection(0);
  await exchange(call, 'One?', 'First answer.');

  // The service fails.
  first.close(1011, 'Internal error encountered.');
  const second = await server.connection(1);
  expect(second.resumed).toBe(true);
  await exchange(call, 'Two?', 'Second answer.');

  // The network is gone while nobody speaks; the caller speaks meanwhile.
  second.drop();
  await until((lines) => lines.filter((line) => line === 'error').length === 2);
  for (let i = 0; i < 4; i++) mic.push(tone(50, 24_000));
  const third = await server.connection(2);
  expect(third.resumed).toBe(true);
  await third.waitFor(() => third.audioMs >= 150);
  third.heard('Weather in Paris?');
  const answer = await third.callTool('weather', { city: 'Paris' });
  expect(answer.response).toEqual({ output: '{"city":"Paris","sky":"sunny"}' });
  void third.turn({ say: 'It is sunny in Paris.' });
  await until(told('assistant: It is sunny in Paris.'));

  // The service announces its end in mid-sentence: the sentence is spoken to its end.
  third.heard('And a long story?');
  void third.turn({ say: 'Once upon a time', ms: 2_000, complete: false });
  await until((lines) => lines.at(-1) === 'agent is speaking');
  third.goAway('50s');
  third.say(' there was a socket.', { ms: 1_000 });
  third.endTurn();
  await until(told('assistant: Once upon a time there was a socket.'));
  const fourth = await server.connection(3);
  expect(fourth.resumed).toBe(true);
  expect(await third.closed).toMatchObject({ code: 1000, by: 'client' });
  await exchange(call, 'Four?', 'Fourth answer.');

  // The service has forgotten everything.
  server.forgetSessions();
  fourth.drop();
  const fifth = await server.connection(4);
  expect(fifth.resumed).toBe(false);
  await fifth.waitFor('clientContent');
  await exchange(call, 'Five?', 'Fifth answer.');

  const transcript = [
    'user: One?',
    'assistant: First answer.',
    'user: Two?',
    'assistant: Second answer.',
    'user: Weather in Paris?',
    'tool: weather({"city":"Paris"})',
    'assistant: It is sunny in Paris.',
    'user: And a long story?',
    'assistant: Once upon a time there was a socket.',
    'user: Four?',
    'assistant: Fourth answer.',
    'user: Five?',
    'assistant: Fifth answer.',
  ];
  expect(said(session)).toEqual(transcript);
  // The new session was told all that came before it, in the same order.
  const seed = JSON.stringify(fifth.contents);
  const places = ['One?', 'Second answer.', 'sunny', 'a socket.', 'Four?', 'Fourth answer.'].map(
    (text) => seed.indexOf(text),
  );
  expect(places.every((place) => place >= 0)).toBe(true);
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(story.some((line) => line.startsWith('closed'))).toBe(false);
  // 1011, two drops and a refused handle; an exchange of our own is no error.
  expect(story.filter((line) => line === 'error')).toHaveLength(4);
  await session.close();
  expect(server.dials).toHaveLength(6);
  expect(server.violations.map(({ reason }) => reason)).toEqual([
    expect.stringMatching(/session not found/),
  ]);
});

test('a loss in mid-sentence is an interruption, and the caller is answered after it', async () => {
  const agent = new voice.Agent({ instructions: 'You are a weather bot.' });
  const call = await startAgent(agent);
  const { server, session, story, until } = call;
  const first = await server.connection(0);
  first.heard('Tell me a story.');
  void first.turn({ say: 'Once upon a time', ms: 60_000, complete: false });
  await until(told('agent is speaking'));
  first.drop();
  await server.connection(1);
  await until((lines) => lines.some((line) => line.startsWith('assistant: Once')));
  await exchange(call, 'Are you there?', 'Yes.');
  const lines = said(session);
  expect(lines[0]).toBe('user: Tell me a story.');
  expect(lines[1]).toMatch(/^assistant: Once upon a time/);
  expect(lines.slice(2)).toEqual(['user: Are you there?', 'assistant: Yes.']);
  expect(story.some((line) => line.startsWith('closed'))).toBe(false);
  await session.close();
  server.assertClean();
});

test('a tool that finishes without a connection is answered on the next one', async () => {
  let finish = (_sky: string): void => {};
  const slow = llm.tool({
    name: 'weather',
    description: 'Current weather of a city.',
    parameters: z.object({ city: z.string() }),
    execute: () => new Promise<string>((resolve) => (finish = resolve)),
  });
  const agent = new voice.Agent({ instructions: 'You are a weather bot.', tools: [slow] });
  const call = await startAgent(agent);
  const { server, session, until } = call;
  const first = await server.connection(0);
  first.heard('Weather in Oslo?');
  const answered = first.callTool('weather', { city: 'Oslo' });
  await until(() => session.history.items.length > 0);
  await expect.poll(() => finish.length).toBe(1);
  server.refuse({ status: 503 });
  first.drop();
  await until(told('error'));
  finish('snow');
  expect((await answered).response).toEqual({ output: '"snow"' });
  const second = server.current!;
  expect(second.resumed).toBe(true);
  void second.turn({ say: 'It snows.' });
  await until(told('assistant: It snows.'));
  expect(said(session)).toEqual([
    'user: Weather in Oslo?',
    'tool: weather({"city":"Oslo"})',
    'assistant: It snows.',
  ]);
  await session.close();
  server.assertClean();
});
