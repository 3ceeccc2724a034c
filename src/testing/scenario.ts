// SPDX-License-Identifier: Apache-2.0
import type { SpeechDetectorOptions } from './speech_detector.js';

/** What the model waits for before it plays a step. */
export type ScenarioEvent =
  /** The caller has spoken and stopped, or ended an activity. */
  | 'speech'
  /** `clientContent` with `turnComplete: true`. */
  | 'reply'
  /** `realtimeInput.text`; takes a `reply` step where no `text` step is left. */
  | 'text'
  /** All calls of an earlier step were answered, and that step has no `then`. */
  | 'toolResponse';

export interface ScenarioCall {
  name: string;
  args?: Record<string, unknown>;
  /** @default a generated one */
  id?: string;
}

/** What the model does. Neither `say` nor `call`: an empty turn. */
export interface ScenarioReaction {
  /** Speech: a text (spoken by a generated voice), or a text with its length or its samples. */
  say?: string | { text: string; ms?: number; pcm?: Int16Array };
  /** Functions to call after it. */
  call?: ScenarioCall | readonly ScenarioCall[];
  /** What follows when every call was answered. Absent: the next `toolResponse` step. */
  then?: ScenarioReaction;
  /** Send audio in real time instead of four times faster. @default false */
  paced?: boolean;
  /** `turnCompleteReason` of the turn, e.g. `RESPONSE_REJECTED`. */
  reason?: string;
  /**
   * Drop the TCP connection: `true` after the turn (after the call, where there is one), a number so
   * many ms of server time after the turn began.
   * @default false
   */
  drop?: boolean | number;
  /** Announce the end of the connection after the turn: a duration such as `"50s"`, or seconds. */
  goAway?: string | number;
  /** Fall silent after the turn, with the socket open. @default false */
  stall?: boolean;
}

export interface ScenarioStep extends ScenarioReaction {
  on: ScenarioEvent;
  /** What the caller said, for a `speech` step: sent as input transcript. Absent: none is sent. */
  transcript?: string;
}

/** A conversation that the server holds by itself. */
export interface Scenario {
  /**
   * What happens, in order. Each event takes the first step that waits for it; a step is played once,
   * whatever becomes of the connection.
   */
  steps: readonly ScenarioStep[];
  /**
   * What the model does when no step is left for an event; null: nothing.
   * @default it says "Hello." to a reply or a text, and "Okay." otherwise
   */
  fallback?: { readonly [event in ScenarioEvent]?: ScenarioReaction | null };
  /** Time the model takes before it answers, in ms of server time. @default 300 */
  latencyMs?: number;
  /**
   * How speech is recognised in caller audio. `endMs` is what setup asked for with
   * `silenceDurationMs`, if it did.
   */
  detection?: SpeechDetectorOptions;
}

const FALLBACK: Record<ScenarioEvent, ScenarioReaction> = {
  reply: { say: 'Hello.' },
  text: { say: 'Hello.' },
  speech: { say: 'Okay.' },
  toolResponse: { say: 'Okay.' },
};

/** The steps that are left, whoever asks for them. */
export class Script {
  readonly #scenario: Scenario;
  #left: ScenarioStep[];

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#left = [...scenario.steps];
  }

  get left(): readonly ScenarioStep[] {
    return this.#left;
  }

  /** The step for this event; undefined: the model does nothing. */
  take(event: ScenarioEvent): (ScenarioReaction & { transcript?: string }) | undefined {
    const step = this.#find(event) ?? (event === 'text' ? this.#find('reply') : undefined);
    if (step) {
      this.#left = this.#left.filter((each) => each !== step);
      return step;
    }
    const fallback = this.#scenario.fallback?.[event];
    return fallback === null ? undefined : (fallback ?? FALLBACK[event]);
  }

  /** A request that was not answered before the connection was lost: the client will ask again. */
  putBack(reaction: ScenarioReaction): boolean {
    const step = this.#scenario.steps.find((each) => each === reaction);
    if (step?.on !== 'reply' && step?.on !== 'text') return false;
    this.#left = this.#scenario.steps.filter((each) => each === step || this.#left.includes(each));
    return true;
  }

  #find(event: ScenarioEvent): ScenarioStep | undefined {
    return this.#left.find((step) => step.on === event);
  }
}
