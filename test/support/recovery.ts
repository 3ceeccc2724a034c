// SPDX-License-Identifier: Apache-2.0
import { llm } from '@livekit/agents';
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { openSocket, type OpenSocket } from '../../src/connection/socket.js';
import type { RealtimeModelOptions } from '../../src/index.js';
import type { ConnectionEvent } from '../../src/livekit/health.js';
import type { LiveConnection, LiveServer } from '../../src/testing/index.js';
import { EventLog, modelFor, startServer, type Call, type CallOptions } from './call.js';
import { ManualClock } from './manual_clock.js';

/** A model whose handles stand for a moment, and whose calls block by default. */
export const ROLLING = 'gemini-2.5-flash-native-audio-preview-12-2025';

/** Half of every window: one failure waits 1000 ms, the second 2000 ms. */
const HALF = (): number => 0.5;

export interface Recovery extends Call {
  clock: ManualClock;
  /** Every `gemini_connection` after the first connection. */
  ups: ConnectionEvent[];
  /** All that the server sent on this connection has been taken in; fails if it is not the current one. */
  sync(connection: LiveConnection): Promise<void>;
  /** The next connection, known to both ends. */
  back(): Promise<LiveConnection>;
}

/** A call whose clock stands still, with its first connection and handle in place. */
export async function recoverable(given: CallOptions = {}, live?: LiveServer): Promise<Recovery> {
  // Items of the app bear the time of day; those of the session have to follow them.
  const clock = new ManualClock(Date.now() + 1_000);
  const server = live ?? (await startServer(given.server));
  const model = modelFor(server, given.options, { clock, random: HALF, ...given.env });
  const session = model.session();
  const log = new EventLog(session);
  const ups: ConnectionEvent[] = [];
  session.on('gemini_connection', (event: ConnectionEvent) => {
    if (event.connection > 1) ups.push(event);
  });
  // Whoever closes must not wait for a clock that stands still.
  onTestFinished(() => {
    const closed = session.close();
    clock.advance(60_000);
    return closed;
  });
  await session._updateSession(
    given.instructions ?? 'Be brief.',
    given.chatCtx ?? llm.ChatContext.empty(),
    given.tools ?? llm.ToolContext.empty(),
  );
  const connection = await server.connection(0);
  let marks = 0;
  let newest = connection;
  const sync = async (connection: LiveConnection): Promise<void> => {
    const mark = `mark${++marks}`;
    connection.send({ [mark]: true });
    await log.until(() =>
      log.reports.some(({ detail }) => JSON.stringify(detail ?? '').includes(mark)),
    );
  };
  const back = async (): Promise<LiveConnection> => {
    const next = await server.connection(server.connections.indexOf(newest) + 1);
    await sync(next);
    newest = next;
    return next;
  };
  await sync(connection);
  return { server, model, session, connection, log, clock, ups, sync, back };
}

/** The call is told to wait for eleven seconds: time for things to happen without a connection. */
export async function goDown({ log }: Recovery, connection: LiveConnection): Promise<void> {
  const count = log.errors.length;
  connection.close(1011, 'You exceeded your current quota, please check your plan.');
  await log.until(() => log.errors.length > count);
}
export const DOWN_MS = 11_000;

/** As `goDown`, and no handle survives: what comes next is fresh. */
export async function goDownForGood(call: Recovery, connection: LiveConnection): Promise<void> {
  connection.resumptionUpdate({ resumable: false });
  await call.sync(connection);
  await goDown(call, connection);
}

export const weather = new llm.ToolContext([
  llm.tool({
    name: 'weather',
    description: 'Current weather of a city.',
    parameters: z.object({ city: z.string() }),
    execute: () => Promise.resolve('sunny'),
  }),
]);

export function history(...lines: [llm.ChatRole, string][]): llm.ChatContext {
  const context = llm.ChatContext.empty();
  for (const [role, content] of lines) context.addMessage({ role, content });
  return context;
}

/** Turns that the client sent, in order: role and texts. */
export const sentTurns = (connection: LiveConnection): (string | undefined)[][] =>
  connection.contents.map(({ role, parts }) => [role, ...(parts ?? []).map(({ text }) => text)]);

/** How often the client said this on a connection, setup included. */
export const timesSaid = (connection: LiveConnection, text: string): number =>
  connection.frames.reduce(
    (sum, { frame }) => sum + JSON.stringify(frame).split(text).length - 1,
    0,
  );

/** Real sockets that take nothing while `shut`, as one does that is closing; setup excepted. */
export class Gate {
  shut = false;
  /** How often something was about to leave. */
  refused = 0;
  #waiting: { count: number; done: () => void }[] = [];

  readonly openSocket: OpenSocket = (url, headers, events, agent) => {
    const socket = openSocket(url, headers, events, agent);
    return {
      send: (text) => (this.#stops(text) ? false : socket.send(text)),
      close: (code, reason) => socket.close(code, reason),
      destroy: () => socket.destroy(),
      get bufferedBytes() {
        return socket.bufferedBytes;
      },
    };
  };

  untilRefused(count: number): Promise<void> {
    return new Promise((done) => {
      this.#waiting.push({ count, done });
      this.#check();
    });
  }

  #stops(text: string): boolean {
    if (!this.shut || text.startsWith('{"setup"')) return false;
    this.refused += 1;
    this.#check();
    return true;
  }

  #check(): void {
    for (const { count, done } of this.#waiting) if (this.refused >= count) done();
  }
}

/** A door before the server: it lets through, answers with words of its own, or is not there. */
export class Front {
  readonly #server: LiveServer;
  readonly #sockets = new Set<Socket>();
  #listener: Server | undefined;
  #port = 0;
  /** What the next attempts get instead of the server, as text of HTTP. */
  answers: string[] = [];

  constructor(server: LiveServer) {
    this.#server = server;
    onTestFinished(() => this.close());
  }

  get options(): RealtimeModelOptions {
    return { httpOptions: { baseUrl: `http://127.0.0.1:${this.#port}` } };
  }

  /** Opens at the same place as before. */
  async open(): Promise<void> {
    const listener = createServer((client) => this.#arrived(client));
    this.#listener = listener;
    await new Promise<void>((resolve) => listener.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (listener.address() as AddressInfo).port;
  }

  /** Nobody answers there any more, and whoever was inside is thrown out. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    const listener = this.#listener;
    this.#listener = undefined;
    if (listener) await new Promise((resolve) => listener.close(resolve));
  }

  #arrived(client: Socket): void {
    const answer = this.answers.shift();
    client.on('error', () => client.destroy());
    if (answer !== undefined) {
      client.once('data', () => client.end(answer));
      return;
    }
    const inside = connect(Number(new URL(this.#server.url).port), '127.0.0.1');
    inside.on('error', () => client.destroy());
    for (const socket of [client, inside]) {
      this.#sockets.add(socket);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        client.destroy();
        inside.destroy();
      });
    }
    client.pipe(inside).pipe(client);
  }
}
