// SPDX-License-Identifier: Apache-2.0
import { llm, voice } from '@livekit/agents';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { startAgent } from './support/agent.js';
import { tone } from './support/call.js';
import { streams } from './support/corpus.js';
import { Chance, mutated } from './support/mutations.js';

const FRAMES = 250;

// A machine that is busy with other things takes longer than usual.
const TIMEOUT = { timeout: 60_000 };

test('the framework itself survives a bad line, and is answered afterwards', TIMEOUT, async () => {
  const uncaught: unknown[] = [];
  const keep = (error: unknown): void => void uncaught.push(error);
  process.on('uncaughtException', keep);
  process.on('unhandledRejection', keep);
  onTestFinished(() => {
    process.off('uncaughtException', keep);
    process.off('unhandledRejection', keep);
  });
  const weather = llm.tool({
    name: 'weather',
    description: 'The weather of a city.',
    parameters: z.object({ city: z.string() }),
    execute: () => Promise.resolve('snow'),
  });
  const agent = new voice.Agent({ instructions: 'Help.', tools: [weather] });
  const connOptions = { maxRetry: 1_000, retryIntervalMs: 1, timeoutMs: 5_000 };
  const { server, session, mic, until } = await startAgent(agent, { connOptions });
  await server.connection(0);
  const chance = new Chance(815);
  const all = streams();
  for (let sent = 0; sent < FRAMES;) {
    for (const message of mutated(chance.pick(all).frames, chance)) {
      const { current } = server;
      const connection = current?.isOpen ? current : await server.nextConnection();
      connection.sendRaw(message);
      sent += 1;
      if (chance.happens(0.05)) mic.push(tone(50));
      // Lets the client read, and the framework work.
      if (chance.happens(0.3)) await new Promise((done) => setTimeout(done, 1));
    }
  }
  const back = server.nextConnection();
  if (server.current?.isOpen) server.current.drop();
  const connection = await back;
  connection.say('Good again.');
  connection.endTurn();
  await until((told) => told.some((line) => line.startsWith('assistant: Good again.')));
  await session.close();
  expect(uncaught).toEqual([]);
});
