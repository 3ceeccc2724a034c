// SPDX-License-Identifier: Apache-2.0
import { Agent } from 'node:http';
import { OAuth2Client } from 'google-auth-library';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dialTarget, target, type Target } from '../src/connection/endpoint.js';
import type { Endpoint } from '../src/options.js';
import { openSocket, type SocketEvents } from '../src/connection/socket.js';
import { LiveServer } from '../src/testing/index.js';

const KEY = 'AIzaSyTest+/=&#key';
const TOKEN = 'auth_tokens/0123abc';

const GEMINI: Endpoint = {
  backend: 'gemini',
  apiKey: KEY,
  project: undefined,
  location: 'us-central1',
  apiVersion: 'v1beta',
  baseUrl: undefined,
  headers: {},
  googleAuthOptions: undefined,
};
const VERTEX: Endpoint = {
  ...GEMINI,
  backend: 'vertex',
  apiKey: undefined,
  project: 'p',
  apiVersion: 'v1beta1',
};

describe('the Gemini API', () => {
  const METHOD = 'ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent';

  it('takes the key in the query, and nowhere else', () => {
    const { url, headers } = target(GEMINI, undefined);
    expect(url).toBe(
      `wss://generativelanguage.googleapis.com/${METHOD}?key=AIzaSyTest%2B%2F%3D%26%23key`,
    );
    expect(new URL(url).searchParams.get('key')).toBe(KEY);
    expect(headers).toEqual({});
  });

  it.each(['v1', 'v1alpha', 'v1beta'])('speaks version %s', (apiVersion) => {
    const { pathname } = new URL(target({ ...GEMINI, apiVersion }, undefined).url);
    expect(pathname).toBe(`/${METHOD.replace('v1beta', apiVersion)}`);
  });

  it('takes an ephemeral token in a header, by the constrained method', () => {
    const { url, headers } = target({ ...GEMINI, apiKey: TOKEN }, undefined);
    // The version that tokens are documented for, unless the app names another.
    const method = METHOD.replace('v1beta', 'v1alpha');
    expect(url).toBe(`wss://generativelanguage.googleapis.com/${method}Constrained`);
    expect(headers).toEqual({ authorization: `Token ${TOKEN}` });
    const given = { ...GEMINI, apiKey: TOKEN, apiVersionIsGiven: true };
    expect(target(given, undefined).url).toContain(`/${METHOD}Constrained`);
  });

  it('ignores the location', () => {
    const endpoint = { ...GEMINI, location: 'europe-west4' };
    expect(target(endpoint, undefined)).toEqual(target(GEMINI, undefined));
  });

  it('takes a credential of this dial before the key', () => {
    const { url, headers } = target(GEMINI, 'newer');
    expect(new URL(url).searchParams.get('key')).toBe('newer');
    expect(headers).toEqual({});
    expect(target(GEMINI, TOKEN)).toEqual(target({ ...GEMINI, apiKey: TOKEN }, undefined));
  });

  it.each([
    ['http://127.0.0.1:8080', 'ws://127.0.0.1:8080'],
    ['http://127.0.0.1:8080/', 'ws://127.0.0.1:8080'],
    ['https://proxy.example', 'wss://proxy.example'],
    ['https://proxy.example//', 'wss://proxy.example'],
    ['https://proxy.example/gemini/', 'wss://proxy.example/gemini'],
    ['wss://proxy.example', 'wss://proxy.example'],
    ['ws://proxy.example:81/a', 'ws://proxy.example:81/a'],
  ])('baseUrl %s → %s', (baseUrl, expected) => {
    const { url } = target({ ...GEMINI, baseUrl, apiKey: 'k' }, undefined);
    expect(url).toBe(`${expected}/${METHOD}?key=k`);
  });

  it('adds the headers of the app, and does not change its object', () => {
    const given = Object.freeze({ 'x-goog-user-project': 'billing', 'X-Trace': '1' });
    expect(target({ ...GEMINI, headers: given }, undefined).headers).toEqual(given);
    const { headers } = target({ ...GEMINI, headers: given, apiKey: TOKEN }, undefined);
    expect(headers).toEqual({ ...given, authorization: `Token ${TOKEN}` });
  });
});

describe('Vertex AI', () => {
  const METHOD = 'ws/google.cloud.aiplatform.v1beta1.LlmBidiService/BidiGenerateContent';

  it.each([
    ['us-central1', 'us-central1-aiplatform.googleapis.com'],
    ['europe-west4', 'europe-west4-aiplatform.googleapis.com'],
    ['global', 'aiplatform.googleapis.com'],
    ['us', 'aiplatform.us.rep.googleapis.com'],
    ['eu', 'aiplatform.eu.rep.googleapis.com'],
  ])('location %s → %s', (location, host) => {
    expect(target({ ...VERTEX, location }, 't').url).toBe(`wss://${host}/${METHOD}`);
  });

  it('takes the access token as a bearer', () => {
    expect(target(VERTEX, 'ya29.t').headers).toEqual({ authorization: 'Bearer ya29.t' });
  });

  it('takes the key of express mode in a header, never in the URL', () => {
    const { url, headers } = target({ ...VERTEX, apiKey: KEY }, undefined);
    expect(headers).toEqual({ 'x-goog-api-key': KEY });
    expect(url).not.toContain('AIza');
    expect(new URL(url).search).toBe('');
  });

  it('leaves the Authorization of the app alone', () => {
    const headers = { Authorization: 'Bearer mine' };
    expect(target({ ...VERTEX, headers }, undefined).headers).toEqual(headers);
  });

  it('keeps the method on another host', () => {
    const { url } = target({ ...VERTEX, baseUrl: 'http://127.0.0.1:1/', location: 'eu' }, 't');
    expect(url).toBe(`ws://127.0.0.1:1/${METHOD}`);
  });
});

