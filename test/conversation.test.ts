// SPDX-License-Identifier: Apache-2.0
import { llm } from '@livekit/agents';
import { describe, expect, test } from 'vitest';
import type { LiveConnection } from '../src/testing/index.js';
import { listen, startCall, tone, type Call } from './support/call.js';
import { ManualClock } from './support/manual_clock.js';

const contents = (connection: LiveConnection) =>
  connection.frames.flatMap(({ frame }) => frame.clientContent ?? []);

const isCancel = ({ clientContent }: { clientContent?: object }): boolean =>
  clientContent !== undefined && JSON.stringify(clientContent) === '{"turnComplete":false}';

const next = async ({ log }: Call): Promise<llm.GenerationCreatedEvent> => {
  const count = log.generations.length;
  await log.untilNamed('generation_created', count + 1);
  return log.generations[count]!;
};

describe('replies', () => {
  test('several are asked for one after the other, and each gets its own answer', async () => {
    const { server, session, connection } = await startCall();
    const replies = ['One.', 'Two.', 'Three.'].map((text) => session.generateReply(text));
    for (const [i, text] of ['One.', 'Two.', 'Three.'].entries()) {
      await connection.waitFor((frame) => JSON.stringify(frame).includes(text));
      expect(contents(connection)).toHaveLength(i + 1);
      void connection.turn({ say: `Answer ${i + 1}.` });
      expect((await listen(await replies[i]!)).text).toBe(`Answer ${i + 1}.`);
    }
    server.assertClean();
  });

  test('one that is aborted before its request has left is never asked for', async () => {
    const call = await startCall();
    const { server, session, connection } = call;
    // The second waits for the answer to the first.
    const first = session.generateReply('First.');
    const abort = new AbortController();
    const second = session.generateReply('Second.', { signal: abort.signal });
    const refused = expect(second).rejects.toThrow(/aborted/);
    abort.abort();
    await refused;
    await connection.waitFor('clientContent');
    void connection.turn({ say: 'One.' });
    await listen(await first);
    const last = session.generateReply('Last.');
    await connection.waitFor((frame) => JSON.stringify(frame).includes('Last.'));
    expect(JSON.stringify(contents(connection))).not.toContain('Second.');
    void connection.turn({ say: 'Done.' });
    expect((await listen(await last)).text).toBe('Done.');
    server.assertClean();
  });

  test('one that is aborted while there is no connection is not asked for by the next one', async () => {
    const call = await startCall({ server: { setupDelayMs: 50 } });
    const { server, session } = call;
    const abort = new AbortController();
    const reply = session.generateReply('Greet.', { signal: abort.signal });
    const refused = expect(reply).rejects.toThrow(/aborted/);
    abort.abort();
    await refused;
    await session.updateInstructions('Be formal.');
    await call.connection.waitFor((frame) => JSON.stringify(frame).includes('Be formal.'));
    expect(contents(call.connection)).toEqual([]);
    server.assertClean();
  });
});

describe('a local interruption', () => {
  test('tells the model to stop, where it can be told, and reports how that went', async () => {
    const clock = new ManualClock();
    const call = await startCall({ env: { clock } });
    const { server, session, connection, log } = call;
    const speaking = next(call);
    void connection.turn({ say: 'A long story.', ms: 60_000, complete: false });
    const heard = listen(await speaking);
    await session.interrupt();
    await heard;
    await connection.waitFor(isCancel);
    clock.advance(40);
    connection.interrupted();
    await log.until(() => log.reports.some(({ what }) => what === 'cancelled'));
    expect(log.reports).toContainEqual({ what: 'cancelled', detail: { afterMs: 40 } });
    // It was not the caller who spoke.
    expect(log.names).not.toContain('input_speech_started');
    connection.heard('Go on.');
    const answer = next(call);
    void connection.turn({ say: 'As you like.' });
    expect((await listen(await answer)).text).toBe('As you like.');
    server.assertClean();
  });

  test('ends and discards even when the server goes on and never says a word about it', async () => {
    const clock = new ManualClock();
    const call = await startCall({
      env: { clock },
      options: { realtimeInputConfig: { activityHandling: 'NO_INTERRUPTION' as never } },
    });
    const { session, connection, log } = call;
    const speaking = next(call);
    void connection.turn({ say: 'A long story.', ms: 60_000, complete: false });
    const heard = listen(await speaking);
    await session.interrupt();
    await heard;
    connection.say('It goes on');
    connection.send({ serverContent: { waitingForInput: true } });
    await log.until(() => log.reports.some(({ what }) => what === 'waiting_for_input'));
    clock.advance(3_000);
    await log.until(() => log.reports.some(({ what }) => what === 'cancelled'));
    expect(log.reports).toContainEqual({ what: 'cancelled', detail: { afterMs: undefined } });
    expect(log.generations).toHaveLength(1);
    clock.advance(3_000);
    const answer = next(call);
    connection.say('Something new.');
    connection.endTurn();
    expect((await listen(await answer)).text).toBe('Something new.');
  });

  test('sends nothing to a model that cannot be told', async () => {
    const model = 'gemini-2.5-flash-native-audio-preview-12-2025';
    const call = await startCall({ options: { model } });
    const { server, session, connection } = call;
    const speaking = next(call);
    void connection.turn({ say: 'A long story.', ms: 60_000, complete: false });
    const heard = listen(await speaking);
    await session.interrupt();
    await heard;
    await session.updateInstructions('Be formal.');
    await connection.waitFor((frame) => JSON.stringify(frame).includes('Be formal.'));
    expect(connection.frames.map(({ frame }) => frame).filter(isCancel)).toEqual([]);
    server.assertClean();
  });
});

describe('the shield of the first turn', () => {
  test('holds what the caller says until the greeting is over, and loses none of it', async () => {
    const call = await startCall({ options: { firstTurnShieldMs: 20_000, audioBufferMs: 100 } });
    const { server, session, connection } = call;
    const greeting = session.generateReply('Greet.');
    session.pushAudio(tone(500));
    await connection.waitFor('clientContent');
    void connection.turn({ say: 'Hello, how can I help?', complete: false });
    await greeting;
    session.pushAudio(tone(500));
    expect(connection.audioMs).toBe(0);
    connection.endTurn();
    await connection.waitFor(() => connection.audioMs >= 1_000);
    session.pushAudio(tone(100));
    await connection.waitFor(() => connection.audioMs >= 1_100);
    expect(session.health.droppedAudioMs).toBe(0);
    server.assertClean();
  });

  test('lasts no longer than it was told to', async () => {
    const clock = new ManualClock();
    const call = await startCall({ env: { clock }, options: { firstTurnShieldMs: 3_000 } });
    const { session, connection } = call;
    session.pushAudio(tone(200));
    const reply = session.generateReply('Greet.').catch(() => {});
    await connection.waitFor('clientContent');
    expect(connection.audioMs).toBe(0);
    clock.advance(3_000);
    await connection.waitFor(() => connection.audioMs >= 200);
    await session.close();
    await reply;
  });
});
