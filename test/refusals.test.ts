// SPDX-License-Identifier: Apache-2.0
import { llm } from '@livekit/agents';
import { describe, expect, test } from 'vitest';
import type { Capabilities } from '../src/models/capabilities.js';
import { resolve } from '../src/models/resolve.js';
import { Refusals } from '../src/livekit/refusals.js';
import type { Command, ToolResult } from '../src/protocol/encode.js';
import { blamed, REFUSABLE } from '../src/protocol/refusals.js';
import type { LiveServer } from '../src/testing/index.js';
import {
  EventLog,
  listen,
  modelFor,
  startCall,
  tone,
  withOutput,
  type Call,
} from './support/call.js';
import { sentTurns, timesSaid, weather } from './support/recovery.js';

const ROW = resolve('gemini-3.8-live', 'gemini').capabilities;
const RETRY = { connOptions: { maxRetry: 5, retryIntervalMs: 1, timeoutMs: 5_000 } };

const result = (more: object): Command => ({
  type: 'toolResults',
  results: [{ callId: 'c', name: 'f', ...more } as ToolResult],
});
const reply: Command = { type: 'reply', replyId: 'r', instructions: undefined, asked: true };

describe('what a frame rests on', () => {
  test.each<[string, Command, Partial<Capabilities>, string[]]>([
    ['new instructions', { type: 'context', instructions: 'x' }, {}, ['instructionUpdate']],
    ['content', { type: 'content', turns: [], itemIds: [] }, {}, ['midSessionContent']],
    ['a reply by content', reply, {}, ['midSessionContent']],
    ['a reply by text', reply, { replyRequest: 'realtimeText' }, []],
    ['a seed', { type: 'seed', turns: [], itemIds: [] }, {}, []],
    ['a result', result({}), {}, []],
    ['a scheduled result', result({ scheduling: 'SILENT' }), {}, ['toolScheduling']],
    ['a schedule that is not sent', result({ scheduling: 'SILENT' }), { toolScheduling: [] }, []],
    ['one of several results', result({ willContinue: true }), {}, ['toolWillContinue']],
    ['audio', { type: 'audio', pcm: new Uint8Array(2) }, {}, []],
  ])('%s', (_name, command, row, capabilities) => {
    const found = REFUSABLE.filter((each) => each.restsOnIt(command, { ...ROW, ...row }));
    expect(found.map(({ capability }) => capability)).toEqual(capabilities);
  });

  test('of several suspects the named one is blamed, else the least proven', () => {
    const [, context, several, scheduling, content] = REFUSABLE;
    expect(blamed([content!, scheduling!, context!], 'Invalid argument.')).toBe(context);
    expect(blamed([content!, scheduling!, context!], 'Unknown name "scheduling"')).toBe(scheduling);
    expect(blamed([content!, several!], '')).toBe(several);
    expect(blamed([], 'Invalid argument.')).toBeUndefined();
  });

  test.each([
    [
      { instructionUpdate: 'contextUpdate', toolUpdate: 'contextUpdate' },
      1,
      ['reconnect', 'reconnect'],
    ],
    [{ instructionUpdate: 'content', toolUpdate: 'contextUpdate' }, 1, ['content', 'reconnect']],
    [{ instructionUpdate: 'content', toolUpdate: 'reconnect' }, 4, ['reconnect', 'reconnect']],
  ] as const)('falls back, %j', (row, which, [instructions, tools]) => {
    const before = { ...ROW, ...row };
    expect({ ...before, ...REFUSABLE[which]!.fallback(before) }).toMatchObject({
      instructionUpdate: instructions,
      toolUpdate: tools,
    });
  });
});

/** The same kind of session once more, in the same process. */
async function again(server: LiveServer, env: { refusals: Refusals }): Promise<Call> {
  const model = modelFor(server, RETRY, env);
  const session = model.session();
  const log = new EventLog(session);
  const count = server.connections.length;
  await session._updateSession('Be brief.', llm.ChatContext.empty(), llm.ToolContext.empty());
  return { server, model, session, log, connection: await server.connection(count) };
}

const refusals = ({ log }: Call): unknown[] =>
  log.reports.flatMap(({ what, detail }) => (what === 'capability_refused' ? [detail] : []));

