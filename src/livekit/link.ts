// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../clock.js';
import {
  Connection,
  type Connected,
  type ConnectionEvents,
  type Retry,
} from '../connection/connection.js';
import { AGE_MARGIN_MS, both, rotate, type RotationCause } from '../connection/rotation.js';
import type { Failure } from '../errors.js';
import type { Settings } from '../options.js';
import { encode, itemsOf, type Command, type ToolResult } from '../protocol/encode.js';
import type { ServerFrame } from '../protocol/frames.js';
import { setupFrame, type SetupState } from '../protocol/setup.js';
import type { ProtocolError } from '../protocol/shapes.js';
import type { Recorder } from '../recording/recorder.js';
import { SendQueue } from '../send_queue/send_queue.js';
import { carryOver } from '../send_queue/survival.js';
import { connectionOptions } from './connection_options.js';
import type { Environment } from './environment.js';

/** With more than this in the network's hands only content is written; media wait and are shed. */
const HIGH_WATER_BYTES = 64 * 1024;
/** While an exchange waits for a quiet point it is looked for this often, in ms. */
const RECHECK_MS = 1_000;
/** A network that takes nothing for this long is gone, though nobody said so, in ms. */
const STUCK_MS = 5_000;

/** What an open turn of the caller consists of. */
const TURN = new Set<Command['type']>(['activityStart', 'audio']);

/** Why a working connection is exchanged. */
export type ExchangeCause = RotationCause['why'] | 'stall';

export interface LinkEvents {
  /** A dial begins; its setup waits for this. Must not reject. */
  dialling(resuming: boolean): Promise<void>;
  /** What the next setup carries. */
  setup(resuming: boolean): Omit<SetupState, 'handle'>;
  /** `folded`: results whose calls the new session never asked. */
  connected(info: Connected, folded: readonly ToolResult[]): void;
  received(frame: ServerFrame): void;
  malformed(error: ProtocolError): void;
  wrote(command: Command): void;
  /** Every text as it crosses the wire. */
  crossed(dir: 'in' | 'out', text: string): void;
  handleIssued(): void;
  /** The connection is being exchanged by our own will. */
  exchanging(why: ExchangeCause): void;
  lost(failure: Failure, retry: Retry): void;
  failed(failure: Failure): void;
  isQuiet(): boolean;
  holdsAudio(): boolean;
}

/** The line to the server: the connection, what still has to go out on it, and its exchange. */
export class Link implements ConnectionEvents {
  readonly #settings: Settings;
  readonly #clock: Clock;
  readonly #events: LinkEvents;
  readonly #connection: Connection;
  readonly #queue: SendQueue;
  readonly #recorder: Recorder | undefined;
  #stuckSince: number | undefined;
  #rotation: RotationCause | undefined;
  #cancelRotation: (() => void) | undefined;
  #cancelAge: (() => void) | undefined;
  #greeting = false;

  constructor(settings: Settings, env: Environment, events: LinkEvents) {
    const { clock, recorder } = env;
    this.#settings = settings;
    this.#recorder = recorder;
    this.#clock = clock;
    this.#events = events;
    // What the shield holds back is not lost either.
    this.#queue = new SendQueue(Math.max(settings.audioBufferMs, settings.firstTurnShieldMs));
    const dialling = (resuming: boolean): Promise<void> => events.dialling(resuming);
    this.#connection = new Connection(connectionOptions(settings, env, dialling), this);
  }

  get isStarted(): boolean {
    return this.#connection.isStarted;
  }

  /** Item ids and results that wait in the queue. */
  get queued(): Set<string> {
    return new Set(this.#queue.commands.flatMap((command) => itemsOf(command)));
  }

  /** Caller audio dropped so far, in ms. */
  get droppedAudioMs(): number {
    return this.#queue.droppedMs;
  }

  open(): void {
    this.#connection.open();
  }

  send(command: Command): void {
    this.#queue.push(command);
    this.flush();
  }

  /**
   * The server forgot that an activity was open: it is opened again ahead of what is left of it, also
   * where its end is queued already. `isOpen`: it goes on.
   */
  reopenActivity(isOpen: boolean): void {
    const mark = this.#queue.commands.find(
      ({ type }) => type === 'activityStart' || type === 'activityEnd',
    );
    if (mark ? mark.type === 'activityStart' : !isOpen) return;
    this.#queue.untake({ type: 'activityStart' });
  }

  /** Writes whatever may leave. */
  flush(): void {
    this.#write();
    this.#recorder?.queue(this.#queue.depth, this.#queue.audioMs);
  }

