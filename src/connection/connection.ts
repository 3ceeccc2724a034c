// SPDX-License-Identifier: Apache-2.0
import { sleep, type Clock } from '../clock.js';
import type { Failure } from '../errors.js';
import { timeoutVerdict, verdict, type Verdict } from '../protocol/close_codes.js';
import type { ServerFrame } from '../protocol/frames.js';
import { scrub } from '../protocol/scrub.js';
import type { ProtocolError } from '../protocol/shapes.js';
import { attempt, type Ended } from './dial.js';
import { Unacknowledged } from './acknowledged.js';
import type { Target } from './endpoint.js';
import { plan, STABLE_MS, type RetryOptions } from './policy.js';
import { durationMs } from './rotation.js';
import type { OpenSocket, Socket } from './socket.js';
import { Stop } from './stop.js';

/** A handle is good for this long after its session ended (Gemini API session guide: 2 h). */
const HANDLE_MS = 2 * 60 * 60 * 1000;

/** A server that says goodbye to each connection at once (this soon) must not make a hot loop. */
const HURRIED_MS = 1_000;
const MOST_HURRIED = 5;

export interface ConnectionOptions extends RetryOptions {
  clock: Clock;
  random: () => number;
  openSocket: OpenSocket;
  target: (resuming: boolean) => Promise<Target>;
  timeoutMs: number;
  /** Handle of an earlier session to begin with. */
  handle: string | undefined;
  /** Handles are of use; some models send them unasked. */
  resumable: boolean;
  /** The server says what it has consumed; the rest is sent again after a resume (Vertex AI). */
  transparent: boolean;
}

/** A connection is up and set up. */
export interface Connected {
  /** Counts from 1. */
  connection: number;
  /** The server remembers the conversation. */
  restored: boolean;
  /** From the start of the dial, in ms. */
  acquireMs: number;
}

export interface Retry {
  attempt: number;
  afterMs: number;
}

/** All are called synchronously and must not throw. */
export interface ConnectionEvents {
  /** The setup frame of the next dial. */
  setup(handle: string | undefined): string;
  connected(info: Connected): void;
  received(frame: ServerFrame): void;
  /** What of a message could not be read, also before the connection is set up. */
  malformed(error: ProtocolError): void;
  /** Both directions as text, in the order of the wire. */
  tap(dir: 'in' | 'out', text: string): void;
  goAway(timeLeftMs: number): void;
  /** The server issued a resumption handle: it stands for this moment, or for the latest. */
  handleIssued(): void;
  /** The connection ended or could not be made; it is tried again. */
  lost(failure: Failure, retry: Retry): void;
  /** It will not be tried again. */
  failed(failure: Failure): void;
}

