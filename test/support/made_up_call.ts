// SPDX-License-Identifier: Apache-2.0
import { KINDS } from '../../src/inspect/kinds.js';
import type { CallReport, LevelPoint, Verdict } from '../../src/inspect/report.js';
import { mediaMark, type RecordingLine } from '../../src/recording/format.js';
import type { Recording } from '../../src/recording/parse.js';

export interface MadeUpCall {
  recording: Recording;
  report: CallReport;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer U)[] ? U[] : T[K] };

const WORDS = (
  'I would like to move my appointment to next Thursday afternoon because the train is late again and ' +
  'my daughter needs the car can you tell me whether there is still a free table for two by the window'
).split(' ');
const MIC_MS = 20;
const SPEECH_MS = 40;
/** The server sends so much faster than it is played. */
const AHEAD = 4;
const CONNECTION_MS = 570_000;

/** A phone call of any length, by a seed: the same seed, the same call. Synthetic, in the shapes of the wire. */
export class CallMaker {
  readonly #lines: RecordingLine[] = [];
  readonly #report: Mutable<CallReport>;
  readonly #levels: { caller: LevelPoint[]; agent: LevelPoint[] } = { caller: [], agent: [] };
  readonly #media = new Map<string, object>();
  #seed: number;
  #t = 0;
  #connection = 1;
  #count = 0;

  constructor(seed: number) {
    this.#seed = seed;
    this.#report = {
      head: {
        format: 1,
        model: 'a-made-up-model',
        backend: 'gemini',
        startedAt: '2026-11-02T09:00:00Z',
        synthetic: true,
      },
      ...{ isTimed: true, durationMs: 0, problems: [] },
      ...{
        connections: [],
        answers: [],
        utterances: [],
        tools: [],
        interruptions: [],
        requests: [],
      },
      ...{ gaps: [], levels: this.#levels, queue: [], verdicts: [] },
      latency: { count: 0, p50: 640, p95: 1480, max: 2210 },
      tokens: { turns: 0, input: 182_400, output: 61_250, costUsd: 0.4312 },
    };
  }

  make(durationMs: number): MadeUpCall {
    this.#connect();
    while (this.#t < durationMs) this.#turn();
    const open = this.#report.connections.at(-1);
    if (open) open.to = undefined;
    this.#report.durationMs = this.#t;
    this.#report.tokens.turns = this.#report.latency.count = this.#report.answers.length;
    const lines = this.#lines.sort((a, b) => a.t - b.t);
    const numbers = lines.map((_, index) => index + 2);
    const recording = { head: this.#report.head, lines, isTimed: true, problems: [], numbers };
    return { recording, report: this.#report };
  }

  #random(): number {
    this.#seed = (Math.imul(this.#seed, 1664525) + 1013904223) >>> 0;
    return this.#seed / 2 ** 32;
  }

  #between(low: number, high: number): number {
    return Math.round(low + this.#random() * (high - low));
  }

  #words(count: number): string {
    const first = this.#between(0, WORDS.length - 1);
    return Array.from({ length: count }, (_, at) => WORDS[(first + at) % WORDS.length]).join(' ');
  }

  #line(dir: string, t: number, rest: object): void {
    this.#lines.push({ t, connection: this.#connection, dir, ...rest } as unknown as RecordingLine);
  }

