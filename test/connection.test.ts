// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { createServer } from 'node:http';
import {
  createServer as createTcpServer,
  type AddressInfo,
  type Server,
  type Socket,
} from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import {
  Connection,
  type Connected,
  type ConnectionEvents,
  type ConnectionOptions,
  type Retry,
} from '../src/connection/connection.js';
import { Unacknowledged } from '../src/connection/acknowledged.js';
import { attempt } from '../src/connection/dial.js';
import { target, type Target } from '../src/connection/endpoint.js';
import { STABLE_MS } from '../src/connection/policy.js';
import { openSocket } from '../src/connection/socket.js';
import type { Failure } from '../src/errors.js';
import { DEFAULT_MODEL } from '../src/models/table.js';
import type { ServerFrame } from '../src/protocol/frames.js';
import type { ProtocolError } from '../src/protocol/shapes.js';
import { LiveServer, type LiveConnection, type LiveServerOptions } from '../src/testing/index.js';
import { ManualClock } from './support/manual_clock.js';

const TIMEOUT_MS = 10_000;
/** How long an unanswered close may take before the socket is destroyed. */
const CLOSE_MS = 1_000;

const setupText = (handle: string | undefined): string =>
  JSON.stringify({
    setup: {
      model: `models/${DEFAULT_MODEL.gemini}`,
      generationConfig: { responseModalities: ['AUDIO'] },
      sessionResumption: handle === undefined ? {} : { handle },
    },
  });

const targetOf = (baseUrl: string): Target =>
  target(
    {
      backend: 'gemini',
      apiKey: 'AIzaSyTestKeyTestKey',
      project: undefined,
      location: '',
      apiVersion: 'v1beta',
      baseUrl,
      headers: {},
      googleAuthOptions: undefined,
    },
    undefined,
  );

type Said =
  | { type: 'setup'; handle: string | undefined }
  | { type: 'connected'; info: Connected }
  | { type: 'received'; frame: ServerFrame }
  | { type: 'malformed'; error: ProtocolError }
  | { type: 'tap'; dir: 'in' | 'out'; text: string }
  | { type: 'goAway'; timeLeftMs: number }
  | { type: 'handleIssued' }
  | { type: 'lost'; failure: Failure; retry: Retry }
  | { type: 'failed'; failure: Failure };
type Of<T extends Said['type']> = Extract<Said, { type: T }>;

interface Waiter {
  matches(said: Said): boolean;
  resolve(said: Said): void;
}

/** A connection, everything it said, and the means to wait for what it says next. */
class Line implements ConnectionEvents {
  readonly clock = new ManualClock();
  readonly said: Said[] = [];
  readonly connection: Connection;
  /** Called synchronously with everything that is said. */
  listen: (said: Said) => void = () => {};
  #heard = new Set<Said>();
  #waiters: Waiter[] = [];

  constructor(baseUrl: string, options: Partial<ConnectionOptions> = {}) {
    this.connection = new Connection(
      {
        clock: this.clock,
        random: () => 0.5,
        openSocket,
        target: () => Promise.resolve(targetOf(baseUrl)),
        maxRetry: 3,
        retryIntervalMs: 2_000,
        timeoutMs: TIMEOUT_MS,
        handle: undefined,
        resumable: true,
        transparent: false,
        ...options,
      },
      this,
    );
    lines.push(this);
  }

  setup(handle: string | undefined): string {
    this.#say({ type: 'setup', handle });
    return setupText(handle);
  }
  connected(info: Connected): void {
    this.#say({ type: 'connected', info });
  }
  received(frame: ServerFrame): void {
    this.#say({ type: 'received', frame });
  }
  malformed(error: ProtocolError): void {
    this.#say({ type: 'malformed', error });
  }
  tap(dir: 'in' | 'out', text: string): void {
    this.#say({ type: 'tap', dir, text });
  }
  goAway(timeLeftMs: number): void {
    this.#say({ type: 'goAway', timeLeftMs });
  }
  handleIssued(): void {
    this.#say({ type: 'handleIssued' });
  }
  lost(failure: Failure, retry: Retry): void {
    this.#say({ type: 'lost', failure, retry });
  }
  failed(failure: Failure): void {
    this.#say({ type: 'failed', failure });
  }

  all<T extends Said['type']>(type: T): Of<T>[] {
    return this.said.filter((said): said is Of<T> => said.type === type);
  }

  /** The next thing of this type that nobody has waited for yet. */
  next<T extends Said['type']>(
    type: T,
    only: (said: Of<T>) => boolean = () => true,
  ): Promise<Of<T>> {
    const matches = (said: Said): boolean =>
      said.type === type && !this.#heard.has(said) && only(said as Of<T>);
    const early = this.said.find(matches);
    if (early) {
      this.#heard.add(early);
      return Promise.resolve(early as Of<T>);
    }
    return new Promise((resolve) => {
      this.#waiters.push({ matches, resolve: resolve as (said: Said) => void });
    });
  }

  send(text: string, replay = false): boolean {
    return this.connection.send(text, replay);
  }

  /** A setup frame has left. */
  sent(): Promise<Said> {
    return this.next('tap', ({ dir, text }) => dir === 'out' && text.includes('"setup"'));
  }

  #say(said: Said): void {
    this.said.push(said);
    this.listen(said);
    const index = this.#waiters.findIndex(({ matches }) => matches(said));
    if (index < 0) return;
    const [waiter] = this.#waiters.splice(index, 1);
    this.#heard.add(said);
    waiter?.resolve(said);
  }
}

let lines: Line[] = [];
let servers: { close(): unknown }[] = [];

async function serve(options: LiveServerOptions = {}): Promise<LiveServer> {
  const server = await LiveServer.start({ setupDelayMs: 0, playbackDelay: false, ...options });
  servers.push(server);
  return server;
}

