// SPDX-License-Identifier: Apache-2.0
import { llm } from '@livekit/agents';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { RealtimeModelOptions } from '../src/index.js';
import type { LiveConnection, LiveServer } from '../src/testing/index.js';
import { type Call, type Heard, listen, startCall, tone } from './support/call.js';
import { streams } from './support/corpus.js';
import { ManualClock } from './support/manual_clock.js';
import { Chance, mutated, nested } from './support/mutations.js';

const SEED = 4_711;

/** What nobody caught. */
let uncaught: unknown[] = [];
const keep = (error: unknown): void => void uncaught.push(error);

beforeEach(() => {
  uncaught = [];
  process.on('uncaughtException', keep);
  process.on('unhandledRejection', keep);
});

afterEach(() => {
  process.off('uncaughtException', keep);
  process.off('unhandledRejection', keep);
  expect(uncaught).toEqual([]);
});

const tools = new llm.ToolContext([
  llm.tool({
    name: 'weather',
    description: 'The weather of a city.',
    parameters: z.object({ city: z.string() }),
    execute: () => Promise.resolve('snow'),
  }),
]);

const detailsOf = (call: Call) =>
  call.log.reports.flatMap(({ what, detail }) =>
    what === 'protocol_error'
      ? [detail as { why: string; member?: string; text: string; untold: number }]
      : [],
  );

/** Whatever follows on the wire has been read once this is. */
async function passed({ log }: Call, connection: LiveConnection): Promise<void> {
  const before = log.reports.length;
  connection.sendRaw('{"somethingNew":1}');
  await log.until(() => log.reports.slice(before).some(({ what }) => what === 'unknown_frame'));
}

/** A connection that a message can be sent on now; the one before may be on its way out. */
async function openOne(server: LiveServer): Promise<LiveConnection> {
  const { current } = server;
  return current?.isOpen ? current : server.nextConnection();
}

async function hears(call: Call, connection: LiveConnection, text: string): Promise<Heard> {
  const before = call.log.generations.length;
  await connection.turn({ say: text });
  await call.log.until(() => call.log.generations.length > before);
  return listen(call.log.generations[before]!);
}

describe('one message that is wrong', () => {
  it.each<[string, string | Uint8Array, object]>([
    ['no JSON', '{"serverContent":', { why: 'not_json', text: '{"serverContent":' }],
    ['binary garbage', Uint8Array.of(0, 255, 254, 1), { why: 'not_json' }],
    ['no object', '[1,2]', { why: 'not_an_object', text: '[1,2]' }],
    [
      'a member of the wrong type',
      '{"goAway":7}',
      { why: 'wrong_type', member: 'goAway', text: '7' },
    ],
    ['brackets without an end', `{"x":${nested(100_000)}}`, { why: 'too_deep', member: 'x' }],
    [
      'a key in it',
      '{"serverContent":"?key=AIzaSecret0123456789"}',
      { why: 'wrong_type', member: 'serverContent', text: '?key=***' },
    ],
  ])('is reported, and the call goes on: %s', async (_, message, detail) => {
    const call = await startCall({ options: { record: () => {} } });
    call.session.on('gemini_server_event', () => {});
    call.connection.sendRaw(message);
    const heard = await hears(call, call.connection, 'Still here.');
    expect(heard.text).toBe('Still here.');
    expect(detailsOf(call)).toEqual([expect.objectContaining({ ...detail, untold: 0 })]);
    expect(call.session.health.protocolErrors).toBe(1);
    call.server.assertClean();
  });

  it('does not take the audio beside it with it, however large it is', async () => {
    const call = await startCall();
    const data = Buffer.alloc(12_000_000, 7).toString('base64');
    const parts = [
      7,
      { inlineData: { data: {} } },
      { inlineData: { mimeType: 'audio/pcm', data } },
    ];
    call.connection.sendRaw(
      JSON.stringify({ serverContent: { modelTurn: { parts } }, toolCall: 1 }),
    );
    call.connection.send({ serverContent: { turnComplete: true } });
    await call.log.untilNamed('generation_created');
    expect((await listen(call.log.generations[0]!)).samples).toBe(6_000_000);
    expect(detailsOf(call).map(({ member }) => member)).toEqual([
      ...['serverContent.modelTurn.parts', 'serverContent.modelTurn.parts.inlineData.data'],
      'toolCall',
    ]);
  });

  it('before setupComplete does not hold the dial up', async () => {
    const call = await startCall();
    const { server, log } = call;
    server.refuse({ silent: true });
    call.connection.drop();
    const connection = await vi.waitFor(() => {
      expect(server.dials[1]?.connection).toBeDefined();
      return server.dials[1]?.connection;
    });
    for (const text of [
      'garbage',
      '{"setupComplete":null}',
      '{"serverContent":{"turnComplete":true}}',
    ]) {
      connection!.sendRaw(text);
    }
    connection!.sendRaw('{"setupComplete":true,"goAway":[]}');
    await log.untilNamed('session_reconnected');
    expect(detailsOf(call).map(({ why }) => why)).toEqual(['not_json', 'wrong_type']);
  });
});

