// SPDX-License-Identifier: Apache-2.0
import { Agent, type ClientRequest } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import type { RealtimeModelOptions } from '../src/index.js';
import type { LiveServerOptions } from '../src/testing/index.js';
import { EventLog, modelFor, startServer } from './support/call.js';
import { ManualClock } from './support/manual_clock.js';

const QUICK = { maxRetry: 3, retryIntervalMs: 1, timeoutMs: 5_000 };

/** A session with credentials of its own, and what became of it. */
async function begin(options: RealtimeModelOptions, serverOptions: LiveServerOptions = {}) {
  const server = await startServer(serverOptions);
  const clock = new ManualClock();
  const httpOptions = { baseUrl: server.url };
  const given = { connOptions: QUICK, ...options, httpOptions };
  const session = modelFor(server, given, { clock, random: () => 0.5 }).session();
  const log = new EventLog(session);
  onTestFinished(() => session.close());
  await session._updateSession();
  return { server, session, clock, log };
}

/** A provider of these credentials, one after the other, and how often it was asked. */
function provider(...tokens: (string | Error)[]) {
  const asked = { times: 0 };
  const tokenProvider = async (): Promise<string> => {
    const token = tokens[Math.min(asked.times++, tokens.length - 1)];
    await Promise.resolve();
    if (token instanceof Error) throw token;
    return token ?? '';
  };
  return { asked, tokenProvider };
}

test('each dial asks for a credential, and takes the newest', async () => {
  const { asked, tokenProvider } = provider('auth_tokens/one', 'auth_tokens/two');
  const { server, clock, log } = await begin({ tokenProvider }, { keys: ['auth_tokens/one'] });
  const connection = await server.connection(0);
  expect(asked.times).toBe(1);
  expect(server.dials).toMatchObject([
    { credential: 'token', apiVersion: 'v1alpha', accepted: true, query: {} },
  ]);
  expect(server.dials[0]?.path).toMatch(/Constrained$/);
  connection.drop();
  await log.untilNamed('error');
  clock.advance(0);
  await log.untilNamed('error', 2);
  // The second token is not among those that the server knows.
  expect(asked.times).toBe(2);
  expect(server.dials[1]).toMatchObject({ accepted: false, status: 401 });
  expect(log.errors[1]).toMatchObject({ recoverable: false, error: { kind: 'auth' } });
});

test('a token keeps the version that the app names', async () => {
  const { tokenProvider } = provider('auth_tokens/one');
  const { server } = await begin({ tokenProvider, apiVersion: 'v1beta' });
  await server.connection(0);
  expect(server.dials).toMatchObject([{ credential: 'token', apiVersion: 'v1beta' }]);
});

test('a key that is provided is a key', async () => {
  const { tokenProvider } = provider('fresh-key');
  const { server } = await begin({ tokenProvider }, { keys: ['fresh-key'] });
  await server.connection(0);
  expect(server.dials).toMatchObject([{ credential: 'key', query: { key: '***' } }]);
});

test('on Vertex AI it is a bearer, renewed with each dial', async () => {
  const { asked, tokenProvider } = provider('ya29.one', 'ya29.two');
  const options = { vertexai: true, project: 'p', tokenProvider };
  const { server, clock, log } = await begin(options, { keys: ['ya29.one', 'ya29.two'] });
  const connection = await server.connection(0);
  connection.drop();
  await log.untilNamed('error');
  clock.advance(0);
  await server.connection(1);
  expect(asked.times).toBe(2);
  expect(server.dials).toMatchObject([
    { backend: 'vertex', credential: 'bearer', accepted: true },
    { backend: 'vertex', credential: 'bearer', accepted: true },
  ]);
});

test.each<[string, () => string | Promise<string>]>([
  ['rejects', () => Promise.reject(new Error('the mint is closed'))],
  [
    'throws',
    () => {
      throw new Error('the mint is closed');
    },
  ],
])('a provider that %s is asked again', async (_, fails) => {
  let times = 0;
  const tokenProvider = () => (++times === 1 ? fails() : 'auth_tokens/late');
  const { server, clock, log } = await begin({ tokenProvider });
  await log.untilNamed('error');
  const [{ error, recoverable } = {}] = log.errors;
  expect(recoverable).toBe(true);
  expect(error).toMatchObject({ phase: 'upgrade', reason: 'the mint is closed' });
  expect(server.dials).toEqual([]);
  clock.advance(5_000);
  await server.connection(0);
  expect(times).toBe(2);
});

test('a provider that never settles ends with the deadline of the dial', async () => {
  let times = 0;
  const never = new Promise<string>(() => {});
  const tokenProvider = () => (++times === 1 ? never : 'auth_tokens/late');
  const { server, clock, log } = await begin({ tokenProvider });
  clock.advance(4_999);
  expect(log.errors).toEqual([]);
  clock.advance(1);
  await log.untilNamed('error');
  expect(log.errors).toMatchObject([{ recoverable: true, error: { kind: 'timeout' } }]);
  clock.advance(5_000);
  await server.connection(0);
});

test('no credential reaches an error or a recording', async () => {
  const lines: string[] = [];
  const { tokenProvider } = provider('auth_tokens/secret');
  const record = (line: string) => void lines.push(line);
  const { log, session } = await begin({ tokenProvider, record }, { keys: ['another'] });
  await log.untilNamed('error');
  await session.close();
  const said = JSON.stringify(log.errors.map(({ error }) => [error.message, error])) + lines.join();
  expect(said).not.toContain('secret');
});

test('the upgrade request goes through the agent of the app, with each dial', async () => {
  class Counting extends Agent {
    paths: string[] = [];
    addRequest(request: ClientRequest, options: object): void {
      this.paths.push(request.path);
      const base = Agent.prototype as unknown as { addRequest(r: ClientRequest, o: object): void };
      base.addRequest.call(this, request, options);
    }
  }
  const agent = new Counting();
  onTestFinished(() => agent.destroy());
  const { server, clock, log } = await begin({ agent, apiKey: 'k' });
  const connection = await server.connection(0);
  expect(agent.paths).toHaveLength(1);
  connection.drop();
  await log.untilNamed('error');
  clock.advance(0);
  await server.connection(1);
  expect(agent.paths).toHaveLength(2);
});