/** A server of any kind on a free port. */
async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push(server);
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A WebSocket server without manners: `talk` gets each socket. */
async function rawServer(talk: (ws: WebSocket) => void): Promise<string> {
  const http = createServer();
  const wss = new WebSocketServer({ server: http });
  wss.on('connection', talk);
  servers.push({ close: () => wss.clients.forEach((ws) => ws.terminate()) });
  return listening(http);
}

/** Connected line, and the server's end of it. */
async function connected(
  server: LiveServer,
  options: Partial<ConnectionOptions> = {},
): Promise<[Line, LiveConnection]> {
  const line = new Line(server.url, options);
  line.connection.open();
  await line.next('connected');
  return [line, await server.connection(0)];
}

/** The next connection of a line whose wait is over after `ms`. */
async function again(line: Line, ms: number): Promise<Connected> {
  line.clock.advance(ms);
  return (await line.next('connected')).info;
}

const handles = (line: Line): (string | undefined)[] =>
  line.all('setup').map(({ handle }) => handle);

beforeEach(() => {
  lines = [];
  servers = [];
});

afterEach(async () => {
  for (const line of lines) {
    const closing = line.connection.close();
    line.clock.advance(CLOSE_MS);
    await closing;
    expect(line.clock.waits).toEqual([]);
  }
  for (const server of servers) await server.close();
});

describe('a dial', () => {
  it('is one, begins with setup, and connects once', async () => {
    const server = await serve();
    const [line, connection] = await connected(server);
    await line.next('handleIssued');
    expect(server.dials).toHaveLength(1);
    expect(connection.frames.map(({ frame }) => frame)).toEqual([JSON.parse(setupText(undefined))]);
    expect(line.all('connected')).toHaveLength(1);
    expect(line.all('connected')[0]?.info).toEqual({
      connection: 1,
      restored: false,
      acquireMs: 0,
    });
    expect(line.all('lost')).toEqual([]);
    expect(line.connection.isOpen).toBe(true);
    expect(line.clock.pending).toBe(0);
    server.assertClean();
  });

  it('waits for open(), and further calls of it do nothing', async () => {
    const server = await serve();
    const line = new Line(server.url);
    expect(line.connection.isStarted).toBe(false);
    expect(line.said).toEqual([]);
    for (let i = 0; i < 3; i += 1) line.connection.open();
    await line.next('connected');
    line.connection.open();
    expect(line.connection.isStarted).toBe(true);
    await line.connection.close();
    expect(server.dials).toHaveLength(1);
  });

  it('counts the time for credentials', async () => {
    const server = await serve();
    let grant = (_target: Target): void => {};
    const line = new Line(server.url, {
      target: () => new Promise((resolve) => (grant = resolve)),
    });
    line.connection.open();
    line.clock.advance(120);
    grant(targetOf(server.url));
    expect((await line.next('connected')).info.acquireMs).toBe(120);
  });

  it('makes its setup after the credentials are there, so that it is not stale', async () => {
    const server = await serve();
    let grant = (_target: Target): void => {};
    const line = new Line(server.url, {
      target: () => new Promise((resolve) => (grant = resolve)),
    });
    line.connection.open();
    expect(line.all('setup')).toEqual([]);
    grant(targetOf(server.url));
    await line.next('connected');
    expect(line.all('setup')).toHaveLength(1);
  });

  it('may begin with the handle of an earlier session', async () => {
    const server = await serve();
    const [earlier, first] = await connected(server);
    await earlier.next('handleIssued');
    const handle = first.handle as string;
    await earlier.connection.close();

    const line = new Line(server.url, { handle });
    line.connection.open();
    expect((await line.next('connected')).info.restored).toBe(true);
    const second = await server.connection(1);
    expect(second.resumed).toBe(true);
    expect(second.session).toBe(first.session);
  });

  it.each([null, ''])('takes %j for no handle', async (handle) => {
    const server = await serve();
    const [line] = await connected(server, { handle: handle as unknown as string });
    expect(handles(line)).toEqual([undefined]);
    expect(line.all('connected')[0]?.info.restored).toBe(false);
    server.assertClean();
  });
});

