// SPDX-License-Identifier: Apache-2.0
import type { RecordingHead, RecordingLine } from '../recording/format.js';
import type { Recording } from '../recording/parse.js';
import type { Effect } from '../turn/effects.js';
import type { TurnState } from '../turn/state.js';
import { audioMs, quoted, told } from './members.js';
import { replaySteps, type ReplayOptions, type ReplayStep } from './replay.js';
import { terse } from './terse.js';

/**
 * A replay as text, for golden files: one line for each frame, call, local input and event of the
 * connection, with its time in s, the number of the connection, and behind `=>` what this version makes
 * of it. Audio frames that come to the same are one line. The same recording gives the same text on every
 * machine. Left out are inputs that come to nothing (ticks, a loud microphone), reports, and depths of
 * the queue.
 *
 * @example
 *   1.204 1 in    serverContent audio 40 ms => begin(r1) message play
 *   1.244 1 in    serverContent audio x11 440 ms => play
 *   1.700 1 in    serverContent outputTranscription "Hello." => write
 */
export function traceOf(recording: Recording, options: ReplayOptions = {}): string {
  const trace = new Trace(recording);
  let state: TurnState | undefined;
  for (const step of replaySteps(recording, options)) {
    trace.take(step);
    state = step.state;
  }
  return trace.end(state);
}

/** Rows that may yet grow: audio in a row. */
interface Run {
  line: RecordingLine;
  effects: string;
  count: number;
  ms: number;
}

class Trace {
  readonly #recording: Recording;
  readonly #rows: string[];
  /** Audio since the last row; caller and model may speak at the same time. */
  #runs: Run[] = [];
  /** Lines before it are written, or wait for their effects. */
  #next = 0;
  /** What the newest row with effects comes from, while more effects may follow. */
  #open: { line: RecordingLine; index: number; kind: RowKind; effects: Effect[] } | undefined;

  constructor(recording: Recording) {
    this.#recording = recording;
    this.#rows = [headRow(recording.head)];
  }

  take({ index, line, input, effects }: ReplayStep): void {
    const isTick = input.type === 'tick' && line.dir !== 'local';
    if (isTick && effects.length === 0) return;
    if (this.#open?.index === index && !isTick && this.#open.kind !== 'tick') {
      this.#open.effects.push(...effects);
      return;
    }
    const isRest = index < this.#next || this.#open?.index === index;
    this.#until(isTick ? index + 1 : index);
    this.#settle();
    const kind = isTick ? 'tick' : isRest ? 'rest' : 'line';
    this.#open = { line, index, kind, effects: [...effects] };
    this.#next = Math.max(this.#next, index + 1);
  }

  end(state: TurnState | undefined): string {
    this.#until(this.#recording.lines.length);
    this.#settle();
    this.#flush();
    this.#rows.push(endRow(state));
    for (const problem of this.#recording.problems) this.#rows.push(`# not read: ${problem}`);
    return `${this.#rows.join('\n')}\n`;
  }

  /** Lines that came to nothing. */
  #until(index: number): void {
    if (this.#next >= index) return;
    this.#settle();
    for (const line of this.#recording.lines.slice(this.#next, index)) this.#row(line, 'line', []);
    this.#next = index;
  }

  #settle(): void {
    if (!this.#open) return;
    const { line, kind, effects } = this.#open;
    this.#open = undefined;
    if (kind !== 'rest' || effects.length > 0) this.#row(line, kind, effects);
  }

  #row(line: RecordingLine, kind: RowKind, all: readonly Effect[]): void {
    const effects = effectsOf(all);
    const isAudio = kind === 'line' && (line.dir === 'in' || line.dir === 'out');
    const ms = isAudio ? audioMs(line.frame, line.dir) : undefined;
    if (ms !== undefined) {
      this.#audio(line, effects, ms);
      return;
    }
    const said = kind === 'line' ? lineTold(line, effects !== '') : kind === 'rest' ? '…' : 'tick';
    if (said === undefined) return;
    this.#flush();
    this.#write(line, kind === 'tick' ? 'local' : line.dir, said, effects);
  }

  #audio(line: RecordingLine, effects: string, ms: number): void {
    const run = this.#runs.findLast((one) => one.line.dir === line.dir);
    if (run && run.effects === effects && run.line.connection === line.connection) {
      run.count += 1;
      run.ms += ms;
      return;
    }
    this.#runs.push({ line, effects, count: 1, ms });
  }

