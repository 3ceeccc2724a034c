// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import type { AddressInfo } from 'node:net';
import { expect, test, vi } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import { openSocket, type Socket } from '../src/connection/socket.js';
import { textFrame } from '../src/connection/text_frame.js';

/** A client of ours and a strict server: it ends the connection over a frame that is not as it must be. */
async function connected(): Promise<{ socket: Socket; peer: WebSocket; got: string[] }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await new Promise((resolve) => server.on('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const got: string[] = [];
  const peer = new Promise<WebSocket>((resolve) => server.on('connection', resolve));
  const opened = vi.fn();
  const socket = openSocket(`ws://127.0.0.1:${port}`, {}, {
    opened,
    received: (text) => got.push(text),
    refused: () => {},
    closed: () => server.close(),
  }); // prettier-ignore
  await vi.waitFor(() => expect(opened).toHaveBeenCalled());
  return { socket, peer: await peer, got };
}

test('texts of every length arrive as they are, in order, whatever else crosses the wire', async () => {
  const { socket, peer, got } = await connected();
  const heard: string[] = [];
  const pongs = vi.fn();
  peer.on('message', (data: Buffer, isBinary) => heard.push(isBinary ? 'binary' : data.toString()));
  peer.on('pong', pongs);
  const lengths = [0, 1, 2, 3, 4, 5, 124, 125, 126, 127, 128, 65_534, 65_535, 65_536, 65_537, 3e6];
  const texts = lengths.flatMap((length) => ['a'.repeat(length), 'ü€😀'.repeat(length / 9)]);
  for (const text of texts) {
    peer.ping();
    peer.send(`${text.length} ü`);
    expect(socket.send(text)).toBe(true);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await vi.waitFor(() => expect(heard).toHaveLength(texts.length));
  expect(heard.map((text, i) => text === texts[i])).toEqual(texts.map(() => true));
  await vi.waitFor(() => expect(pongs).toHaveBeenCalledTimes(texts.length));
  expect(got).toEqual(texts.map((text) => `${text.length} ü`));
  const closed = new Promise((resolve) => peer.on('close', (code) => resolve(code)));
  socket.close(1000, 'done');
  expect(socket.send('too late')).toBe(false);
  expect(await closed).toBe(1000);
});

/** As RFC 6455 says it, byte by byte. */
function unmasked(frame: Buffer, payload: number): { key: string; text: string } {
  const key = frame.subarray(payload - 4, payload);
  const bytes = frame.subarray(payload).map((byte, i) => byte ^ (key[i % 4] ?? 0));
  return { key: key.toString('hex'), text: Buffer.from(bytes).toString() };
}

test('each frame has a mask of its own, and unmasked it is the text', () => {
  const keys = new Set<string>();
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (text) => {
      const { key, text: read } = unmasked(textFrame(text), Buffer.byteLength(text) > 125 ? 8 : 6);
      expect(read).toBe(text);
      keys.add(key);
    }),
    { numRuns: 3_000 },
  );
  expect(keys.size).toBeGreaterThan(2_990);
});