  #connect(): void {
    this.#line('out', this.#t, { frame: { setup: { model: 'models/a-made-up-model' } } });
    this.#line('in', this.#t + 180, { frame: { setupComplete: {} } });
    this.#report.connections.push({
      ...{ connection: this.#connection, from: this.#t, to: undefined, readyAt: this.#t + 180 },
      ...{ restored: this.#connection > 1, ended: undefined, isPlanned: true },
    });
    this.#listen(200, -62);
  }

  /** Mic frames go out all the time, loud or not. */
  #listen(ms: number, level: number): void {
    const end = this.#t + ms;
    for (; this.#t < end; this.#t += MIC_MS) {
      const db = Math.round(level + (this.#random() - 0.5) * (level > -50 ? 22 : 6));
      this.#line('out', this.#t, { frame: this.#shared('out', 640, db) });
      this.#levels.caller.push({ t: this.#t, ms: MIC_MS, db });
    }
  }

  /** Millions of frames share a hundred objects. */
  #shared(dir: 'in' | 'out', bytes: number, db: number): object {
    const key = `${dir} ${bytes} ${db}`;
    const data = mediaMark(bytes, db);
    const frame =
      this.#media.get(key) ??
      (dir === 'out'
        ? { realtimeInput: { audio: { data, mimeType: 'audio/pcm;rate=16000' } } }
        : {
            serverContent: {
              modelTurn: { parts: [{ inlineData: { data, mimeType: 'audio/pcm;rate=24000' } }] },
            },
          });
    this.#media.set(key, frame);
    return frame;
  }

  #turn(): void {
    this.#count += 1;
    const from = this.#t;
    const text = this.#words(this.#between(3, 14));
    this.#listen(this.#between(900, 4200), -24);
    this.#report.utterances.push({ itemId: `u${this.#count}`, from, to: this.#t, text });
    this.#line('in', this.#t, { frame: { serverContent: { inputTranscription: { text } } } });
    const asked = this.#t;
    if (this.#random() < 0.2) this.#tool();
    const waited = this.#between(350, this.#random() < 0.06 ? 4200 : 1300);
    this.#listen(waited, -60);
    this.#speak(asked);
    this.#listen(this.#between(200, 2500), -61);
    const began = this.#report.connections.at(-1)?.from ?? 0;
    if (this.#t - began > CONNECTION_MS) this.#reconnect();
    else if (this.#random() < 0.01) this.#drop();
  }

  #tool(): void {
    const id = `call-${this.#count}`;
    const from = this.#t;
    const args = { day: this.#words(2), people: this.#between(1, 8) };
    this.#line('in', from, {
      frame: { toolCall: { functionCalls: [{ id, name: 'find_table', args }] } },
    });
    this.#listen(this.#between(120, 2600), -60);
    const outcome = this.#random() < 0.08 ? 'overdue' : 'answered';
    const output = { free: this.#random() < 0.5 };
    this.#line('out', this.#t, {
      frame: {
        toolResponse: { functionResponses: [{ id, name: 'find_table', response: output }] },
      },
    });
    this.#report.tools.push({
      ...{ callId: id, name: 'find_table', args, outcome, output, isError: false },
      ...{ from, to: this.#t },
    });
    if (outcome === 'overdue')
      this.#verdict(from, 'tool_overdue', 'A tool was late', 'It answered after its deadline.');
  }

  #verdict(at: number, kind: Verdict['kind'], what: string, hint: string): void {
    const {
      [kind]: [grade],
    } = KINDS;
    this.#report.verdicts.push({ at, kind, grade, what, hint });
  }

  #speak(asked: number): void {
    const firstAudioAt = this.#t;
    const text = this.#words(this.#between(6, 26));
    const long = this.#between(1500, 9000);
    const cutAt = this.#random() < 0.12 ? this.#between(500, long - 500) : undefined;
    for (
      let sent = 0;
      sent < long && (cutAt === undefined || sent / AHEAD < cutAt);
      sent += SPEECH_MS
    ) {
      const t = Math.round(firstAudioAt + sent / AHEAD);
      const db = Math.round(-22 + (this.#random() - 0.5) * 20);
      this.#line('in', t, { frame: this.#shared('in', 1920, db) });
      this.#levels.agent.push({ t, ms: SPEECH_MS, db });
    }
    this.#line('in', firstAudioAt + 60, {
      frame: { serverContent: { outputTranscription: { text } } },
    });
    this.#listen(cutAt ?? long, -62);
    const generationId = `g${this.#count}`;
    this.#report.answers.push({
      ...{ generationId, replyId: undefined, askedAt: undefined, firstAudioAt, text },
      ...{ from: firstAudioAt, to: this.#t, latencyMs: firstAudioAt - asked },
      ...{ audioMs: cutAt ?? long, end: cutAt === undefined ? 'complete' : 'interrupted' },
    });
    const end = cutAt === undefined ? { turnComplete: true } : { interrupted: true };
    this.#line('in', this.#t, { frame: { serverContent: end } });
    if (cutAt !== undefined) {
      this.#report.interruptions.push({ at: this.#t, by: 'caller', generationId, spokenMs: cutAt });
    }
    if (firstAudioAt - asked > 2600) {
      this.#report.gaps.push({ from: asked + 1000, to: firstAudioAt, kind: 'unanswered' });
      this.#verdict(
        asked,
        'slow_answer',
        'The caller waited long for an answer',
        'Look at the tools before it.',
      );
    }
  }

  #end(ended: string, isPlanned: boolean): void {
    const open = this.#report.connections.at(-1);
    if (open) Object.assign(open, { to: this.#t, ended, isPlanned });
    const event = { is: isPlanned ? 'exchange' : 'lost', why: ended };
    this.#line('connection', this.#t, { event });
    this.#connection += 1;
  }

  #reconnect(): void {
    this.#end('exchanged: the service announced its end', true);
    this.#t += 60;
    this.#connect();
  }

  #drop(): void {
    this.#end('1011 The service is currently unavailable.', false);
    const from = this.#t;
    const down = this.#between(700, 3000);
    for (let at = 0; at < down; at += 250) {
      this.#report.queue.push({ t: from + at, commands: 1 + Math.round(at / 20), audioMs: at });
      this.#line('queue', from + at, { commands: 1 + Math.round(at / 20), audioMs: at });
    }
    this.#t += down;
    this.#report.queue.push({ t: this.#t, commands: 0, audioMs: 0 });
    this.#report.gaps.push({ from, to: this.#t, kind: 'down' });
    this.#verdict(
      from,
      'line_lost',
      'The connection was lost (1011)',
      'It was resumed; nothing was forgotten.',
    );
    this.#connect();
  }
}
