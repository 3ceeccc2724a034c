// SPDX-License-Identifier: Apache-2.0
import { afterEach, describe, expect, it } from 'vitest';
import { modelNames, resolve } from '../src/models/resolve.js';
import { LiveServer, type LiveServerOptions, pcmBase64 } from '../src/testing/index.js';
import { ManualClock } from './support/manual_clock.js';
import { Bare, type BareOptions, isTurnComplete, pause } from './live_server_client.js';

const NEW = 'gemini-3.8-live';
const THINKER = 'gemini-3.8-live-extended-thinking';
const OLD = 'gemini-2.5-flash-native-audio-preview-12-2025';
const VERTEX_OLD = 'gemini-live-2.5-flash-native-audio';
const PROJECT = 'projects/p/locations/us-central1/publishers/google/models/';

const open: LiveServer[] = [];

async function start(options: LiveServerOptions = {}): Promise<LiveServer> {
  const server = await LiveServer.start({ speed: 50, setupDelayMs: 1, ...options });
  open.push(server);
  return server;
}

async function connect(
  server: LiveServer,
  setup: Record<string, unknown> = {},
  options: BareOptions = {},
) {
  const client = new Bare(server, options);
  const vertex = options.vertex ?? options.vertexKey;
  const model = `${vertex ? PROJECT : 'models/'}${(setup.model as string | undefined) ?? NEW}`;
  expect(await client.setUp({ ...setup, model })).toBe('complete');
  return { client, connection: server.current! };
}

const both = { inputAudioTranscription: {}, outputAudioTranscription: {} };
const declare = (name: string, behavior?: string) => ({
  tools: [{ functionDeclarations: [{ name, ...(behavior && { behavior }) }] }],
});
const turns = (text: string, turnComplete: boolean) => ({
  clientContent: { turns: [{ role: 'user', parts: [{ text }] }], turnComplete },
});
const answer = (id: string, name: string, extra: object = {}) => ({
  toolResponse: { functionResponses: [{ id, name, response: { output: 'done' }, ...extra }] },
});
/** The members of the frames of one client, in order; serverContent by its own members. */
const shape = (client: Bare, from = 0) =>
  client.received
    .slice(from)
    .map((frame) => [
      ...Object.keys(frame).filter((name) => name !== 'serverContent'),
      ...Object.keys(frame.serverContent ?? {}),
    ])
    .flat();

afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

