// SPDX-License-Identifier: Apache-2.0
import { llm } from '@livekit/agents';
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { LiveConnection } from '../src/testing/index.js';
import {
  listen,
  modelFor,
  startCall,
  startServer,
  tone,
  withOutput,
  EventLog,
} from './support/call.js';
import { ManualClock } from './support/manual_clock.js';

const BLOCKING_MODEL = 'gemini-2.5-flash-native-audio-preview-12-2025';

const weather = new llm.ToolContext([
  llm.tool({
    name: 'weather',
    description: 'Current weather of a city.',
    parameters: z.object({ city: z.string() }),
    execute: () => Promise.resolve('sunny'),
  }),
]);

function history(...lines: [llm.ChatRole, string][]): llm.ChatContext {
  const context = llm.ChatContext.empty();
  for (const [role, content] of lines) context.addMessage({ role, content });
  return context;
}

/** Texts of the turns that the client sent. */
const sentTurns = (connection: LiveConnection): (string | undefined)[][] =>
  connection.contents.map(({ role, parts }) => [role, ...(parts ?? []).map(({ text }) => text)]);

test('one dial carries instructions, tools and history', async () => {
  const chatCtx = history(
    ['user', 'I am Ada.'],
    ['assistant', 'Hello Ada.'],
    ['system', 'Be kind.'],
  );
  const { server, connection, session } = await startCall({
    instructions: 'You are terse.',
    chatCtx,
    tools: weather,
  });
  await connection.waitFor('clientContent');
  expect(server.dials).toHaveLength(1);
  expect(connection.instructions).toBe('You are terse.\n\nBe kind.');
  expect(connection.functions).toEqual(['weather']);
  expect(connection.setup.historyConfig).toEqual({ initialHistoryInClientContent: true });
  expect(sentTurns(connection)).toEqual([
    ['user', 'I am Ada.'],
    ['model', 'Hello Ada.'],
  ]);
  expect(session.chatCtx.items).toHaveLength(3);
  server.assertClean();
});

test('without the framework a session dials once by itself', async () => {
  const server = await startServer();
  const session = modelFor(server, { instructions: 'Alone.' }).session();
  const connection = await server.nextConnection();
  expect(connection.instructions).toBe('Alone.');
  await session.close();
  expect(server.dials).toHaveLength(1);
});

test('first use dials at once, before the clock moves', async () => {
  const server = await startServer();
  const clock = new ManualClock();
  const session = modelFor(server, {}, { clock }).session();
  const arrived = server.nextConnection();
  session.pushAudio(tone(100));
  const connection = await arrived;
  await connection.waitFor((frame) => frame.realtimeInput?.audio !== undefined);
  await session.close();
  expect(server.dials).toHaveLength(1);
});

test('a reply is asked for by the route of the model and answered once', async () => {
  const { server, session, connection, log } = await startCall();
  const reply = session.generateReply('Greet the caller.');
  await connection.waitFor('clientContent');
  void connection.turn({ say: 'Hello there.', ms: 400 });
  const generation = await reply;
  const heard = await listen(generation);
  expect(generation.userInitiated).toBe(true);
  expect(heard).toMatchObject({ text: 'Hello there.', samples: 9600, calls: [] });
  expect(heard.modalities).toEqual([['audio', 'text']]);
  expect(sentTurns(connection)).toEqual([['model', 'Greet the caller.']]);
  await log.untilNamed('metrics_collected');
  expect(log.metrics[0]).toMatchObject({
    type: 'realtime_model_metrics',
    requestId: generation.responseId,
    metadata: { modelProvider: 'Gemini', modelName: 'gemini-3.8-live' },
    cancelled: false,
  });
  expect(log.metrics[0]).toHaveProperty('inputTokenDetails.cachedTokens');
  expect(session.chatCtx.items.map((item) => item.id)).toEqual(heard.messageIds);
  server.assertClean();
});

test('the caller is transcribed before the answer, exactly once', async () => {
  const { session, connection, log } = await startCall({ options: { model: BLOCKING_MODEL } });
  session.pushAudio(tone(200));
  await connection.waitFor((frame) => frame.realtimeInput?.audio !== undefined);
  connection.heard('What time is it?');
  await connection.turn({ say: 'Noon.' });
  await log.until(() => log.transcripts.some(({ isFinal }) => isFinal));
  const finals = log.transcripts.filter(({ isFinal }) => isFinal);
  expect(finals.map(({ transcript }) => transcript)).toEqual(['What time is it?']);
  expect(finals[0]?.turnStartedAt).toBeGreaterThan(0);
  expect(new Set(log.transcripts.map(({ itemId }) => itemId)).size).toBe(1);
  const order = log.names.filter((name) => !name.includes('transcription'));
  expect(order.slice(0, 3)).toEqual([
    'input_speech_started',
    'input_speech_stopped',
    'generation_created',
  ]);
  expect(session.chatCtx.items.map((item) => item.type === 'message' && item.textContent)).toEqual([
    'What time is it?',
    'Noon.',
  ]);
});