describe('a refused dial', () => {
  it('by setup: fails once, at once, with the words of the server', async () => {
    const server = await serve();
    server.refuse({ closeCode: 1007, reason: 'Request contains an invalid argument.' });
    const line = new Line(server.url);
    line.connection.open();
    const { failure } = await line.next('failed');
    expect(failure).toMatchObject({
      kind: 'setup',
      code: 1007,
      reason: 'Request contains an invalid argument.',
      phase: 'setup',
      retryable: false,
    });
    expect(failure.hint).not.toBe('');
    line.connection.open();
    await line.connection.close();
    expect(line.all('failed')).toHaveLength(1);
    expect(line.all('lost')).toEqual([]);
    expect(server.dials).toHaveLength(1);
    expect(line.connection.isOpen).toBe(false);
  });

  it.each([
    [401, 'auth'],
    [403, 'auth'],
    [404, 'model'],
  ])('by HTTP %i: fails at once as %s', async (status, kind) => {
    const server = await serve();
    server.refuse({ status });
    const line = new Line(server.url);
    line.connection.open();
    const { failure } = await line.next('failed');
    // `ws` only says that we ended the request; that is no reason.
    expect(failure).toMatchObject({ kind, code: status, reason: '', phase: 'upgrade' });
    expect(failure.message).toContain(`HTTP ${status}`);
    expect(line.all('lost')).toEqual([]);
    // Nothing was written, so nothing is recorded as written.
    expect(line.all('tap')).toEqual([]);
  });

  it('by HTTP 503: is tried again after a while', async () => {
    const server = await serve();
    server.refuse({ status: 503 });
    const line = new Line(server.url);
    line.connection.open();
    const { failure, retry } = await line.next('lost');
    expect(failure).toMatchObject({ kind: 'server', code: 503, retryable: true });
    expect(retry).toEqual({ attempt: 1, afterMs: 1_000 });
    expect(line.clock.waits).toEqual([1_000]);
    line.clock.advance(999);
    expect(line.clock.pending).toBe(1);
    expect(await again(line, 1)).toMatchObject({ connection: 1, restored: false });
    expect(server.dials.map(({ accepted }) => accepted)).toEqual([false, true]);
  });

  it('by HTTP 429: is tried again when the server says', async () => {
    const http = createServer();
    http.on('upgrade', (_request, socket) => {
      socket.end('HTTP/1.1 429 Too Many Requests\r\nRetry-After: 75\r\nContent-Length: 0\r\n\r\n');
    });
    const line = new Line(await listening(http));
    line.connection.open();
    const { failure, retry } = await line.next('lost');
    expect(failure).toMatchObject({ kind: 'quota', code: 429 });
    expect(retry.afterMs).toBe(75_000);
  });

  it('for longer than a handle lives: begins a fresh session', async () => {
    const server = await serve();
    const line = new Line(server.url, { handle: 'an-old-handle' });
    line.clock.advance(2 * 60 * 60 * 1000 + 1);
    line.connection.open();
    expect((await line.next('connected')).info.restored).toBe(false);
    server.assertClean();
  });

  it('by a closed port: is tried again, with the reason', async () => {
    const server = await serve();
    await server.close();
    const line = new Line(server.url);
    line.connection.open();
    const { failure } = await line.next('lost');
    expect(failure).toMatchObject({ kind: 'network', phase: 'upgrade', retryable: true });
    expect(failure.code).toBeUndefined();
    expect(failure.reason).toContain('ECONNREFUSED');
  });

  it.each([
    ['proxy example', 'Invalid URL: proxy example/'],
    ['proxy.example:80', 'protocol'],
  ])('by an address that is none (%s): says so without the key in it', async (url, words) => {
    const line = new Line(url, { maxRetry: 0 });
    line.connection.open();
    const { failure } = await line.next('failed');
    expect(failure.reason).toContain(words);
    expect(JSON.stringify(failure)).not.toContain('AIza');
  });

  it('again and again: ends when the retries are used up, after longer and longer waits', async () => {
    const server = await serve();
    server.refuse({ status: 503, times: 9 });
    const line = new Line(server.url);
    line.connection.open();
    const waits: Retry[] = [];
    for (let i = 0; i < 3; i += 1) {
      const { retry } = await line.next('lost');
      waits.push(retry);
      line.clock.advance(retry.afterMs);
    }
    expect(waits).toEqual([
      { attempt: 1, afterMs: 1_000 },
      { attempt: 2, afterMs: 2_000 },
      { attempt: 3, afterMs: 4_000 },
    ]);
    const { failure } = await line.next('failed');
    expect(failure).toMatchObject({ kind: 'server', code: 503, retryable: false });
    expect(server.dials).toHaveLength(4);
    expect(line.all('lost')).toHaveLength(3);
    expect(line.clock.pending).toBe(0);
  });
});

describe('silence', () => {
  it('after setup: one deadline, then another attempt, then the end', async () => {
    const server = await serve();
    server.refuse({ silent: true, times: 9 });
    const line = new Line(server.url, { maxRetry: 1 });
    line.connection.open();
    await line.sent();
    expect(line.clock.waits).toEqual([TIMEOUT_MS]);
    line.clock.advance(TIMEOUT_MS - 1);
    expect(line.all('lost')).toEqual([]);
    line.clock.advance(1);
    const { failure, retry } = await line.next('lost');
    expect(failure).toMatchObject({ kind: 'timeout', phase: 'setup', retryable: true });
    expect(await server.dials[0]?.connection?.closed).toMatchObject({ code: 1000, by: 'client' });

    line.clock.advance(retry.afterMs);
    await line.sent();
    line.clock.advance(TIMEOUT_MS);
    const last = await line.next('failed');
    expect(last.failure).toMatchObject({ kind: 'timeout', phase: 'setup', retryable: false });
    expect(server.dials).toHaveLength(2);
    expect(line.all('connected')).toEqual([]);
    await server.dials[1]?.connection?.closed;
  });

  it('before the upgrade: the socket is destroyed, and the failure says where it hung', async () => {
    const tcp = createTcpServer();
    const url = await listening(tcp);
    const line = new Line(url, { maxRetry: 0 });
    line.connection.open();
    const [socket] = (await once(tcp, 'connection')) as [Socket];
    const gone = once(socket, 'close');
    socket.on('error', () => {}).resume();
    line.clock.advance(TIMEOUT_MS);
    const { failure } = await line.next('failed');
    expect(failure).toMatchObject({ kind: 'timeout', phase: 'upgrade' });
    await gone;
  });

  it('even to our close: the socket is destroyed a second later', async () => {
    const server = await serve();
    server.refuse({ silent: true });
    const line = new Line(server.url, { maxRetry: 0 });
    line.connection.open();
    await line.sent();
    await vi.waitFor(() => expect(server.dials[0]?.connection).toBeDefined());
    server.dials[0]?.connection?.freeze();
    line.clock.advance(TIMEOUT_MS);
    expect(line.clock.waits).toEqual([CLOSE_MS]);
    line.clock.advance(CLOSE_MS);
    expect((await line.next('failed')).failure.kind).toBe('timeout');
  });

  it('of a connection that is set up is no matter of the deadline', async () => {
    const [line] = await connected(await serve());
    line.clock.advance(10 * TIMEOUT_MS);
    expect(line.connection.isOpen).toBe(true);
    expect(line.all('lost')).toEqual([]);
  });
});

