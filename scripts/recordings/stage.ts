// SPDX-License-Identifier: Apache-2.0
import { llm } from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import { openSocket, type OpenSocket } from '../../src/connection/socket.js';
import { RealtimeModel, type RealtimeModelOptions, type RealtimeSession } from '../../src/index.js';
import { Refusals } from '../../src/livekit/refusals.js';
import {
  LiveServer,
  speechLike,
  type LiveConnection,
  type LiveServerOptions,
  type TurnOptions,
} from '../../src/testing/index.js';
import { ManualClock } from '../../test/support/manual_clock.js';
import type { Row } from '../../test/support/model_rows.js';
import { Framework } from './framework.js';

const CHUNK_MS = 50;
/** The service answers a dial and a setup after this. */
const SETUP_MS = 150;
/** Nothing has moved for so many rounds of 1 ms: all that was sent on this machine has arrived. */
const QUIET_ROUNDS = 6;

export interface StageOptions {
  options?: RealtimeModelOptions;
  server?: LiveServerOptions;
  tools?: readonly string[];
  history?: readonly [role: llm.ChatRole, text: string][];
}

/**
 * A session of this package and the strict server, on one clock that only the script moves: what
 * happens, in which order and when is the same in each run.
 */
export class Stage {
  readonly row: Row;
  readonly clock: ManualClock;
  readonly server: LiveServer;
  readonly session: RealtimeSession;
  readonly framework: Framework;
  readonly lines: string[] = [];
  #sockets = 0;
  #hasSpoken = false;
  #called = 0;

  static async open(row: Row, given: StageOptions): Promise<Stage> {
    const clock = new ManualClock();
    const options = { clock, setupDelayMs: SETUP_MS, chunkMs: 240, ...given.server };
    const server = await LiveServer.start(options);
    const stage = new Stage(row, clock, server, given);
    await stage.session._updateSession(
      'Be brief.',
      historyOf(given.history ?? [], clock),
      stage.framework.toolsNamed(given.tools ?? []),
    );
    await stage.pass(SETUP_MS);
    await server.connection(0);
    return stage;
  }

  private constructor(row: Row, clock: ManualClock, server: LiveServer, given: StageOptions) {
    this.row = row;
    this.clock = clock;
    this.server = server;
    const vertex = row.backend === 'vertex';
    const headers = vertex && { headers: { authorization: 'Bearer a-token' } };
    const model = new RealtimeModel(
      {
        ...{ model: row.name, vertexai: vertex, httpOptions: { baseUrl: server.url, ...headers } },
        ...(vertex ? { project: 'a-project' } : { apiKey: 'a-key' }),
        record: (line) => this.lines.push(line),
        ...given.options,
      },
      {
        ...{ clock, random: () => 0.5, refusals: new Refusals(), prefix: 's_' },
        openSocket: this.#counted,
      },
    );
    this.session = model.session();
    this.framework = new Framework(this.session, clock);
  }

  /** The newest connection. */
  get connection(): LiveConnection {
    const { current } = this.server;
    if (!current) throw new Error('There is no connection.');
    return current;
  }

  /** Time passes: what falls due happens one after the other, and arrives before the next. */
  async pass(ms: number): Promise<void> {
    const until = this.clock.now() + ms;
    for (;;) {
      await this.#settle();
      const [next] = this.clock.waits;
      if (next === undefined || this.clock.now() + next > until) break;
      this.clock.advance(Math.max(0, next));
    }
    this.clock.advance(until - this.clock.now());
    await this.#settle();
  }

  /** The microphone is on for so long; `loud`: the caller speaks. Otherwise it is off. */
  async microphone(ms: number, loud = true): Promise<void> {
    const pcm = speechLike(ms, 16_000);
    const size = CHUNK_MS * 16;
    for (let at = 0; at < pcm.length; at += size) {
      const chunk = pcm.slice(at, at + size);
      const samples = loud ? chunk : chunk.map((sample) => Math.round(sample / 500));
      this.session.pushAudio(new AudioFrame(samples, 16_000, 1, samples.length));
      await this.pass(CHUNK_MS);
    }
  }

  /** Models whose handle is fixed report their activity detection unasked (measured 2026-09). */
  activity(type: 'ACTIVITY_START' | 'ACTIVITY_END'): void {
    if (this.row.capabilities.handle === 'fixed') this.connection.voiceActivity(type);
  }

