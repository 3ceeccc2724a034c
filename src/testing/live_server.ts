// SPDX-License-Identifier: Apache-2.0
import { type IncomingMessage, STATUS_CODES, type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Host } from './client_view.js';
import { type Dial, readDial } from './dial.js';
import { brief } from './json.js';
import { LiveConnection } from './live_connection.js';
import {
  type LiveServerOptions,
  type Refusal,
  type Settings,
  type Violation,
  recordingOf,
  settingsOf,
} from './options.js';
import type { ScenarioStep } from './scenario.js';
import { ReplayPlayer } from './replay_player.js';
import { reportOf, type ReplayDifference } from './replay_report.js';
import { ScenarioPlayer } from './scenario_player.js';
import { SessionStore } from './session_store.js';
import { Timers } from './timers.js';
import { type MintedToken, TokenOffice } from './token_office.js';

interface Arrival {
  readonly index: number;
  readonly resolve: (connection: LiveConnection) => void;
  readonly reject: (error: Error) => void;
  readonly cancel: () => void;
}

/**
 * A Gemini Live service on this machine that forgives nothing: it speaks the protocol of the Gemini
 * API and of Vertex AI, and closes the connection with the service's own codes and words when a
 * client breaks a rule of the model it named. It needs no key and no network.
 *
 * @example
 * const server = await LiveServer.start({ speed: 20 });
 * // give server.url to your model as httpOptions.baseUrl, and any apiKey
 * const connection = await server.nextConnection();
 * await connection.waitFor('clientContent');
 * await connection.turn({ say: 'Hello.' });
 * server.assertClean();
 * await server.close();
 */
export class LiveServer {
  /** Every connection that completed its setup, in order. */
  readonly connections: LiveConnection[] = [];
  /** Every attempt to connect, in order, also the refused ones. */
  readonly dials: Dial[] = [];
  /** Every rule a client broke, in order. */
  readonly violations: Violation[] = [];

  readonly #http: Server;
  readonly #wss = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  readonly #settings: Settings;
  readonly #keys: readonly string[] | undefined;
  readonly #tokens: TokenOffice;
  readonly #timers: Timers;
  readonly #sessions = new SessionStore();
  readonly #start = performance.now();
  readonly #host: Host;
  readonly #player: ScenarioPlayer | undefined;
  readonly #replay: ReplayPlayer | undefined;
  #refusals: Refusal[] = [];
  #arrivals = new Set<Arrival>();
  #closed: Promise<void> | undefined;
  #port = 0;

  private constructor(options: LiveServerOptions) {
    this.#settings = settingsOf(options);
    this.#keys = options.keys;
    this.#tokens = new TokenOffice(options.keys);
    this.#timers = new Timers(this.#settings.speed, options.clock);
    const { replay } = options;
    this.#replay = replay && new ReplayPlayer(recordingOf(replay), this.#timers);
    this.#host = {
      replay: this.#replay,
      settings: this.#settings,
      timers: this.#timers,
      sessions: this.#sessions,
      violations: this.violations,
      ready: (connection) => {
        this.#player?.ready(connection);
        this.#arrived(connection);
      },
      received: (connection, frame) => this.#player?.received(connection, frame),
      ended: (connection) => {
        this.#player?.ended(connection);
        this.#replay?.ended(connection);
      },
    };
    if (options.scenario) this.#player = new ScenarioPlayer(options.scenario);
    this.#http = createServer((request, response) => void this.#tokens.answer(request, response));
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** Listens on a free port of 127.0.0.1. */
  static async start(options: LiveServerOptions = {}): Promise<LiveServer> {
    const server = new LiveServer(options);
    await new Promise<void>((resolve, reject) => {
      server.#http.once('error', reject);
      server.#http.listen(0, '127.0.0.1', resolve);
    });
    server.#port = (server.#http.address() as AddressInfo).port;
    return server;
  }

  /** `http://127.0.0.1:port`, for `httpOptions.baseUrl`. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Ephemeral tokens that were minted here, in order. They open a session like `keys`. */
  get tokens(): readonly MintedToken[] {
    return this.#tokens.minted;
  }

  /** The newest connection that completed its setup. */
  get current(): LiveConnection | undefined {
    return this.connections.at(-1);
  }

  /** Steps of the scenario that nobody has played yet. */
  get stepsLeft(): readonly ScenarioStep[] {
    return this.#player?.script.left ?? [];
  }

  /**
   * The next connection to complete its setup after this call. Rejects after `timeoutMs` of real
   * time (default 5000).
   */
  nextConnection(options: { timeoutMs?: number } = {}): Promise<LiveConnection> {
    return this.connection(this.connections.length, options);
  }

