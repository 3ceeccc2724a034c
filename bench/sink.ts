// SPDX-License-Identifier: Apache-2.0
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { EVENTS, WARM_UP } from './work.js';

const CHUNK = Buffer.from(
  JSON.stringify({
    serverContent: {
      modelTurn: {
        parts: [
          {
            inlineData: {
              mimeType: 'audio/pcm;rate=24000',
              data: Buffer.alloc(1920, 7).toString('base64'),
            },
          },
        ],
      },
    },
  }),
);
const END = [
  { serverContent: { generationComplete: true } },
  { serverContent: { turnComplete: true } },
];

/** Accepts anything; answers setup, and a content turn with a long answer. Not strict on purpose. */
export function startSink(): Promise<{ url: string; close: () => void }> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  server.on('connection', (socket) => {
    socket.on('message', (data: Buffer) => {
      const text = data.toString('latin1', 0, 200);
      if (text.startsWith('{"setup"')) socket.send(Buffer.from('{"setupComplete":{}}'));
      if (!/^\{"client_?[cC]ontent"/.test(text)) return;
      for (let i = 0; i < EVENTS + WARM_UP; i++) socket.send(CHUNK);
      for (const frame of END) socket.send(Buffer.from(JSON.stringify(frame)));
    });
  });
  return new Promise((resolve) => {
    server.on('listening', () => {
      const { port } = server.address() as AddressInfo;
      resolve({ url: `http://127.0.0.1:${port}`, close: () => server.close() });
    });
  });
}
