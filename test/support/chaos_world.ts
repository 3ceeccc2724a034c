// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../../src/clock.js';
import { openSocket, type OpenSocket } from '../../src/connection/socket.js';
import type { LiveConnection, LiveServer } from '../../src/testing/index.js';

/** Chance that can be had again: mulberry32. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** In [0, 1). */
  readonly next = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };

  /** From 0 to `below`, without it. */
  int(below: number): number {
    return Math.floor(this.next() * below);
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.int(list.length)] as T;
  }
}

interface Timer {
  at: number;
  run: () => void;
  cancel: () => void;
}

/** The real time, of which stretches can be left out. */
export class SkippingClock implements Clock {
  #ahead = 0;
  readonly #timers = new Set<Timer>();

  now(): number {
    return Date.now() + this.#ahead;
  }

  after(ms: number, run: () => void): () => void {
    const timer: Timer = { at: this.now() + Math.max(0, ms), run, cancel: () => {} };
    this.#timers.add(timer);
    this.#arm(timer);
    return () => {
      timer.cancel();
      this.#timers.delete(timer);
    };
  }

  /** So much time has passed: what is due by then runs, in order. */
  skip(ms: number): void {
    const until = this.now() + ms;
    for (;;) {
      const [next] = [...this.#timers].sort((a, b) => a.at - b.at);
      if (!next || next.at > until) break;
      this.#ahead += Math.max(0, next.at - this.now());
      this.#fire(next);
    }
    this.#ahead += Math.max(0, until - this.now());
    for (const timer of this.#timers) {
      timer.cancel();
      this.#arm(timer);
    }
  }

  #arm(timer: Timer): void {
    const waiting = setTimeout(() => this.#fire(timer), Math.max(0, timer.at - this.now()));
    timer.cancel = () => clearTimeout(waiting);
  }

  #fire(timer: Timer): void {
    timer.cancel();
    this.#timers.delete(timer);
    timer.run();
  }
}

const TOKEN = /\[[uactm]\d+\]/g;

/** The marks by which items are found again in what was said or sent. */
export function tokensOf(text: string): string[] {
  return text.match(TOKEN) ?? [];
}

/** Header by which a socket of the client is matched with the server's end of it. */
const TAG = 'x-goog-chaos';

/** Every socket of the client: how many are open, and what a drop took on its way. */
export class Wire {
  open = 0;
  /** The most that were open at once. */
  most = 0;
  /**
   * Items that left the client and that the server may not remember: they were on the way when the
   * connection broke, or crossed a handle that does not stand for them. No protocol without
   * acknowledgements can tell; a fresh session brings them back.
   */
  readonly excused = new Set<string>();
  /** How many were lost on the way. */
  lost = 0;
  #isSettled: () => boolean = () => false;
  #count = 0;
  readonly #server: LiveServer;
  /** Frames that had arrived when each handle was issued. */
  readonly #issued = new WeakMap<LiveConnection, number[]>();
  /** Tool calls that the server has sent, and how many the client knew at each of its frames. */
  readonly #calls = new WeakMap<LiveConnection, { sent: number; known: number[] }>();

  constructor(server: LiveServer) {
    this.#server = server;
  }

  /** One connection, set up at both ends, and nothing on its way to the server. */
  get isSettled(): boolean {
    return this.open === 1 && this.#isSettled();
  }

  /** The last frame of the client was on its way when the server called a tool. */
  crossedCall(connection: LiveConnection): boolean {
    const calls = this.#calls.get(connection);
    return calls !== undefined && (calls.known[connection.frames.length - 1] ?? 0) < calls.sent;
  }

  /** Counts what has arrived whenever a handle is issued, and the calls. */
  watch(connection: LiveConnection, issuedAlready: number): void {
    const issued: number[] = Array.from({ length: issuedAlready }, () => 1);
    this.#issued.set(connection, issued);
    const calls = { sent: 0, known: [] };
    this.#calls.set(connection, calls);
    const send = connection.send.bind(connection);
    connection.send = (frame) => {
      if (frame.toolCall) calls.sent += 1;
      if (frame.sessionResumptionUpdate?.newHandle) issued.push(connection.frames.length);
      send(frame);
    };
  }

  readonly openSocket: OpenSocket = (url, headers, events, agent) => {
    const tag = String(++this.#count);
    const sent: string[] = [];
    let [handles, calls] = [0, 0];
    let ready = false;
    this.#isSettled = () =>
      ready && theirs()?.isOpen === true && theirs()?.frames.length === sent.length;
    const theirs = (): LiveConnection | undefined =>
      this.#server.dials.findLast((dial) => dial.headers[TAG] === tag)?.connection;
    this.open += 1;
    this.most = Math.max(this.most, this.open);
    const socket = openSocket(
      url,
      { ...headers, [TAG]: tag },
      {
        ...events,
        received: (text) => {
          if (text.includes('"newHandle"')) {
            const connection = theirs();
            const arrived = connection && this.#issued.get(connection)?.[handles++];
            if (arrived !== undefined) this.#excuse(sent.slice(arrived));
          }
          if (text.startsWith('{"toolCall"')) calls += 1;
          if (text.startsWith('{"setupComplete"')) ready = true;
          events.received(text);
        },
        closed: (code, reason) => {
          this.open -= 1;
          this.lost += this.#excuse(sent.slice(theirs()?.frames.length ?? 0));
          events.closed(code, reason);
        },
      },
      agent,
    );
    return {
      send: (text) => {
        if (!socket.send(text)) return false;
        // A fresh session is told everything again.
        if (sent.length === 0 && !text.includes('"handle"')) this.excused.clear();
        const connection = theirs();
        if (connection) (this.#calls.get(connection)?.known ?? [])[sent.length] = calls;
        sent.push(text.includes('"audio":{') ? '' : text);
        return true;
      },
      close: (code, reason) => socket.close(code, reason),
      destroy: () => socket.destroy(),
      get bufferedBytes() {
        return socket.bufferedBytes;
      },
    };
  };

  #excuse(texts: readonly string[]): number {
    const tokens = texts.flatMap(tokensOf);
    for (const token of tokens) this.excused.add(token);
    return tokens.length;
  }
}