  /** The connection with this index, at once if it is there. Rejects after `timeoutMs` (5000). */
  connection(index: number, options: { timeoutMs?: number } = {}): Promise<LiveConnection> {
    const there = this.connections[index];
    if (there) return Promise.resolve(there);
    if (this.#closed) return Promise.reject(new Error('The server is closed.'));
    const timeoutMs = options.timeoutMs ?? 5000;
    return new Promise((resolve, reject) => {
      const cancel = this.#timers.timeout(timeoutMs, () => {
        this.#arrivals.delete(arrival);
        reject(new Error(this.#noConnection(index, timeoutMs)));
      });
      const arrival: Arrival = { index, resolve, reject, cancel };
      this.#arrivals.add(arrival);
    });
  }

  /** Lets the next attempts to connect fail. Refusals queue up. */
  refuse(next: Refusal): void {
    for (let i = 0; i < (next.times ?? 1); i += 1) this.#refusals.push(next);
  }

  /**
   * Every handle given out so far becomes unknown: a resume is refused with 1008, and counts as a
   * broken rule, because the server cannot tell an old handle from an invented one.
   */
  forgetSessions(): void {
    this.#sessions.forget();
  }

  /** Throws if a client broke a rule or a step of the scenario is left. For the end of a test. */
  assertClean(): void {
    if (this.violations.length > 0) throw new Error(this.#broken());
    const left = this.stepsLeft.map((step) => `- ${brief(step)}`);
    if (left.length > 0) throw new Error(`Steps were not played:\n${left.join('\n')}`);
  }

  /**
   * Of a replay: in what the client differed so far, in order.
   */
  get differences(): readonly ReplayDifference[] {
    return this.#replay?.differences ?? [];
  }

  /**
   * Throws if the client was not as in the recording: with each step that is missing, unexpected, different
   * or unused, its line and time, both frames, and where they differ. For the end of a replay: what has
   * not come by then is missing.
   */
  assertComplete(): void {
    if (!this.#replay) throw new Error('Nothing is replayed: start the server with `replay`.');
    const differences = this.#replay.finish();
    if (differences.length === 0) return;
    // A broken rule ends the connection, and with it what was to come.
    const broken = this.violations.length > 0 ? `\n${this.#broken()}` : '';
    throw new Error(reportOf(differences) + broken);
  }

  #broken(): string {
    const broken = this.violations.map(
      ({ rule, source, code, reason, frame }) =>
        `- ${rule} (${source})\n  ${code ?? 'ignored'} ${reason}\n  ${brief(frame)}`,
    );
    return `Rules of the Live API were broken:\n${broken.join('\n')}`;
  }

  /** Ends every connection and leaves no socket and no timer. May be called again. */
  close(): Promise<void> {
    this.#closed ??= this.#shutDown();
    return this.#closed;
  }

  async #shutDown(): Promise<void> {
    this.#timers.clear();
    for (const arrival of this.#arrivals) arrival.reject(new Error('The server was closed.'));
    this.#arrivals.clear();
    this.#sessions.close();
    const open = this.dials.flatMap(({ connection }) => connection ?? []);
    for (const client of this.#wss.clients) client.terminate();
    await Promise.all(open.map((connection) => connection.closed));
    this.#wss.close();
    await new Promise<void>((resolve) => {
      this.#http.close(() => resolve());
      this.#http.closeAllConnections();
    });
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const keys = this.#keys && [...this.#keys, ...this.#tokens.names];
    const dial = readDial(request, performance.now() - this.#start, keys);
    const refusal = dial.accepted ? this.#refusals.shift() : undefined;
    const script = dial.accepted ? this.#replay?.dialled() : undefined;
    const tooMany = dial.accepted && this.#replay && !script;
    const status = dial.status ?? refusal?.status ?? script?.status ?? (tooMany ? 403 : undefined);
    if (status !== undefined) {
      this.dials.push({ ...dial, accepted: false, status });
      refuse(socket, status, refusal?.reason ?? '');
      return;
    }
    this.dials.push(dial);
    this.#wss.handleUpgrade(request, socket, head, (ws) => {
      const connection = new LiveConnection(ws, dial, this.#host, refusal ?? script?.refusal);
      dial.connection = connection;
      if (script) this.#replay?.began(connection, script);
    });
  }

  #arrived(connection: LiveConnection): void {
    const index = this.connections.push(connection) - 1;
    for (const arrival of this.#arrivals) {
      if (arrival.index > index) continue;
      arrival.cancel();
      this.#arrivals.delete(arrival);
      arrival.resolve(connection);
    }
  }

  #noConnection(index: number, timeoutMs: number): string {
    const dials = this.dials.map(
      ({ path, status, accepted }) => `  ${accepted ? 'accepted' : `refused ${status}`} ${path}`,
    );
    const broken = this.violations.map(({ rule, reason }) => `  ${rule}: ${reason}`);
    return (
      `Connection ${index} did not complete its setup within ${timeoutMs} ms. ` +
      `Connections so far: ${this.connections.length}.\n` +
      `Dials:\n${dials.join('\n') || '  (none)'}\n` +
      `Broken rules:\n${broken.join('\n') || '  (none)'}`
    );
  }
}

/** Status 0: nothing is answered at all. */
function refuse(socket: Duplex, status: number, body: string): void {
  if (status === 0) {
    socket.destroy();
    return;
  }
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