describe('credentials', () => {
  it('that never come: the deadline holds for them too, and nobody is dialled', async () => {
    const server = await serve();
    const line = new Line(server.url, { target: () => new Promise(() => {}), maxRetry: 0 });
    line.connection.open();
    line.clock.advance(TIMEOUT_MS);
    const { failure } = await line.next('failed');
    expect(failure).toMatchObject({ kind: 'timeout', phase: 'upgrade' });
    expect(server.dials).toEqual([]);
  });

  it('that cannot be had: fails at once', async () => {
    const reason = 'Could not load the default credentials. Browse to https://… for more.';
    const line = new Line('http://127.0.0.1:1', {
      target: () => Promise.reject(new Error(reason)),
    });
    line.connection.open();
    expect((await line.next('failed')).failure).toMatchObject({ kind: 'auth', reason });
  });

  it('that fail for another reason are asked for again', async () => {
    const server = await serve();
    let calls = 0;
    const line = new Line(server.url, {
      target: async () => {
        calls += 1;
        if (calls === 1) throw new Error('socket hang up, Bearer ya29.secret');
        return targetOf(server.url);
      },
    });
    line.connection.open();
    const { failure, retry } = await line.next('lost');
    expect(failure).toMatchObject({ kind: 'network', phase: 'upgrade' });
    expect(failure.reason).toBe('socket hang up, Bearer ***');
    await again(line, retry.afterMs);
    expect(calls).toBe(2);
  });

  it('a function that throws is a failure, not a crash', async () => {
    const line = new Line('http://127.0.0.1:1', {
      maxRetry: 0,
      target: () => {
        throw new Error('no such file');
      },
    });
    line.connection.open();
    expect((await line.next('failed')).failure.reason).toBe('no such file');
  });
});

it('a setup that cannot be made is a failure, not an unobserved rejection', async () => {
  const server = await serve();
  const line = new Line(server.url, { maxRetry: 0 });
  line.setup = () => JSON.stringify({ setup: 1n });
  line.connection.open();
  expect((await line.next('failed')).failure.reason).toContain('BigInt');
  await line.connection.close();
  expect(server.dials).toEqual([]);
});

describe('a lost connection', () => {
  it('is made again at once with the handle that was issued', async () => {
    const server = await serve({ capabilities: { handle: 'fixed' } });
    const [line, first] = await connected(server);
    await line.next('handleIssued');
    first.drop();
    const { failure, retry } = await line.next('lost');
    expect(failure).toMatchObject({
      kind: 'network',
      code: 1006,
      phase: 'session',
      retryable: true,
    });
    expect(retry).toEqual({ attempt: 1, afterMs: 0 });
    expect(line.connection.isOpen).toBe(false);
    expect(line.send('{}')).toBe(false);

    expect(await again(line, 0)).toMatchObject({ connection: 2, restored: true });
    expect(handles(line)).toEqual([undefined, first.handle]);
    expect((await server.connection(1)).session).toBe(first.session);
    server.assertClean();
  });

  it('is made again without one where none was issued', async () => {
    const server = await serve({ capabilities: { handle: 'none' } });
    const [line, first] = await connected(server);
    first.drop();
    await line.next('lost');
    expect(await again(line, 0)).toMatchObject({ connection: 2, restored: false });
    expect(handles(line)).toEqual([undefined, undefined]);
  });

  it('is made again with the newest of several', async () => {
    const server = await serve({ capabilities: { handle: 'rolling' } });
    const [line, first] = await connected(server);
    for (const say of ['One.', 'Two.']) {
      void first.turn({ say });
      await line.next('handleIssued');
    }
    first.drop();
    await line.next('lost');
    expect(await again(line, 0)).toMatchObject({ restored: true });
    expect(handles(line)[1]).toBe(first.handle);
    expect((await server.connection(1)).resumed).toBe(true);
  });

  it.each([
    ['resumable: false', { newHandle: 'useless', resumable: false }],
    ['both fields left out', {}],
  ])('is fresh when the server takes its handle back (%s)', async (_, update) => {
    const server = await serve({ capabilities: { handle: 'fixed' } });
    const [line, first] = await connected(server);
    await line.next('handleIssued');
    const before = line.all('handleIssued').length;
    first.send({ sessionResumptionUpdate: update });
    await line.next(
      'received',
      ({ frame }) => !!frame.sessionResumptionUpdate && !frame.sessionResumptionUpdate.resumable,
    );
    expect(line.all('handleIssued')).toHaveLength(before);
    first.drop();
    await line.next('lost');
    expect(await again(line, 0)).toMatchObject({ restored: false });
    expect(handles(line)).toEqual([undefined, undefined]);
  });

  it('keeps a handle that is confirmed without being repeated', async () => {
    const server = await serve({ capabilities: { handle: 'fixed' } });
    const [line, first] = await connected(server);
    await line.next('handleIssued');
    first.send({ sessionResumptionUpdate: { resumable: true } });
    await line.next('handleIssued');
    first.drop();
    await line.next('lost');
    await again(line, 0);
    expect(handles(line)[1]).toBe(first.handle);
  });

  it.each([
    [1000, '', true],
    [1011, 'Deadline expired before operation could complete.', true],
    [1008, 'The operation was aborted', true],
    [1007, 'The input token count exceeds the maximum.', false],
  ])('by a close with %i %s: restored: %s', async (code, reason, restored) => {
    const server = await serve({ capabilities: { handle: 'fixed' } });
    const [line, first] = await connected(server);
    await line.next('handleIssued');
    first.close(code, reason);
    const { failure, retry } = await line.next('lost');
    expect(failure).toMatchObject({ code, reason, phase: 'session' });
    expect(retry.afterMs).toBe(0);
    expect((await again(line, 0)).restored).toBe(restored);
  });

  it('is fresh after the handle was refused', async () => {
    const server = await serve({ capabilities: { handle: 'fixed' } });
    const [line, first] = await connected(server);
    await line.next('handleIssued');
    server.forgetSessions();
    first.drop();
    await line.next('lost');
    line.clock.advance(0);
    const { failure, retry } = await line.next('lost');
    expect(failure).toMatchObject({ kind: 'resume', code: 1008, phase: 'setup' });
    expect(await again(line, retry.afterMs)).toMatchObject({ restored: false });
    expect(handles(line)).toEqual([undefined, first.handle, undefined]);
  });

  it('keeps its handle while the server still holds the old socket, and waits for a second', async () => {
    const server = await serve({ capabilities: { handle: 'fixed' }, holdAfterLossMs: 3_600_000 });
    const [line, first] = await connected(server);
    await line.next('handleIssued');
    first.drop();
    await line.next('lost');
    line.clock.advance(0);
    const { failure, retry } = await line.next('lost');
    expect(failure).toMatchObject({ kind: 'resume', code: 1011, phase: 'setup' });
    expect(retry.afterMs).toBeGreaterThanOrEqual(1_000);
    line.clock.advance(retry.afterMs);
    await line.next('lost');
    expect(handles(line)).toEqual([undefined, first.handle, first.handle]);
  });

  it('that never lives long uses up the retries', async () => {
    const server = await serve();
    const [line] = await connected(server, { maxRetry: 2 });
    const attempts: number[] = [];
    for (let i = 0; i < 2; i += 1) {
      line.clock.advance(STABLE_MS - 1);
      server.current?.drop();
      const { retry } = await line.next('lost');
      attempts.push(retry.attempt);
      await again(line, retry.afterMs);
    }
    server.current?.drop();
    await line.next('failed');
    expect(attempts).toEqual([1, 2]);
    expect(server.connections).toHaveLength(3);
  });

  it('that lived long enough is never counted twice', async () => {
    const server = await serve();
    const [line] = await connected(server, { maxRetry: 1 });
    for (let i = 0; i < 4; i += 1) {
      line.clock.advance(STABLE_MS);
      server.current?.drop();
      const { retry } = await line.next('lost');
      expect(retry).toEqual({ attempt: 1, afterMs: 0 });
      expect((await again(line, 0)).connection).toBe(i + 2);
    }
  });

  it('after which the server never ends TCP is noticed all the same', async () => {
    const url = await rawServer((ws) => {
      ws.on('message', () => {
        ws.send('{"setupComplete":{}}');
        // Neither the reply to the close frame is read, nor the connection ended.
        ws.pause();
        ws.close(1011, 'Internal error encountered.');
      });
    });
    const line = new Line(url);
    line.connection.open();
    await line.next('connected');
    // From the close frame on nothing that is sent arrives, so nothing counts as sent.
    await vi.waitFor(() => expect(line.send('{}')).toBe(false));
    expect(line.connection.isOpen).toBe(true);
    const outs = line.all('tap').filter(({ dir }) => dir === 'out').length;
    expect(line.send('{}')).toBe(false);
    expect(line.all('tap').filter(({ dir }) => dir === 'out')).toHaveLength(outs);
    expect((await line.next('lost')).failure).toMatchObject({ code: 1011, phase: 'session' });
  });
});