  /** The caller begins: what the model says is cut off, if `interrupts`. */
  async begins(interrupts = false): Promise<void> {
    await this.microphone(200);
    this.activity('ACTIVITY_START');
    if (interrupts) this.connection.interrupted();
  }

  /** The caller says the rest, and stops; the model has understood. */
  async says(text: string): Promise<void> {
    await this.microphone(200);
    await this.microphone(50, false);
    await this.pass(400);
    this.connection.heard(text);
    this.activity('ACTIVITY_END');
    await this.pass(250);
  }

  /** The caller asks while nobody else speaks. */
  async asks(text: string): Promise<void> {
    await this.begins();
    await this.says(text);
  }

  /** The model begins to say something: audio four times faster than it sounds, as measured. */
  begin(turn: TurnOptions): Promise<unknown> {
    const { seeding, handle, thinking } = this.row.capabilities;
    // Recorded before the first turn of such models.
    const isAnnounced = seeding === 'historyConfig' && handle === 'rolling';
    if (isAnnounced && !this.#hasSpoken) this.connection.send({ serverContent: {} });
    this.#hasSpoken = true;
    // Recorded as the first part of a turn where thinking has a budget, also when not asked for.
    const thought = thinking === 'budget' && { thought: '**Answering**\n\nI keep it short.' };
    return this.connection.turn({ rate: 4, ms: 960, ...thought, ...turn });
  }

  /** The model says it to the end, and it is played. */
  async answers(say: string, turn: TurnOptions = {}): Promise<void> {
    const ended = this.begin({ say, ...turn });
    await this.pass((turn.ms ?? 960) + 100);
    if (turn.complete !== false) await ended;
  }

  /** The model calls functions in one frame. */
  async calls(...calls: [name: string, city: string][]): Promise<string[]> {
    const named = calls.map(([name, city]) => {
      // As recorded on the Gemini API.
      return { name, args: { city }, id: `function-call-${1_000_000_000_000 + this.#called++}` };
    });
    for (const answer of this.connection.callTools(named)) answer.catch(() => {});
    await this.pass(0);
    return named.map(({ id }) => id);
  }

  /** The next connection is up. */
  async back(): Promise<void> {
    const next = this.server.connections.length;
    for (let waited = 0; this.server.connections.length === next; waited += 250) {
      if (waited > 60_000) throw new Error('The session does not come back.');
      await this.pass(250);
    }
    await this.pass(100);
  }

  /** Ends the call; the lines of the recording. */
  async close(): Promise<string[]> {
    await this.pass(500);
    const closed = this.session.close();
    await this.pass(0);
    await closed;
    await this.server.close();
    return this.lines;
  }

  /** Sockets that are being opened or closed count as movement. */
  readonly #counted: OpenSocket = (url, headers, events, agent) => {
    let is: 'waiting' | 'up' | 'closed' = 'waiting';
    this.#sockets += 1;
    const settled = (now: 'up' | 'closed'): void => {
      if (is === 'waiting') this.#sockets -= 1;
      is = now;
    };
    const busy = (): void => {
      if (is !== 'up') return;
      this.#sockets += 1;
      is = 'waiting';
    };
    const socket = openSocket(
      url,
      headers,
      {
        ...events,
        opened() {
          settled('up');
          events.opened();
        },
        closed(code, reason) {
          settled('closed');
          events.closed(code, reason);
        },
      },
      agent,
    );
    return {
      send: (text) => socket.send(text),
      close(code, reason) {
        busy();
        socket.close(code, reason);
      },
      destroy() {
        busy();
        socket.destroy();
      },
      get bufferedBytes() {
        return socket.bufferedBytes;
      },
    };
  };

  get #movement(): string {
    const received = this.server.dials.reduce(
      (sum, { connection }) => sum + (connection?.frames.length ?? 0),
      0,
    );
    return [this.lines.length, received, this.#sockets, this.server.dials.length].join();
  }

  async #settle(): Promise<void> {
    let before = this.#movement;
    for (let quiet = 0; quiet < QUIET_ROUNDS || this.#sockets > 0; quiet++) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      const now = this.#movement;
      if (now !== before) quiet = 0;
      before = now;
    }
  }
}

function historyOf(lines: readonly [llm.ChatRole, string][], clock: ManualClock): llm.ChatContext {
  const context = llm.ChatContext.empty();
  for (const [index, [role, content]] of lines.entries()) {
    const createdAt = clock.now() - 60_000 + index;
    context.addMessage({ id: `item_${index + 1}`, role, content, createdAt });
  }
  return context;
}
