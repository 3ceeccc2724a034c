// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../clock.js';
import { Connection, type Connected, type Retry } from '../connection/connection.js';
import { accessToken, target } from '../connection/endpoint.js';
import { AGE_MARGIN_MS, rotate, type RotationCause } from '../connection/rotation.js';
import type { OpenSocket } from '../connection/socket.js';
import type { Failure } from '../errors.js';
import type { Settings } from '../options.js';
import { encode, type Command, type ToolResult } from '../protocol/encode.js';
import type { ServerFrame } from '../protocol/frames.js';
import { setupFrame, type SetupState } from '../protocol/setup.js';
import { createRecorder, type Recorder } from '../recorder.js';
import { SendQueue } from '../send_queue/send_queue.js';
import { carryOver } from '../send_queue/survival.js';

/** Unsent caller audio that is kept, in ms. */
const AUDIO_MS = 2_000;

/** The world, as tests may replace it. */
export interface Environment {
  clock: Clock;
  random: () => number;
  openSocket: OpenSocket;
}

export interface LinkEvents {
  /** What the next setup carries. */
  setup(resuming: boolean): Omit<SetupState, 'handle'>;
  /** `folded`: results whose calls the new session never asked. */
  connected(info: Connected, folded: readonly ToolResult[]): void;
  received(frame: ServerFrame): void;
  wrote(command: Command): void;
  handleIssued(): void;
  /** The connection is being exchanged by our own will. */
  exchanging(): void;
  lost(failure: Failure, retry: Retry): void;
  failed(failure: Failure): void;
  isQuiet(): boolean;
  holdsAudio(): boolean;
}

/** The line to the server: the connection, what still has to go out on it, and its exchange. */
export class Link {
  readonly #settings: Settings;
  readonly #clock: Clock;
  readonly #events: LinkEvents;
  readonly #connection: Connection;
  readonly #queue = new SendQueue(AUDIO_MS);
  readonly #recorder: Recorder | undefined;
  #connections = 0;
  #rotation: RotationCause | undefined;
  #cancelRotation: (() => void) | undefined;
  #cancelAge: (() => void) | undefined;

  constructor(settings: Settings, { clock, random, openSocket }: Environment, events: LinkEvents) {
    this.#settings = settings;
    this.#clock = clock;
    this.#events = events;
    this.#recorder = settings.record ? createRecorder(settings.record, clock) : undefined;
    const { endpoint, connOptions } = settings;
    this.#connection = new Connection(
      {
        ...connOptions,
        clock,
        random,
        openSocket,
        target: async () => target(endpoint, await accessToken(endpoint)),
        handle: settings.sessionResumption?.handle,
      },
      {
        setup: (handle) => this.#setup(handle),
        connected: (info) => this.#connected(info),
        received: (frame) => events.received(frame),
        tap: (dir, text) => this.#recorder?.frame(dir, text, this.#connections),
        goAway: (timeLeftMs) => this.rotate({ why: 'goAway', timeLeftMs, since: clock.now() }),
        handleIssued: () => events.handleIssued(),
        lost: (failure, retry) => {
          this.#recorder?.note({ lost: failure, ...retry });
          // The next connection brings everything but forgetting by itself.
          if (!this.#mustForget) this.#forgetRotation();
          events.lost(failure, retry);
        },
        failed: (failure) => {
          this.#recorder?.note({ failed: failure });
          this.#forgetRotation();
          events.failed(failure);
        },
      },
    );
  }

  get isStarted(): boolean {
    return this.#connection.isStarted;
  }

  /** Item ids and results that wait in the queue. */
  get queued(): Set<string> {
    return new Set(
      this.#queue.commands.flatMap((command) => {
        if (command.type === 'toolResults') return command.results.map(({ itemId }) => itemId);
        return 'itemIds' in command ? command.itemIds : [];
      }),
    );
  }

  open(): void {
    this.#connection.open();
  }

  send(command: Command): void {
    this.#queue.push(command);
    this.flush();
  }

  /** The server forgot that an activity was open: it is opened again ahead of its audio. */
  reopenActivity(): void {
    if (this.#queue.commands.some(({ type }) => type === 'activityStart')) return;
    this.#queue.untake({ type: 'activityStart' });
  }

  /** Writes whatever may leave. */
  flush(): void {
    while (this.#connection.isOpen) {
      const replies = this.#rotation?.why === 'update';
      const command = this.#queue.take({ audio: this.#events.holdsAudio(), replies });
      if (!command) return;
      if (this.#connection.send(encode(command, this.#settings.capabilities))) {
        this.#events.wrote(command);
      } else {
        this.#queue.untake(command);
        return;
      }
    }
  }

  /** Forgets caller audio that has not left. */
  clearAudio(): void {
    this.#queue.retain(({ type }) => type !== 'audio');
  }

  /** Asks for an exchange of the connection at the next quiet point. */
  rotate(cause: RotationCause): void {
    if (!this.#connection.isStarted) return;
    if (!this.#mustForget) this.#rotation = cause;
    this.checkRotation();
  }

  checkRotation(): void {
    const cause = this.#rotation;
    if (!cause || !this.#connection.isOpen) return;
    const next = rotate(cause, this.#events.isQuiet(), this.#clock.now());
    this.#cancelRotation?.();
    if (next.do === 'wait') {
      const wait = next.until - this.#clock.now();
      this.#cancelRotation = this.#clock.after(wait, () => this.checkRotation());
      return;
    }
    this.#forgetRotation();
    this.#recorder?.note({ exchange: cause.why });
    this.#connection.exchange(cause.why === 'update' && cause.fresh);
    this.#events.exchanging();
  }

  async close(): Promise<void> {
    this.#forgetRotation();
    await this.#connection.close();
    await this.#recorder?.close();
  }

  #setup(handle: string | undefined): string {
    this.#connections += 1;
    const state = this.#events.setup(handle !== undefined);
    return JSON.stringify(setupFrame(this.#settings, { ...state, handle }));
  }

  #connected(info: Connected): void {
    this.#recorder?.note({ connected: info });
    const folded = carryOver(this.#queue, info.restored ? 'resumed' : 'fresh');
    const age = this.#settings.capabilities.connectionLifeMs - AGE_MARGIN_MS;
    this.#cancelAge = this.#clock.after(age, () =>
      this.rotate({ why: 'age', since: this.#clock.now() }),
    );
    this.#events.connected(info, folded);
    this.flush();
    this.checkRotation();
  }

  /** The server must forget what it knows, whatever else happens meanwhile. */
  get #mustForget(): boolean {
    return this.#rotation?.why === 'update' && this.#rotation.fresh;
  }

  #forgetRotation(): void {
    this.#rotation = undefined;
    this.#cancelRotation?.();
    this.#cancelAge?.();
  }
}
