// SPDX-License-Identifier: Apache-2.0
import { sleep, type Clock } from '../clock.js';
import type { Target } from '../connection/endpoint.js';
import type { OpenSocket, Socket } from '../connection/socket.js';
import type { ClientFrame, ServerFrame, Setup, WireUsage } from '../protocol/frames.js';
import { parseServerFrame } from '../protocol/parse.js';
import { scrub } from '../protocol/scrub.js';
import type { Recorder } from '../recording/recorder.js';

/** How a connection ended. */
export interface Ending {
  /** Undefined: there never was a connection. */
  code: number | undefined;
  reason: string;
  httpStatus: number | undefined;
}

/** What the model said in one turn. */
export interface Said {
  text: string;
  audioBytes: number;
  interrupted: boolean;
  usage: WireUsage | undefined;
  /** The turn came to its end. */
  complete: boolean;
}

/** No answer takes longer than this, in ms. */
const PATIENCE_MS = 20_000;

/** One raw connection: whatever is asked is sent, whatever comes is kept. */
export class Line {
  readonly frames: ServerFrame[] = [];
  readonly ended: Promise<Ending>;
  readonly #clock: Clock;
  readonly #recorder: Recorder;
  readonly #socket: Socket;
  #ending: Ending | undefined;
  #wake = new Set<() => void>();

  /** Dials, and sends the setup as soon as the socket is open. */
  constructor(
    open: OpenSocket,
    { url, headers, agent }: Target,
    setup: Setup,
    clock: Clock,
    recorder: Recorder,
  ) {
    this.#clock = clock;
    this.#recorder = recorder;
    recorder.dialling();
    let httpStatus: number | undefined;
    let finish: (ending: Ending) => void = () => {};
    this.ended = new Promise((resolve) => (finish = resolve));
    const events = {
      opened: () => this.send({ setup }),
      received: (text: string) => this.#received(text),
      refused: (status: number) => void (httpStatus = status),
      closed: (code: number | undefined, reason: string) => {
        const ending = { code, reason: scrub(reason), httpStatus };
        this.#ending = ending;
        recorder.connection({ is: 'closed', ...ending });
        finish(ending);
        this.#notify();
      },
    };
    this.#socket = open(url, headers, events, agent);
  }

  get ending(): Ending | undefined {
    return this.#ending;
  }

  send(frame: ClientFrame): boolean {
    const text = JSON.stringify(frame);
    const sent = this.#socket.send(text);
    if (sent) this.#recorder.frame('out', text);
    return sent;
  }

  /** The first frame from `since` on that fits; undefined when the line ends, or time is up. */
  async next(
    fits: (frame: ServerFrame) => boolean,
    { since = 0, ms = PATIENCE_MS }: { since?: number; ms?: number } = {},
  ): Promise<ServerFrame | undefined> {
    const stop = new AbortController();
    const timeUp = sleep(this.#clock, ms, stop.signal).then(() => 'late' as const);
    try {
      for (let at = since; ;) {
        for (; at < this.frames.length; at++) {
          const frame = this.frames[at];
          if (frame && fits(frame)) return frame;
        }
        if (this.#ending) return undefined;
        const woken = await Promise.race([this.#news(), timeUp]);
        if (woken === 'late') return undefined;
      }
    } finally {
      stop.abort();
      this.#wake.clear();
    }
  }

  /** Setup was answered. */
  async isReady(): Promise<boolean> {
    return (await this.next((frame) => frame.setupComplete !== undefined)) !== undefined;
  }

  /** So long is listened; true when the line is still up then. */
  async holds(ms: number): Promise<boolean> {
    await this.next(() => false, { since: this.frames.length, ms });
    return this.#ending === undefined;
  }

  /** Asks as the caller, by text, and listens until the turn ends. */
  async ask(text: string): Promise<Said> {
    const since = this.frames.length;
    this.send({
      clientContent: { turns: [{ role: 'user', parts: [{ text }] }], turnComplete: true },
    });
    return this.listen(since);
  }

  async listen(since: number, ms = PATIENCE_MS): Promise<Said> {
    const isEnd = ({ serverContent }: ServerFrame): boolean => serverContent?.turnComplete === true;
    const end = await this.next(isEnd, { since, ms });
    // Some models report usage just after the end.
    const usage = (frame: ServerFrame): boolean => frame.usageMetadata !== undefined;
    const counted = end && (await this.next(usage, { since, ms: 1_000 }));
    return {
      ...said(this.frames.slice(since)),
      complete: end !== undefined,
      usage: counted?.usageMetadata,
    };
  }

  /** Without a code the close frame is empty. */
  close(code?: number): Promise<Ending> {
    this.#socket.close(code);
    return this.ended;
  }

  #received(text: string): void {
    this.#recorder.frame('in', text);
    const { frame } = parseServerFrame(text);
    if (frame) this.frames.push(frame);
    this.#notify();
  }

  #news(): Promise<'news'> {
    return new Promise((resolve) => this.#wake.add(() => resolve('news')));
  }

  #notify(): void {
    const waiting = [...this.#wake];
    this.#wake.clear();
    for (const wake of waiting) wake();
  }
}

function said(frames: readonly ServerFrame[]): Omit<Said, 'usage' | 'complete'> {
  let text = '';
  let audioBytes = 0;
  let interrupted = false;
  for (const { serverContent } of frames) {
    text += serverContent?.outputTranscription?.text ?? '';
    interrupted ||= serverContent?.interrupted === true;
    for (const part of serverContent?.modelTurn?.parts ?? []) {
      audioBytes += Buffer.byteLength(part.inlineData?.data ?? '', 'base64');
      if (!part.thought) text += part.text ?? '';
    }
  }
  return { text, audioBytes, interrupted };
}
