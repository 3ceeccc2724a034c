// SPDX-License-Identifier: Apache-2.0
import { inspect } from 'node:util';
import type { llm, log } from '@livekit/agents';
import type { Retry } from '../connection/connection.js';
import { GeminiLiveError, type Failure } from '../errors.js';
import type { Environment } from './environment.js';
import type { Report, Reports } from './reports.js';

type Logger = ReturnType<typeof log>;

/**
 * Says things to LiveKit and the app. A listener's exception is its own: it never reaches the call.
 * What may hold words of the call is logged under `lk.pii.`, which telemetry can leave out.
 */
export class Teller {
  readonly #session: llm.RealtimeSession;
  readonly #label: string;
  readonly #env: Pick<Environment, 'clock' | 'recorder'>;
  readonly #logger: Logger;
  #said: Set<string> | undefined;
  #emitting: string | undefined;

  constructor(
    session: llm.RealtimeSession,
    label: string,
    env: Pick<Environment, 'clock' | 'recorder'>,
    logger: Logger,
  ) {
    this.#session = session;
    this.#label = label;
    this.#env = env;
    this.#logger = logger;
  }

  /** The event whose listeners are running. */
  get emitting(): string | undefined {
    return this.#emitting;
  }

  /** Does anybody listen? What is costly to tell is not made for nobody. */
  hears(event: string): boolean {
    return this.#session.listenerCount(event) > 0;
  }

  /** Returns whether anybody listens. */
  emit(event: string, payload: unknown): boolean {
    // An `error` that nobody listens to would be thrown by Node itself.
    if (!this.hears(event)) return false;
    const outer = this.#emitting;
    this.#emitting = event;
    try {
      this.#session.emit(event, payload);
    } catch (error) {
      const detail = { event, 'lk.pii.error': inspect(error) };
      this.#logger.error(detail, 'a listener of the realtime session threw');
    } finally {
      this.#emitting = outer;
    }
    return true;
  }

  report<K extends Report>(what: K, detail?: Reports[K]): void {
    this.#env.recorder?.report(what, detail);
    this.emit('gemini_report', { what, detail });
  }

  /** With `retry` the trouble is being mended; without it the session is over. */
  error(failure: Failure, retry: Retry | undefined): void {
    const { kind, code, reason, phase } = failure;
    const text = retry
      ? `${failure.message} Attempt ${retry.attempt} follows in ${Math.round(retry.afterMs)} ms.`
      : failure.message;
    const logged = reason ? text.replace(`: ${reason}`, '') : text;
    const detail = { kind, code, phase, 'lk.pii.reason': reason };
    if (retry) this.#logger.warn(detail, logged);
    else this.#logger.error(detail, `${logged} ${failure.hint}`);
    this.emit('error', {
      type: 'realtime_model_error',
      timestamp: this.#env.clock.now(),
      label: this.#label,
      error: new GeminiLiveError({ ...failure, message: text }),
      recoverable: retry !== undefined,
    });
  }

  warn(text: string, detail: object = {}): void {
    this.#logger.warn(detail, text);
  }

  warnOnce(text: string): void {
    this.#said ??= new Set();
    if (this.#said.has(text)) return;
    this.#said.add(text);
    this.#logger.warn(text);
  }
}