it('a connection that only looks open is given up and made again, like a lost one', async () => {
  const server = await serve({ capabilities: { handle: 'fixed' } });
  const [line, first] = await connected(server);
  await line.next('handleIssued');
  first.stall();
  line.connection.abandon();
  expect((await line.next('lost')).failure).toMatchObject({ kind: 'network', code: 1006 });
  expect(await again(line, 0)).toMatchObject({ connection: 2, restored: true });
  line.connection.exchange(true);
  line.connection.abandon();
  await line.next('connected');
  expect(line.all('lost')).toHaveLength(1);
});

describe('transparent resumption', () => {
  const text = (words: string): string => JSON.stringify({ realtimeInput: { text: words } });

  /** Issues a handle after each message, with what it has consumed by then, until it hangs up. */
  function server(consumed: (message: number) => string | undefined, hangUpAfter: number) {
    const heard: string[][] = [];
    const url = rawServer((ws) => {
      const messages: string[] = [];
      heard.push(messages);
      ws.on('message', (data: Buffer) => {
        const message = data.toString();
        messages.push(message);
        if (messages.length === 1) return ws.send('{"setupComplete":{}}');
        const index = consumed(messages.length - 1);
        const update = { newHandle: 'h', resumable: true, lastConsumedClientMessageIndex: index };
        ws.send(JSON.stringify({ sessionResumptionUpdate: update }));
        if (heard.length === 1 && messages.length > hangUpAfter) ws.close(1011, 'Internal error');
      });
    });
    return { url, heard };
  }

  /** Three messages on the first connection, one on the second; what the second one heard. */
  async function second(
    options: Partial<ConnectionOptions>,
    consumed: (message: number) => string | undefined,
    before: (line: Line) => void = () => {},
  ): Promise<string[] | undefined> {
    const { url, heard } = server(consumed, 3);
    const line = new Line(await url, options);
    line.connection.open();
    await line.next('connected');
    line.listen = ({ type }) => void (type === 'connected' && line.send(text('new')));
    line.send(text('one'), true);
    line.send(text('asked anew'), false);
    line.send(text('three'), true);
    await line.next('lost');
    before(line);
    await again(line, 0);
    await vi.waitFor(() => expect(heard[1]?.at(-1)).toBe(text('new')));
    return heard[1]?.slice(1);
  }

  it('sends again what the server did not consume, ahead of all that is new', async () => {
    const none = () => undefined;
    expect(await second({ transparent: true }, none)).toEqual(['one', 'three', 'new'].map(text));
    const first = () => '1';
    expect(await second({ transparent: true }, first)).toEqual(['three', 'new'].map(text));
    const all = (message: number) => String(message);
    expect(await second({ transparent: true }, all)).toEqual(['new'].map(text));
  });

  it('is not done unasked', async () => {
    expect(await second({}, () => undefined)).toEqual(['new'].map(text));
  });

  it('is not done for a server that forgot', async () => {
    const forget = (line: Line) => line.connection.exchange(true);
    expect(await second({ transparent: true }, () => undefined, forget)).toEqual(['new'].map(text));
  });

  it('keeps what fits into its memory, the newest of it, and counts on', () => {
    const memory = new Unacknowledged();
    const big = 'x'.repeat(1024 * 1024);
    for (let i = 0; i < 6; i += 1) memory.sent(`${i}${big}`);
    memory.consumed('4');
    expect(memory.replay().map((kept) => kept[0])).toEqual(['4', '5']);
    // A new connection counts from 1.
    memory.sent('a');
    memory.sent(undefined);
    memory.sent('c');
    memory.consumed('2');
    expect(memory.replay()).toEqual(['c']);
    expect(memory.replay()).toEqual([]);
  });
});

