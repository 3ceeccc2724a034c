// SPDX-License-Identifier: Apache-2.0
import type { llm, log } from '@livekit/agents';
import type { Clock } from '../clock.js';
import type { Retry } from '../connection/connection.js';
import { GeminiLiveError, type Failure } from '../errors.js';
import type { Report } from '../turn/effects.js';

type Logger = ReturnType<typeof log>;

/** Says things to LiveKit and the app. A listener's exception is its own: it never reaches the call. */
export class Teller {
  readonly #session: llm.RealtimeSession;
  readonly #label: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #said = new Set<string>();

  constructor(session: llm.RealtimeSession, label: string, clock: Clock, logger: Logger) {
    this.#session = session;
    this.#label = label;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Returns whether anybody listens. */
  emit(event: string, payload: unknown): boolean {
    // An `error` that nobody listens to would be thrown by Node itself.
    if (this.#session.listenerCount(event) === 0) return false;
    try {
      this.#session.emit(event, payload);
    } catch (error) {
      this.#logger.error({ event, error }, 'a listener of the realtime session threw');
    }
    return true;
  }

  report(what: Report, detail?: unknown): void {
    this.emit('gemini_report', { what, detail });
  }

  /** With `retry` the trouble is being mended; without it the session is over. */
  error(failure: Failure, retry: Retry | undefined): void {
    const { kind, code, reason, phase } = failure;
    const text = retry
      ? `${failure.message} Attempt ${retry.attempt} follows in ${Math.round(retry.afterMs)} ms.`
      : failure.message;
    if (retry) this.#logger.warn({ kind, code, reason, phase }, text);
    else this.#logger.error({ kind, code, reason, phase }, `${text} ${failure.hint}`);
    this.emit('error', {
      type: 'realtime_model_error',
      timestamp: this.#clock.now(),
      label: this.#label,
      error: new GeminiLiveError({ ...failure, message: text }),
      recoverable: retry !== undefined,
    });
  }

  warn(text: string, detail: object = {}): void {
    this.#logger.warn(detail, text);
  }

  warnOnce(text: string): void {
    if (this.#said.has(text)) return;
    this.#said.add(text);
    this.#logger.warn(text);
  }
}