test.each([
  [16000, 1],
  [24000, 1],
  [48000, 2],
  [44100, 1],
])('microphone at %i Hz, %i channels arrives as 16 kHz mono', async (rate, channels) => {
  const { server, session, connection } = await startCall();
  for (let i = 0; i < 50; i++) session.pushAudio(tone(20, rate, channels));
  await session.commitAudio();
  await connection.waitFor((frame) => frame.realtimeInput?.audioStreamEnd === true);
  expect(connection.audioMs).toBeGreaterThan(930);
  expect(connection.audioMs).toBeLessThanOrEqual(1001);
  server.assertClean();
});

test('a blocking call ends its generation, the answer comes in the next', async () => {
  const { server, session, connection, log } = await startCall({
    options: { model: BLOCKING_MODEL },
    tools: weather,
  });
  connection.heard('Weather in Paris?');
  const answered = connection.callTool('weather', { city: 'Paris' });
  await log.untilNamed('generation_created');
  const first = await listen(log.generations[0]!);
  expect(first.calls.map(({ name, args }) => [name, args])).toEqual([
    ['weather', '{"city":"Paris"}'],
  ]);
  await session.updateChatCtx(withOutput(session, first.calls[0]!, 'sunny'));
  expect(await answered).toMatchObject({ name: 'weather', response: { output: 'sunny' } });
  await connection.turn({ say: 'It is sunny.' });
  await log.untilNamed('generation_created', 2);
  expect((await listen(log.generations[1]!)).text).toBe('It is sunny.');
  expect(log.generations[1]!.userInitiated).toBe(false);
  expect(log.names.filter((name) => name === 'input_speech_started')).toHaveLength(1);
  server.assertClean();
});

test('a tool that failed answers with an error', async () => {
  const { session, connection, log } = await startCall({ tools: weather });
  const answered = connection.callTool('weather', { city: 'X' });
  await log.untilNamed('generation_created');
  const { calls } = await listen(log.generations[0]!);
  await session.updateChatCtx(withOutput(session, calls[0]!, 'no such city', true));
  expect(await answered).toMatchObject({ response: { error: 'no such city' } });
});

test('caller audio waits while a blocking call runs, and is not lost', async () => {
  const { server, session, connection, log } = await startCall({
    options: { model: BLOCKING_MODEL },
    tools: weather,
  });
  const answered = connection.callTool('weather', { city: 'Rome' });
  await log.untilNamed('generation_created');
  const { calls } = await listen(log.generations[0]!);
  session.pushAudio(tone(500));
  expect(connection.audioMs).toBe(0);
  await session.updateChatCtx(withOutput(session, calls[0]!, 'rain'));
  await answered;
  await connection.waitFor(() => connection.audioMs >= 500);
  server.assertClean();
});

test('a call that nobody may answer is refused, with a request to speak', async () => {
  const { server, session, connection } = await startCall({ tools: weather });
  session.updateOptions({ toolChoice: 'none' });
  const answer = await connection.callTool('weather', { city: 'Paris' });
  expect(answer.response).toMatchObject({ error: expect.stringContaining('Answer in speech') });
  server.assertClean();
});

test('a barge-in ends all streams in the same tick', async () => {
  const { connection, log, session } = await startCall();
  void connection.turn({ say: 'A long answer', ms: 5000, complete: false });
  await log.untilNamed('generation_created');
  const heard = listen(log.generations[0]!);
  await log.until(() => log.generations.length === 1);
  connection.interrupted();
  await log.untilNamed('input_speech_started');
  expect((await heard).text).toBe('A long answer');
  const [item] = session.chatCtx.items;
  expect(item?.type === 'message' && item.interrupted).toBe(true);
  connection.heard('Stop.');
  await connection.turn({ say: 'Yes?' });
  await log.untilNamed('generation_created', 2);
  expect((await listen(log.generations[1]!)).text).toBe('Yes?');
});

