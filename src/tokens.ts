// SPDX-License-Identifier: Apache-2.0
import type { LiveConnectConstraints } from '@google/genai';
import { GeminiLiveError, optionsError } from './errors.js';
import { scrub } from './protocol/scrub.js';

export interface EphemeralTokenOptions {
  /** A real key; it never leaves this process but for the request. @default GOOGLE_API_KEY, then GEMINI_API_KEY */
  apiKey?: string;
  /** Sessions that may be begun with it; 0: any number. A resumed session is none. @default 1 */
  uses?: number;
  /** When its sessions end; less than 20 hours away. @default in 30 minutes */
  expireTime?: Date;
  /** Until when sessions may begin; less than 20 hours away. @default in a minute */
  newSessionExpireTime?: Date;
  /** What its sessions may not change: the model, and any setting of the config. @default nothing */
  constraints?: LiveConnectConstraints;
  /**
   * Further fields that its sessions may not change. `'all'`: whatever the client says in its setup is
   * ignored, a resumption handle too, so that a dropped connection begins anew. @default none
   */
  lock?: readonly string[] | 'all';
  /** Address and API version of the service. @default Google's, v1alpha */
  httpOptions?: { baseUrl?: string; apiVersion?: string };
}

/** The one version that Google documents for tokens. */
const VERSION = 'v1alpha';

/**
 * Mints an ephemeral token (`auth_tokens/…`) of the Gemini API, for a worker or device that shall not
 * hold the key: give it as `apiKey`, or mint one for each dial:
 * `tokenProvider: () => createEphemeralToken({ apiKey })`.
 * @throws GeminiLiveError: `options` without a key, `auth` or `server` when the service refuses
 */
export async function createEphemeralToken(options: EphemeralTokenOptions = {}): Promise<string> {
  const { uses, expireTime, newSessionExpireTime, constraints, lock = [] } = options;
  const apiKey =
    options.apiKey || process.env['GOOGLE_API_KEY'] || process.env['GEMINI_API_KEY'] || '';
  if (apiKey === '' || apiKey.startsWith('auth_tokens/')) {
    throw optionsError('Tokens are minted with a real API key.', 'Pass apiKey.');
  }
  const { GoogleGenAI } = await import('@google/genai');
  const httpOptions = { apiVersion: VERSION, ...options.httpOptions };
  // `vertexai` would else be read from the environment.
  const client = new GoogleGenAI({ apiKey, vertexai: false, httpOptions });
  const config = {
    ...(uses !== undefined && { uses }),
    ...(expireTime && { expireTime: expireTime.toISOString() }),
    ...(newSessionExpireTime && { newSessionExpireTime: newSessionExpireTime.toISOString() }),
    ...(constraints && { liveConnectConstraints: structuredClone(constraints) }),
    ...(lock !== 'all' && { lockAdditionalFields: [...lock] }),
  };
  const { name } = await client.authTokens.create({ config }).catch(refused);
  if (name) return name;
  throw new GeminiLiveError({
    kind: 'server',
    message: 'The service answered without a token.',
    hint: 'Try again.',
    retryable: true,
  });
}

function refused(error: unknown): never {
  const { status, message } = error as { status?: number; message?: string };
  const denied = status !== undefined && status >= 400 && status < 500 && status !== 429;
  throw new GeminiLiveError({
    kind: denied ? 'auth' : 'server',
    message: `No token was minted: ${scrub(message ?? String(error))}`,
    hint: denied ? 'Check the key and the options.' : 'Try again.',
    retryable: !denied,
    code: status,
  });
}
