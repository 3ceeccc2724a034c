// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../clock.js';
import type { Recorder } from '../recording/recorder.js';
import type { Effect } from '../turn/effects.js';
import type { TurnRules } from '../turn/rules.js';
import { initialState, nextDeadline, type Input, type TurnState } from '../turn/state.js';
import { step } from '../turn/step.js';
import type { Environment } from './environment.js';

/** An input without its time. */
export type Timeless<T> = T extends { at: number } ? Omit<T, 'at'> : never;

export interface MachineEvents {
  perform(effect: Effect): void;
  /** No input is left. */
  settled(): void;
}

/** Runs the state machine: one input at a time, its effects before the next, and its one timer. */
export class Machine {
  readonly #clock: Clock;
  readonly #recorder: Recorder | undefined;
  readonly #on: MachineEvents;
  #rules: TurnRules;
  readonly #inputs: Input[] = [];
  #state: TurnState;
  #running = false;
  #cancelTimer: (() => void) | undefined;
  #timerAt: number | undefined;
  #stopped = false;

  constructor(
    { prefix, clock, recorder }: Pick<Environment, 'prefix' | 'clock' | 'recorder'>,
    rules: TurnRules,
    on: MachineEvents,
  ) {
    this.#state = initialState(prefix);
    this.#rules = rules;
    this.#clock = clock;
    this.#recorder = recorder;
    this.#on = on;
  }

  /** Settings have changed, or the service has refused something. */
  set rules(rules: TurnRules) {
    this.#rules = rules;
  }

  get state(): TurnState {
    return this.#state;
  }

  /** An input that arrives while effects run (a listener calls back) waits its turn. */
  input(input: Timeless<Input>): void {
    if (this.#stopped) return;
    // Stamped, not copied: each is made for this call.
    const timed = input as Input;
    timed.at = this.#clock.now();
    this.#inputs.push(timed);
    if (this.#running) return;
    this.#running = true;
    try {
      for (let next = this.#inputs.shift(); next; next = this.#inputs.shift()) {
        this.#recorder?.input(next);
        const { state, effects } = step(this.#state, next, this.#rules);
        this.#state = state;
        for (const effect of effects) this.#on.perform(effect);
      }
    } finally {
      this.#running = false;
    }
    this.#on.settled();
    this.#schedule();
  }

  /** Takes no further input and leaves no timer: a late tool result changes nothing any more. */
  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  #cancel(): void {
    this.#cancelTimer?.();
    this.#timerAt = undefined;
  }

  #schedule(): void {
    const due = nextDeadline(this.#state, this.#rules);
    // A timer that is early ticks for nothing and is set anew: cheaper than one for each audio chunk.
    if (due !== undefined && this.#timerAt !== undefined && due >= this.#timerAt) return;
    if (due === this.#timerAt) return;
    this.#cancel();
    this.#timerAt = due;
    if (due === undefined) return;
    this.#cancelTimer = this.#clock.after(due - this.#clock.now(), () => {
      this.#timerAt = undefined;
      this.input({ type: 'tick' });
    });
  }
}
