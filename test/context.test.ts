// SPDX-License-Identifier: Apache-2.0
import { llm } from '@livekit/agents';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { RealtimeModelOptions } from '../src/index.js';
import type { LiveConnection } from '../src/testing/index.js';
import { listen, startCall, tone, type Call, type CallOptions } from './support/call.js';
import { history, recoverable, ROLLING, timesSaid, weather } from './support/recovery.js';

const NEWEST = 'gemini-3.8-live';
const BEFORE = 'gemini-3.1-flash-live-preview';
const RESTRICTED = { midSessionContent: 'initialHistory', replyRequest: 'realtimeText' } as const;

/** One row of the table, or one that an app overrides as the service once was. */
interface Row {
  name: string;
  options: RealtimeModelOptions;
}

const ROWS: Row[] = [
  { name: NEWEST, options: { model: NEWEST } },
  { name: BEFORE, options: { model: BEFORE } },
  { name: ROLLING, options: { model: ROLLING } },
  { name: `${BEFORE}, restricted`, options: { model: BEFORE, capabilities: RESTRICTED } },
];

const start = ({ options }: Row, given: CallOptions = {}): Promise<Call> =>
  startCall({
    ...given,
    options: { ...options, ...given.options },
    server: { capabilities: options.capabilities ?? {}, ...given.server },
  });

const isRestricted = ({ options }: Row): boolean => options.capabilities !== undefined;

async function add({ session }: Call, role: llm.ChatRole, content: string): Promise<void> {
  const context = session.chatCtx;
  context.addMessage({ role, content });
  await session.updateChatCtx(context);
}

/** The caller spoke, was answered, and the framework knows both lines. */
async function exchange(call: Call, asked: string, answer: string): Promise<void> {
  const { connection, log } = call;
  const finals = (): number => log.transcripts.filter(({ isFinal }) => isFinal).length;
  const count = finals();
  connection.heard(asked);
  await connection.turn({ say: answer });
  await log.until(() => finals() > count);
  await synced(call, connection);
}

let marks = 0;
/** All that the server sent has been taken in. */
async function synced({ log }: Call, connection: LiveConnection): Promise<void> {
  const mark = `mark${++marks}`;
  connection.send({ [mark]: true });
  await log.until(() =>
    log.reports.some(({ detail }) => JSON.stringify(detail ?? '').includes(mark)),
  );
}

/** Whatever is still to come to this connection has come before this. */
async function settled({ session }: Call, connection: LiveConnection): Promise<void> {
  const ends = (): number => timesSaid(connection, 'audioStreamEnd');
  const count = ends();
  await new Promise((done) => setTimeout(done, 40));
  session.pushAudio(tone(50));
  await session.commitAudio();
  await connection.waitFor(() => ends() > count);
}

const triggers = (connection: LiveConnection): number =>
  connection.frames.filter(
    ({ frame }) => frame.clientContent?.turnComplete || frame.realtimeInput?.text !== undefined,
  ).length;

const texts = (connection: LiveConnection): string[] =>
  connection.history.map(({ role, text }) => `${role}: ${text}`);

/** As the framework's own context: other objects, and only what it has. */
function copyOf(context: llm.ChatContext): llm.ChatContext {
  return new llm.ChatContext(
    context.items.map((item) =>
      item.type === 'message' ? llm.ChatMessage.create({ ...item }) : item,
    ),
  );
}

