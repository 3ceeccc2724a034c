// SPDX-License-Identifier: Apache-2.0
import { afterEach, describe, expect, it } from 'vitest';
import {
  LiveServer,
  type LiveServerOptions,
  type Scenario,
  speechLike,
} from '../src/testing/index.js';
import {
  Bare,
  type BareOptions,
  isInterrupted,
  isTurnComplete,
  pause,
} from './live_server_client.js';

const NEW = 'gemini-3.8-live';
const MIDDLE = 'gemini-3.1-flash-live-preview';
const OLD = 'gemini-2.5-flash-native-audio-preview-12-2025';
const VERTEX =
  'projects/p/locations/us/publishers/google/models/gemini-live-2.5-flash-native-audio';

const open: LiveServer[] = [];

async function start(scenario: Scenario, options: LiveServerOptions = {}): Promise<LiveServer> {
  const server = await LiveServer.start({ speed: 40, setupDelayMs: 1, scenario, ...options });
  open.push(server);
  return server;
}

async function dial(server: LiveServer, setup: Record<string, unknown> = {}, how?: BareOptions) {
  const client = new Bare(server, how);
  const both = { inputAudioTranscription: {}, outputAudioTranscription: {} };
  expect(await client.setUp({ model: `models/${NEW}`, ...both, ...setup })).toBe('complete');
  return { client, connection: server.current! };
}

const speech = (ms: number) => speechLike(ms, 16_000);
const silence = (ms: number) => new Int16Array(ms * 16);
/** A caller's utterance with the pause that ends it. */
function speak(client: Bare, ms = 400, pauseMs = 600): void {
  client.audio(silence(100));
  client.audio(speech(ms));
  client.audio(silence(pauseMs));
}
const ask = (text = 'Hello?', turnComplete = true) => ({
  clientContent: { turns: [{ role: 'user', parts: [{ text }] }], turnComplete },
});
const tool = (behavior?: string) => ({
  tools: [{ functionDeclarations: [{ name: 'f', ...(behavior && { behavior }) }] }],
});
const answer = (id: string, extra: object = {}) => ({
  toolResponse: { functionResponses: [{ id, name: 'f', response: { output: 1 }, ...extra }] },
});
const isCall = (frame: any) => 'toolCall' in frame;
const turnsSeen = (client: Bare, count: number) =>
  client.see(() => client.count(isTurnComplete) >= count);
const activity = (client: Bare) =>
  client.received.flatMap((frame) => frame.voiceActivity?.type?.replace('ACTIVITY_', '') ?? []);

afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