describe('an exchange', () => {
  it.each([
    ['with the handle', false],
    ['that forgets', true],
  ])('%s: the server sees the old socket close before the new dial', async (_, fresh) => {
    const server = await serve({ capabilities: { handle: 'fixed' } });
    const [line, first] = await connected(server);
    await line.next('handleIssued');
    const order: string[] = [];
    void first.closed.then(() => order.push('closed'));
    void server.connection(1).then(() => order.push('connected'));
    line.connection.exchange(fresh);
    expect(line.connection.isOpen).toBe(false);
    expect(line.send('{}')).toBe(false);
    const { info } = await line.next('connected');
    expect(info).toMatchObject({ connection: 2, restored: !fresh });
    expect(await first.closed).toEqual({ code: 1000, reason: '', by: 'client' });
    const second = await server.connection(1);
    expect(order).toEqual(['closed', 'connected']);
    expect(second.resumed).toBe(!fresh);
    expect(handles(line)).toEqual([undefined, fresh ? undefined : first.handle]);
    expect(line.all('lost')).toEqual([]);
    server.assertClean();
  });

  it('forgets when any of two orders says so', async () => {
    const server = await serve({ capabilities: { handle: 'fixed' } });
    const [line] = await connected(server);
    await line.next('handleIssued');
    line.connection.exchange(true);
    line.connection.exchange(false);
    expect((await line.next('connected')).info.restored).toBe(false);
  });

  it('forgets once: the next one may resume again', async () => {
    const server = await serve({ capabilities: { handle: 'fixed' } });
    const [line] = await connected(server);
    line.connection.exchange(true);
    await line.next('connected');
    await line.next('handleIssued', () => line.all('connected').length === 2);
    line.connection.exchange(false);
    expect((await line.next('connected')).info).toMatchObject({ connection: 3, restored: true });
  });

  it('leaves nothing of the old connection: what it still says is not heard', async () => {
    const server = await serve();
    const [line, first] = await connected(server);
    line.connection.exchange(false);
    // On its way before the server learns of the close.
    first.send({ serverContent: { turnComplete: true } });
    await line.next('connected');
    const heard = line.all('received').filter(({ frame }) => frame.serverContent);
    expect(heard).toEqual([]);
    expect(line.all('tap').filter(({ text }) => text.includes('turnComplete'))).toEqual([]);
  });

  it('does not wait for ever for a server that says nothing more', async () => {
    const server = await serve();
    const [line, first] = await connected(server);
    first.freeze();
    line.connection.exchange(true);
    expect(line.clock.waits).toEqual([CLOSE_MS]);
    expect(await again(line, CLOSE_MS)).toMatchObject({ connection: 2 });
  });

  it('in the middle of a dial gives that one up and dials anew, without a failure', async () => {
    const server = await serve();
    server.refuse({ silent: true });
    const line = new Line(server.url, { maxRetry: 0 });
    line.connection.open();
    await line.sent();
    line.connection.exchange(false);
    expect((await line.next('connected')).info.connection).toBe(1);
    expect(server.dials).toHaveLength(2);
    expect(line.all('lost')).toEqual([]);
  });

  it('while waiting to dial does not shorten the wait, but what it forgets stays forgotten', async () => {
    const server = await serve({ capabilities: { handle: 'fixed' } });
    const [line, first] = await connected(server);
    await line.next('handleIssued');
    first.close(1011, 'The service is currently unavailable.');
    const { retry } = await line.next('lost');
    line.connection.exchange(true);
    expect(line.clock.waits).toEqual([retry.afterMs]);
    expect(await again(line, retry.afterMs)).toMatchObject({ restored: false });
  });
});

