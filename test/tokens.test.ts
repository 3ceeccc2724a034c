// SPDX-License-Identifier: Apache-2.0
import { expect, onTestFinished, test, vi } from 'vitest';
import { createEphemeralToken, GeminiLiveError, RealtimeModel } from '../src/index.js';
import type { LiveServer } from '../src/testing/index.js';
import { startServer } from './support/call.js';

const KEY = 'AIzaReallySecretKey';

const mint = (server: LiveServer, more: Parameters<typeof createEphemeralToken>[0] = {}) =>
  createEphemeralToken({ apiKey: KEY, httpOptions: { baseUrl: server.url }, ...more });

test('a minted token opens a session, by the method and version that tokens have', async () => {
  const server = await startServer({ keys: [KEY] });
  const token = await mint(server);
  expect(token).toMatch(/^auth_tokens\//);
  const session = new RealtimeModel({
    apiKey: token,
    httpOptions: { baseUrl: server.url },
  }).session();
  onTestFinished(() => session.close());
  await session._updateSession('Be brief.');
  const { dial } = await server.connection(0);
  expect(dial).toMatchObject({ credential: 'token', apiVersion: 'v1alpha', accepted: true });
  server.assertClean();
});

test('one can be minted for each dial', async () => {
  const server = await startServer({ keys: [KEY] });
  const session = new RealtimeModel({
    tokenProvider: () => mint(server),
    httpOptions: { baseUrl: server.url },
  }).session();
  onTestFinished(() => session.close());
  session.on('error', () => {});
  await session._updateSession('Be brief.');
  const back = server.connection(1);
  (await server.connection(0)).drop();
  await back;
  expect(server.tokens).toHaveLength(2);
  server.assertClean();
});

test('constraints lock what they name, and nothing that a reconnect needs', async () => {
  const server = await startServer({ keys: [KEY] });
  const expireTime = new Date(Date.now() + 3_600_000);
  await mint(server, {
    uses: 3,
    expireTime,
    constraints: { model: 'gemini-3.8-live', config: { systemInstruction: 'Be brief.' } },
    lock: ['temperature'],
  });
  const { request } = server.tokens[0]!;
  expect(request).toMatchObject({ uses: 3, expireTime: expireTime.toISOString() });
  expect(request.bidiGenerateContentSetup).toMatchObject({ model: 'models/gemini-3.8-live' });
  expect(String(request.fieldMask).split(',').toSorted()).toEqual([
    'generationConfig.temperature',
    'model',
    'systemInstruction.parts',
    'systemInstruction.role',
  ]);
  await mint(server, { constraints: { model: 'gemini-3.8-live' }, lock: 'all' });
  expect(server.tokens[1]?.request).not.toHaveProperty('fieldMask');
});

test('what the app gave is not changed', async () => {
  const server = await startServer();
  const constraints = { model: 'gemini-3.8-live', config: { temperature: 0.5 } };
  const before = structuredClone(constraints);
  await mint(server, { constraints });
  expect(constraints).toEqual(before);
});

test.each([
  ['a wrong key', { apiKey: 'AIzaWrongWrongWrong' }, 'auth'],
  ['a life of a week', { expireTime: new Date(Date.now() + 7 * 86_400_000) }, 'auth'],
])('%s is a typed error without secrets', async (_what, more, kind) => {
  const server = await startServer({ keys: [KEY] });
  const error: unknown = await mint(server, more).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(GeminiLiveError);
  expect(error).toMatchObject({ kind, code: 400, retryable: false });
  expect(JSON.stringify(error) + String(error)).not.toMatch(/AIza\w/);
});

test('without a real key nothing is sent', async () => {
  vi.stubEnv('GOOGLE_API_KEY', '');
  vi.stubEnv('GEMINI_API_KEY', '');
  onTestFinished(() => void vi.unstubAllEnvs());
  await expect(createEphemeralToken()).rejects.toThrow(/real API key/);
  await expect(createEphemeralToken({ apiKey: 'auth_tokens/x' })).rejects.toThrow(/real API key/);
});
