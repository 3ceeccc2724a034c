// SPDX-License-Identifier: Apache-2.0
import type { ClientFrame, ServerFrame } from '../../src/protocol/frames.js';
import type { Recording } from '../../src/recording/parse.js';
import { replay, type Effect, type ReplayStep, type TurnState } from '../../src/replay/replay.js';

/** A frame with its place in the recording. */
export interface Framed<F> {
  index: number;
  t: number;
  frame: F;
}

/** A recording and what comes of it, to ask questions of. */
export class Recorded {
  readonly recording: Recording;
  readonly steps: ReplayStep[];
  readonly received: Framed<ServerFrame>[];
  readonly sent: Framed<ClientFrame>[];

  constructor(recording: Recording) {
    this.recording = recording;
    this.steps = replay(recording);
    this.received = this.#frames('in') as Framed<ServerFrame>[];
    this.sent = this.#frames('out') as Framed<ClientFrame>[];
  }

  get effects(): Effect[] {
    return this.steps.flatMap(({ effects }) => [...effects]);
  }

  of<T extends Effect['type']>(type: T): Extract<Effect, { type: T }>[] {
    return this.effects.filter(
      (effect): effect is Extract<Effect, { type: T }> => effect.type === type,
    );
  }

  /** Local history as the effects tell it: who said what. */
  get said(): [role: string, text: string][] {
    return this.of('remember').map(({ message: { role, text } }) => [role, text]);
  }

  /** How generations ended. */
  get ends(): string[] {
    return this.of('closeGeneration').map(({ end }) => end);
  }

  get reports(): string[] {
    return this.recording.lines.flatMap((line) => (line.dir === 'report' ? [line.what] : []));
  }

  /** What became of connections, in order. */
  get events(): ({ is: string; index: number } & Record<string, unknown>)[] {
    return this.recording.lines.flatMap((line, index) =>
      line.dir === 'connection' ? [{ ...line.event, index }] : [],
    );
  }

  get setups(): Record<string, any>[] {
    return this.sent.flatMap(({ frame }) => (frame.setup ? [frame.setup] : []));
  }

  /** All that the client wrote into the conversation, in order. */
  get turns(): string[] {
    return this.sent.flatMap(({ frame }) =>
      (frame.clientContent?.turns ?? []).map(
        ({ role, parts }) => `${role}: ${(parts ?? []).map(({ text }) => text).join('')}`,
      ),
    );
  }

  /** Where a frame of the server that is like this stands; fails where there is none. */
  in(like: (frame: ServerFrame) => unknown, after = -1): Framed<ServerFrame> {
    return found(this.received, like, after);
  }

  out(like: (frame: ClientFrame) => unknown, after = -1): Framed<ClientFrame> {
    return found(this.sent, like, after);
  }

  /** The steps that a kind of input made, each with the state before it. */
  stepsOf(type: string): { step: ReplayStep; before: TurnState | undefined }[] {
    return this.steps.flatMap((step, i) =>
      step.input.type === type ? [{ step, before: this.steps[i - 1]?.state }] : [],
    );
  }

  #frames(dir: 'in' | 'out'): Framed<unknown>[] {
    return this.recording.lines.flatMap((line, index) =>
      line.dir === dir ? [{ index, t: line.t, frame: line.frame }] : [],
    );
  }
}

function found<F>(list: Framed<F>[], like: (frame: F) => unknown, after: number): Framed<F> {
  const one = list.find(({ index, frame }) => index > after && like(frame));
  if (!one) throw new Error(`There is no frame like ${String(like)} after line ${after}.`);
  return one;
}
