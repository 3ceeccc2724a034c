// SPDX-License-Identifier: Apache-2.0
import type { Clock, Signal } from '../clock.js';
import type { Close } from '../protocol/close_codes.js';
import type { ServerFrame } from '../protocol/frames.js';
import { parseServerFrame } from '../protocol/parse.js';
import type { ProtocolError } from '../protocol/shapes.js';
import type { Target } from './endpoint.js';
import { Stop } from './stop.js';
import type { OpenSocket, Socket, SocketEvents } from './socket.js';

/** How long a closing handshake may take before the socket is destroyed, in ms. */
const CLOSE_MS = 1_000;

export interface Attempt {
  clock: Clock;
  openSocket: OpenSocket;
  /** Address and credentials; part of the attempt, so that its deadline covers it. */
  target: () => Promise<Target>;
  /** Makes the setup frame, once the credentials are there. */
  setup: () => string;
  resuming: boolean;
  /** One deadline over credentials, open, setup and setupComplete, in ms. */
  timeoutMs: number;
  /** Ends the attempt or the connection that came of it: close handshake, then destruction. */
  signal: Signal;
  /** Synchronous with `setupComplete`: no frame is received before it returns. */
  ready(socket: Socket, sessionId: string | undefined): void;
  received(frame: ServerFrame): void;
  /** What of a message could not be read; after the rest of it was received. */
  malformed(error: ProtocolError): void;
  /** Every text as it crosses the wire, before anything is made of it. */
  tap(dir: 'in' | 'out', text: string): void;
}

export interface Ended {
  close: Close;
  /** It was ended by `signal`. */
  ours: boolean;
  timedOut: boolean;
}

/** One connection from the first packet to the last. Resolves when it is over; never rejects. */
export async function attempt(request: Attempt): Promise<Ended> {
  const { clock, signal, resuming } = request;
  let timedOut = false;
  const stop = new Stop();
  const callOff = (): void => stop.abort();
  if (signal.aborted) callOff();
  else signal.addEventListener('abort', callOff);
  const cancelDeadline = clock.after(request.timeoutMs, () => {
    timedOut = true;
    callOff();
  });
  try {
    const line = await dial(request, stop, cancelDeadline);
    if (!line) return { close: over('upgrade', resuming), ours: !timedOut, timedOut };
    const close = await line.over;
    return { close, ours: signal.aborted, timedOut };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { close: { ...over('upgrade', resuming), reason }, ours: signal.aborted, timedOut };
  } finally {
    cancelDeadline();
    signal.removeEventListener('abort', callOff);
  }
}

function over(phase: Close['phase'], resuming: boolean): Close {
  return { reason: '', phase, resuming };
}

/** Undefined when it was called off before there was an address. */
async function dial(
  request: Attempt,
  stop: Stop,
  cancelDeadline: () => void,
): Promise<Line | undefined> {
  const target = await raced(request.target(), stop);
  return target && !stop.aborted ? new Line(request, target, stop, cancelDeadline) : undefined;
}

/** One socket, from its upgrade request on. It keeps neither its address nor its setup. */
class Line {
  /** How it ended. */
  readonly over: Promise<Close>;
  readonly #request: Attempt;
  readonly #stop: Stop;
  readonly #cancelDeadline: () => void;
  readonly #socket: Socket;
  readonly #close: { -readonly [K in keyof Close]: Close[K] };
  #setup: string;
  #settle!: (close: Close) => void;
  #cancelClosing: (() => void) | undefined;

  constructor(request: Attempt, target: Target, stop: Stop, cancelDeadline: () => void) {
    this.#request = request;
    this.#stop = stop;
    this.#cancelDeadline = cancelDeadline;
    this.#close = over('upgrade', request.resuming);
    this.#setup = request.setup();
    this.over = new Promise((resolve) => (this.#settle = resolve));
    const { url, headers, agent } = target;
    const events: SocketEvents = {
      opened: () => this.#opened(),
      received: (text) => this.#received(text),
      refused: (status, retryAfterMs) => this.#refused(status, retryAfterMs),
      closed: (code, reason) => this.#closed(code, reason),
    };
    this.#socket = request.openSocket(url, headers, events, agent);
    if (stop.aborted) this.#end();
    else stop.addEventListener('abort', this.#end);
  }

  #opened(): void {
    this.#close.phase = 'setup';
    if (this.#stop.aborted) return;
    this.#socket.send(this.#setup);
    this.#request.tap('out', this.#setup);
    this.#setup = '';
  }

  #received(text: string): void {
    if (this.#stop.aborted) return;
    const request = this.#request;
    request.tap('in', text);
    const { frame, errors } = parseServerFrame(text);
    if (this.#close.phase !== 'session' && frame?.setupComplete !== undefined) {
      this.#close.phase = 'session';
      this.#cancelDeadline();
      request.ready(this.#socket, frame.setupComplete?.sessionId);
    }
    if (frame) request.received(frame);
    for (const error of errors) request.malformed(error);
  }

  #refused(status: number, retryAfterMs: number | undefined): void {
    this.#close.httpStatus = status;
    this.#close.retryAfterMs = retryAfterMs;
  }

  #closed(code: number | undefined, reason: string): void {
    this.#cancelClosing?.();
    this.#stop.removeEventListener('abort', this.#end);
    this.#settle({ ...this.#close, code, reason });
  }

  readonly #end = (): void => {
    this.#cancelClosing = this.#request.clock.after(CLOSE_MS, () => this.#socket.destroy());
    if (this.#close.phase === 'upgrade') this.#socket.destroy();
    else this.#socket.close(1000, '');
  };
}

/** The value, or undefined when the signal fires first. */
function raced<T>(promise: Promise<T>, signal: Signal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const stop = (): void => resolve(undefined);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop);
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
