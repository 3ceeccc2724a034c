// SPDX-License-Identifier: Apache-2.0
import { Writable } from 'node:stream';
import type { Clock } from '../clock.js';
import { AudioRun } from './audio_run.js';
import { Cleaner } from './cleaner.js';
import {
  FORMAT,
  type AudioKept,
  type ConnectionLine,
  type RecordingHead,
  type TranscriptsKept,
} from './format.js';
import { Ring } from './ring.js';
import { batches, fileOutput, functionSink, streamOutput, webSink, type Sink } from './sink.js';

/** A file path, a stream of either kind, or a function that takes each line. */
export type RecordTarget = string | Writable | WritableStream<string> | ((line: string) => unknown);

/** How a session is recorded. The format is described in docs/recording.md. */
export interface RecordOptions {
  /**
   * A path is a new file for each session (the folder is made; where the file exists, the time and the
   * session go into the name). A stream belongs to one session, and is ended with it.
   */
  to: RecordTarget;
  /** Audio and pictures: left out, as length and level, or whole. @default 'lengths' */
  audio?: AudioKept;
  /**
   * What is said, written or handed to tools: as it is, as a hash (the same words, the same hash, in one
   * recording), or as a length. @default 'keep'
   */
  transcripts?: TranscriptsKept;
  /**
   * `'failure'`: lines wait in memory, and are written when something fails: an error, an answer that
   * does not come, a lost connection, a late tool. @default 'always'
   */
  when?: 'always' | 'failure';
  /** Size of one file, in bytes; then the next begins. @default 52428800 (50 MiB) */
  maxBytes?: number;
  /** Files of one session that are kept, the newest. @default 4 */
  maxFiles?: number;
  /** What waits in memory for a failure, in bytes. @default 2097152 (2 MiB) */
  ringBytes?: number;
}

export interface Beginning {
  head: RecordingHead;
  /** What the state machine is told of model and session; it may change. */
  rules: () => object;
  clock: Clock;
  /** Goes into a file name that is taken. */
  unique: string;
  /** Secrets that no pattern tells. */
  secrets: readonly string[];
  /** Nothing is recorded from now on. */
  failed: (why: Error) => void;
}

/** A tap on a session: frames in both directions, what the machine was told, what was called and said. */
export class Recorder {
  readonly #options: Required<RecordOptions>;
  readonly #begin: Beginning;
  readonly #cleaner: Cleaner;
  readonly #begun: number;
  readonly #out: Pick<Sink, 'write' | 'close'>;
  readonly #ring: Ring | undefined;
  /** Whole audio is a line of its own each. */
  readonly #runs: { in?: AudioRun; out?: AudioRun };
  #connection = 0;
  /** Facts of the newest frame that were taken in. */
  #facts = 0;
  #rules = '';
  /** When it was last noted that something waits. */
  #queuedAt: number | undefined;