describe('a scenario', () => {
  it('answers speech after the pause, with transcripts and activity', async () => {
    const server = await start({
      steps: [
        { on: 'speech', transcript: 'What is the time?', say: 'Ten past two.' },
        { on: 'speech', transcript: 'Thanks.', say: { text: 'Bye.', ms: 200 } },
      ],
    });
    const { client, connection } = await dial(server);
    speak(client);
    await turnsSeen(client, 1);
    speak(client);
    await turnsSeen(client, 2);
    expect(connection.history).toEqual([
      { role: 'user', text: 'What is the time?' },
      { role: 'model', text: 'Ten past two.' },
      { role: 'user', text: 'Thanks.' },
      { role: 'model', text: 'Bye.' },
    ]);
    expect(activity(client)).toEqual(['START', 'END', 'START', 'END']);
    const order = client.received.findIndex((frame) => frame.serverContent?.inputTranscription);
    expect(client.received[order + 1].voiceActivity.type).toBe('ACTIVITY_END');
    expect(client.received.some(isInterrupted)).toBe(false);
    const usage = client.received.flatMap((frame) => frame.usageMetadata ?? []);
    expect(usage[1].responseTokenCount).toBe(5);
    // Caller audio is part of the prompt, 25 tokens a second, counted again each turn.
    expect(usage[0].promptTokensDetails[1]).toEqual({ modality: 'AUDIO', tokenCount: 28 });
    server.assertClean();
  });

  it('hears nothing in silence, in noise below the threshold, and in a click', async () => {
    const server = await start({ steps: [] });
    const { client } = await dial(server);
    client.audio(silence(300));
    client.audio(speech(1000).map((sample) => sample / 100));
    client.audio(speech(40));
    client.audio(silence(1000));
    client.send(ask());
    await turnsSeen(client, 1);
    expect(client.heard).toBe('Hello.');
    expect(activity(client)).toEqual([]);
  });

  it('ends speech after the silence that setup asks for, or with the stream', async () => {
    const server = await start({ steps: [] });
    const { client, connection } = await dial(server, {
      realtimeInputConfig: { automaticActivityDetection: { silenceDurationMs: 900 } },
    });
    speak(client, 300, 800);
    await client.see((frame) => frame.voiceActivity);
    await connection.waitFor(() => connection.audioMs >= 1200);
    expect(activity(client)).toEqual(['START']);
    client.send({ realtimeInput: { audioStreamEnd: true } });
    await turnsSeen(client, 1);
    expect(activity(client)).toEqual(['START', 'END']);
  });

  it('takes activity marks in manual mode', async () => {
    const server = await start({ steps: [{ on: 'speech', say: 'Yes.' }] });
    const { client } = await dial(server, {
      realtimeInputConfig: { automaticActivityDetection: { disabled: true } },
    });
    client.send({ realtimeInput: { activityStart: {} } });
    client.audio(speech(200));
    client.send({ realtimeInput: { activityEnd: {} } });
    await turnsSeen(client, 1);
    expect(client.heard).toBe('Yes.');
    server.assertClean();
  });

  it('is interrupted by the caller, and goes on with the next step', async () => {
    const server = await start({
      steps: [
        { on: 'reply', say: { text: 'One two three four.', ms: 30_000 } },
        { on: 'speech', transcript: 'Stop!', say: 'I am quiet.' },
      ],
    });
    const { client, connection } = await dial(server);
    client.send(ask());
    await client.see((frame) => frame.serverContent?.modelTurn);
    speak(client);
    await client.see(isInterrupted);
    await turnsSeen(client, 2);
    const frames = client.received.map((frame) => Object.keys(frame.serverContent ?? frame)[0]);
    const at = frames.indexOf('interrupted');
    expect(frames.slice(at - 1, at + 2)).toEqual(['voiceActivity', 'interrupted', 'turnComplete']);
    expect(frames.slice(0, at)).not.toContain('generationComplete');
    expect(connection.history.at(-1)).toEqual({ role: 'model', text: 'I am quiet.' });
    expect(client.heard).not.toContain('four');
  });

  it('is interrupted while it is only being played back', async () => {
    const server = await start({ steps: [{ on: 'reply', say: { text: 'Long.', ms: 20_000 } }] });
    const { client } = await dial(server);
    client.send(ask());
    await client.see((frame) => frame.serverContent?.generationComplete);
    speak(client);
    await client.see(isInterrupted);
  });

  it('finishes first where the client asked for no interruption', async () => {
    const server = await start({
      steps: [
        { on: 'reply', say: { text: 'First.', ms: 2000 } },
        { on: 'speech', say: 'Second.' },
      ],
    });
    const { client } = await dial(server, {
      realtimeInputConfig: { activityHandling: 'NO_INTERRUPTION' },
    });
    client.send(ask());
    await client.see((frame) => frame.serverContent?.modelTurn);
    speak(client);
    await turnsSeen(client, 2);
    expect(client.heard).toBe('First.Second.');
    expect(client.received.some(isInterrupted)).toBe(false);
  });

  it('is interrupted by content, always', async () => {
    const server = await start({
      steps: [{ on: 'reply', say: { text: 'Long story.', ms: 9000 } }],
    });
    const { client } = await dial(server, {
      realtimeInputConfig: { activityHandling: 'NO_INTERRUPTION' },
    });
    client.send(ask());
    await client.see((frame) => frame.serverContent?.modelTurn);
    client.send(ask('A note.', false));
    await client.see(isInterrupted);
  });

  it('answers requests, texts and placeholders', async () => {
    const server = await start({
      steps: [
        { on: 'reply', say: 'Reply.' },
        { on: 'text', say: 'Text.' },
        { on: 'reply', say: 'Text without a step of its own.' },
      ],
    });
    const { client } = await dial(server);
    client.send(ask('.'));
    await turnsSeen(client, 1);
    expect(client.heard).toBe('');
    client.send({ clientContent: { turnComplete: true } });
    await turnsSeen(client, 2);
    client.send({ realtimeInput: { text: 'a' } });
    await turnsSeen(client, 3);
    client.send({ realtimeInput: { text: 'b' } });
    await turnsSeen(client, 4);
    client.send({ realtimeInput: { text: 'c' } });
    await turnsSeen(client, 5);
    expect(client.heard).toBe('Reply.Text.Text without a step of its own.Hello.');
    server.assertClean();
  });

  it('plays empty and refused turns, and nothing where told', async () => {
    const server = await start({
      steps: [{ on: 'reply', reason: 'RESPONSE_REJECTED' }],
      fallback: { reply: null },
    });
    const { client, connection } = await dial(server);
    client.send(ask());
    await client.see((frame) => frame.serverContent?.turnCompleteReason === 'RESPONSE_REJECTED');
    client.send(ask());
    await connection.waitFor('clientContent');
    await connection.waitFor('clientContent');
    await pause(40);
    expect(client.count(isTurnComplete)).toBe(1);
  });

  it('sends paced audio in real time', async () => {
    const steps = [{ on: 'reply' as const, say: { text: 'a', ms: 2000 }, paced: true }];
    const server = await start({ steps, latencyMs: 0 });
    const { client } = await dial(server);
    const began = performance.now();
    client.send(ask());
    await client.see((frame) => frame.serverContent?.generationComplete);
    expect(performance.now() - began).toBeGreaterThan(40);
  });

  it('thinks aloud and opens as recorded on older models', async () => {
    const old = await dial(await start({ steps: [] }), { model: `models/${OLD}` });
    old.client.send(ask());
    await turnsSeen(old.client, 1);
    expect(old.client.received[1].serverContent.modelTurn.parts[0].thought).toBe(true);
    const middle = await dial(await start({ steps: [] }), { model: `models/${MIDDLE}` });
    middle.client.send(ask());
    await turnsSeen(middle.client, 1);
    expect(middle.client.received[1]).toEqual({ serverContent: {} });
  });
});

