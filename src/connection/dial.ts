// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../clock.js';
import type { Close } from '../protocol/close_codes.js';
import type { ServerFrame } from '../protocol/frames.js';
import { parseServerFrame } from '../protocol/parse.js';
import type { ProtocolError } from '../protocol/shapes.js';
import type { Target } from './endpoint.js';
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
  signal: AbortSignal;
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
  const deadline = new AbortController();
  const cancelDeadline = clock.after(request.timeoutMs, () => {
    timedOut = true;
    deadline.abort();
  });
  const stop = AbortSignal.any([signal, deadline.signal]);
  try {
    const target = await raced(request.target(), stop);
    if (!target || stop.aborted) {
      return { close: over('upgrade', resuming), ours: !timedOut, timedOut };
    }
    const close = await serve(request, target, stop, cancelDeadline);
    return { close, ours: signal.aborted, timedOut };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { close: { ...over('upgrade', resuming), reason }, ours: signal.aborted, timedOut };
  } finally {
    cancelDeadline();
  }
}

function over(phase: Close['phase'], resuming: boolean): Close {
  return { reason: '', phase, resuming };
}

function serve(
  request: Attempt,
  target: Target,
  stop: AbortSignal,
  cancelDeadline: () => void,
): Promise<Close> {
  const close: { -readonly [K in keyof Close]: Close[K] } = over('upgrade', request.resuming);
  const setup = request.setup();
  return new Promise((resolve) => {
    let cancelClosing = (): void => {};
    const events: SocketEvents = {
      opened() {
        close.phase = 'setup';
        if (stop.aborted) return;
        socket.send(setup);
        request.tap('out', setup);
      },
      received(text) {
        if (stop.aborted) return;
        request.tap('in', text);
        const { frame, errors } = parseServerFrame(text);
        if (close.phase !== 'session' && frame?.setupComplete !== undefined) {
          close.phase = 'session';
          cancelDeadline();
          request.ready(socket, frame.setupComplete?.sessionId);
        }
        if (frame) request.received(frame);
        for (const error of errors) request.malformed(error);
      },
      refused(status, retryAfterMs) {
        close.httpStatus = status;
        close.retryAfterMs = retryAfterMs;
      },
      closed(code, reason) {
        cancelClosing();
        stop.removeEventListener('abort', end);
        resolve({ ...close, code, reason });
      },
    };
    const { url, headers, agent } = target;
    const socket = request.openSocket(url, headers, events, agent);
    const end = (): void => {
      cancelClosing = request.clock.after(CLOSE_MS, () => socket.destroy());
      if (close.phase === 'upgrade') socket.destroy();
      else socket.close(1000, '');
    };
    if (stop.aborted) end();
    else stop.addEventListener('abort', end, { once: true });
  });
}

/** The value, or undefined when the signal fires first. */
function raced<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const stop = (): void => resolve(undefined);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