describe('credentials', () => {
  const client = (): OAuth2Client => {
    const authClient = new OAuth2Client();
    authClient.setCredentials({ access_token: 'ya29.mine', expiry_date: Date.now() + 3_600_000 });
    return authClient;
  };
  const never = (): OAuth2Client => {
    const authClient = client();
    authClient.getAccessToken = () => Promise.reject(new Error('nobody should ask'));
    return authClient;
  };
  const authorization = async (endpoint: Endpoint): Promise<string | undefined> =>
    (await dialTarget(endpoint)).headers['authorization'];

  it('of the app go to the service', async () => {
    const endpoint = { ...VERTEX, googleAuthOptions: { authClient: client() } };
    expect(await authorization(endpoint)).toBe('Bearer ya29.mine');
  });

  it('are fetched for each dial', async () => {
    const authClient = client();
    const endpoint = { ...VERTEX, googleAuthOptions: { authClient } };
    await dialTarget(endpoint);
    authClient.setCredentials({ access_token: 'ya29.next', expiry_date: Date.now() + 3_600_000 });
    expect(await authorization(endpoint)).toBe('Bearer ya29.next');
  });

  it('that cannot be had fail with the reason of the library', async () => {
    const endpoint = { ...VERTEX, googleAuthOptions: { authClient: never() } };
    await expect(dialTarget(endpoint)).rejects.toThrow('nobody should ask');
  });

  it.each<[string, Partial<Endpoint>]>([
    ['the Gemini API', { backend: 'gemini', apiKey: KEY }],
    ['express mode', { apiKey: KEY }],
    ['an Authorization of the app', { headers: { Authorization: 'Bearer mine' } }],
    ['an authorization in small letters', { headers: { authorization: 'Bearer mine' } }],
  ])('of Google Cloud are not asked for with %s', async (_, more) => {
    const endpoint = { ...VERTEX, googleAuthOptions: { authClient: never() }, ...more };
    expect(await dialTarget(endpoint)).toEqual(target(endpoint, undefined));
  });

  it.each<[string, Endpoint, string]>([
    ['an ephemeral token', GEMINI, TOKEN],
    ['a key', GEMINI, 'another-key'],
    ['an access token', VERTEX, 'ya29.provided'],
  ])('of a provider: %s, before anything else, anew for each dial', async (_, base, credential) => {
    let calls = 0;
    const endpoint: Endpoint = {
      ...base,
      googleAuthOptions: { authClient: never() },
      tokenProvider: () => {
        calls += 1;
        return calls === 1 ? credential : Promise.resolve(`${credential}2`);
      },
    };
    expect(await dialTarget(endpoint)).toEqual(target(base, credential));
    expect(await dialTarget(endpoint)).toEqual(target(base, `${credential}2`));
  });

  it('of a provider that fails are a failure of the dial', async () => {
    const endpoint = { ...GEMINI, tokenProvider: () => Promise.reject(new Error('mint closed')) };
    await expect(dialTarget(endpoint)).rejects.toThrow('mint closed');
  });

  it('come with the agent of the app', async () => {
    const agent = new Agent();
    expect((await dialTarget({ ...GEMINI, agent })).agent).toBe(agent);
    expect(await dialTarget(GEMINI)).not.toHaveProperty('agent');
  });
});

describe('on the wire', () => {
  let server: LiveServer;
  beforeEach(async () => {
    server = await LiveServer.start({ keys: [KEY, TOKEN, 'ya29.t', 'mine'] });
  });
  afterEach(() => server.close());

  /** Opens a socket there and closes it again. */
  function greet({ url, headers, agent }: Target): Promise<void> {
    return new Promise((resolve, reject) => {
      const events: SocketEvents = {
        opened: () => socket.close(1000, ''),
        received: () => {},
        refused: (status) => reject(new Error(`HTTP ${status}`)),
        closed: () => resolve(),
      };
      const socket = openSocket(url, headers, events, agent);
    });
  }

  it('the agent makes the connection', async () => {
    const agent = new Agent();
    const calls: unknown[] = [];
    const create = agent.createConnection.bind(agent);
    agent.createConnection = (...given) => {
      calls.push(given);
      return create(...given);
    };
    await greet(await dialTarget({ ...GEMINI, baseUrl: server.url, agent }));
    expect(calls).toHaveLength(1);
    agent.destroy();
  });

  it.each<[string, Partial<Endpoint>, string | undefined, string]>([
    ['a key', {}, undefined, 'key'],
    ['a token', { apiKey: TOKEN }, undefined, 'token'],
    ['a bearer', VERTEX, 'ya29.t', 'bearer'],
    ['an express key', { ...VERTEX, apiKey: KEY }, undefined, 'key'],
    [
      'the bearer of the app',
      { ...VERTEX, headers: { Authorization: 'Bearer mine' } },
      undefined,
      'bearer',
    ],
  ])('%s is accepted', async (_, more, bearer, credential) => {
    const endpoint = { ...GEMINI, ...more, baseUrl: server.url };
    await greet(target(endpoint, bearer));
    expect(server.dials).toHaveLength(1);
    expect(server.dials[0]).toMatchObject({
      accepted: true,
      credential,
      backend: endpoint.backend,
    });
  });
});
