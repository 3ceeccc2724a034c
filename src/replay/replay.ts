// SPDX-License-Identifier: Apache-2.0
import { facts, type Fact } from '../protocol/facts.js';
import type { ClientFrame, ServerFrame } from '../protocol/frames.js';
import type { RecordingHead, RecordingLine } from '../recording/format.js';
import type { Recording } from '../recording/parse.js';
import type { Effect } from '../turn/effects.js';
import type { TurnRules } from '../turn/rules.js';
import { initialState, nextDeadline, type Input, type TurnState } from '../turn/state.js';
import { step } from '../turn/step.js';
import { rulesOf } from './rules.js';

/** What one input of the state machine came to. */
export interface ReplayStep {
  /** The line that brought it; a tick of a recording without ticks belongs to the line before it. */
  line: RecordingLine;
  /** Of the line in the recording. */
  index: number;
  input: Input;
  effects: readonly Effect[];
  /** After it. */
  state: TurnState;
}

export interface ReplayOptions {
  /** Instead of what the recording, or the capability table, says. @default {} */
  rules?: Partial<TurnRules>;
  /** Between two lines of a recording without times, in ms. @default 20 */
  gapMs?: number;
}

/** Where a recording does not say when it began. */
const SOME_DAY = Date.UTC(2026, 0, 1);

/** What the times of steps and effects count from, in ms since the epoch. */
export const startOf = ({ startedAt = '' }: RecordingHead): number =>
  Date.parse(startedAt) || SOME_DAY;

/**
 * The recording through the pure rooms: frames to facts, facts and local inputs to effects. Synchronous,
 * and the same every time: what this version would have done with what happened then. A recording of
 * ours replays exactly; in one of another client the part of the framework is played: it asks when
 * the client asked, and ticks when a tick is due.
 */
export function* replaySteps(
  recording: Recording,
  options: ReplayOptions = {},
): Generator<ReplayStep, void> {
  const isOurs = recording.lines.some(({ dir }) => dir === 'local');
  const player = isOurs ? new Exact(recording, options) : new Guessed(recording, options);
  for (const [index, line] of recording.lines.entries()) yield* player.line(line, index);
  yield* player.end();
}

/** All steps of a replay at once; for a recording of hours take `replaySteps`. */
export function replay(recording: Recording, options: ReplayOptions = {}): ReplayStep[] {
  return [...replaySteps(recording, options)];
}

type Untimed<I> = I extends unknown ? Omit<I, 'at'> : never;

interface Place {
  line: RecordingLine;
  index: number;
}

abstract class Player {
  protected state: TurnState;
  protected rules: TurnRules;
  protected at: number;
  readonly #base: number;
  readonly #override: Partial<TurnRules>;
  readonly #gapMs: number | undefined;

  constructor({ head, isTimed }: Recording, { rules = {}, gapMs = 20 }: ReplayOptions) {
    this.#override = rules;
    this.rules = { ...rulesOf(head), ...rules };
    this.state = initialState(head.session ?? 'r_');
    this.#base = startOf(head);
    this.#gapMs = isTimed ? undefined : gapMs;
    this.at = this.#base;
  }

  abstract line(line: RecordingLine, index: number): Generator<ReplayStep, void>;
  abstract end(): Generator<ReplayStep, void>;

  /** Time passes until a line; it never goes back. */
  protected timeOf({ t }: RecordingLine): number {
    return this.#gapMs === undefined ? Math.max(this.at, this.#base + t) : this.at + this.#gapMs;
  }

  protected changeRules(note: Record<string, unknown>): void {
    if (!note['rules']) return;
    this.rules = { ...this.rules, ...(note['rules'] as Partial<TurnRules>), ...this.#override };
  }

  protected take(input: Untimed<Input>, { line, index }: Place): ReplayStep {
    const given: Input = { ...input, at: this.at };
    const { state, effects } = step(this.state, given, this.rules);
    this.state = state;
    return { line, index, input: given, effects, state };
  }
}

/** Every input is in the recording, at its place. */
class Exact extends Player {
  /** Facts of the newest frame that the machine has not taken in yet. */
  #facts: Fact[] = [];
  #taken = 0;
  #from: Place | undefined;
  /** Frames before `setupComplete` are about the connection only. */
  #isUp: number;

  constructor(recording: Recording, options: ReplayOptions) {
    super(recording, options);
    this.#isUp = upFrom(recording);
  }