  constructor(options: RecordOptions, begin: Beginning) {
    this.#options = {
      ...{ audio: 'lengths', transcripts: 'keep', when: 'always' },
      ...{ maxBytes: 50 * 2 ** 20, maxFiles: 4, ringBytes: 2 * 2 ** 20 },
      ...options,
    };
    this.#begin = begin;
    this.#begun = begin.clock.now();
    const { audio, transcripts } = this.#options;
    this.#cleaner = new Cleaner({ audio, transcripts, secrets: begin.secrets });
    const run = (): AudioRun => new AudioRun((frame) => this.#cleaner.value(frame));
    this.#runs = audio === 'full' ? {} : { in: run(), out: run() };
    this.#rules = JSON.stringify(begin.rules());
    if (this.#options.when === 'always') {
      this.#out = this.#open();
      return;
    }
    const { ringBytes } = this.#options;
    this.#ring = new Ring(
      ringBytes,
      () => begin.clock.now(),
      () => this.#open(),
    );
    this.#out = this.#ring;
  }

  /** A dial begins. */
  dialling(): void {
    this.#endRuns();
    this.#connection += 1;
    this.checkRules();
  }

  /** A frame as it crosses the wire. */
  frame(dir: 'in' | 'out', text: string): void {
    const run = this.#runs[dir];
    const now = this.#begin.clock.now();
    const isAudio = run?.add(text, now) === true;
    if (isAudio && this.#options.audio === 'none') {
      run.take();
      return;
    }
    if (dir === 'in') this.#facts = 0;
    if (!isAudio) this.#write(`${this.#start(dir)},"frame":${this.#cleaner.frame(text)}}`);
    else if (now >= run.begunAt + RUN_MS) this.#endRuns();
  }

  /** An input of the state machine, in the order in which it takes them. */
  input(input: { type: string; at: number }): void {
    if (!LOCAL.has(input.type)) {
      this.#facts += 1;
      return;
    }
    const { at, ...rest } = input;
    const after = this.#facts;
    this.#line('local', { input: rest, after }, at);
  }

  call(call: string, args: Record<string, unknown>): void {
    this.#line('call', { call, args });
  }

  connection(event: ConnectionLine['event']): void {
    this.#line('connection', { event });
    if (event.is === 'lost' || event.is === 'failed') this.failed();
  }

  /** What waits to be sent. */
  queue(commands: number, audioMs: number): void {
    if (commands === 0 && this.#queuedAt === undefined) return;
    const now = this.#begin.clock.now();
    if (commands > 0 && this.#queuedAt !== undefined && now < this.#queuedAt + QUEUE_MS) return;
    this.#queuedAt = commands > 0 ? now : undefined;
    this.#line('queue', { commands, audioMs });
  }

  report(what: string, detail: unknown): void {
    this.#line('report', { what, detail });
    if (FAILURES.has(what)) this.failed();
  }

  /** Notes the rules of the state machine, where they have changed. */
  checkRules(): void {
    const rules = this.#begin.rules();
    const now = JSON.stringify(rules);
    if (now === this.#rules) return;
    this.#rules = now;
    this.#line('note', { note: { rules } });
  }

  /** Writes what waits for a failure. */
  failed(): void {
    this.#endRuns();
    this.#ring?.failed();
  }

  async close(): Promise<void> {
    this.#endRuns();
    await this.#out.close();
  }

  /** Whatever is no audio comes after the audio before it. */
  #write(line: string): void {
    this.#endRuns();
    this.#out.write(line);
  }

  #endRuns(): void {
    for (const dir of ['out', 'in'] as const) {
      const run = this.#runs[dir]?.take();
      if (run) this.#out.write(`${this.#start(dir, run.at)},"frame":${run.frame}}`);
    }
  }

  #line(dir: string, rest: Record<string, unknown>, at?: number): void {
    this.#write(`${this.#start(dir, at)},${this.#json(rest).slice(1)}`);
  }

  /** An app may hand over what JSON cannot hold. */
  #json(members: Record<string, unknown>): string {
    try {
      return this.#cleaner.value(members);
    } catch {
      const shallow = Object.entries(members).map(([name, value]) => [
        name,
        typeof value === 'object' ? { unreadable: true } : value,
      ]);
      return JSON.stringify(Object.fromEntries(shallow));
    }
  }

  #start(dir: string, at = this.#begin.clock.now()): string {
    const t = Math.max(0, at - this.#begun);
    return `{"t":${t},"connection":${this.#connection},"dir":"${dir}"`;
  }

  #head(part: number): string {
    const { audio, transcripts } = this.#options;
    const startedAt = new Date(this.#begun).toISOString();
    const own = { format: FORMAT, startedAt, part, audio, transcripts, rules: this.#begin.rules() };
    const note = { ...this.#begin.head, ...own };
    return `{"t":0,"connection":0,"dir":"note",${this.#json({ note }).slice(1)}`;
  }

  #open(): Sink {
    const { to, maxBytes, maxFiles } = this.#options;
    const { unique, failed, clock } = this.#begin;
    const dropped = (lines: number): string =>
      `${this.#start('note')},"note":{"dropped":${lines}}}`;
    const head = (part: number): string => this.#head(part);
    if (typeof to === 'string') {
      const files = { path: to, unique, maxBytes, maxFiles, head, failed };
      return batches(fileOutput(files), clock, dropped);
    }
    const sink =
      typeof to === 'function'
        ? functionSink(to)
        : to instanceof Writable
          ? batches(streamOutput(to, failed), clock, dropped)
          : webSink(to);
    sink.write(head(1));
    return sink;
  }
}

/** Audio is written as one line for so many ms at most. */
const RUN_MS = 1_000;
/** Depths of the queue are noted no more often, in ms. */
const QUEUE_MS = 250;

/** Inputs that no frame brings. */
const LOCAL = new Set([
  'replyRequested', 'replyWritten', 'replyAborted', 'interruptRequested', 'turnCommitted',
  'turnDiscarded', 'callerLoud', 'toolSettled', 'toolIs', 'heardNothing', 'connectionLost',
  'connectionBack', 'closed', 'tick',
]); // prettier-ignore

/** Reports after which somebody will want to know why. */
const FAILURES = new Set([
  'unanswered', 'stalled', 'silent_audio', 'reply_failed', 'memory_lost', 'no_caller_audio',
  'caller_audio_lost', 'tool_call_overdue', 'capability_refused', 'protocol_error',
]); // prettier-ignore