describe('what the service refuses although the row says yes', () => {
  test('contextUpdate: said once, delivered by a new setup, and never tried again', async () => {
    const env = { refusals: new Refusals() };
    const capabilities = { instructionUpdate: 'reconnect', toolUpdate: 'reconnect' } as const;
    const call = await startCall({ options: RETRY, env, server: { capabilities } });
    const { server, session, connection } = call;
    connection.heard('I am Ada.');
    await connection.turn({ say: 'Hello Ada.' });
    await call.log.until(() => call.log.transcripts.some(({ isFinal }) => isFinal));
    await session.updateInstructions('Speak like a pirate.');
    const second = await server.connection(1);
    expect(second.instructions).toBe('Speak like a pirate.');
    await second.waitFor(() => JSON.stringify(second.history).includes('I am Ada.'));
    expect(refusals(call)).toMatchObject([{ capability: 'instructionUpdate' }]);
    expect(server.violations).toHaveLength(1);
    await session.updateTools(weather);
    const third = await server.connection(2);
    expect(third.functions).toEqual(['weather']);
    await session.close();

    const next = await again(server, env);
    await next.session.updateInstructions('Speak like a nun.');
    const fifth = await server.connection(4);
    expect(fifth.instructions).toBe('Speak like a nun.');
    expect(server.violations).toHaveLength(1);
    expect(refusals(next)).toEqual([]);
    await next.session.close();
  });

  test('content in mid-session: the words are asked by the other route', async () => {
    const env = { refusals: new Refusals() };
    const capabilities = { midSessionContent: 'initialHistory' } as const;
    const call = await startCall({ options: RETRY, env, server: { capabilities } });
    const { server, session, connection, log } = call;
    connection.heard('I am Ada.');
    await connection.turn({ say: 'Hello Ada.' });
    await log.until(() => log.transcripts.some(({ isFinal }) => isFinal));
    // What was spoken has begun the conversation for the strict server too.
    session.pushAudio(tone(50));
    await session.commitAudio();
    const context = session.chatCtx;
    context.addMessage({ role: 'user', content: 'How late is it?' });
    await session.updateChatCtx(context);
    const asked = session.generateReply('Be precise.');
    const second = await server.connection(1);
    const { realtimeInput } = await second.waitFor((frame) => !!frame.realtimeInput?.text);
    expect(realtimeInput?.text).toContain('Be precise.');
    expect(timesSaid(second, 'How late is it?')).toBe(1);
    expect(JSON.stringify(sentTurns(second))).toContain('I am Ada.');
    void second.turn({ say: 'Noon.' });
    expect((await listen(await asked)).text).toBe('Noon.');
    expect(refusals(call)).toMatchObject([{ capability: 'midSessionContent' }]);
    expect(server.violations).toHaveLength(1);
  });

  test('a schedule: the result becomes history and is spoken about', async () => {
    const env = { refusals: new Refusals() };
    const options = { ...RETRY, toolResponseScheduling: 'WHEN_IDLE' as never };
    const capabilities = { toolScheduling: [] };
    const call = await startCall({ options, env, tools: weather, server: { capabilities } });
    const { server, session, connection, log } = call;
    void connection.callTool('weather', { city: 'Oslo' });
    await log.untilNamed('generation_created');
    const { calls } = await listen(log.generations[0]!);
    await session.updateChatCtx(withOutput(session, calls[0]!, 'snow'));
    const second = await server.connection(1);
    await second.waitFor(({ clientContent }) => !!clientContent && !clientContent.turns);
    expect(timesSaid(second, 'snow')).toBe(1);
    const calling = second.callTool('weather', { city: 'Bern' });
    await log.untilNamed('generation_created', 2);
    const later = await listen(log.generations[1]!);
    await session.updateChatCtx(withOutput(session, later.calls[0]!, 'rain'));
    expect(await calling).toMatchObject({ response: { output: 'rain' } });
    expect(refusals(call)).toMatchObject([{ capability: 'toolScheduling' }]);
    expect(server.violations).toHaveLength(1);
  });

  test.each([
    ['another code', 1011, 'Internal error encountered.'],
    ['a full context', 1007, 'The input token count exceeds the maximum.'],
  ])('%s proves nothing', async (_name, code, reason) => {
    const call = await startCall({ options: RETRY, env: { refusals: new Refusals() } });
    const { server, session, connection } = call;
    await session.updateInstructions('Speak like a pirate.');
    await connection.waitFor('contextUpdate');
    connection.close(code, reason);
    await server.connection(1);
    expect(refusals(call)).toEqual([]);
  });
});