test('interrupt() ends local output; the rest of that answer is discarded', async () => {
  const { connection, log, session } = await startCall();
  void connection.turn({ say: 'First part.', ms: 1000, complete: false });
  await log.untilNamed('generation_created');
  const heard = listen(log.generations[0]!);
  await session.interrupt();
  await heard;
  connection.say('Second part.', { ms: 1000 });
  connection.endTurn();
  await connection.turn({ say: 'New answer.' });
  await log.untilNamed('generation_created', 2);
  expect((await listen(log.generations[1]!)).text).toBe('New answer.');
});

test('a reply that is not answered in time is asked for again, then rejected', async () => {
  const clock = new ManualClock();
  const { session, connection, log } = await startCall({
    env: { clock },
    options: { replyTimeoutMs: 7000, watchdog: null },
  });
  const reply = session.generateReply('Say something.');
  const rejected = expect(reply).rejects.toThrow(/did not begin to answer/);
  await connection.waitFor('clientContent');
  clock.advance(7000);
  await connection.waitFor(
    () => connection.frames.filter(({ frame }) => frame.clientContent).length === 2,
  );
  clock.advance(7000);
  await rejected;
  // The framework swallows the rejection.
  expect(log.reports).toContainEqual({ what: 'reply_failed', detail: { why: 'timeout' } });
});

test('an aborted reply is rejected and its late answer is discarded', async () => {
  const { session, connection, log } = await startCall();
  const abort = new AbortController();
  const reply = session.generateReply('Greet.', { signal: abort.signal });
  await connection.waitFor('clientContent');
  abort.abort();
  await expect(reply).rejects.toThrow(/aborted/);
  await connection.turn({ say: 'Too late.' });
  connection.heard('Hello?');
  await connection.turn({ say: 'Hello.' });
  await log.untilNamed('generation_created');
  expect((await listen(log.generations[0]!)).text).toBe('Hello.');
});

test('a dropped socket comes back with the handle and without a replay', async () => {
  const { server, session, connection, log } = await startCall();
  void connection.turn({ say: 'Before.' });
  await log.untilNamed('generation_created');
  await listen(log.generations[0]!);
  const back = server.nextConnection();
  connection.drop();
  const second = await back;
  await log.untilNamed('session_reconnected');
  expect(second.resumed).toBe(true);
  expect(log.errors).toMatchObject([{ recoverable: true, error: { kind: 'network' } }]);
  void session.generateReply('Go on.');
  await second.waitFor('clientContent');
  expect(sentTurns(second)).toEqual([['model', 'Go on.']]);
  server.assertClean();
});

test('a refused resume starts fresh with the whole history, once', async () => {
  const { server, connection, log } = await startCall();
  connection.heard('I am Ada.');
  await connection.turn({ say: 'Hello Ada.' });
  await log.until(() => log.transcripts.some(({ isFinal }) => isFinal));
  server.forgetSessions();
  const back = server.nextConnection();
  connection.drop();
  const second = await back;
  await second.waitFor('clientContent');
  expect(second.resumed).toBe(false);
  expect(sentTurns(second)).toEqual([
    ['user', 'I am Ada.'],
    ['model', 'Hello Ada.'],
  ]);
  expect(server.violations.map(({ reason }) => reason)).toEqual([
    expect.stringMatching(/not found/),
  ]);
});

test('a tool result for a session that forgot its call becomes history, and the answer comes', async () => {
  const { server, session, connection, log } = await startCall({ tools: weather });
  const lost = connection.callTool('weather', { city: 'Oslo' });
  lost.catch(() => {});
  await log.untilNamed('generation_created');
  const { calls } = await listen(log.generations[0]!);
  server.forgetSessions();
  const back = server.nextConnection();
  connection.drop();
  const second = await back;
  await log.untilNamed('session_reconnected');
  await session.updateChatCtx(withOutput(session, calls[0]!, 'snow'));
  await second.waitFor((frame) => frame.clientContent?.turnComplete === true);
  expect(JSON.stringify(sentTurns(second))).toContain('returned snow');
  await second.turn({ say: 'It snows.' });
  await log.untilNamed('generation_created', 2);
  expect((await listen(log.generations[1]!)).text).toBe('It snows.');
  expect(server.violations.map(({ reason }) => reason)).toEqual([
    expect.stringMatching(/not found/),
  ]);
});

test('a pending reply is asked for again after a drop', async () => {
  const { server, session, connection } = await startCall();
  const reply = session.generateReply('Greet.');
  await connection.waitFor('clientContent');
  const back = server.nextConnection();
  connection.drop();
  const second = await back;
  await second.waitFor('clientContent');
  void second.turn({ say: 'Hello.' });
  expect((await listen(await reply)).text).toBe('Hello.');
});

