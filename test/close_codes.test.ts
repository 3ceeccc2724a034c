// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Phase } from '../src/errors.js';
import {
  CLOSE_TABLE,
  type Close,
  type Verdict,
  timeoutVerdict,
  verdict,
} from '../src/protocol/close_codes.js';

type Short = `${Verdict['kind']} ${Verdict['next']} ${Verdict['wait']}`;
type Case = [code: number | undefined, reason: string, where: string, expected: Short];

const MODEL =
  'models/some-model is not found for API version v1beta, or is not supported for bidiGenerateContent.';
const PUBLISHER =
  'Publisher Model `projects/some-project/locations/us-central1/publishers/google/models/some-model` was not found';
const MODALITY =
  'The requested combination of response modalities (TEXT) is not supported by the model.';
const UNKNOWN_NAME = 'Invalid JSON payload received. Unknown name "transparent" at \'setup\'';
const NOT_IMPLEMENTED = 'Operation is not implemented, or supported, or enabled.';
const INVALID = 'Request contains an invalid argument.';
const UNAVAILABLE = 'The service is currently unavailable.';
const DEADLINE = 'Deadline expired before operation could complete.';
const QUOTA = 'You exceeded your current quota, please check your plan and billing details.';
const BLOCKED =
  'Requests to this API generativelanguage.googleapis.com method google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent are blocked.';

/** `setup+` is a setup that carried a handle. */
const CASES: Case[] = [
  // 1000 … 1006
  [1000, 'The operation was cancelled.', 'session', 'closed resume none'],
  [1000, '', 'session', 'closed resume none'],
  [1000, '', 'setup', 'closed resume backoff'],
  [1001, '', 'session', 'closed resume none'],
  [1005, '', 'session', 'closed resume none'],
  [1006, '', 'session', 'network resume none'],
  [1006, '', 'upgrade', 'network resume backoff'],
  [1006, '', 'setup+', 'network resume backoff'],
  [1015, '', 'upgrade', 'network resume backoff'],
  // 1007
  [1007, INVALID, 'setup', 'setup stop none'],
  [1007, '', 'setup', 'setup stop none'],
  [1007, INVALID, 'setup+', 'resume fresh none'],
  [1007, INVALID, 'session', 'setup fresh backoff'],
  [1007, 'The input token count exceeds the maximum.', 'session', 'context fresh none'],
  [1007, 'Unknown name "contextUpdate": Cannot find field.', 'session', 'setup fresh backoff'],
  [1007, 'Context window exhausted', 'session', 'context fresh none'],
  [1007, UNKNOWN_NAME, 'setup', 'setup stop none'],
  [1007, UNKNOWN_NAME, 'session', 'setup fresh backoff'],
  [1007, MODALITY, 'setup', 'setup stop none'],
  [1007, 'Cannot extract voices from a non-audio request.', 'setup', 'setup stop none'],
  [1007, 'API key not valid. Please pass a valid API key.', 'setup', 'auth stop none'],
  [1007, 'API key expired. Please renew the API key.', 'setup+', 'auth stop none'],
  [1007, 'User location is not supported for the API use.', 'setup', 'auth stop none'],
  // 1008
  [1008, MODEL, 'setup', 'model stop none'],
  [1008, MODEL, 'setup+', 'model stop none'],
  [1008, PUBLISHER, 'setup', 'model stop none'],
  [1008, 'Requested entity was not found.', 'setup', 'model stop none'],
  [1008, 'Requested entity was not found.', 'setup+', 'resume fresh none'],
  [1008, 'Requested entity was not found.', 'session', 'server resume backoff'],
  [1008, NOT_IMPLEMENTED, 'session', 'server resume short'],
  [1008, NOT_IMPLEMENTED, 'setup', 'server resume backoff'],
  [1008, 'The operation was aborted.', 'session', 'server resume none'],
  [1008, 'session not found', 'setup+', 'resume fresh none'],
  [1008, 'BidiGenerateContent session not found', 'session', 'resume fresh none'],
  [1008, "application/json isn't supported", 'session', 'setup fresh backoff'],
  [1008, INVALID, 'setup', 'setup stop none'],
  [1008, 'Your API key was reported as leaked. Please use another.', 'setup', 'auth stop none'],
  [1008, "Method doesn't allow unregistered callers", 'setup', 'auth stop none'],
  [1008, 'Permission denied', 'setup', 'auth stop none'],
  [1008, "Permission 'aiplatform.x' denied on resource '//a'", 'setup', 'auth stop none'],
  [1008, BLOCKED, 'setup', 'auth stop none'],
  [1008, 'UNAUTHENTICATED', 'setup', 'auth stop none'],
  [1008, 'UNAUTHENTICATED', 'session', 'auth resume backoff'],
  // 1011
  [1011, 'Internal error encountered.', 'session', 'server resume none'],
  [1011, 'Internal error occurred', 'session', 'server resume none'],
  [1011, 'Internal error encountered.', 'setup', 'server resume backoff'],
  [1011, 'Internal error encountered.', 'setup+', 'resume resume short'],
  [1011, '', 'setup+', 'resume fresh none'],
  [1011, '', 'session', 'server resume backoff'],
  [1011, DEADLINE, 'session', 'server resume none'],
  [1011, UNAVAILABLE, 'session', 'server resume backoff'],
  [1011, UNAVAILABLE, 'setup', 'server resume backoff'],
  [1011, UNAVAILABLE, 'setup+', 'resume fresh backoff'],
  [1011, QUOTA, 'session', 'quota resume quota'],
  [1011, QUOTA, 'setup+', 'quota resume quota'],
  [1011, 'RESOURCE_EXHAUSTED', 'setup', 'quota resume quota'],
  [1011, 'keepalive ping timeout', 'session', 'network resume none'],
  // 1012 … 1014, sockets that never opened, and strangers
  [1012, '', 'session', 'server resume backoff'],
  [1013, '', 'session', 'server resume backoff'],
  [1014, '', 'setup', 'server resume backoff'],
  [undefined, 'connect ECONNREFUSED 127.0.0.1:443', 'upgrade', 'network resume backoff'],
  [undefined, 'getaddrinfo ENOTFOUND', 'upgrade', 'network resume backoff'],
  [undefined, 'read ECONNRESET', 'session', 'network resume none'],
  [1008, 'words nobody has seen', 'session', 'server resume backoff'],
  [1008, 'words nobody has seen', 'setup', 'server resume backoff'],
  [4321, '', 'session', 'server resume backoff'],
];

