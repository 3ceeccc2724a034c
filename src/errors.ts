// SPDX-License-Identifier: Apache-2.0
import { APIError } from '@livekit/agents';

/** What went wrong, in one word an app can switch on. */
export type FailureKind =
  | 'options'
  | 'auth'
  | 'model'
  | 'setup'
  | 'quota'
  | 'context'
  | 'network'
  | 'server'
  | 'timeout'
  | 'resume'
  | 'closed';

/** Where the connection was: before the socket opened, before `setupComplete`, or after it. */
export type Phase = 'upgrade' | 'setup' | 'session';

/** An error while it is still data. */
export interface Failure {
  readonly kind: FailureKind;
  readonly message: string;
  /** What the reader should do next. */
  readonly hint: string;
  readonly retryable: boolean;
  /** WebSocket close code or HTTP status. */
  readonly code?: number | undefined;
  /** The server's own words, without secrets. */
  readonly reason?: string | undefined;
  readonly phase?: Phase | undefined;
}

/** The error class of this library; a LiveKit `APIError`, so `retryable` means what LiveKit means. */
export class GeminiLiveError extends APIError implements Failure {
  readonly kind: FailureKind;
  readonly hint: string;
  readonly code: number | undefined;
  readonly reason: string | undefined;
  readonly phase: Phase | undefined;

  constructor(failure: Failure) {
    super(`${failure.message} ${failure.hint}`.trim(), { retryable: failure.retryable });
    this.name = 'GeminiLiveError';
    this.kind = failure.kind;
    this.hint = failure.hint;
    this.code = failure.code;
    this.reason = failure.reason;
    this.phase = failure.phase;
  }
}

/** An option that cannot be honoured: thrown at construction, before any I/O. */
export function optionsError(message: string, hint: string): GeminiLiveError {
  return new GeminiLiveError({ kind: 'options', message, hint, retryable: false });
}