describe('a scenario with calls', () => {
  const steps: Scenario['steps'] = [
    { on: 'reply', say: 'One moment.', call: { name: 'f', args: { a: 1 }, id: '1' } },
    { on: 'toolResponse', say: 'Done.' },
  ];

  it('ends the turn at once and speaks again when the answer comes', async () => {
    const server = await start({ steps });
    const { client, connection } = await dial(server, tool());
    client.send(ask());
    expect((await client.see(isCall)).toolCall.functionCalls).toEqual([{ id: '1', name: 'f', args: { a: 1 } }]); // prettier-ignore
    await turnsSeen(client, 1);
    client.send(answer('1'));
    await turnsSeen(client, 2);
    expect(connection.history.map(({ role, text }) => `${role}: ${text}`)).toEqual([
      ...['user: Hello?', 'model: One moment.', 'tool: {"output":1}', 'model: Done.'],
    ]);
    server.assertClean();
  });

  it('waits within the turn for a blocking call', async () => {
    const server = await start({ steps });
    const { client } = await dial(server, { model: `models/${OLD}`, ...tool() });
    client.send(ask());
    await client.see(isCall);
    await pause(30);
    expect(client.count(isTurnComplete)).toBe(0);
    client.send(answer('1'));
    await turnsSeen(client, 1);
    expect(client.heard).toBe('One moment.Done.');
  });

  it('gives no ids where the backend gives none', async () => {
    const server = await start({ steps });
    const { client } = await dial(server, { model: VERTEX, ...tool() }, { vertex: true });
    client.send(ask());
    expect((await client.see(isCall)).toolCall.functionCalls).toEqual([{ name: 'f', args: { a: 1 } }]); // prettier-ignore
    client.send({ toolResponse: { functionResponses: [{ name: 'f', response: { a: 1 } }] } });
    await client.see(() => client.heard.endsWith('Done.'));
    server.assertClean();
  });

  it('waits for all calls of a step, then plays what belongs to them', async () => {
    const call = [
      { name: 'f', id: '1' },
      { name: 'f', id: '2' },
    ];
    const server = await start({ steps: [{ on: 'reply', call, then: { say: 'Both.' } }] });
    const { client } = await dial(server, tool());
    client.send(ask());
    expect((await client.see(isCall)).toolCall.functionCalls).toHaveLength(2);
    client.send(answer('2'));
    client.send(answer('1'));
    await client.see(() => client.heard === 'Both.');
  });

  it('obeys the scheduling of a response', async () => {
    const server = await start({
      steps: [
        { on: 'reply', call: { name: 'f', id: '1' }, then: { say: 'Never.' } },
        { on: 'reply', call: { name: 'f', id: '2' }, then: { say: 'Later.' } },
        { on: 'reply', call: { name: 'f', id: '3' }, then: { say: 'Now.' } },
        { on: 'reply', say: { text: 'A story.', ms: 20_000 } },
      ],
    });
    const { client, connection } = await dial(server, tool());
    for (const id of ['1', '2', '3']) {
      client.send(ask());
      await client.see((frame) => frame.toolCall?.functionCalls[0].id === id);
    }
    client.send(ask());
    await client.see((frame) => frame.serverContent?.generationComplete && connection.speaking);
    client.send(answer('1', { scheduling: 'SILENT' }));
    client.send(answer('2', { scheduling: 'WHEN_IDLE' }));
    await pause(20);
    expect(client.received.some(isInterrupted)).toBe(false);
    client.send(answer('3', { scheduling: 'INTERRUPT' }));
    await client.see(isInterrupted);
    await client.see(() => client.heard.includes('Later.') && client.heard.includes('Now.'));
    expect(client.heard).not.toContain('Never');
  });

  it('takes blocking calls back when the caller speaks', async () => {
    const server = await start({ steps: [steps[0]!, { on: 'speech', say: 'Yes?' }] });
    const { client } = await dial(server, { model: `models/${MIDDLE}`, ...tool() });
    client.send(ask());
    await client.see(isCall);
    speak(client);
    expect((await client.see((frame) => frame.toolCallCancellation)).toolCallCancellation.ids).toEqual(['1']); // prettier-ignore
    await client.see(isInterrupted);
    await client.see(() => client.heard.endsWith('Yes?'));
  });

  it('drops them without a word on the newest models', async () => {
    const server = await start({ steps: [steps[0]!, { on: 'speech', say: 'Yes?' }] });
    const { client, connection } = await dial(server, tool('BLOCKING'));
    client.send(ask());
    await client.see(isCall);
    speak(client);
    await client.see(() => client.heard.endsWith('Yes?'));
    expect(connection.pendingCalls).toEqual([]);
    expect(client.count((frame) => 'toolCallCancellation' in frame)).toBe(0);
    client.send(answer('1'));
    await connection.waitFor('toolResponse');
    server.assertClean();
  });
});

