// SPDX-License-Identifier: Apache-2.0
import type { FunctionResponse } from '@google/genai';
import { dig } from './json.js';
import type { LiveConnection } from './live_connection.js';
import type { ScenarioCall, ScenarioReaction, Script } from './scenario.js';
import type { Session } from './session_store.js';

/** Audio ms per ms of time when nothing is paced: 5 s of speech came in 1.2 s (measured 2026-09). */
const BURST = 4;

/** What the performers of one server share. */
export interface Cast {
  readonly script: Script;
  readonly latencyMs: number;
  /** Who plays the model for a session at the moment. */
  performerOf(session: Session): Performer | undefined;
}

/** Plays the model's part on one connection: one reaction at a time, later ones wait. */
export class Performer {
  readonly #connection: LiveConnection;
  readonly #cast: Cast;
  /** The caller is speaking: nothing new begins. */
  #listening = false;
  #waiting: ScenarioReaction[] = [];
  /** The pause before the first of those that wait. */
  #cancelLatency: (() => void) | undefined;
  #playing = false;
  #first = true;

  constructor(connection: LiveConnection, cast: Cast) {
    this.#connection = connection;
    this.#cast = cast;
  }

  /** Is a reaction on its way, from the pause before it to the end of its playback? */
  get busy(): boolean {
    return this.#playing || this.#cancelLatency !== undefined;
  }

  /** The caller has begun to speak, or has stopped. */
  listen(on: boolean): void {
    this.#listening = on;
    if (!on) this.#next();
  }

  /** Plays a reaction as soon as nothing else is going on. */
  react(reaction: ScenarioReaction | undefined): void {
    if (!reaction) return;
    this.#waiting.push(reaction);
    this.#next();
  }

  /**
   * Cuts short whatever is on its way. New input from the caller also takes back the calls that the
   * model waits for.
   */
  interrupt({ calls }: { calls: boolean }): void {
    const connection = this.#connection;
    const blocking = connection.pendingCalls.filter((call) => calls && call.blocking);
    if (!this.busy && blocking.length === 0) return;
    if (this.#cancelLatency) this.#waiting.shift();
    this.#cancelLatency?.();
    this.#cancelLatency = undefined;
    const ids = blocking.map(({ id }) => id);
    // The newest models were never seen to announce it (measured 2026-09: none in 77 sessions).
    if (connection.capabilities.handle === 'fixed') connection.dropCalls(ids);
    else if (ids.length > 0) connection.cancelTools(ids);
    connection.interrupted();
  }

  /** The connection has ended. Returns what was not begun. */
  leave(): ScenarioReaction[] {
    this.#cancelLatency?.();
    this.#cancelLatency = undefined;
    return this.#waiting.splice(0);
  }

  #next(): void {
    const connection = this.#connection;
    if (this.busy || this.#listening || !connection.isOpen || connection.stalled) return;
    if (this.#waiting.length === 0) return;
    this.#cancelLatency = connection.host.timers.after(this.#cast.latencyMs, () => {
      this.#cancelLatency = undefined;
      const reaction = this.#waiting.shift();
      if (!reaction) return;
      this.#playing = true;
      void this.#play(reaction).finally(() => {
        this.#playing = false;
        this.#next();
      });
    });
  }

  async #play(reaction: ScenarioReaction): Promise<void> {
    const connection = this.#connection;
    if (typeof reaction.drop === 'number') {
      connection.host.timers.after(reaction.drop, () => connection.drop());
    }
    const calls = reaction.call === undefined ? [] : [reaction.call].flat();
    if (!(await this.#speak(reaction, calls.length === 0))) return;
    if (calls.length > 0) this.#call(calls, reaction);
    if (reaction.goAway !== undefined) connection.goAway(reaction.goAway);
    if (reaction.stall) connection.stall();
    if (reaction.drop === true) connection.drop();
  }

  /** False: the turn was cut short, so what would follow does not. */
  async #speak(reaction: ScenarioReaction, complete: boolean): Promise<boolean> {
    if (reaction.say === undefined && !complete) return true;
    const { capabilities } = this.#connection;
    // Recorded before the first turn of models that bundle audio and transcript.
    const bundles = capabilities.seeding === 'historyConfig' && capabilities.handle === 'rolling';
    if (this.#first && bundles) this.#connection.send({ serverContent: {} });
    this.#first = false;
    const speech = typeof reaction.say === 'string' ? { text: reaction.say } : reaction.say;
    const end = await this.#connection.turn({
      ...(speech && { say: speech.text }),
      ...(speech?.ms !== undefined && { ms: speech.ms }),
      ...(speech?.pcm && { pcm: speech.pcm }),
      ...(reaction.reason !== undefined && { reason: reaction.reason }),
      // Recorded as the first part of a turn where thinking has a budget, also when not asked for.
      ...(speech && capabilities.thinking === 'budget' && { thought: '**Answering**\n\n' }),
      rate: reaction.paced ? 1 : BURST,
      complete,
    });
    return end === 'complete';
  }

  #call(calls: readonly ScenarioCall[], { then }: ScenarioReaction): void {
    const { session } = this.#connection;
    const answers = this.#connection.callTools(calls);
    Promise.all(answers).then(
      // The answer may come over a later connection of the session, which then has the floor.
      (responses) => session && this.#cast.performerOf(session)?.answered(responses.at(-1), then),
      () => {},
    );
  }

  /** Every call of a step is answered: the model goes on when the client's scheduling lets it. */
  answered(response: FunctionResponse | undefined, then: ScenarioReaction | undefined): void {
    const scheduling = dig(response, 'scheduling');
    if (scheduling === 'SILENT') return;
    // While the caller speaks INTERRUPT waits like the others (Vertex AI migration guide).
    if (scheduling === 'INTERRUPT' && !this.#listening) this.interrupt({ calls: false });
    this.react(then ?? this.#cast.script.take('toolResponse'));
  }
}