describe('dialling', () => {
  const path = (version: string, method = '') =>
    `/ws/google.ai.generativelanguage.${version}.GenerativeService.BidiGenerateContent${method}`;
  const vertexPath = '/ws/google.cloud.aiplatform.v1.LlmBidiService/BidiGenerateContent';

  it.each([
    ['a key in the URL', `${path('v1beta')}?key=secret`, {}, undefined],
    ['a double slash', `/${path('v1alpha')}?key=secret`, {}, undefined],
    ['a key in a header', path('v1'), { 'x-goog-api-key': 'secret' }, undefined],
    ['no key', path('v1beta'), {}, 403],
    ['an empty key', `${path('v1beta')}?key=`, {}, 403],
    ['a wrong key', `${path('v1beta')}?key=other`, {}, 401],
    ['a token', `${path('v1alpha', 'Constrained')}?access_token=auth_tokens/1`, {}, undefined],
    ['a token header', path('v1alpha', 'Constrained'), { authorization: 'Token auth_tokens/1' }, undefined], // prettier-ignore
    ['a token for the wrong method', `${path('v1alpha')}?access_token=auth_tokens/1`, {}, 401],
    ['a token as a key', `${path('v1alpha')}?key=auth_tokens/1`, {}, 401],
    ['another version', `${path('v2')}?key=secret`, {}, 404],
    ['another path', '/', {}, 404],
    ['a bearer token', vertexPath, { authorization: 'Bearer secret' }, undefined],
    ['a key on Vertex AI', vertexPath, { 'x-goog-api-key': 'secret' }, undefined],
    ['a key in the URL on Vertex AI', `${vertexPath}?key=secret`, {}, 403],
    ['a wrong bearer token', vertexPath, { authorization: 'Bearer other' }, 401],
  ])('%s', async (_name, url, headers: Record<string, string>, status) => {
    const server = await start({ keys: ['secret', 'auth_tokens/1'] });
    const client = new Bare(server, { path: url, headers });
    await Promise.race([client.opened, client.closed]);
    const [dial] = server.dials;
    expect(dial).toMatchObject({ accepted: status === undefined, status });
    expect(client.failure?.message).toBe(
      status === undefined ? undefined : `Unexpected server response: ${status}`,
    );
    const { path: _path, query, headers: seen } = dial!;
    expect(JSON.stringify([query, seen])).not.toMatch(/secret|other|auth_tokens/);
  });

  it('can be refused at the upgrade, after setup, or not answered', async () => {
    const server = await start();
    server.refuse({ status: 429, times: 2 });
    server.refuse({ closeCode: 1011, reason: 'The service is currently unavailable.' });
    server.refuse({ silent: true });
    for (let i = 0; i < 2; i += 1) {
      const client = new Bare(server);
      expect((await client.closed).code).toBe(1006);
      expect(client.failure?.message).toContain('429');
    }
    const third = new Bare(server);
    expect(await third.setUp({ model: `models/${NEW}` })).toBe('closed');
    expect(await third.closed).toEqual({
      code: 1011,
      reason: 'The service is currently unavailable.',
    });
    const fourth = new Bare(server);
    await fourth.opened;
    fourth.send({ setup: { model: `models/${NEW}` } });
    await pause(30);
    expect(fourth.received).toEqual([]);
    expect(server.connections).toEqual([]);
    await expect(server.nextConnection({ timeoutMs: 20 })).rejects.toThrow(
      /did not complete its setup within 20 ms[^]*refused 429/,
    );
    await connect(server);
    expect(server.dials.map(({ status }) => status)).toEqual([429, 429, ...Array(3).fill(undefined)]); // prettier-ignore
    server.assertClean();
  });

  it('hands out connections by order and by index', async () => {
    const server = await start();
    const next = server.nextConnection();
    const second = server.connection(1);
    const first = await connect(server);
    expect(await next).toBe(first.connection);
    const other = await connect(server);
    expect(await second).toBe(other.connection);
    expect(await server.connection(0)).toBe(first.connection);
    expect(server.current).toBe(other.connection);
  });
});