describe('a scenario across connections', () => {
  const resume = (handle: string | undefined) => ({ sessionResumption: { handle }, ...tool() });

  it('drops where told, and goes on after a resume', async () => {
    const server = await start({
      steps: [
        { on: 'reply', say: 'First.', drop: true },
        { on: 'reply', say: 'Second.', goAway: '5s' },
      ],
    });
    const first = await dial(server);
    first.client.send(ask());
    expect((await first.client.closed).code).toBe(1006);
    expect(first.client.heard).toBe('First.');
    const { client, connection } = await dial(server, resume(first.connection.handle));
    client.send(ask());
    await client.see((frame) => 'goAway' in frame);
    expect(client.heard).toBe('Second.');
    expect(connection.history).toHaveLength(4);
    server.assertClean();
  });

  it('takes the answer to a call over the next connection', async () => {
    const call = { name: 'f', id: '1' };
    const server = await start({
      steps: [{ on: 'reply', call, drop: true, then: { say: 'Done.' } }],
    });
    const first = await dial(server, tool());
    first.client.send(ask());
    await first.client.closed;
    expect(first.client.received.some(isCall)).toBe(true);
    const { client } = await dial(server, resume(first.connection.handle));
    client.send(answer('1'));
    await client.see(() => client.heard === 'Done.');
  });

  it('drops in the middle of a turn', async () => {
    const step = { on: 'reply' as const, say: { text: 'One two three.', ms: 4000 }, drop: 400 };
    const server = await start({ steps: [step] });
    const { client } = await dial(server);
    client.send(ask());
    expect((await client.closed).code).toBe(1006);
    expect(client.received.some((frame) => frame.serverContent?.modelTurn)).toBe(true);
    expect(client.count(isTurnComplete)).toBe(0);
  });

  it('keeps a request that was never begun for the client that asks again', async () => {
    const server = await start({ steps: [{ on: 'reply', say: 'At last.' }], latencyMs: 2000 });
    const first = await dial(server);
    first.client.send(ask());
    await first.connection.waitFor('clientContent');
    first.connection.drop();
    await first.connection.closed;
    expect(server.stepsLeft).toHaveLength(1);
    const { client } = await dial(server, resume(first.connection.handle));
    client.send(ask());
    await client.see(() => client.heard === 'At last.');
  });

  it('still answers what the caller said before the drop', async () => {
    const server = await start({ steps: [{ on: 'speech', say: 'At last.' }], latencyMs: 2000 });
    const first = await dial(server);
    speak(first.client);
    await first.client.see((frame) => frame.voiceActivity?.type === 'ACTIVITY_END');
    first.connection.drop();
    await first.connection.closed;
    const { client } = await dial(server, resume(first.connection.handle));
    await client.see(() => client.heard === 'At last.');
  });

  it('may fall silent', async () => {
    const server = await start({ steps: [{ on: 'reply', say: 'Last words.', stall: true }] });
    const { client, connection } = await dial(server);
    client.send(ask());
    await turnsSeen(client, 1);
    await pause(10);
    expect(connection.stalled).toBe(true);
    client.send(ask());
    await pause(40);
    expect(client.count(isTurnComplete)).toBe(1);
  });
});