describe.each(ROWS)('$name', (row) => {
  test('typed words and a reply are one frame that asks', async () => {
    const call = await start(row);
    const { server, session, connection } = call;
    await exchange(call, 'Hi.', 'Hello.');
    await add(call, 'user', 'How late is it?');
    const reply = session.generateReply('Be precise.');
    await connection.waitFor(() => triggers(connection) === 1);
    void connection.turn({ say: 'Noon.' });
    expect((await listen(await reply)).text).toBe('Noon.');
    expect(timesSaid(connection, 'How late is it?')).toBe(1);
    await settled(call, connection);
    expect(triggers(connection)).toBe(1);
    expect(server.dials).toHaveLength(1);
    server.assertClean();
  });

  test('instructions and tools of one moment: one frame, or one connection', async () => {
    const call = await start(row);
    const { server, session, connection } = call;
    await exchange(call, 'Hi.', 'Hello.');
    await session.updateInstructions('Speak like a pirate.');
    await session.updateTools(weather);
    session.updateOptions({ toolResponseScheduling: undefined as never });
    void session.generateReply('Go on.').catch(() => {});
    const last = row.name === NEWEST ? connection : await server.connection(1);
    await last.waitFor((frame) => JSON.stringify(frame).includes('Go on.'));
    expect(last.instructions).toBe('Speak like a pirate.');
    expect(last.functions).toEqual(['weather']);
    expect(timesSaid(connection, 'contextUpdate')).toBe(row.name === NEWEST ? 1 : 0);
    expect(texts(last).slice(0, 2)).toEqual(['user: Hi.', 'model: Hello.']);
    await settled(call, last);
    expect(server.dials).toHaveLength(last === connection ? 1 : 2);
    if (last !== connection) expect(last.resumed).toBe(true);
    server.assertClean();
  });

  test('a tool that is hidden for a reply costs no connection, and a call of it is refused', async () => {
    const call = await start(row, { tools: weather });
    const { server, session, connection } = call;
    await session.updateTools(llm.ToolContext.empty());
    void session.generateReply('Greet.').catch(() => {});
    await connection.waitFor(() => triggers(connection) === 1);
    const refused = await connection.callTool('weather', { city: 'Oslo' });
    expect(refused.response).toMatchObject({ error: expect.stringContaining('speech') });
    await session.updateTools(weather);
    await settled(call, connection);
    expect(connection.functions).toEqual(['weather']);
    expect(timesSaid(connection, 'contextUpdate')).toBe(0);
    expect(server.dials).toHaveLength(1);
    server.assertClean();
  });

  test('an addition to the history is told once, and asks for nothing', async () => {
    const call = await start(row, { chatCtx: history(['user', 'One.']) });
    const { server, connection } = call;
    await connection.waitFor('clientContent');
    await exchange(call, 'Two.', 'Three.');
    const asked = triggers(connection);
    await add(call, 'assistant', 'Four.');
    const last = isRestricted(row) ? await server.connection(1) : connection;
    await last.waitFor(() => timesSaid(last, 'Four.') === 1);
    await settled(call, last);
    expect(texts(last).join(' ')).toMatch(/One\..*Two\..*Three\..*Four\./);
    expect(timesSaid(last, 'Four.')).toBe(1);
    if (last === connection) expect(triggers(last)).toBe(asked);
    server.assertClean();
  });

  test('a replaced context leaves nothing of the old one', async () => {
    const call = await start(row);
    const { server, session } = call;
    await exchange(call, 'My code is 1234.', 'Noted.');
    await session.updateChatCtx(history(['user', 'Something else.']));
    const second = await server.connection(1);
    await second.waitFor('clientContent');
    expect(second.resumed).toBe(false);
    expect(texts(second)).toContain('user: Something else.');
    expect(texts(second).join()).not.toContain('1234');
    server.assertClean();
  });

  test('words that are edited or removed are forgotten by the server', async () => {
    const call = await start(row);
    const { server, session } = call;
    await exchange(call, 'My code is 1234.', 'Noted.');
    await exchange(call, 'And my name is Ada.', 'Hello Ada.');
    const context = copyOf(session.chatCtx);
    (context.items[0] as llm.ChatMessage).content = ['My code is secret.'];
    await session.updateChatCtx(context);
    const second = await server.connection(1);
    await second.waitFor('clientContent');
    expect(texts(second).join()).toMatch(/secret.*Ada/);
    expect(texts(second).join()).not.toContain('1234');
    const shorter = copyOf(session.chatCtx);
    shorter.items.splice(0, 1);
    await session.updateChatCtx(shorter);
    const third = await server.connection(2);
    await third.waitFor('clientContent');
    expect(texts(third).join()).not.toContain('secret');
    expect(texts(third).join()).toContain('Ada');
    server.assertClean();
  });

  test('what the framework does by itself to a context costs no connection', async () => {
    const call = await start(row);
    const { server, session, connection, log } = call;
    await exchange(call, 'One?', 'First answer, which is long.');
    await exchange(call, 'Two?', 'Never played.');
    const [, first, second, never] = session.chatCtx.items;
    // Cut off when it was played, other white space, another order, and one that was never played.
    await session.truncate({ messageId: first!.id, audioTranscript: 'First answer,' });
    const context = copyOf(session.chatCtx);
    context.items = context.items.filter(({ id }) => id !== never!.id).reverse();
    const caller = context.items.find(({ id }) => id === second!.id) as llm.ChatMessage;
    caller.content = [' Two? '];
    context.insert(llm.AgentConfigUpdate.create({ instructions: 'x' }));
    context.insert(llm.AgentHandoffItem.create({ newAgentId: 'y' }));
    const frames = connection.frames.length;
    await session.updateChatCtx(context);
    await settled(call, connection);
    // What settles it: audio, and its end.
    expect(connection.frames.length).toBe(frames + 2);
    expect(server.dials).toHaveLength(1);
    expect(log.errors).toEqual([]);
    server.assertClean();
  });

  test('a voice and a temperature of one moment: one connection, with its memory', async () => {
    const call = await start(row);
    const { server, session, model } = call;
    await exchange(call, 'Hi.', 'Hello.');
    session.updateOptions({ voice: 'Kore' });
    model.updateOptions({ temperature: 0.3 });
    const second = await server.connection(1);
    expect(second.setup.generationConfig).toMatchObject({
      temperature: 0.3,
      speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: 'Kore' } } },
    });
    await settled(call, second);
    expect(second.resumed).toBe(true);
    expect(server.dials).toHaveLength(2);
    server.assertClean();
  });
});

