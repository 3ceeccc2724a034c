// SPDX-License-Identifier: Apache-2.0
import { llm, voice } from '@livekit/agents';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { said, startAgent } from './support/agent.js';
import { tone } from './support/call.js';

const MODELS = [
  'gemini-3.8-live',
  'gemini-3.8-live-extended-thinking',
  'gemini-3.1-flash-live-preview',
  'gemini-2.5-flash-native-audio-preview-12-2025',
];

const weather = (): llm.FunctionTool<{ city: string }> =>
  llm.tool({
    name: 'weather',
    description: 'Current weather of a city.',
    parameters: z.object({ city: z.string() }),
    execute: ({ city }) => Promise.resolve({ city, sky: 'sunny' }),
  });

class Greeter extends voice.Agent {
  override onEnter(): Promise<void> {
    this.session.generateReply({ instructions: 'Greet the caller.' });
    return Promise.resolve();
  }
}

test.each(MODELS)('%s: greeting, question, tool, answer over one socket', async (model) => {
  const agent = new Greeter({ instructions: 'You are a weather bot.', tools: [weather()] });
  const { server, session, mic, speaker, story, until } = await startAgent(agent, { model });
  const connection = await server.connection(0);
  expect(await connection.replyRequest()).toContain('Greet the caller.');
  void connection.turn({ say: 'Hello, how can I help?' });
  await until((told) => told.includes('assistant: Hello, how can I help?'));

  for (let i = 0; i < 10; i++) mic.push(tone(50, 24000));
  await connection.waitFor(() => connection.audioMs >= 400);
  connection.heard('Weather in Paris?');
  const answer = await connection.callTool('weather', { city: 'Paris' });
  expect(answer.response).toEqual({ output: '{"city":"Paris","sky":"sunny"}' });
  void connection.turn({ say: 'It is sunny in Paris.' });
  await until((told) => told.includes('assistant: It is sunny in Paris.'));

  expect(said(session)).toEqual([
    'assistant: Hello, how can I help?',
    'user: Weather in Paris?',
    'tool: weather({"city":"Paris"})',
    'assistant: It is sunny in Paris.',
  ]);
  expect(speaker.playedMs).toBeGreaterThan(1000);
  await session.close();
  expect(server.dials).toHaveLength(1);
  expect(story).not.toContain('error');
  server.assertClean();
});

test('a barge-in marks the item and the agent speaks again', async () => {
  const { server, session, until } = await startAgent(new voice.Agent({ instructions: 'Talk.' }));
  const connection = await server.connection(0);
  connection.heard('Tell me a story.');
  void connection.turn({ say: 'Once upon a time', ms: 60_000, complete: false });
  await until((told) => told.includes('agent is speaking'));
  connection.interrupted();
  connection.heard('Stop, please.');
  void connection.turn({ say: 'All right.' });
  await until((told) => told.includes('assistant: All right.'));
  expect(said(session)).toEqual([
    'user: Tell me a story.',
    'assistant: Once upon a time [interrupted]',
    'user: Stop, please.',
    'assistant: All right.',
  ]);
  server.assertClean();
});

test('a spoken sentence before a blocking call is heard, and the answer after it', async () => {
  const agent = new voice.Agent({ instructions: 'Weather bot.', tools: [weather()] });
  const { server, session, until } = await startAgent(agent, { model: MODELS[3]! });
  const connection = await server.connection(0);
  connection.heard('Weather in Rome?');
  connection.say('Let me look that up.');
  // LiveKit dates the sentence by its playback, the call by its arrival.
  await until((told) => told.includes('agent is speaking'));
  await connection.callTool('weather', { city: 'Rome' });
  connection.say('It is sunny.');
  connection.endTurn();
  await until((told) => told.includes('assistant: It is sunny.'));
  expect(said(session)).toEqual([
    'user: Weather in Rome?',
    'assistant: Let me look that up.',
    'tool: weather({"city":"Rome"})',
    'assistant: It is sunny.',
  ]);
  server.assertClean();
});

test.each([
  ['carries the history over', true, 1],
  ['brings an empty history', false, 2],
])('a handoff that %s: sockets and memory', async (_name, carries, dials) => {
  const first = new voice.Agent({ instructions: 'You are the desk.' });
  const { server, session, until } = await startAgent(first);
  const connection = await server.connection(0);
  connection.heard('Weather, please.');
  void connection.turn({ say: 'One moment.' });
  await until((told) => told.includes('assistant: One moment.'));
  const chatCtx = carries ? first.chatCtx.copy() : llm.ChatContext.empty();
  const instructions = 'You are the weather.';
  session.updateAgent(new voice.Agent({ instructions, tools: [weather()], chatCtx }));
  const last = await server.connection(dials - 1);
  if (carries) await last.waitFor((frame) => frame.contextUpdate?.tools !== undefined);
  expect(last.instructions).toBe('You are the weather.');
  expect(last.functions).toEqual(['weather']);
  // The server remembers exactly what the new agent does.
  expect(last.history.some(({ text }) => text.includes('Weather, please.'))).toBe(carries);
  await session.close();
  expect(server.dials).toHaveLength(dials);
  server.assertClean();
});

test('the call survives a dropped socket; the framework sees no end', async () => {
  const { server, session, story, until } = await startAgent(
    new voice.Agent({ instructions: 'Hi.' }),
  );
  const connection = await server.connection(0);
  connection.heard('One?');
  void connection.turn({ say: 'One.' });
  await until((told) => told.includes('assistant: One.'));
  const back = server.nextConnection();
  connection.drop();
  const second = await back;
  second.heard('Two?');
  void second.turn({ say: 'Two.' });
  await until((told) => told.includes('assistant: Two.'));
  expect(said(session)).toEqual(['user: One?', 'assistant: One.', 'user: Two?', 'assistant: Two.']);
  expect(story.some((line) => line.startsWith('closed'))).toBe(false);
  await session.close();
  server.assertClean();
});

test('typed text is asked exactly once', async () => {
  const { server, session, until } = await startAgent(new voice.Agent({ instructions: 'Hi.' }));
  const connection = await server.connection(0);
  session.generateReply({ userInput: 'How late is it?' });
  await connection.waitFor((frame) => frame.clientContent?.turnComplete === true);
  void connection.turn({ say: 'Noon.' });
  await until((told) => told.includes('assistant: Noon.'));
  expect(said(session)).toEqual(['user: How late is it?', 'assistant: Noon.']);
  const triggers = connection.frames.filter(({ frame }) => frame.clientContent?.turnComplete);
  expect(triggers).toHaveLength(1);
  expect(JSON.stringify(connection.contents)).toContain('How late is it?');
  server.assertClean();
});

test('an unusable key closes the framework session once, with the reason', async () => {
  const { session, story, until } = await startAgent(
    new voice.Agent({ instructions: 'Hi.' }),
    {},
    { keys: ['another'] },
  );
  await until((told) => told.some((line) => line.startsWith('closed')));
  expect(story.filter((line) => line === 'error')).toHaveLength(1);
  await session.close();
});