  #flush(): void {
    for (const { line, effects, count, ms } of this.#runs) {
      const message = line.dir === 'in' ? 'serverContent' : 'realtimeInput';
      const times = count > 1 ? ` x${count}` : '';
      this.#write(line, line.dir, `${message} audio${times} ${Math.round(ms)} ms`, effects);
    }
    this.#runs = [];
  }

  #write({ t, connection }: RecordingLine, dir: string, said: string, effects: string): void {
    const time = this.#recording.isTimed ? (t / 1000).toFixed(3) : '-';
    const word = (dir === 'connection' ? 'conn' : dir).padEnd(5);
    const came = effects === '' ? '' : ` => ${effects}`;
    this.#rows.push(`${time.padStart(9)} ${connection} ${word} ${said}${came}`);
  }
}

/** A line, what is left of it after something else came between, or time that passed. */
type RowKind = 'line' | 'rest' | 'tick';

function headRow({ model = 'unknown model', backend, synthetic }: RecordingHead): string {
  const words = [model, ...(backend ? [backend] : []), ...(synthetic ? ['synthetic'] : [])];
  return `# ${words.join(', ')}`;
}

function endRow(state: TurnState | undefined): string {
  if (!state) return '# nothing happened';
  const waiting = [
    ...state.replies.map(({ replyId }) => replyId),
    ...state.calls.map(({ callId }) => callId),
  ];
  const last = waiting.length === 0 ? 'nothing waits' : `waiting: ${waiting.join(' ')}`;
  return `# at the end: ${state.turn.is}, ${last}`;
}

/** Undefined: not worth a row. */
function lineTold(line: RecordingLine, hasEffects: boolean): string | undefined {
  switch (line.dir) {
    case 'in':
    case 'out':
      return told(line.frame, line.dir);
    case 'local': {
      const { type, ...rest } = line.input;
      if (!hasEffects && (type === 'tick' || type === 'callerLoud')) return undefined;
      return withMembers(type, rest);
    }
    case 'call':
      return callTold(line.call, line.args);
    case 'connection': {
      const { is, why, fresh, restored, code, reason, phase } = line.event;
      return withMembers(is, { why, fresh, restored, code, reason: reason || undefined, phase });
    }
    case 'note':
      return 'rules' in line.note ? 'rules changed' : withMembers('', line.note).trim();
    default:
      return undefined;
  }
}

function callTold(call: string, args: Record<string, unknown>): string {
  if (call !== 'updateChatCtx') return withMembers(call, call === 'close' ? {} : args);
  const news = Array.isArray(args['items']) ? (args['items'] as Record<string, unknown>[]) : [];
  const items = news.map((item) =>
    [item['role'] ?? item['type'], quoted(item['content'] ?? item['output'] ?? item['name'])].join(
      ' ',
    ),
  );
  return [call, ...items].join(' + ');
}

function withMembers(name: string, members: Record<string, unknown>): string {
  const words = Object.entries(members)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(
      ([key, value]) => `${key}=${typeof value === 'string' ? quoted(value) : quoted(value, 120)}`,
    );
  return [name, ...words].join(' ');
}

function effectsOf(effects: readonly Effect[]): string {
  const words: { word: string; count: number }[] = [];
  for (const effect of effects) {
    const word = shown(effect);
    const last = words.at(-1);
    if (last?.word === word) last.count += 1;
    else words.push({ word, count: 1 });
  }
  return words.map(({ word, count }) => (count > 1 ? `${word} x${count}` : word)).join(' ');
}

/** With the words that an author would miss. */
function shown(effect: Effect): string {
  switch (effect.type) {
    case 'remember': {
      const { role, text, interrupted } = effect.message;
      return `keep(${role} ${quoted(text)}${interrupted ? ' interrupted' : ''})`;
    }
    case 'transcribe':
      return `${terse(effect)}(${quoted(effect.text)})`;
    case 'callTool':
      return `call(${effect.call.name} ${effect.call.callId})`;
    case 'requestReply':
    case 'withdrawReply':
      return `${terse(effect)}(${effect.replyId})`;
    case 'cancelCalls':
    case 'forgetCalls':
      return `${terse(effect)}(${effect.callIds.join(' ')})`;
    default:
      return terse(effect);
  }
}
