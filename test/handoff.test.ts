// SPDX-License-Identifier: Apache-2.0
import { llm, voice } from '@livekit/agents';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { RealtimeModelOptions } from '../src/index.js';
import type { LiveConnection } from '../src/testing/index.js';
import { startAgent, type AgentCall } from './support/agent.js';
import { ROLLING, timesSaid } from './support/recovery.js';

const RESTRICTED = { midSessionContent: 'initialHistory', replyRequest: 'realtimeText' } as const;

/** Sockets of a handoff: with the same tools, with others, with an empty context, out of a tool. */
interface Row {
  name: string;
  options: RealtimeModelOptions;
  sockets: { same: number; others: number; empty: number; tool: number };
}

const ROWS: Row[] = [
  {
    name: 'gemini-3.8-live',
    options: { model: 'gemini-3.8-live' },
    sockets: { same: 1, others: 1, empty: 2, tool: 1 },
  },
  {
    name: 'gemini-3.1-flash-live-preview',
    options: { model: 'gemini-3.1-flash-live-preview' },
    sockets: { same: 1, others: 2, empty: 2, tool: 2 },
  },
  {
    name: ROLLING,
    options: { model: ROLLING },
    sockets: { same: 1, others: 2, empty: 2, tool: 2 },
  },
  {
    name: 'restricted',
    options: { model: 'gemini-3.1-flash-live-preview', capabilities: RESTRICTED },
    sockets: { same: 2, others: 2, empty: 2, tool: 2 },
  },
];

const tool = (name: string, execute: () => Promise<unknown> = () => Promise.resolve('done')) =>
  llm.tool({ name, description: `Does ${name}.`, parameters: z.object({}), execute });

const open = (agent: voice.Agent, { options }: Row): Promise<AgentCall> =>
  startAgent(agent, options, { capabilities: options.capabilities ?? {} });

async function talk(call: AgentCall, connection: LiveConnection): Promise<void> {
  connection.heard('I am Ada.');
  void connection.turn({ say: 'Hello Ada.' });
  await call.until((told) => told.includes('assistant: Hello Ada.'));
}

/** The new agent asks for its greeting; by then the server must know everything of it. */
class Greeter extends voice.Agent {
  override onEnter(): Promise<void> {
    this.session.generateReply({ instructions: 'Say welcome.' });
    return Promise.resolve();
  }
}

/** The connection on which the new agent greets. */
async function greeted({ server }: AgentCall, sockets: number): Promise<LiveConnection> {
  const last = await server.connection(sockets - 1);
  await last.waitFor((frame) => JSON.stringify(frame).includes('Say welcome.'));
  return last;
}

async function welcomed(call: AgentCall, last: LiveConnection): Promise<void> {
  void last.turn({ say: 'Welcome.' });
  await call.until((told) => told.includes('assistant: Welcome.'));
  expect(call.story).not.toContain('error');
  expect(last.instructions === 'You are the cashier.' || timesSaid(last, 'the cashier') === 1).toBe(
    true,
  );
}

const lines = (connection: LiveConnection): string =>
  connection.history.map(({ text }) => text).join('|');

describe.each(ROWS)('$name', (row) => {
  const { sockets } = row;

  test('to an agent with the same tools', async () => {
    const tools = [tool('look')];
    const desk = new voice.Agent({ instructions: 'You are the desk.', tools });
    const call = await open(desk, row);
    await talk(call, await call.server.connection(0));
    const chatCtx = desk.chatCtx.copy();
    call.session.updateAgent(new Greeter({ instructions: 'You are the cashier.', tools, chatCtx }));
    const last = await greeted(call, sockets.same);
    expect(lines(last)).toMatch(/I am Ada\..*Hello Ada\./);
    expect(lines(last).match(/I am Ada/g)).toHaveLength(1);
    expect(last.functions).toEqual(['look']);
    await welcomed(call, last);
    await call.session.close();
    expect(call.server.dials).toHaveLength(sockets.same);
    call.server.assertClean();
  });

  test('to an agent with other tools', async () => {
    const desk = new voice.Agent({ instructions: 'You are the desk.', tools: [tool('look')] });
    const call = await open(desk, row);
    await talk(call, await call.server.connection(0));
    const chatCtx = desk.chatCtx.copy();
    const tools = [tool('pay')];
    call.session.updateAgent(new Greeter({ instructions: 'You are the cashier.', tools, chatCtx }));
    const last = await greeted(call, sockets.others);
    expect(last.functions).toEqual(['pay']);
    expect(lines(last).match(/I am Ada/g)).toHaveLength(1);
    if (sockets.others > 1) expect(last.resumed).toBe(true);
    await welcomed(call, last);
    await call.session.close();
    expect(call.server.dials).toHaveLength(sockets.others);
    call.server.assertClean();
  });

  test('to an agent that knows nothing', async () => {
    const desk = new voice.Agent({ instructions: 'You are the desk.', tools: [tool('look')] });
    const call = await open(desk, row);
    await talk(call, await call.server.connection(0));
    call.session.updateAgent(
      new Greeter({ instructions: 'You are the cashier.', tools: [tool('pay')] }),
    );
    const last = await greeted(call, sockets.empty);
    expect(last.resumed).toBe(false);
    expect(last.functions).toEqual(['pay']);
    expect(lines(last)).not.toContain('Ada');
    await welcomed(call, last);
    await call.session.close();
    expect(call.server.dials).toHaveLength(sockets.empty);
    call.server.assertClean();
  });

  test('out of a tool call, which is answered first', async () => {
    const transfer = tool('transfer', () => {
      const chatCtx = desk.chatCtx.copy();
      const tools = [tool('pay')];
      return Promise.resolve(
        llm.handoff({
          agent: new Greeter({ instructions: 'You are the cashier.', tools, chatCtx }),
          returns: 'transferred',
        }),
      );
    });
    const desk: voice.Agent = new voice.Agent({
      instructions: 'You are the desk.',
      tools: [transfer],
    });
    const call = await open(desk, row);
    const first = await call.server.connection(0);
    await talk(call, first);
    first.heard('I want to pay.');
    const answer = await first.callTool('transfer', {});
    expect(JSON.stringify(answer.response)).toContain('transferred');
    // The old agent's answer to its tool is nobody's any more.
    void first.turn({ say: 'One moment.' });
    const last = await greeted(call, sockets.tool);
    expect(last.functions).toEqual(['pay']);
    expect(lines(last)).toMatch(/I am Ada\..*Hello Ada\..*I want to pay\./);
    await welcomed(call, last);
    await call.session.close();
    expect(call.server.dials).toHaveLength(sockets.tool);
    call.server.assertClean();
  });
});
