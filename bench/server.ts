// SPDX-License-Identifier: Apache-2.0
/**
 * The server of the benchmark, in a process of its own. It accepts anything, answers setup and turns
 * by the plan it was told, and keeps count of what arrives. Not strict on purpose: it must cost little.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { PLAN, type Command, type Replies, type Seen } from './plan.js';
import { audioBytes, Chunks } from './server_audio.js';
import { cpu, now } from './types.js';

const BYTES_PER_MS = 32;
const SETUP = Buffer.from('{"setupComplete":{}}');
const END = [
  Buffer.from('{"serverContent":{"generationComplete":true}}'),
  Buffer.from('{"serverContent":{"turnComplete":true}}'),
];

class Connection {
  readonly seen: Seen;
  readonly arrivals: number[] = [];

  constructor(readonly socket: WebSocket) {
    this.seen = {
      ...{ caller: undefined, openedMs: now(), setupMs: undefined, readyMs: undefined },
      ...{ isOpen: true, firstAudioMs: undefined, audioMessages: 0, audioMs: 0 },
      ...{ answers: 0, chunks: 0 },
    };
    socket.on('message', (data: Buffer) => this.#received(data));
    socket.on('error', () => {});
    // The official plugin takes any answer but 1000 for a failure, also to a close of its own.
    const close = socket.close.bind(socket);
    socket.close = (code, reason) => close(code ?? 1000, reason);
    socket.on('close', () => {
      this.seen.isOpen = false;
    });
  }

  #received(data: Buffer): void {
    const head = data.toString('latin1', 0, 40);
    if (head.startsWith('{"setup"')) this.#setUp(data.toString());
    else if (/^\{"realtime_?[iI]nput":\{"(audio|media)/.test(head)) this.#heard(data);
    else if (/"turn_?[cC]omplete":true/.test(data.toString('latin1'))) this.#answer();
  }

  #setUp(frame: string): void {
    const caller = /caller-(\d+)/.exec(frame)?.[1];
    this.seen.caller = caller === undefined ? undefined : Number(caller);
    this.seen.setupMs = now();
    const ready = (): void => {
      this.socket.send(SETUP);
      this.seen.readyMs = now();
    };
    if (plan.setupMs > 0) setTimeout(ready, plan.setupMs);
    else ready();
  }

  #heard(data: Buffer): void {
    const atMs = now();
    this.seen.firstAudioMs ??= atMs;
    this.seen.audioMessages += 1;
    this.seen.audioMs += audioBytes(data) / BYTES_PER_MS;
    if (plan.record) this.arrivals.push(atMs, this.seen.audioMs);
  }

  #answer(): void {
    this.seen.answers += 1;
    const { chunks, batch, everyMs } = plan;
    // Callers are apart from each other, as they are in life.
    const phase = everyMs > 1 ? ((this.seen.caller ?? 0) * 7) % everyMs : 0;
    answers.add({ connection: this, left: chunks, batch, everyMs, nextMs: now() + phase });
  }
}

interface Answer {
  connection: Connection;
  left: number;
  batch: number;
  everyMs: number;
  nextMs: number;
}

let plan = PLAN;
let connections: Connection[] = [];
const answers = new Set<Answer>();
const voices = new Map<number, Chunks>();

function voice(chunkMs: number): Chunks {
  const found = voices.get(chunkMs) ?? new Chunks(chunkMs);
  voices.set(chunkMs, found);
  return found;
}

/** Writes what is due; one timer for all callers. */
function speak(): void {
  const chunks = voice(plan.chunkMs);
  for (const answer of answers) {
    const { socket, seen } = answer.connection;
    if (!seen.isOpen) answers.delete(answer);
    while (answers.has(answer) && answer.nextMs <= now()) {
      answer.nextMs += answer.everyMs;
      for (let i = 0; i < answer.batch && answer.left > 0; i++, answer.left--) {
        socket.send(chunks.next(now()));
        seen.chunks += 1;
      }
      if (answer.left > 0) continue;
      for (const frame of END) socket.send(frame);
      answers.delete(answer);
    }
  }
}

function execute(command: Command): Replies[Command['do']] {
  switch (command.do) {
    case 'plan':
      plan = command.plan;
      return true;
    case 'look':
      return connections.map(({ seen }) => seen);
    case 'forget':
      for (const { socket } of connections) socket.terminate();
      connections = [];
      answers.clear();
      return true;
    case 'clear':
      for (const { seen, arrivals } of connections) {
        arrivals.length = 0;
        Object.assign(seen, { audioMs: 0, audioMessages: 0, answers: 0, chunks: 0 });
      }
      return true;
    case 'arrivals':
      return Object.fromEntries(
        connections
          .filter(({ seen }) => seen.isOpen && seen.caller !== undefined)
          .map(({ seen, arrivals }) => [seen.caller, arrivals]),
      );
    case 'break':
      return breakOff(command.caller, command.code);
    case 'cpu':
      return { usedMs: cpu() / 1000, atMs: now() };
  }
}

function breakOff(caller: number, code: number | undefined): number {
  const found = connections.find(({ seen }) => seen.isOpen && seen.caller === caller);
  if (!found) throw new Error(`caller ${caller} is not connected`);
  const atMs = now();
  if (code === undefined) found.socket.terminate();
  else found.socket.close(code, 'Internal error encountered.');
  return atMs;
}

const plain = new WebSocketServer({ noServer: true, perMessageDeflate: false });
const deflating = new WebSocketServer({ noServer: true, perMessageDeflate: true });
const http = createServer((_request, response) => response.writeHead(404).end());
http.on('upgrade', (request, socket, head) => {
  const isControl = request.url === '/control';
  const accept = (): void => {
    const server = plan.deflate && !isControl ? deflating : plain;
    server.handleUpgrade(request, socket, head, (client) => {
      if (!isControl) {
        connections.push(new Connection(client));
        return;
      }
      client.on('message', (data: Buffer) => {
        client.send(JSON.stringify(execute(JSON.parse(data.toString()) as Command)));
      });
    });
  };
  if (plan.upgradeMs > 0 && !isControl) setTimeout(accept, plan.upgradeMs);
  else accept();
});
http.listen(0, '127.0.0.1', () => {
  const { port } = http.address() as AddressInfo;
  process.send?.(`http://127.0.0.1:${port}`);
});
setInterval(speak, 1);
process.on('disconnect', () => process.exit(0));