const HTTP: [status: number, expected: Short][] = [
  [400, 'auth stop none'],
  [401, 'auth stop none'],
  [403, 'auth stop none'],
  [404, 'model stop none'],
  [429, 'quota resume quota'],
  [500, 'server resume backoff'],
  [502, 'server resume backoff'],
  [503, 'server resume backoff'],
  [302, 'server resume backoff'],
  [408, 'server resume backoff'],
];

function at(where: string): { phase: Phase; resuming: boolean } {
  return { phase: where.replace('+', '') as Phase, resuming: where.endsWith('+') };
}

const short = ({ kind, next, wait }: Verdict): string => `${kind} ${next} ${wait}`;

/** What RFC 6455 leaves of a reason: 123 bytes. */
const truncate = (reason: string): string =>
  Buffer.from(reason)
    .subarray(0, 123)
    .toString('utf8')
    .replace(/\uFFFD+$/, '');

describe('close codes', () => {
  it.each(CASES)('%s %j in %s -> %s', (code, reason, where, expected) => {
    const close = { code, ...at(where) };
    expect(short(verdict({ ...close, reason }))).toBe(expected);
    expect(short(verdict({ ...close, reason: reason.toLowerCase() }))).toBe(expected);
    expect(short(verdict({ ...close, reason: reason.toUpperCase() }))).toBe(expected);
    expect(short(verdict({ ...close, reason: truncate(reason) }))).toBe(expected);
    const long = truncate(`${reason} ${'and so on '.repeat(20)}`);
    if (reason) expect(short(verdict({ ...close, reason: long }))).toBe(expected);
  });

  it.each(HTTP)('HTTP %i at upgrade -> %s', (httpStatus, expected) => {
    const close: Close = { httpStatus, reason: '', phase: 'upgrade', resuming: false };
    expect(short(verdict(close))).toBe(expected);
    // `ws` closes with 1006 after a refused upgrade.
    expect(short(verdict({ ...close, code: 1006, resuming: true }))).toBe(expected);
  });

  it('is never fatal mid-session, except for a dead key or model', () => {
    for (const [code, reason] of CASES) {
      const found = verdict({ code, reason, phase: 'session', resuming: false });
      if (found.next !== 'stop') continue;
      expect(['auth', 'model']).toContain(found.kind);
      expect(reason).toMatch(/api key|unregistered|is not found for API version|publisher/i);
    }
  });

  it('names the code, the phase and the words of the service, without secrets', () => {
    const reason =
      "Consumer 'api_key:AIzaSyA1234567890abcdef' has been suspended. Permission denied";
    const { message } = verdict({ code: 1008, reason, phase: 'setup', resuming: false });
    expect(message).toContain('1008 during setup');
    expect(message).toContain('Permission denied');
    expect(message).not.toContain('SyA1234567890');
  });

  it('passes on how long the service asks to wait', () => {
    const close: Close = { httpStatus: 429, reason: '', phase: 'upgrade', resuming: false };
    expect(verdict({ ...close, retryAfterMs: 30_000 }).message).toContain('30000 ms');
  });

  it.each(['upgrade', 'setup', 'session'] as const)('retries after silence in %s', (phase) => {
    expect(short(timeoutVerdict(phase))).toBe('timeout resume backoff');
    expect(timeoutVerdict(phase).hint).not.toBe('');
  });
});

describe('the close table', () => {
  it.each(CLOSE_TABLE.map((row) => [row.message, row] as const))(
    'has no row above that hides "%s"',
    (_message, row) => {
      const { http, codes = [http ? 1006 : 1008], phases = ['session'], resuming } = row.when;
      for (const code of codes) {
        for (const phase of phases) {
          for (const reason of row.when.reasons ?? ['']) {
            const found = verdict({
              code: code === 'none' ? undefined : code,
              httpStatus: http?.[0],
              reason: `Words around ${reason} and behind`,
              phase,
              resuming: resuming ?? false,
            });
            expect(key(found)).toBe(key(row));
          }
        }
      }
    },
  );

  it('ends with a row for everything', () => {
    expect(CLOSE_TABLE.at(-1)?.when).toEqual({});
  });

  it.each(CLOSE_TABLE.map((row) => [row.message, row] as const))('%s', (_message, row) => {
    for (const part of row.when.reasons ?? []) {
      expect(part).toBe(part.toLowerCase());
      expect(Buffer.byteLength(part)).toBeLessThan(60);
    }
    if (row.next === 'stop') expect(['auth', 'model', 'setup']).toContain(row.kind);
    expect(row.source).not.toBe('');
    expect(row.hint).toMatch(/\.$/);
  });
});

/** A row by what it says, without the details that `verdict` adds to its message. */
function key({ kind, next, wait, message, hint }: Verdict): string {
  return [kind, next, wait, message.replace(/ \((?:\d+|no code|HTTP \d+) .*$/, ''), hint].join('|');
}