const restricted = ROWS.find(isRestricted)!;

test('typed words that nobody asks about reach a restricted model by a fresh session', async () => {
  const call = await start(restricted);
  const { server, connection } = call;
  await exchange(call, 'Hi.', 'Hello.');
  await add(call, 'user', 'I am Ada.');
  const second = await server.connection(1);
  await second.waitFor('clientContent');
  expect(second.resumed).toBe(false);
  expect(texts(second)).toEqual(['user: Hi.', 'model: Hello.', 'user: I am Ada.']);
  expect(triggers(connection)).toBe(0);
  server.assertClean();
});

test('a system message in mid-session is part of the instructions from then on', async () => {
  const call = await start(ROWS[0]!);
  const { server, connection } = call;
  await exchange(call, 'Hi.', 'Hello.');
  await add(call, 'system', 'The caller is Ada.');
  await connection.waitFor('contextUpdate');
  expect(connection.instructions).toBe('Be brief.\n\nThe caller is Ada.');
  expect(server.dials).toHaveLength(1);
  server.assertClean();
});

test('tools that stay away are taken back, where that costs a message only', async () => {
  const { server, session, connection, clock } = await recoverable({ tools: weather });
  await session.updateTools(llm.ToolContext.empty());
  clock.advance(29_000);
  expect(timesSaid(connection, 'contextUpdate')).toBe(0);
  clock.advance(1_100);
  await connection.waitFor('contextUpdate');
  expect(connection.functions).toEqual([]);
  server.assertClean();
});

test('sessions of one model share no settings', async () => {
  const call = await start(ROWS[0]!);
  const { server, model, session } = call;
  session.updateOptions({ voice: 'Kore' });
  await session.updateInstructions('Only mine.');
  await server.connection(1);
  const other = model.session();
  onTestFinished(() => other.close());
  await other._updateSession('Be kind.', llm.ChatContext.empty(), llm.ToolContext.empty());
  const theirs = await server.connection(2);
  expect(theirs.instructions).toBe('Be kind.');
  expect(JSON.stringify(theirs.setup)).toContain('Puck');
  server.assertClean();
});
