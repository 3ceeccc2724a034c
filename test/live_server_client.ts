// SPDX-License-Identifier: Apache-2.0
import { WebSocket } from 'ws';
import type { LiveServer } from '../src/testing/index.js';

const GEMINI = (version: string) =>
  `//ws/google.ai.generativelanguage.${version}.GenerativeService.BidiGenerateContent?key=secret`;
const VERTEX = (version: string) =>
  `/ws/google.cloud.aiplatform.${version}.LlmBidiService/BidiGenerateContent`;

export interface BareOptions {
  vertex?: boolean;
  /** Vertex AI with an API key instead of a bearer token. */
  vertexKey?: boolean;
  version?: string;
  path?: string;
  headers?: Record<string, string>;
}

/** A client that knows nothing: it sends what it is told and keeps what comes. */
export class Bare {
  readonly ws: WebSocket;
  readonly received: any[] = [];
  readonly binary: boolean[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly opened: Promise<void>;
  failure: Error | undefined;
  #waiters: { test: (frame: any) => boolean; resolve: (frame: any) => void }[] = [];

  constructor(server: LiveServer, options: BareOptions = {}) {
    const vertex = options.vertex ?? options.vertexKey ?? false;
    const path =
      options.path ??
      (vertex ? VERTEX(options.version ?? 'v1') : GEMINI(options.version ?? 'v1beta'));
    const auth: Record<string, string> = !vertex
      ? {}
      : options.vertexKey
        ? { 'x-goog-api-key': 'secret' }
        : { authorization: 'Bearer secret' };
    const headers = options.headers ?? auth;
    this.ws = new WebSocket(server.url.replace('http', 'ws') + path, {
      headers,
      perMessageDeflate: false,
    });
    this.ws.on('message', (data: Buffer, isBinary) => {
      const frame = JSON.parse(data.toString());
      this.binary.push(isBinary);
      this.received.push(frame);
      this.#waiters = this.#waiters.filter(({ test, resolve }) => {
        if (!test(frame)) return true;
        resolve(frame);
        return false;
      });
    });
    this.ws.on('error', (error) => (this.failure = error));
    this.opened = new Promise((resolve) => this.ws.on('open', () => resolve()));
    this.closed = new Promise((resolve) =>
      this.ws.on('close', (code, reason) => resolve({ code, reason: reason.toString() })),
    );
  }

  send(frame: unknown): void {
    this.ws.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  /** The first frame, past or future, for which the test holds. */
  see(test: (frame: any) => boolean): Promise<any> {
    const there = this.received.find(test);
    if (there) return Promise.resolve(there);
    return new Promise((resolve) => this.#waiters.push({ test, resolve }));
  }

  /** Sends setup and waits for its end, good or bad. */
  async setUp(setup: Record<string, unknown>): Promise<'complete' | 'closed'> {
    await this.opened;
    this.send({ setup });
    return Promise.race([
      this.see((frame) => 'setupComplete' in frame).then(() => 'complete' as const),
      this.closed.then(() => 'closed' as const),
    ]);
  }

  /** Sends caller audio in chunks of 20 ms, all at once. */
  audio(pcm: Int16Array, rate = 16_000): void {
    const size = rate / 50;
    for (let start = 0; start < pcm.length; start += size) {
      const chunk = pcm.subarray(start, start + size);
      const data = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('base64');
      this.send({ realtimeInput: { audio: { data, mimeType: `audio/pcm;rate=${rate}` } } });
    }
  }

  /** All transcript of the model so far. */
  get heard(): string {
    return this.received
      .map((frame) => frame.serverContent?.outputTranscription?.text ?? '')
      .join('');
  }

  count(test: (frame: any) => boolean): number {
    return this.received.filter(test).length;
  }
}

export const isTurnComplete = (frame: any) => frame.serverContent?.turnComplete === true;
export const isInterrupted = (frame: any) => frame.serverContent?.interrupted === true;
export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