describe('close', () => {
  /** Closes, and shows that nothing is left and nothing more is said. */
  async function closes(line: Line): Promise<void> {
    const before = line.said.length;
    await line.connection.close();
    expect(line.clock.waits).toEqual([]);
    expect(line.connection.isOpen).toBe(false);
    expect(line.send('{}')).toBe(false);
    line.connection.open();
    line.connection.exchange(true);
    line.clock.advance(3_600_000);
    await line.connection.close();
    expect(line.said.slice(before)).toEqual([]);
  }

  it('before open()', async () => {
    const server = await serve();
    const line = new Line(server.url);
    await closes(line);
    expect(line.connection.isStarted).toBe(false);
    expect(server.dials).toEqual([]);
  });

  it('while credentials are fetched', async () => {
    const server = await serve();
    let grant = (_target: Target): void => {};
    const line = new Line(server.url, {
      target: () => new Promise((resolve) => (grant = resolve)),
    });
    line.connection.open();
    await closes(line);
    grant(targetOf(server.url));
    await Promise.resolve();
    expect(line.said).toEqual([]);
    expect(server.dials).toEqual([]);
  });

  it('just when they come', async () => {
    const server = await serve();
    for (let ticks = 0; ticks < 8; ticks += 1) {
      let grant = (_target: Target): void => {};
      const line = new Line(server.url, {
        target: () => new Promise((resolve) => (grant = resolve)),
      });
      line.connection.open();
      grant(targetOf(server.url));
      for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
      await closes(line);
    }
  });

  it('just when they are too late', async () => {
    const line = new Line('http://127.0.0.1:1', { target: () => new Promise(() => {}) });
    line.connection.open();
    line.clock.advance(TIMEOUT_MS);
    await closes(line);
    expect(line.said).toEqual([]);
  });

  it('during the upgrade', async () => {
    const tcp = createTcpServer();
    const line = new Line(await listening(tcp));
    line.connection.open();
    const [socket] = (await once(tcp, 'connection')) as [Socket];
    const gone = once(socket, 'close');
    socket.on('error', () => {}).resume();
    await closes(line);
    await gone;
  });

  it('during setup', async () => {
    const server = await serve();
    server.refuse({ silent: true });
    const line = new Line(server.url);
    line.connection.open();
    await line.sent();
    await closes(line);
    expect(await server.dials[0]?.connection?.closed).toMatchObject({ code: 1000, by: 'client' });
  });

  it('while waiting to dial again', async () => {
    const server = await serve();
    server.refuse({ status: 503 });
    const line = new Line(server.url);
    line.connection.open();
    await line.next('lost');
    expect(line.clock.pending).toBe(1);
    await closes(line);
    expect(server.dials).toHaveLength(1);
  });

  it('while connected', async () => {
    const server = await serve();
    const [line, connection] = await connected(server);
    await line.next('handleIssued');
    await closes(line);
    expect(await connection.closed).toEqual({ code: 1000, reason: '', by: 'client' });
    expect(server.dials).toHaveLength(1);
  });

  it('in the middle of an exchange', async () => {
    const server = await serve();
    const [line, connection] = await connected(server);
    await line.next('handleIssued');
    line.connection.exchange(false);
    await closes(line);
    await connection.closed;
    expect(server.dials).toHaveLength(1);
  });

  it('to a server that does not answer', async () => {
    const [line, connection] = await connected(await serve());
    await line.next('handleIssued');
    connection.freeze();
    const closing = line.connection.close();
    expect(line.clock.waits).toEqual([CLOSE_MS]);
    line.clock.advance(CLOSE_MS);
    await closing;
    await closes(line);
  });

  it('after the end', async () => {
    const server = await serve();
    server.refuse({ status: 401 });
    const line = new Line(server.url);
    line.connection.open();
    await line.next('failed');
    await closes(line);
  });

  it('by several at once', async () => {
    const server = await serve();
    const [line, connection] = await connected(server);
    await line.next('handleIssued');
    await Promise.all([line.connection.close(), line.connection.close(), closes(line)]);
    expect(await connection.closed).toMatchObject({ code: 1000 });
  });

  it.each(['setup', 'connected', 'received', 'handleIssued', 'lost', 'failed'] as const)(
    'from within %s()',
    async (type) => {
      const server = await serve({ capabilities: { handle: 'fixed' } });
      const line = new Line(server.url);
      let closed: Promise<void> | undefined;
      line.listen = (said) => {
        if (said.type === type) closed ??= line.connection.close();
      };
      if (type === 'failed') server.refuse({ status: 401 });
      line.connection.open();
      if (type === 'lost') {
        await line.next('connected');
        server.current?.drop();
      }
      await line.next(type);
      await closed;
      const [last] = line.said.filter((said) => said.type !== 'tap').slice(-1);
      expect(last?.type).toBe(type);
      expect(line.clock.waits).toEqual([]);
      for (const { connection } of server.dials) await connection?.closed;
    },
  );

  it('leaves no socket at the server, whenever it comes', async () => {
    const server = await serve();
    const [line] = await connected(server);
    for (let i = 0; i < 3; i += 1) {
      line.connection.exchange(i % 2 === 0);
      await line.next('connected');
    }
    await line.connection.close();
    expect(server.dials).toHaveLength(4);
    for (const { connection } of server.dials) {
      expect(await connection?.closed).toMatchObject({ code: 1000, by: 'client' });
    }
  });
});

