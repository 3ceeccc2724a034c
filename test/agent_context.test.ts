// SPDX-License-Identifier: Apache-2.0
import { llm, voice } from '@livekit/agents';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { startAgent } from './support/agent.js';
import { ROLLING, timesSaid } from './support/recovery.js';

const MODELS = ['gemini-3.8-live', 'gemini-3.1-flash-live-preview', ROLLING];

class Greeter extends voice.Agent {
  override onEnter(): Promise<void> {
    this.session.generateReply({ instructions: 'Say welcome.' });
    return Promise.resolve();
  }
}

test.each(MODELS)('%s: a tool hidden for the greeting costs no connection', async (model) => {
  const hangUp = llm.tool({
    name: 'hang_up',
    description: 'Ends the call.',
    parameters: z.object({}),
    flags: llm.ToolFlag.IGNORE_ON_ENTER,
    execute: () => Promise.resolve('bye'),
  });
  const agent = new Greeter({ instructions: 'Be brief.', tools: [hangUp] });
  const { server, session, until } = await startAgent(agent, { model });
  const connection = await server.connection(0);
  await connection.waitFor((frame) => JSON.stringify(frame).includes('Say welcome.'));
  void connection.turn({ say: 'Welcome.' });
  await until((told) => told.includes('assistant: Welcome.'));
  await until((told) => told.at(-1) === 'agent is listening');
  connection.heard('Goodbye.');
  const answer = await connection.callTool('hang_up', {});
  expect(answer.response).toEqual({ output: '"bye"' });
  expect(timesSaid(connection, 'contextUpdate')).toBe(0);
  await session.close();
  expect(server.dials).toHaveLength(1);
  server.assertClean();
});

test.each(MODELS)('%s: an answer that was never played is no edit of the app', async (model) => {
  const agent = new voice.Agent({ instructions: 'Hi.' });
  const { server, session, until } = await startAgent(agent, { model });
  const connection = await server.connection(0);
  connection.heard('A story?');
  void connection.turn({ say: 'Once upon a time.', ms: 60_000 });
  await until((told) => told.includes('agent is speaking'));
  // It waits behind the first one; then the caller has had enough of both.
  void connection.turn({ say: 'And another one.', ms: 60_000 });
  await connection.turn({ say: 'And a third.', ms: 60_000 });
  connection.voiceActivity('ACTIVITY_START');
  connection.heard('Stop.');
  await until((told) => told.some((line) => line.endsWith('[interrupted]')));
  connection.voiceActivity('ACTIVITY_END');
  void connection.turn({ say: 'Yes?' });
  await until((told) => told.includes('assistant: Yes?'));
  // The framework's context has nothing of the other two.
  const context = agent.chatCtx.copy();
  expect(context.items.some((item) => JSON.stringify(item).includes('a third'))).toBe(false);
  context.addMessage({ role: 'user', content: 'My name is Ada.' });
  await agent.updateChatCtx(context);
  await connection.waitFor((frame) => JSON.stringify(frame).includes('My name is Ada.'));
  session.generateReply({ instructions: 'Go on.' });
  await connection.waitFor((frame) => JSON.stringify(frame).includes('Go on.'));
  await session.close();
  expect(server.dials).toHaveLength(1);
  server.assertClean();
});

test.each(MODELS)(
  '%s: what the app edits and removes is forgotten by the server',
  async (model) => {
    const agent = new voice.Agent({ instructions: 'Hi.' });
    const { server, session, until } = await startAgent(agent, { model });
    const connection = await server.connection(0);
    for (const [asked, answer] of [
      ['My code is 1234.', 'Noted.'],
      ['I am Ada.', 'Hello Ada.'],
    ] as const) {
      connection.heard(asked);
      void connection.turn({ say: answer });
      await until((told) => told.includes(`assistant: ${answer}`));
    }
    const context = agent.chatCtx.copy();
    context.items = context.items.filter(
      (item) => item.type !== 'message' || !item.textContent?.includes('1234'),
    );
    await agent.updateChatCtx(context);
    const second = await server.connection(1);
    await second.waitFor('clientContent');
    expect(second.history.map(({ text }) => text).join()).toMatch(/Noted.*I am Ada/);
    expect(second.history.map(({ text }) => text).join()).not.toContain('1234');
    await session.close();
    expect(server.dials).toHaveLength(2);
    server.assertClean();
  },
);