test('a replaced context makes the server forget', async () => {
  const { server, session, connection, log } = await startCall();
  connection.heard('My code is 1234.');
  await connection.turn({ say: 'Noted.' });
  await log.until(() => log.transcripts.some(({ isFinal }) => isFinal));
  const back = server.nextConnection();
  await session.updateChatCtx(history(['user', 'Something else.']));
  const second = await back;
  await second.waitFor('clientContent');
  expect(second.resumed).toBe(false);
  expect(sentTurns(second)).toEqual([['user', 'Something else.']]);
  server.assertClean();
});

test('new items are sent once, known ones never', async () => {
  const { server, session, connection } = await startCall({ chatCtx: history(['user', 'One.']) });
  await connection.waitFor('clientContent');
  const context = session.chatCtx;
  context.addMessage({ role: 'user', content: 'Two.' });
  await session.updateChatCtx(context);
  await session.updateChatCtx(context);
  void session.generateReply();
  await connection.waitFor(
    (frame) => frame.clientContent?.turns === undefined && !!frame.clientContent,
  );
  expect(sentTurns(connection)).toEqual([
    ['user', 'One.'],
    ['user', 'Two.'],
  ]);
  server.assertClean();
});

test('instructions and tools change in the session where the model can', async () => {
  const { server, session, connection } = await startCall();
  await session.updateInstructions('Speak like a pirate.');
  await session.updateTools(weather);
  await connection.waitFor((frame) => frame.contextUpdate?.tools !== undefined);
  expect(connection.instructions).toBe('Speak like a pirate.');
  expect(connection.functions).toEqual(['weather']);
  expect(server.dials).toHaveLength(1);
  server.assertClean();
});

test('tools change by a new connection where the model cannot, keeping its memory', async () => {
  const { server, session, connection, log } = await startCall({
    options: { model: BLOCKING_MODEL },
  });
  await connection.turn({ say: 'Hello.' });
  // The handle comes with the end of the turn; whatever follows it has passed it.
  connection.send({ somethingNew: true });
  await log.until(() => log.reports.some(({ what }) => what === 'unknown_frame'));
  const back = server.nextConnection();
  await session.updateTools(weather);
  const second = await back;
  expect(second.functions).toEqual(['weather']);
  expect(second.resumed).toBe(true);
  expect(await connection.closed).toMatchObject({ code: 1000, by: 'client' });
  server.assertClean();
});

test('a key that the service refuses ends the session once, and settles everything', async () => {
  const server = await startServer({ keys: ['another'] });
  const session = modelFor(server).session();
  const log = new EventLog(session);
  const reply = session.generateReply('Greet.');
  await expect(reply).rejects.toThrow();
  await log.untilNamed('error');
  expect(log.errors).toMatchObject([{ recoverable: false, error: { kind: 'auth' } }]);
  await expect(session.generateReply('Again.')).rejects.toThrow();
  await session.close();
  expect(log.errors).toHaveLength(1);
});

test('listeners that throw do not end the call', async () => {
  const { session, connection, log } = await startCall();
  for (const name of ['generation_created', 'input_speech_started', 'metrics_collected']) {
    session.on(name, () => {
      throw new Error('application bug');
    });
  }
  connection.heard('Hi.');
  await connection.turn({ say: 'Hello.' });
  await log.untilNamed('generation_created');
  expect((await listen(log.generations[0]!)).text).toBe('Hello.');
});

test('close settles replies, ends streams and leaves no socket, twice over', async () => {
  const { server, session, connection, log } = await startCall();
  void connection.turn({ say: 'Unfinished', ms: 3000, complete: false });
  await log.untilNamed('generation_created');
  const reply = session.generateReply('Never answered.');
  const rejected = expect(reply).rejects.toThrow(/closed/);
  const heard = listen(log.generations[0]!);
  await Promise.all([session.close(), session.close()]);
  await rejected;
  await heard;
  expect(await connection.closed).toMatchObject({ code: 1000, by: 'client' });
  session.pushAudio(tone(20));
  await expect(session.generateReply()).rejects.toThrow(/closed/);
  await session.interrupt();
  expect(server.dials).toHaveLength(1);
});

test('close in the middle of a dial that nobody answers', async () => {
  const server = await startServer();
  server.refuse({ silent: true });
  const session = modelFor(server).session();
  void session.generateReply('Hello?').catch(() => {});
  await session.close();
});