  *line(line: RecordingLine, index: number): Generator<ReplayStep, void> {
    // Reports and frames of ours come out in the middle of a frame, and say nothing of its place.
    if (line.dir !== 'local' && line.dir !== 'in' && line.dir !== 'note') return;
    yield* this.#takeFacts(line.dir === 'local' ? line.after : undefined);
    this.at = this.timeOf(line);
    if (line.dir === 'note') this.changeRules(line.note);
    const input = line.dir === 'local' ? (line.input as unknown as Untimed<Input>) : undefined;
    if (input) yield this.take(input, { line, index });
    if (line.dir !== 'in') return;
    const frame = frameOf(line.frame);
    if (frame?.setupComplete !== undefined) this.#isUp = line.connection;
    this.#facts = frame && this.#isUp === line.connection ? facts(frame) : [];
    this.#taken = 0;
    this.#from = { line, index };
  }

  *end(): Generator<ReplayStep, void> {
    yield* this.#takeFacts(undefined);
  }

  /** @param until so many of the frame were taken in when the next line came; undefined: all */
  *#takeFacts(until = Infinity): Generator<ReplayStep, void> {
    while (this.#from && this.#taken < until) {
      const fact = this.#facts.shift();
      if (!fact) return;
      this.#taken += 1;
      yield this.take(fact, this.#from);
    }
  }
}

/** Another client's recording: the part of the framework is played as it would play it. */
class Guessed extends Player {
  #asked = 0;
  #last: Place | undefined;

  *line(line: RecordingLine, index: number): Generator<ReplayStep, void> {
    const until = this.timeOf(line);
    while (this.#isDue(until)) yield* this.#tick();
    this.at = until;
    const place = { line, index };
    this.#last = place;
    if (line.dir === 'out') yield* this.#sent(line.frame, place);
    const frame = line.dir === 'in' ? frameOf(line.frame) : undefined;
    for (const fact of frame ? facts(frame) : []) yield this.take(fact, place);
  }

  /** What is still open comes to its end. */
  *end(): Generator<ReplayStep, void> {
    for (let ticks = 0; ticks < 20 && this.#isDue(Infinity); ticks++) yield* this.#tick();
  }

  *#sent(frame: unknown, place: Place): Generator<ReplayStep, void> {
    const { clientContent, toolResponse } = (frame ?? {}) as {
      clientContent?: { turnComplete?: boolean };
      toolResponse?: { functionResponses?: { id?: string }[] };
    };
    if (clientContent?.turnComplete) {
      const replyId = `asked${++this.#asked}`;
      yield this.take({ type: 'replyRequested', replyId, instructions: undefined }, place);
      yield this.take({ type: 'replyWritten', replyId }, place);
    }
    for (const { id } of toolResponse?.functionResponses ?? []) {
      // The framework hands results over once the generation that asked has ended.
      while (this.state.turn.is === 'open' && this.#isDue(Infinity)) yield* this.#tick();
      const call = this.state.calls.find(({ wireIds }) => wireIds.includes(id));
      if (!call) continue;
      yield this.take({ type: 'toolSettled', callId: call.callId }, place);
    }
  }

  #isDue(until: number): boolean {
    const due = nextDeadline(this.state, this.rules);
    return due !== undefined && due <= until;
  }

  *#tick(): Generator<ReplayStep, void> {
    const due = nextDeadline(this.state, this.rules);
    if (due === undefined || !this.#last) return;
    this.at = Math.max(this.at, due);
    yield this.take({ type: 'tick' }, this.#last);
  }
}

/** A later file, or what was kept of a failure, begins on a connection that was up already; 0: none was. */
function upFrom({ lines }: Recording): number {
  const first = lines.find(({ dir }) => dir === 'in' || dir === 'out')?.connection ?? 0;
  for (const line of lines) {
    if (line.connection > first) break;
    if (line.dir === 'out' && (frameOf(line.frame) as ClientFrame | undefined)?.setup) return 0;
    if (line.dir === 'in' && frameOf(line.frame)?.setupComplete !== undefined) return 0;
  }
  return first;
}

function frameOf(frame: unknown): ServerFrame | undefined {
  return typeof frame === 'object' && frame !== null && !Array.isArray(frame)
    ? (frame as ServerFrame)
    : undefined;
}