describe('frames', () => {
  it('that come with setupComplete, in its tick or in its frame, follow connected()', async () => {
    const frames: ServerFrame[] = [
      {
        setupComplete: {},
        sessionResumptionUpdate: { newHandle: 'h1', resumable: true },
        serverContent: { inputTranscription: { text: 'hello' } },
        goAway: { timeLeft: '50s' },
      },
      { serverContent: { modelTurn: { parts: [{ text: 'a' }] } } },
      { serverContent: { turnComplete: true } },
      { toolCall: { functionCalls: [{ id: '1', name: 'f', args: {} }] } },
    ];
    const url = await rawServer((ws) => {
      ws.on('message', () => frames.forEach((frame) => ws.send(JSON.stringify(frame))));
    });
    const line = new Line(url);
    line.connection.open();
    await line.next('received', ({ frame }) => frame.toolCall !== undefined);
    expect(line.said.filter(({ type }) => type !== 'tap').map(({ type }) => type)).toEqual([
      'setup',
      'connected',
      'handleIssued',
      'received',
      'goAway',
      'received',
      'received',
      'received',
    ]);
    expect(line.all('received').map(({ frame }) => frame)).toEqual(frames);
    expect(line.all('goAway')).toEqual([{ type: 'goAway', timeLeftMs: 50_000 }]);
  });

  it.each([true, false])('are read as text and as bytes (text: %s)', async (textFrames) => {
    const server = await serve({ textFrames });
    const [line, connection] = await connected(server);
    connection.send({ serverContent: { outputTranscription: { text: 'žluťoučký 🎈' } } });
    const { frame } = await line.next('received', ({ frame }) => !!frame.serverContent);
    expect(frame.serverContent?.outputTranscription?.text).toBe('žluťoučký 🎈');
  });

  it('that are no JSON object are passed over, but recorded', async () => {
    const texts = ['{"setupComplete":{}}', 'nonsense', '[1]', 'null', '', '{"toolCall":{}}'];
    const url = await rawServer((ws) => {
      ws.on('message', () => texts.forEach((text) => ws.send(text)));
    });
    const line = new Line(url);
    line.connection.open();
    await line.next('received', ({ frame }) => frame.toolCall !== undefined);
    expect(line.all('received').map(({ frame }) => frame)).toEqual([
      { setupComplete: {} },
      { toolCall: {} },
    ]);
    expect(line.all('tap').map(({ dir, text }) => [dir, text])).toEqual([
      ['out', setupText(undefined)],
      ...texts.map((text) => ['in', text]),
    ]);
  });

  it('of ours leave in order, those of connected() right after setup', async () => {
    const server = await serve();
    const line = new Line(server.url);
    const audio = (data: string) =>
      `{"realtimeInput":{"audio":{"data":"${data}","mimeType":"audio/pcm;rate=16000"}}}`;
    line.listen = ({ type }) => {
      if (type !== 'connected') return;
      expect(line.send(audio('AAA='))).toBe(true);
      expect(line.send(audio('AAE='))).toBe(true);
    };
    expect(line.send(audio('AAI='))).toBe(false);
    line.connection.open();
    const connection = await server.nextConnection();
    await connection.waitFor('realtimeInput');
    await connection.waitFor('realtimeInput');
    expect(connection.frames.map(({ frame }) => frame)).toEqual([
      JSON.parse(setupText(undefined)),
      JSON.parse(audio('AAA=')),
      JSON.parse(audio('AAE=')),
    ]);
    const outs = line.all('tap').filter(({ dir }) => dir === 'out');
    expect(outs.map(({ text }) => text)).toEqual([
      setupText(undefined),
      audio('AAA='),
      audio('AAE='),
    ]);
    server.assertClean();
  });

  it('that come before setupComplete are not handed on, but a handle is kept', async () => {
    const url = await rawServer((ws) => {
      ws.once('message', () => {
        ws.send('{"sessionResumptionUpdate":{"newHandle":"early","resumable":true}}');
        ws.send('{"serverContent":{"turnComplete":true}}');
        ws.send('{"goAway":{"timeLeft":"1s"}}');
        ws.send('{"setupComplete":{}}');
        ws.once('message', () => ws.terminate());
      });
    });
    const line = new Line(url);
    line.connection.open();
    await line.next('connected');
    await line.next('received');
    line.send('{}');
    await line.next('lost');
    expect(line.all('received').map(({ frame }) => frame)).toEqual([{ setupComplete: {} }]);
    expect(line.all('goAway')).toEqual([]);
    expect((await again(line, 0)).restored).toBe(true);
    expect(handles(line)).toEqual([undefined, 'early']);
  });

  it('a second setupComplete is a frame like any other', async () => {
    const [line, connection] = await connected(await serve());
    connection.send({ setupComplete: {} });
    await line.next('received', ({ frame }) => frame.setupComplete !== undefined);
    await line.next('received', ({ frame }) => frame.setupComplete !== undefined);
    expect(line.all('connected')).toHaveLength(1);
  });

  it('goAway says how much time is left', async () => {
    const [line, connection] = await connected(await serve());
    connection.goAway('9.5s');
    expect((await line.next('goAway')).timeLeftMs).toBe(9_500);
    connection.send({ goAway: {} });
    expect((await line.next('goAway')).timeLeftMs).toBe(0);
  });
});

describe('one attempt', () => {
  it('that is called off before it begins opens nothing', async () => {
    const clock = new ManualClock();
    const ended = await attempt({
      clock,
      openSocket: () => {
        throw new Error('nobody should dial');
      },
      target: () => Promise.resolve(targetOf('http://127.0.0.1:1')),
      setup: () => '',
      resuming: true,
      timeoutMs: 1_000,
      signal: AbortSignal.abort(),
      ready: () => {},
      received: () => {},
      malformed: () => {},
      tap: () => {},
    });
    expect(ended).toEqual({
      close: { reason: '', phase: 'upgrade', resuming: true },
      ours: true,
      timedOut: false,
    });
    expect(clock.pending).toBe(0);
  });

  it('tells the id that Vertex AI gives a session', async () => {
    const url = await rawServer((ws) => {
      ws.on('message', () => ws.send('{"setupComplete":{"sessionId":"s-1"}}'));
    });
    const stop = new AbortController();
    const ids: unknown[] = [];
    const ended = await attempt({
      clock: new ManualClock(),
      openSocket,
      target: () => Promise.resolve(targetOf(url)),
      setup: () => '{}',
      resuming: false,
      timeoutMs: 1_000,
      signal: stop.signal,
      ready: (_socket, sessionId) => {
        ids.push(sessionId);
        stop.abort();
      },
      received: () => {},
      malformed: () => {},
      tap: () => {},
    });
    expect(ids).toEqual(['s-1']);
    expect(ended).toMatchObject({ ours: true, timedOut: false, close: { code: 1000 } });
  });
});