/** Keeps one connection alive: dials, serves, and dials again as policy says. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #events: ConnectionEvents;
  #loop: Promise<void> | undefined;
  #socket: Socket | undefined;
  /** Ends the connection, or the attempt at one. */
  #current: Stop | undefined;
  /** Ends the wait for the next attempt. */
  #waiting: Stop | undefined;
  #isClosed = false;
  #handle: string | undefined;
  /** When the handle was issued or last in use. */
  #handleSeenAt: number;
  #fresh = false;
  #withdrawn = false;
  readonly #unacknowledged = new Unacknowledged();
  #connections = 0;

  constructor(options: ConnectionOptions, events: ConnectionEvents) {
    this.#options = options;
    this.#events = events;
    // JavaScript callers pass null or '' for "none"; the wire takes neither.
    this.#handle = options.handle || undefined;
    this.#handleSeenAt = options.clock.now();
  }

  get isOpen(): boolean {
    return this.#socket !== undefined;
  }

  /** Bytes written but not yet taken by the network. */
  get bufferedBytes(): number {
    return this.#socket?.bufferedBytes ?? 0;
  }

  /** The server took the handle back, as it does while it speaks; a new one may be on its way. */
  get awaitsHandle(): boolean {
    return this.#withdrawn;
  }

  get isStarted(): boolean {
    return this.#loop !== undefined;
  }

  /** Begins to dial; further calls do nothing. */
  open(): void {
    if (!this.#isClosed) this.#loop ??= this.#run();
  }

  /**
   * Writes one frame; false when there is no connection, or it is about to end. `replay`: it may be
   * sent again after a resume, if the server did not say that it consumed it.
   */
  send(text: string, replay: boolean): boolean {
    if (!this.#socket) return false;
    if (!this.#socket.send(text)) return false;
    if (this.#options.transparent) this.#unacknowledged.sent(replay ? text : undefined);
    this.#events.tap('out', text);
    return true;
  }

  /** Ends the present connection in order and dials the next; `fresh` forgets the server's memory. */
  exchange(fresh: boolean): void {
    this.#fresh ||= fresh;
    this.#socket = undefined;
    this.#current?.abort();
  }

  /** Gives up a connection that looks open and is not; it is dialled again like a lost one. */
  abandon(): void {
    this.#socket?.destroy();
  }

  /** Ends everything. Idempotent; settles even in the middle of a dial. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#socket = undefined;
    this.#current?.abort();
    this.#waiting?.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { clock, random } = this.#options;
    let failures = 0;
    let outageSince = 0;
    let resume = this.#handle !== undefined;
    let hurried = 0;
    while (!this.#isClosed) {
      const tooOld = clock.now() - this.#handleSeenAt > HANDLE_MS;
      if (this.#fresh || !resume || tooOld) this.#handle = undefined;
      this.#fresh = false;
      const handle = this.#handle;
      const { ended, livedMs } = await this.#serve(handle);
      this.#socket = undefined;
      if (this.#isClosed) return;
      if (livedMs !== undefined && livedMs >= STABLE_MS) failures = 0;
      if (ended.ours) {
        resume = true;
        hurried = isHurried(livedMs) ? hurried + 1 : 0;
        const { retryIntervalMs } = this.#options;
        if (hurried > MOST_HURRIED) await this.#wait(retryIntervalMs);
        continue;
      }
      if (failures === 0) outageSince = clock.now();
      failures += 1;
      const said = ended.timedOut ? timeoutVerdict(ended.close.phase) : verdict(ended.close);
      const { retryAfterMs } = ended.close;
      const hasHandle = this.#handle !== undefined;
      const next = plan(
        { verdict: said, failures, outageMs: clock.now() - outageSince, hasHandle, retryAfterMs },
        this.#options,
        random(),
      );
      const failure = describe(said, ended, next.do === 'dial');
      if (next.do === 'stop') {
        this.#events.failed(failure);
        return;
      }
      resume = next.resume;
      this.#events.lost(failure, { attempt: failures, afterMs: next.afterMs });
      await this.#wait(next.afterMs);
    }
  }

  #wait(ms: number): Promise<void> {
    this.#waiting = new Stop();
    return this.#isClosed ? Promise.resolve() : sleep(this.#options.clock, ms, this.#waiting);
  }

  async #serve(handle: string | undefined): Promise<{ ended: Ended; livedMs: number | undefined }> {
    const { clock, openSocket, target, timeoutMs } = this.#options;
    const begun = clock.now();
    let readyAt: number | undefined;
    this.#current = new Stop();
    const ended = await attempt({
      clock,
      openSocket,
      target: () => target(handle !== undefined),
      timeoutMs,
      setup: () => this.#events.setup(handle),
      resuming: handle !== undefined,
      signal: this.#current,
      ready: (socket) => {
        readyAt = clock.now();
        this.#withdrawn = false;
        this.#socket = socket;
        const connection = ++this.#connections;
        const restored = handle !== undefined;
        const unheard = this.#unacknowledged.replay();
        for (const text of restored ? unheard : []) this.send(text, true);
        this.#events.connected({ connection, restored, acquireMs: readyAt - begun });
      },
      received: (frame) => this.#received(frame),
      malformed: (error) => this.#events.malformed(error),
      tap: (dir, text) => this.#events.tap(dir, text),
    });
    if (readyAt !== undefined) this.#handleSeenAt = clock.now();
    return { ended, livedMs: readyAt === undefined ? undefined : clock.now() - readyAt };
  }

  /** Keeps what is about the connection itself, hands on the rest. */
  #received(frame: ServerFrame): void {
    const update = frame.sessionResumptionUpdate;
    if (update) {
      this.#unacknowledged.consumed(update.lastConsumedClientMessageIndex);
      this.#withdrawn =
        update.resumable !== true && (this.#handle !== undefined || this.#withdrawn);
      const issued = update.resumable === true && this.#options.resumable;
      this.#handle = issued ? update.newHandle || this.#handle : undefined;
      if (this.#handle !== undefined) this.#events.handleIssued();
    }
    // No socket: not set up yet, or given up by one of these very callbacks.
    if (this.#socket) this.#events.received(frame);
    if (this.#socket && frame.goAway) this.#events.goAway(durationMs(frame.goAway.timeLeft));
  }
}

/** It was up, and hardly so. */
function isHurried(livedMs: number | undefined): boolean {
  return livedMs !== undefined && livedMs < HURRIED_MS;
}

function describe(said: Verdict, { close }: Ended, retryable: boolean): Failure {
  const { kind, message, hint } = said;
  const reason = scrub(close.reason);
  const code = close.httpStatus ?? close.code;
  return { kind, message, hint, retryable, code, reason, phase: close.phase };
}