describe('setup', () => {
  it('must be the first frame', async () => {
    const server = await start();
    const client = new Bare(server);
    await client.opened;
    client.send(turns('hi', true));
    expect((await client.closed).code).toBe(1007);
    expect(server.violations[0]?.rule).toBe('send setup first');
  });

  it('must be complete before anything else is sent', async () => {
    const server = await start({ setupDelayMs: 10 });
    const client = new Bare(server);
    await client.opened;
    client.send({ setup: { model: `models/${NEW}` } });
    client.send(turns('hi', true));
    expect((await client.closed).code).toBe(1007);
    expect(server.violations[0]?.rule).toBe('wait for setupComplete');
  });

  it('is answered in binary frames, or in text frames', async () => {
    for (const textFrames of [false, true]) {
      const { client } = await connect(await start({ textFrames }));
      expect(client.binary[0]).toBe(!textFrames);
    }
  });

  it('brings a session id on Vertex AI only', async () => {
    const server = await start();
    const gemini = await connect(server);
    const vertex = await connect(server, {}, { vertex: true });
    expect(gemini.client.received[0]).toEqual({ setupComplete: {} });
    expect(vertex.client.received[0].setupComplete.sessionId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('takes the short model name with a key on Vertex AI', async () => {
    const client = new Bare(await start(), { vertexKey: true });
    const setup = { model: `publishers/google/models/${NEW}`, labels: { team: 'voice' } };
    expect(await client.setUp(setup)).toBe('complete');
  });

  it('takes field names in both spellings', async () => {
    const server = await start();
    const { client, connection } = await connect(server, { output_audio_transcription: {} });
    client.send({ client_content: { turns: [{ role: 'user', parts: [{ text: 'a' }] }], turn_complete: true } }); // prettier-ignore
    const frame = await connection.waitFor('clientContent');
    expect(frame.clientContent?.turnComplete).toBe(true);
    expect(connection.setup.outputAudioTranscription).toEqual({});
  });

  it('follows the overrides of the options, and may name any model', async () => {
    const server = await start({ anyModel: true, capabilities: { handle: 'none' } });
    const { client, connection } = await connect(server, { model: 'gemini-9-live' });
    expect(connection.capabilities.handle).toBe('none');
    await pause(10);
    expect(shape(client)).toEqual(['setupComplete']);
  });
});

const ROWS = modelNames().flatMap((name) =>
  (['gemini', 'vertex'] as const).flatMap((backend) => {
    const row = resolve(name, backend).capabilities;
    return row.backends.includes(backend) && row.status !== 'retired'
      ? [{ name, backend, row }]
      : [];
  }),
);

describe('the happy path of every model', () => {
  it.each(ROWS)('$name on $backend', async ({ name, backend, row }) => {
    const server = await start();
    const thinking = row.thinking === 'required' && { thinkingLevel: row.thinkingLevels[0] };
    const voice = row.voices && { voiceConfig: { prebuiltVoiceConfig: { voiceName: 'Kore' } } };
    const behavior = row.toolBehaviors[0];
    const { client, connection } = await connect(
      server,
      {
        model: name,
        generationConfig: {
          responseModalities: [row.outputModalities[0]],
          temperature: 0.8,
          ...(thinking && { thinkingConfig: thinking }),
          ...(voice && { speechConfig: voice }),
          ...(row.translation && { translationConfig: { targetLanguageCode: 'de' } }),
        },
        ...(row.systemInstruction && { systemInstruction: { parts: [{ text: 'Be brief.' }] } }),
        ...(row.functionCalling && declare('f', behavior)),
        realtimeInputConfig: { turnCoverage: row.turnCoverage[0] },
        sessionResumption: {},
        contextWindowCompression: { slidingWindow: {} },
        ...both,
      },
      { vertex: backend === 'vertex' },
    );
    client.send({ realtimeInput: { audio: { data: pcmBase64(new Int16Array(320)), mimeType: 'audio/pcm;rate=16000' } } }); // prettier-ignore
    if (row.midSessionContent !== 'none') client.send(turns('Hello?', true));
    else client.send({ realtimeInput: { audioStreamEnd: true } });
    await connection.waitFor((frame) => !('setup' in frame) && !frame.realtimeInput?.audio);
    expect(connection.audioMs).toBe(20);
    expect(await connection.turn({ say: 'Hello you.', ms: 200 })).toBe('complete');
    const last = await client.see((frame) => 'usageMetadata' in frame);
    const counted = last.usageMetadata;
    const answered = counted.responseTokenCount ?? counted.candidatesTokenCount;
    expect('candidatesTokenCount' in counted).toBe(backend === 'vertex');
    expect(answered).toBe(row.outputModalities[0] === 'TEXT' ? 0 : 5);
    expect(counted.totalTokenCount).toBe(counted.promptTokenCount + answered);
    expect(await client.see(isTurnComplete)).toBeDefined();
    if (row.outputModalities[0] !== 'TEXT') expect(client.heard).toBe('Hello you.');
    expect(connection.history.at(-1)).toEqual({ role: 'model', text: 'Hello you.' });
    if (row.functionCalling) {
      const before = client.count(isTurnComplete);
      const response = connection.callTool('f', { a: 1 }, 'x');
      const { toolCall } = await client.see((frame) => 'toolCall' in frame);
      const [call] = toolCall.functionCalls;
      expect(call.id).toBe(row.callIds ? 'x' : undefined);
      const blocking = (behavior ?? row.defaultToolBehavior) === 'BLOCKING';
      expect(client.count(isTurnComplete) - before).toBe(blocking ? 0 : 1);
      client.send({ toolResponse: { functionResponses: [{ ...call, args: undefined, response: { a: 1 } }] } }); // prettier-ignore
      expect((await response).response).toEqual({ a: 1 });
    }
    server.assertClean();
  });
});

describe('a turn of the model', () => {
  it('has the order and the bundling of older models', async () => {
    const { client, connection } = await connect(await start(), { model: OLD, ...both });
    await connection.turn({ say: 'One two.', ms: 80, thought: 'Hm.' });
    await client.see(isTurnComplete);
    expect(client.received[1].serverContent.modelTurn.parts[0]).toEqual({ text: 'Hm.', thought: true }); // prettier-ignore
    expect(shape(client)).toEqual([
      ...['setupComplete', 'modelTurn', 'outputTranscription', 'modelTurn'],
      ...[
        'outputTranscription',
        'modelTurn',
        'generationComplete',
        'usageMetadata',
        'turnComplete',
      ],
    ]);
  });

  it('has the order and the bundling of the newest models', async () => {
    const { client, connection } = await connect(await start(), both);
    await connection.turn({ say: 'One two.', ms: 80 });
    await client.see((frame) => 'usageMetadata' in frame);
    expect(shape(client)).toEqual([
      ...['setupComplete', 'sessionResumptionUpdate'],
      ...['modelTurn', 'outputTranscription', 'modelTurn', 'outputTranscription'],
      ...['generationComplete', 'turnComplete', 'usageMetadata'],
    ]);
  });

  // Members and their order as in pydantic-ai's recorded frames of both services, 2026-08-11.
  it('is worded as each service words it', async () => {
    const server = await start({ playbackDelay: false });
    const setup = { ...both, ...declare('f') };
    const gemini = await connect(server, { model: OLD, ...setup });
    await gemini.connection.turn({ say: 'One.', ms: 40 });
    gemini.connection.callTool('f', {}, '1').catch(() => {});
    const { toolCall } = await gemini.client.see((frame) => 'toolCall' in frame);
    expect(Object.keys(toolCall.functionCalls[0])).toEqual(['name', 'args', 'id']);
    const [, , heard] = gemini.client.received;
    expect(heard.serverContent.modelTurn).toEqual({
      parts: [{ inlineData: { mimeType: 'audio/pcm;rate=24000', data: expect.any(String) } }],
    });
    const { usageMetadata } = gemini.client.received.find(isTurnComplete);
    expect(Object.keys(usageMetadata)).toEqual([
      ...['promptTokenCount', 'responseTokenCount', 'totalTokenCount'],
      ...['promptTokensDetails', 'responseTokensDetails'],
    ]);

    const vertex = await connect(server, { model: VERTEX_OLD, ...both }, { vertex: true });
    await vertex.connection.turn({ say: 'One two.', ms: 80 });
    await vertex.client.see(isTurnComplete);
    const contents = vertex.client.received.flatMap(({ serverContent }) => serverContent ?? []);
    const inlineData = { mimeType: 'audio/pcm', data: expect.any(String) };
    const spoken = { modelTurn: { role: 'model', parts: [{ inlineData }] } };
    expect(contents).toEqual([
      ...[{}, { text: 'One' }, { text: ' two.' }, { finished: true }].map((piece) => {
        return { outputTranscription: piece };
      }),
      ...[spoken, spoken, { generationComplete: true }],
      { turnComplete: true, groundingMetadata: {} },
    ]);
  });

  it('waits for the clock of a test that owns it', async () => {
    const clock = new ManualClock();
    const server = await start({ clock, speed: 2, setupDelayMs: 100 });
    const client = new Bare(server);
    const complete = client.setUp({ model: `models/${NEW}` });
    await client.opened;
    await expect(server.nextConnection({ timeoutMs: 30 })).rejects.toThrow('within 30 ms');
    expect(clock.waits).toEqual([100]);
    clock.advance(100);
    expect(await complete).toBe('complete');
    const turn = server.current!.turn({ ms: 4000 });
    await client.see((frame) => frame.serverContent?.generationComplete);
    clock.advance(1_999);
    expect(server.current!.speaking).toBe(true);
    clock.advance(1);
    expect(await turn).toBe('complete');
    await server.close();
    expect(clock.pending).toBe(0);
  });

  it('completes when playback is over, in the time of the server', async () => {
    const { client, connection } = await connect(await start({ speed: 10 }));
    const began = performance.now();
    const turn = connection.turn({ ms: 4000 });
    await client.see((frame) => frame.serverContent?.generationComplete);
    expect(performance.now() - began).toBeLessThan(390);
    expect(connection.speaking).toBe(true);
    await turn;
    expect(performance.now() - began).toBeGreaterThanOrEqual(395);
    expect(connection.speaking).toBe(false);
  });

  it('may be empty, refused, or part of a longer request', async () => {
    const server = await start({ playbackDelay: false });
    const setup = {
      model: THINKER,
      generationConfig: { thinkingConfig: { thinkingLevel: 'LOW' } },
    };
    const { client, connection } = await connect(server, setup);
    void connection.turn({ status: 'IN_PROGRESS', say: 'Let me see.', ms: 40 });
    void connection.turn({ reason: 'RESPONSE_REJECTED', usage: false });
    await client.see((frame) => frame.serverContent?.turnCompleteReason);
    const ends = client.received.filter(isTurnComplete).map((frame) => frame.serverContent);
    expect(ends).toEqual([
      { turnComplete: true, interactionStatus: 'IN_PROGRESS' },
      { turnComplete: true, interactionStatus: 'IDLE', turnCompleteReason: 'RESPONSE_REJECTED' },
    ]);
    expect(client.count((frame) => 'usageMetadata' in frame)).toBe(1);
  });

  it('is cut short by interrupted', async () => {
    const { client, connection } = await connect(await start({ speed: 1 }), both);
    const turn = connection.turn({ say: 'A very long story.', ms: 10_000, rate: 4 });
    await client.see((frame) => frame.serverContent?.outputTranscription);
    connection.interrupted();
    expect(await turn).toBe('interrupted');
    await client.see(isTurnComplete);
    expect(client.count((frame) => frame.serverContent?.generationComplete)).toBe(0);
    // What was not sent is not part of the conversation.
    expect(connection.history).toEqual([{ role: 'model', text: client.heard }]);
    expect(client.heard).not.toContain('story');
  });

  it.each([
    [NEW, ['voiceActivity', 'interrupted', 'turnComplete', 'inputTranscription', 'voiceActivity']],
    [OLD, ['interrupted', 'turnComplete', 'inputTranscription']],
  ])('%s: is cut short when the caller says something', async (model, members) => {
    const { client, connection } = await connect(await start(), { model, ...both });
    void connection.turn({ say: 'A very long story.', complete: false });
    await client.see((frame) => frame.serverContent?.outputTranscription?.text.includes('story'));
    connection.callerSays('Stop!');
    connection.send({ goAway: {} });
    await client.see((frame) => frame.goAway);
    expect(shape(client).filter((name) => members.includes(name))).toEqual(members);
    expect(connection.history.at(-1)).toEqual({ role: 'user', text: 'Stop!' });
  });

  it('is not cut short where the setup says so', async () => {
    const realtimeInputConfig = { activityHandling: 'NO_INTERRUPTION' };
    const { client, connection } = await connect(await start(), { realtimeInputConfig });
    void connection.turn({ say: 'A very long story.', complete: false });
    connection.callerSays('Stop!');
    connection.endTurn();
    await client.see(isTurnComplete);
    expect(client.count((frame) => frame.serverContent?.interrupted)).toBe(0);
  });

  it('goes on after a blocking call', async () => {
    const server = await start();
    const { client, connection } = await connect(server, { model: OLD, ...declare('f') });
    await connection.turn({ say: 'Wait.', ms: 40, complete: false });
    const response = connection.callTool('f', {}, '1');
    expect(connection.pendingCalls).toMatchObject([{ id: '1', name: 'f', blocking: true }]);
    client.send(answer('1', 'f'));
    await response;
    await connection.turn({ say: 'Here it is.', ms: 40 });
    await client.see(isTurnComplete);
    expect(client.count(isTurnComplete)).toBe(1);
    expect(client.received.find(isTurnComplete).usageMetadata.responseTokenCount).toBe(2);
    expect(connection.history).toEqual([
      { role: 'model', text: 'Wait.' },
      { role: 'tool', text: '{"output":"done"}' },
      { role: 'model', text: 'Here it is.' },
    ]);
  });

  it('takes calls back', async () => {
    const { client, connection } = await connect(await start(), { model: OLD, ...declare('f') });
    const response = connection.callTool('f', {}, '1');
    connection.cancelTools(['1']);
    await expect(response).rejects.toThrow('cancelled');
    expect((await client.see((f) => f.toolCallCancellation)).toolCallCancellation.ids).toEqual([
      '1',
    ]);
  });

  it('speaks by hand too', async () => {
    const { client, connection } = await connect(await start(), both);
    connection.heard('Good morning.');
    connection.say('Hello.', { ms: 40 });
    connection.audio(100);
    connection.audio(new Int16Array(2400), { chunkMs: 100 });
    connection.voiceActivity('ACTIVITY_END', 1500);
    connection.endTurn();
    connection.goAway(50);
    await client.see((frame) => 'goAway' in frame);
    expect(shape(client, 2)).toEqual([
      ...['inputTranscription', 'modelTurn', 'outputTranscription'],
      ...['modelTurn', 'modelTurn', 'modelTurn', 'modelTurn'],
      ...['voiceActivity', 'generationComplete', 'turnComplete', 'usageMetadata', 'goAway'],
    ]);
    expect(client.received.at(-1)).toEqual({ goAway: { timeLeft: '50s' } });
  });
});

describe('what the server remembers', () => {
  it('takes a declared history without an answer', async () => {
    const server = await start({ scenario: { steps: [], latencyMs: 0 } });
    const { client, connection } = await connect(server, {
      historyConfig: { initialHistoryInClientContent: true },
    });
    client.send(turns('My name is Ada.', false));
    client.send(turns('Nice to meet you.', true));
    await connection.waitFor((frame) => frame.clientContent?.turnComplete === true);
    await pause(30);
    expect(client.count((frame) => 'serverContent' in frame)).toBe(0);
    client.send({ clientContent: { turnComplete: true } });
    await client.see(isTurnComplete);
    expect(connection.history.map(({ text }) => text)).toEqual([
      ...['My name is Ada.', 'Nice to meet you.', 'Hello.'],
    ]);
    expect(connection.contents).toHaveLength(2);
  });

  it('follows contextUpdate', async () => {
    const { client, connection } = await connect(await start(), {
      systemInstruction: { parts: [{ text: 'Old.' }] },
      ...declare('f'),
    });
    client.send({ contextUpdate: { systemInstruction: { parts: [{ text: 'New.' }] } } });
    await connection.waitFor('contextUpdate');
    expect([connection.instructions, connection.functions]).toEqual(['New.', ['f']]);
    client.send({ contextUpdate: { tools: declare('g', 'BLOCKING') } });
    await connection.waitFor('contextUpdate');
    expect([connection.instructions, connection.functions]).toEqual(['New.', ['g']]);
    void connection.callTool('g');
    expect(connection.pendingCalls[0]?.blocking).toBe(true);
  });

  it('waits for frames, each once, also those that came before', async () => {
    const { client, connection } = await connect(await start());
    client.send(turns('one', false));
    client.send({ realtimeInput: { text: 'two' } });
    client.send(turns('three', false));
    await connection.waitFor('realtimeInput');
    const texts = [await connection.waitFor('clientContent'), await connection.waitFor('clientContent')]; // prettier-ignore
    expect(texts.map((frame) => frame.clientContent?.turns?.[0]?.parts?.[0]?.text)).toEqual(['one', 'three']); // prettier-ignore
    await expect(connection.waitFor('toolResponse', { timeoutMs: 10 })).rejects.toThrow(
      /"toolResponse": not received within 10 ms[^]*"three"/,
    );
    const waiting = connection.waitFor('toolResponse');
    client.ws.close(1000);
    await expect(waiting).rejects.toThrow('closed with 1000');
    await expect(connection.waitFor('toolResponse')).rejects.toThrow('closed with 1000');
  });
});
