// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type JsonObject, isObject } from './json.js';

/** One token that was minted, and what was asked for it. */
export interface MintedToken {
  readonly name: string;
  /** The body of the request. */
  readonly request: JsonObject;
}

const PATH = /^\/+v1alpha\/auth_tokens$/;
const MOST_MS = 20 * 3600 * 1000;

/** Mints ephemeral tokens as the Gemini API does: `POST /v1alpha/auth_tokens`. */
export class TokenOffice {
  readonly minted: MintedToken[] = [];
  readonly #keys: readonly string[] | undefined;

  constructor(keys: readonly string[] | undefined) {
    this.#keys = keys;
  }

  get names(): string[] {
    return this.minted.map(({ name }) => name);
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const piece of request) body += String(piece);
    const { status, says } = this.#judge(request, body);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(says));
  }

  #judge({ url, method, headers }: IncomingMessage, body: string): Answer {
    const path = (url ?? '').split('?')[0] ?? '';
    if (method !== 'POST' || !PATH.test(path)) return refusal(404, 'NOT_FOUND', 'Not found.');
    const key = headers['x-goog-api-key'];
    if (typeof key !== 'string' || (this.#keys && !this.#keys.includes(key))) {
      return refusal(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.');
    }
    const asked = parsed(body || '{}');
    const why = isObject(asked) ? refusedBody(asked) : 'Not an object.';
    if (why !== undefined || !isObject(asked)) return refusal(400, 'INVALID_ARGUMENT', why ?? '');
    const name = `auth_tokens/${randomUUID().replaceAll('-', '')}`;
    this.minted.push({ name, request: asked });
    return { status: 200, says: { name } };
  }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

interface Answer {
  status: number;
  says: JsonObject;
}

function refusal(code: number, status: string, message: string): Answer {
  return { status: code, says: { error: { code, message, status } } };
}

/** Field notes of 2026-10: setup fields stand directly in `bidiGenerateContentSetup`. */
function refusedBody(asked: JsonObject): string | undefined {
  const setup = asked.bidiGenerateContentSetup;
  if (isObject(setup) && 'setup' in setup) {
    return 'Invalid JSON payload received. Unknown name "setup" at \'auth_token.bidi_generate_content_setup\'.';
  }
  for (const field of ['expireTime', 'newSessionExpireTime']) {
    const time = asked[field];
    if (time === undefined) continue;
    const left = (typeof time === 'string' ? Date.parse(time) : NaN) - Date.now();
    if (!(left > 0 && left < MOST_MS)) return `${field} must be less than 20 hours in the future.`;
  }
  return undefined;
}
