// SPDX-License-Identifier: Apache-2.0
import { isAscii } from 'node:buffer';
import type { Agent } from 'node:http';
import type { Writable } from 'node:stream';
import { WebSocket } from 'ws';
import { textFrame } from './text_frame.js';

/** A WebSocket as the connection needs it. */
export interface Socket {
  /** False when the socket is closing or closed: the text is lost. */
  send(text: string): boolean;
  /** Without a code the close frame is empty. */
  close(code?: number, reason?: string): void;
  /** Ends it without a handshake. */
  destroy(): void;
  /** Bytes accepted by `send` but not yet by the network. */
  readonly bufferedBytes: number;
}

export interface SocketEvents {
  opened(): void;
  received(text: string): void;
  /** The upgrade was refused with an HTTP status. */
  refused(status: number, retryAfterMs: number | undefined): void;
  /** The last event; `code` is undefined when there never was a connection. */
  closed(code: number | undefined, reason: string): void;
}

export type OpenSocket = (
  url: string,
  headers: Readonly<Record<string, string>>,
  events: SocketEvents,
  agent?: Agent,
) => Socket;

/** How long the peer may take to end the TCP connection after both close frames, in ms. */
const CLOSE_TIMEOUT_MS = 1_000;

/** A server may ask for a wait of so many ms at most. */
const LONGEST_WAIT_MS = 60 * 60 * 1000;

/** The real one. Compression is not offered: it costs more CPU than the bytes it saves. */
export const openSocket: OpenSocket = (url, headers, events, agent) => {
  const closeTimeout = CLOSE_TIMEOUT_MS;
  const compression = { perMessageDeflate: false, skipUTF8Validation: true };
  const options = { headers, closeTimeout, ...compression, ...(agent && { agent }) };
  const ws = new WebSocket(url, options);
  let wire: Writable | undefined;
  let upgraded = false;
  let refused = false;
  let failure = '';
  ws.on('upgrade', ({ socket }) => {
    wire = socket;
  });
  ws.on('open', () => {
    upgraded = true;
    events.opened();
  });
  // Audio is ASCII, which needs no decoding: half of the CPU.
  ws.on('message', (data: Buffer) =>
    events.received(data.toString(isAscii(data) ? 'latin1' : 'utf8')),
  );
  ws.on('unexpected-response', (request, response) => {
    refused = true;
    const seconds = Number(response.headers['retry-after']);
    const waitMs = seconds > 0 ? Math.min(seconds * 1000, LONGEST_WAIT_MS) : undefined;
    events.refused(response.statusCode ?? 0, waitMs);
    request.destroy();
    ws.terminate();
  });
  ws.on('error', (error) => {
    // After a refusal it only says that we ended the request.
    if (!refused) failure = error.message;
  });
  ws.on('close', (code, reason) => {
    events.closed(upgraded ? code : undefined, reason.toString('utf8') || failure);
  });
  return {
    send(text) {
      if (ws.readyState !== WebSocket.OPEN) return false;
      // Between whole frames of `ws`: without compression it writes each of them at once.
      wire?.write(textFrame(text));
      return true;
    },
    close: (code, reason) => ws.close(code, reason),
    destroy: () => ws.terminate(),
    get bufferedBytes() {
      return ws.bufferedAmount;
    },
  };
};
