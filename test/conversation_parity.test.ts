// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import type { LiveConnection } from '../src/testing/index.js';
import { listen, tone, type Call } from './support/call.js';
import { nextGeneration, rows, startRow } from './support/rows.js';

/** The same scenes with every model that converses: what differs between them is in the table alone. */
const CONVERSING = rows().filter(({ capabilities }) => capabilities.conversation);

const TONE = Buffer.alloc(1_920, 7).toString('base64');

/** A piece of the answer: audio, or text where the model writes. */
function piece(connection: LiveConnection, text: string): void {
  const spoken = connection.capabilities.outputModalities[0] !== 'TEXT';
  const audio = { inlineData: { mimeType: 'audio/pcm;rate=24000', data: TONE } };
  const parts = spoken ? [audio] : [{ text }];
  const said = spoken && { outputTranscription: { text } };
  connection.send({ serverContent: { modelTurn: { parts }, ...said } });
}

/** Everything that the server has sent so far has been read. */
async function read({ connection, log }: Call): Promise<void> {
  const before = log.reports.filter(({ what }) => what === 'waiting_for_input').length;
  connection.send({ serverContent: { waitingForInput: true } });
  await log.until(
    () => log.reports.filter(({ what }) => what === 'waiting_for_input').length > before,
  );
}

/** The next answer is heard, whatever happened before it. */
async function speaksAgain(call: Call): Promise<void> {
  const answer = nextGeneration(call);
  call.connection.heard('Are you there?');
  void call.connection.turn({ say: 'I am here.' });
  expect((await listen(await answer)).text).toBe('I am here.');
}

const asked = (connection: LiveConnection): number =>
  connection.frames.filter(
    ({ frame }) => frame.clientContent?.turnComplete === true || frame.realtimeInput?.text,
  ).length;

describe.each(CONVERSING)('$name on $backend', (row) => {
  const speaks = row.capabilities.outputModalities[0] !== 'TEXT';

  test('a barge-in ends the answer at once, and the agent speaks again', async () => {
    const call = await startRow(row);
    const { server, session, connection, log } = call;
    const speaking = nextGeneration(call);
    piece(connection, 'A long story');
    const heard = listen(await speaking);
    connection.interrupted({ boundary: false });
    expect((await heard).text).toBe('A long story');
    expect(log.names.filter((name) => name === 'input_speech_started')).toHaveLength(1);
    // What was still on its way is discarded.
    piece(connection, ' that goes on');
    connection.send({ serverContent: { turnComplete: true } });
    await speaksAgain(call);
    expect(log.generations).toHaveLength(2);
    const story = session.chatCtx.items.find((item) => 'role' in item && item.role === 'assistant');
    expect(story).toMatchObject({ content: ['A long story'], interrupted: true });
    await session.close();
    const count = (name: string) => log.names.filter((one) => one === name).length;
    expect(count('input_speech_stopped')).toBe(count('input_speech_started'));
    server.assertClean();
  });

  test('one that comes after the end of the output, or before any, is heard as speech', async () => {
    const call = await startRow(row);
    const { server, connection, log } = call;
    connection.interrupted();
    await log.untilNamed('input_speech_started');
    await speaksAgain(call);
    const speaking = nextGeneration(call);
    piece(connection, 'Done.');
    connection.send({ serverContent: { generationComplete: true } });
    await listen(await speaking);
    connection.interrupted();
    await log.untilNamed('input_speech_started', 2);
    await speaksAgain(call);
    server.assertClean();
  });

  test('interrupt() ends and discards the answer; the next one is heard', async () => {
    const call = await startRow(row);
    const { server, session, connection, log } = call;
    const speaking = nextGeneration(call);
    piece(connection, 'A long story');
    const heard = listen(await speaking);
    await session.interrupt();
    await heard;
    piece(connection, ' that goes on');
    connection.endTurn();
    await read(call);
    expect(log.generations).toHaveLength(1);
    expect(log.names).not.toContain('input_speech_started');
    await speaksAgain(call);
    server.assertClean();
  });

  test('an aborted reply is answered to nobody', async () => {
    const call = await startRow(row);
    const { server, session, connection, log } = call;
    const abort = new AbortController();
    const reply = session.generateReply('Greet.', { signal: abort.signal });
    await connection.waitFor(() => asked(connection) === 1);
    abort.abort();
    await expect(reply).rejects.toThrow(/aborted/);
    await connection.turn({ say: 'Too late.' });
    await read(call);
    expect(log.generations).toHaveLength(0);
    await speaksAgain(call);
    server.assertClean();
  });

  test('a typed message is answered by one inference', async () => {
    const { server, session, connection, log } = await startRow(row);
    const context = session.chatCtx;
    context.addMessage({ role: 'user', content: 'What time is it?' });
    await session.updateChatCtx(context);
    const reply = session.generateReply();
    await connection.waitFor(() => asked(connection) > 0);
    void connection.turn({ say: 'It is noon.' });
    expect((await listen(await reply)).text).toBe('It is noon.');
    expect(asked(connection)).toBe(1);
    expect(connection.history.map(({ text }) => text.trim()).join(' ')).toContain('What time');
    expect(log.generations).toHaveLength(1);
    server.assertClean();
  });

  test('thoughts are neither spoken nor remembered', async () => {
    const call = await startRow(row);
    const { server, session, connection, log } = call;
    const answer = nextGeneration(call);
    void connection.turn({ thought: 'They want a greeting.', say: 'Hello.' });
    expect((await listen(await answer)).text).toBe('Hello.');
    expect(log.reports.map(({ what }) => what)).toContain('thought');
    expect(JSON.stringify(session.chatCtx.items)).not.toContain('They want');
    server.assertClean();
  });

  test('an empty turn is reported, and a reply is asked for once more', async () => {
    const { server, session, connection, log } = await startRow(row);
    const reply = session.generateReply('Greet.');
    await connection.waitFor(() => asked(connection) === 1);
    await connection.turn({ reason: 'RESPONSE_REJECTED' });
    await connection.waitFor(() => asked(connection) === 2);
    void connection.turn({ say: 'Hello.' });
    expect((await listen(await reply)).text).toBe('Hello.');
    expect(log.reports.find(({ what }) => what === 'empty_turn')?.detail).toMatchObject({
      reason: 'RESPONSE_REJECTED',
    });
    server.assertClean();
  });

  test('the line of the caller is final once, and before the answer', async () => {
    const call = await startRow(row);
    const { server, session, connection, log } = call;
    session.pushAudio(tone(100));
    connection.heard('What is the weather like?');
    const answer = nextGeneration(call);
    void connection.turn({ say: 'It is sunny.' });
    await listen(await answer);
    await log.until(() => log.transcripts.some(({ isFinal }) => isFinal));
    const finals = log.transcripts.filter(({ isFinal }) => isFinal);
    expect(finals.map(({ transcript }) => transcript)).toEqual(['What is the weather like?']);
    expect(session.chatCtx.items.map((item) => item.type === 'message' && item.role)).toEqual([
      'user',
      'assistant',
    ]);
    server.assertClean();
  });

  test.runIf(speaks)('an answer that nobody spoke is handed over as text', async () => {
    const call = await startRow(row);
    const { connection } = call;
    const answer = nextGeneration(call);
    connection.send({ serverContent: { modelTurn: { parts: [{ text: 'It is noon.' }] } } });
    connection.endTurn();
    const heard = await listen(await answer);
    expect(heard).toMatchObject({ text: 'It is noon.', samples: 0, modalities: [['text']] });
  });
});