  #write(): void {
    // Runs after every input, model audio included.
    if (this.#queue.isEmpty || this.#greeting) return;
    const full = this.#isFull();
    const media = full || this.#events.holdsAudio();
    const replies = this.#rotation?.fresh !== undefined;
    while (this.#connection.isOpen) {
      const command = this.#queue.take({ audio: media, replies });
      if (!command) return;
      const text = encode(command, this.#settings.capabilities);
      // A reply that is still awaited is asked for again by the state machine.
      if (!this.#connection.send(text, command.type !== 'reply')) {
        this.#queue.untake(command);
        return;
      }
      this.#events.wrote(command);
    }
  }

  /** Back-pressure. A network that never drains is a half-open connection. */
  #isFull(): boolean {
    if (this.#connection.bufferedBytes < HIGH_WATER_BYTES) {
      this.#stuckSince = undefined;
      return false;
    }
    const now = this.#clock.now();
    this.#stuckSince ??= now;
    if (now - this.#stuckSince >= STUCK_MS) this.#connection.abandon();
    return true;
  }

  /** Takes back unsent results whose calls the server does not remember. */
  takeBackResults(remembers: (callId: string) => boolean): ToolResult[] {
    const queued = this.#queue.commands.filter((command) => command.type === 'toolResults');
    const isKept = ({ callId }: ToolResult): boolean => remembers(callId);
    const results = queued.flatMap((command) => command.results);
    if (results.every(isKept)) return [];
    this.#queue.retain(({ type }) => type !== 'toolResults');
    const kept = results.filter(isKept);
    if (kept.length > 0) this.#queue.push({ type: 'toolResults', results: kept });
    return results.filter((result) => !isKept(result));
  }

  /** A reply that nobody waits for any more is not asked for. */
  withdraw(replyId: string): void {
    this.#queue.retain((command) => command.type !== 'reply' || command.replyId !== replyId);
  }

  /**
   * Forgets unsent caller audio, but not of turns that were committed. True when the server has heard
   * the beginning of what is taken back.
   */
  takeBackAudio(): boolean {
    const { commands } = this.#queue;
    const since = commands.findLastIndex(({ type }) => type === 'activityEnd') + 1;
    const open = commands.slice(since).filter(({ type }) => TURN.has(type));
    this.#queue.retain((command) => !open.includes(command));
    return this.#connection.isOpen && open.every(({ type }) => type !== 'activityStart');
  }

  /** Asks for an exchange of the connection at the next quiet point. */
  rotate(cause: RotationCause): void {
    if (!this.#connection.isStarted) return;
    this.#rotation = both(this.#rotation, cause);
    this.checkRotation();
  }

  checkRotation(): void {
    const cause = this.#rotation;
    if (!cause || !this.#connection.isOpen || this.#greeting) return;
    // The handle of a turn comes just after its end; an exchange without it would cost the memory.
    const tooEarly = this.#connection.awaitsHandle && !this.#mustForget;
    const quiet = this.#events.isQuiet() && !tooEarly;
    const next = rotate(cause, quiet, this.#clock.now());
    if (next.do === 'now') {
      this.exchange(cause.why, cause.fresh === true);
      return;
    }
    // Silence tells nobody: a quiet point may come without an input.
    const wait = Math.min(next.until - this.#clock.now(), RECHECK_MS);
    this.#cancelRotation ??= this.#clock.after(wait, () => {
      this.#cancelRotation = undefined;
      this.checkRotation();
    });
  }

  /** Exchanges the connection now; no timer or plan of the old one acts on the next. */
  exchange(why: ExchangeCause, forget: boolean): void {
    if (!this.#connection.isStarted) return;
    const fresh = forget || this.#mustForget;
    this.#forgetRotation();
    this.#recorder?.connection({ is: 'exchange', why, fresh });
    this.#connection.exchange(fresh);
    this.#events.exchanging(why);
  }

  async close(): Promise<void> {
    this.#forgetRotation();
    await this.#connection.close();
  }

  setup(handle: string | undefined): string {
    this.#recorder?.dialling();
    const state = this.#events.setup(handle !== undefined);
    return JSON.stringify(setupFrame(this.#settings, { ...state, handle }));
  }

  connected(info: Connected): void {
    this.#recorder?.connection({ is: 'connected', ...info });
    const folded = carryOver(this.#queue, info.restored ? 'resumed' : 'fresh');
    const { connectionLifeMs: life } = this.#settings.capabilities;
    const age = Math.max(life - AGE_MARGIN_MS, life / 2);
    this.#cancelAge?.();
    this.#cancelAge = this.#clock.after(age, () =>
      this.rotate({ why: 'age', since: this.#clock.now() }),
    );
    // What is told first may ask for an exchange, or hold audio back: nothing leaves before that.
    this.#greeting = true;
    this.#events.connected(info, folded);
    this.#greeting = false;
    this.flush();
    this.checkRotation();
  }

  received(frame: ServerFrame): void {
    this.#events.received(frame);
  }

  malformed(error: ProtocolError): void {
    this.#events.malformed(error);
  }

  tap(dir: 'in' | 'out', text: string): void {
    this.#recorder?.frame(dir, text);
    this.#events.crossed(dir, text);
  }

  goAway(timeLeftMs: number): void {
    this.rotate({ why: 'goAway', timeLeftMs, since: this.#clock.now() });
  }

  handleIssued(): void {
    this.#events.handleIssued();
    this.checkRotation();
  }

  lost(failure: Failure, retry: Retry): void {
    this.#recorder?.connection({ is: 'lost', ...failure, ...retry });
    // The next connection brings everything but forgetting by itself.
    if (!this.#mustForget) this.#forgetRotation();
    this.#events.lost(failure, retry);
  }

  failed(failure: Failure): void {
    this.#recorder?.connection({ is: 'failed', ...failure });
    this.#forgetRotation();
    this.#events.failed(failure);
  }

  /** The server must forget what it knows, whatever else happens meanwhile. */
  get #mustForget(): boolean {
    return this.#rotation?.fresh === true;
  }

  #forgetRotation(): void {
    this.#rotation = undefined;
    this.#cancelRotation?.();
    this.#cancelRotation = undefined;
    this.#cancelAge?.();
  }
}
