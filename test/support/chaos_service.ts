// SPDX-License-Identifier: Apache-2.0
import type { LiveConnection, LiveServer } from '../../src/testing/index.js';
import type { ClientFrame } from '../../src/protocol/frames.js';
import type { Dice, Wire } from './chaos_world.js';

const FOR_EVER_MS = 1_000_000_000;

/** The server's side: answers whatever the client asks, on whichever connection is the newest. */
export class Service {
  /** Share of the requests that get an empty turn. */
  silence = 0.05;
  readonly #server: LiveServer;
  readonly #wire: Wire;
  readonly #dice: Dice;
  readonly #trace: (line: string) => void;
  #said = 0;
  #thinking = 0;

  constructor(server: LiveServer, wire: Wire, dice: Dice, trace: (line: string) => void) {
    this.#server = server;
    this.#wire = wire;
    this.#dice = dice;
    this.#trace = trace;
    void this.#welcome().catch(() => {});
  }

  get current(): LiveConnection | undefined {
    const { current } = this.#server;
    return current?.isOpen ? current : undefined;
  }

  get isUp(): boolean {
    return this.current !== undefined;
  }

  /** It owes no answer. */
  get idle(): boolean {
    return this.#thinking === 0;
  }

  get anyOpen(): boolean {
    return this.#server.dials.some(({ connection }) => connection?.isOpen);
  }

  /** A call the model waits for: it says nothing until it is answered. */
  isBlocked(connection: LiveConnection): boolean {
    return connection.pendingCalls.some(({ blocking }) => blocking);
  }

  /** A turn of the model, unless the connection has gone or a call blocks it. */
  speak(connection: LiveConnection): void {
    if (!connection.isOpen || this.isBlocked(connection)) return;
    const say = `[m${++this.#said}] So it is.`;
    this.#trace(`  says ${say}`);
    void connection.turn({ say, ms: 80 });
  }

  async #welcome(): Promise<void> {
    for (let index = 0; ; index++) {
      const connection = await this.#server.connection(index, { timeoutMs: FOR_EVER_MS });
      // A fixed handle comes with setupComplete, before anybody can look.
      this.#wire.watch(connection, connection.capabilities.handle === 'fixed' ? 1 : 0);
      this.#trace(`  connection ${index} ${connection.resumed ? 'resumed' : 'fresh'}`);
      void this.#serve(connection).catch(() => {});
    }
  }

  async #serve(connection: LiveConnection): Promise<void> {
    let seed = connection.setup.historyConfig?.initialHistoryInClientContent === true;
    for (;;) {
      const frame = await connection.waitFor(() => true, { timeoutMs: FOR_EVER_MS });
      if (!frame.realtimeInput?.audio) this.#trace(`  > ${JSON.stringify(frame).slice(0, 300)}`);
      const asks = !(seed && frame.clientContent) && isRequest(frame);
      if (frame.clientContent) seed = false;
      if (asks) void this.#answer(connection);
    }
  }

  async #answer(connection: LiveConnection): Promise<void> {
    this.#thinking += 1;
    for (let i = this.#dice.int(4); i > 0; i--) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#thinking -= 1;
    if (!this.#dice.chance(this.silence)) this.speak(connection);
    else if (connection.isOpen && !this.isBlocked(connection)) void connection.turn({});
  }
}

function isRequest({ clientContent, realtimeInput, toolResponse }: ClientFrame): boolean {
  return (
    clientContent?.turnComplete === true ||
    realtimeInput?.text !== undefined ||
    toolResponse !== undefined
  );
}