describe('a flood of garbage', () => {
  it('is told ten times in ten seconds, and counted', async () => {
    const clock = new ManualClock();
    const call = await startCall({ env: { clock } });
    for (let i = 0; i < 3_000; i++) call.connection.sendRaw(`garbage ${i}`);
    await passed(call, call.connection);
    expect(detailsOf(call).map(({ text }) => text)).toEqual(
      Array.from({ length: 10 }, (_, i) => `garbage ${i}`),
    );
    expect(call.session.health.protocolErrors).toBe(3_000);
    clock.advance(10_000);
    call.connection.sendRaw('once more');
    await passed(call, call.connection);
    expect(detailsOf(call).at(-1)).toEqual({ why: 'not_json', text: 'once more', untold: 2_990 });
    const heard = hears(call, call.connection, 'Still here.');
    expect((await heard).text).toBe('Still here.');
  });
});

describe('a goodbye to each connection as soon as it is up', () => {
  it('makes no hot loop of dials', async () => {
    const clock = new ManualClock();
    const call = await startCall({ env: { clock } });
    const { server } = call;
    for (let i = 0; i < 6; i++) (await server.connection(i)).goAway('0s');
    await vi.waitFor(() => expect(clock.waits).toContain(2_000));
    expect(server.dials).toHaveLength(6);
    const back = server.nextConnection();
    clock.advance(2_000);
    expect((await hears(call, await back, 'Here again.')).text).toBe('Here again.');
  });
});

/** Frames of `SETTINGS.length` calls are mutated, this many in each. */
const FRAMES = 400;
/** A machine that is busy with other things takes longer than usual. */
const TIMEOUT = { timeout: 60_000 };
const SETTINGS: [string, RealtimeModelOptions][] = [
  ['the defaults', {}],
  ['everything that holds something back', {
    ...{ falseInterruption: { afterMs: 100 }, suppressRepeats: true, playoutBuffer: {} },
    ...{ firstTurnShieldMs: 100, replyTimeoutMs: 300 },
  }],
  ['a voice of one\'s own', { ownVoice: true, watchdog: { answerMs: 200, steps: ['nudge', 'resume', 'fresh'] } }],
]; // prettier-ignore

describe.each(SETTINGS)('a whole call over a bad line, with %s', (_, options) => {
  it('throws nothing, leaves nothing open, and can be spoken in afterwards', TIMEOUT, async () => {
    const chance = new Chance(SEED);
    const call = await startCall({
      options: {
        record: () => {},
        connOptions: { maxRetry: 1_000, retryIntervalMs: 1, timeoutMs: 5_000 },
        ...options,
      },
      tools,
    });
    const { server, session, log } = call;
    const heard: Promise<Heard>[] = [];
    session.on('generation_created', (event: llm.GenerationCreatedEvent) =>
      heard.push(listen(event)),
    );
    session.on('gemini_server_event', () => {});
    const replies: Promise<unknown>[] = [];
    for (let sent = 0; sent < FRAMES;) {
      const { frames } = chance.pick(streams());
      for (const message of mutated(frames, chance)) {
        const connection = await openOne(server);
        connection.sendRaw(message);
        sent += 1;
        if (chance.happens(0.05)) session.pushAudio(tone(50));
        if (chance.happens(0.02)) replies.push(session.generateReply('Go on.').catch(String));
        if (chance.happens(0.02)) await session.interrupt();
        // Lets the client read.
        if (chance.happens(0.2)) await new Promise((done) => setImmediate(done));
      }
    }
    const errors = detailsOf(call);
    expect(errors.length).toBeGreaterThan(5);
    expect(errors.filter(({ why }) => why === 'unusable')).toEqual([]);
    expect(log.errors.filter(({ recoverable }) => !recoverable)).toEqual([]);

    const back = server.nextConnection();
    (await openOne(server)).drop();
    const connection = await back;
    const before = log.generations.length;
    connection.say('Good again.');
    connection.endTurn();
    await log.until(() => log.generations.length > before);
    replies.push(session.generateReply('And now?').catch(String));
    await session.close();
    await Promise.all(replies);
    const answers = await Promise.all(heard);
    expect(answers.length).toBeGreaterThan(10);
    expect(answers.map(({ text }) => text).join('\n')).toContain('Good again.');
  });
});
