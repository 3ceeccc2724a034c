// SPDX-License-Identifier: Apache-2.0
import { WebSocket } from 'ws';
import { PLAN, type Command, type Plan, type Replies, type Seen } from './plan.js';
import type { Arrival } from './stats.js';
import { now, sleep } from './types.js';

/** The line on which a measurement tells the server what to do and asks what it has seen. */
export class Control {
  readonly #socket: WebSocket;
  readonly #waiting: ((reply: never) => void)[] = [];

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => {
      this.#waiting.shift()?.(JSON.parse(data.toString()) as never);
    });
  }

  static async open(url: string): Promise<Control> {
    const address = `${url.replace('http', 'ws')}/control`;
    const socket = new WebSocket(address, { perMessageDeflate: false });
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return new Control(socket);
  }

  ask<K extends Command['do']>(command: Command & { do: K }): Promise<Replies[K]> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#socket.send(JSON.stringify(command));
    });
  }

  async plan(plan: Partial<Plan>): Promise<void> {
    await this.ask({ do: 'plan', plan: { ...PLAN, ...plan } });
  }

  look(): Promise<Seen[]> {
    return this.ask({ do: 'look' });
  }

  async arrivals(): Promise<Map<number, Arrival[]>> {
    const flat = await this.ask({ do: 'arrivals' });
    return new Map(
      Object.entries(flat).map(([caller, list]) => [
        Number(caller),
        Array.from({ length: list.length / 2 }, (_, i) => ({
          atMs: list[2 * i]!,
          audioMs: list[2 * i + 1]!,
        })),
      ]),
    );
  }

  /** The first that holds of what the server sees; undefined when it does not come to that. */
  async until<T>(
    find: (seen: Seen[]) => T | undefined,
    { limitMs, everyMs = 5 }: { limitMs: number; everyMs?: number },
  ): Promise<T | undefined> {
    const end = now() + limitMs;
    for (;;) {
      const found = find(await this.look());
      if (found !== undefined || now() > end) return found;
      await sleep(everyMs);
    }
  }

  close(): void {
    this.#socket.terminate();
  }
}
