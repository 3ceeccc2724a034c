// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from 'node:http';
import type { Backend } from '../models/capabilities.js';
import type { LiveConnection } from './live_connection.js';

/** One attempt of a client to connect. Keys and tokens are masked. */
export interface Dial {
  /** Since the server started, in ms of real time. */
  readonly ms: number;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** `user-agent`, `authorization` and everything that starts with `x-goog-`. */
  readonly headers: Readonly<Record<string, string>>;
  /** The service that the path belongs to. */
  readonly backend: Backend;
  readonly apiVersion: string;
  readonly credential: 'key' | 'token' | 'bearer';
  /** Was the upgrade to a WebSocket granted? */
  readonly accepted: boolean;
  /** HTTP status of a refused upgrade. */
  readonly status: number | undefined;
  /** The connection that came of it, also where its setup was refused later. */
  connection: LiveConnection | undefined;
}

const GEMINI_PATH =
  /^\/ws\/google\.ai\.generativelanguage\.(v1|v1beta|v1alpha)\.GenerativeService\.BidiGenerateContent(Constrained)?$/;
const VERTEX_PATH =
  /^\/ws\/google\.cloud\.aiplatform\.(v1|v1beta1)\.LlmBidiService\/BidiGenerateContent$/;

/** Query parameters whose values nobody should see. */
const SECRET = new Set(['key', 'access_token']);

/** A credential as found in a request: its kind, and the secret itself. */
interface Credential {
  readonly kind: Dial['credential'];
  readonly secret: string;
}

/** Reads an upgrade request the way the services do: path, then credential. */
export function readDial(request: IncomingMessage, ms: number, keys?: readonly string[]): Dial {
  const url = new URL(`http://127.0.0.1${request.url ?? '/'}`);
  // The SDK keeps the trailing slash of its base URL, and the service takes the double slash.
  const path = url.pathname.replace(/^\/{2,}/, '/');
  const gemini = GEMINI_PATH.exec(path);
  const vertex = VERTEX_PATH.exec(path);
  const credential = gemini ? geminiCredential(request, url) : vertexCredential(request);
  const status = !gemini && !vertex ? 404 : refusal(credential, gemini?.[2] !== undefined, keys);
  return {
    ms,
    path: url.pathname,
    query: Object.fromEntries(
      [...url.searchParams].map(([name, value]) => [name, SECRET.has(name) ? '***' : value]),
    ),
    headers: headersOf(request),
    backend: vertex ? 'vertex' : 'gemini',
    apiVersion: gemini?.[1] ?? vertex?.[1] ?? '',
    credential: credential?.kind ?? 'key',
    accepted: status === undefined,
    status,
    connection: undefined,
  };
}

function geminiCredential(request: IncomingMessage, url: URL): Credential | undefined {
  const header = /^Token\s+(.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const token = url.searchParams.get('access_token') ?? header;
  if (token) return { kind: 'token', secret: token };
  const key = url.searchParams.get('key') ?? request.headers['x-goog-api-key'];
  return typeof key === 'string' && key !== '' ? { kind: 'key', secret: key } : undefined;
}

function vertexCredential(request: IncomingMessage): Credential | undefined {
  const bearer = /^Bearer\s+(.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (bearer) return { kind: 'bearer', secret: bearer };
  const key = request.headers['x-goog-api-key'];
  return typeof key === 'string' && key !== '' ? { kind: 'key', secret: key } : undefined;
}

/** The HTTP status that refuses a credential: 403 for none, 401 for a wrong one. */
function refusal(
  credential: Credential | undefined,
  constrained: boolean,
  keys: readonly string[] | undefined,
): number | undefined {
  if (!credential) return 403;
  if (keys && !keys.includes(credential.secret)) return 401;
  if (credential.kind === 'bearer') return undefined;
  // Tokens have a method of their own, and a key that is a token is a mistake.
  const isToken = credential.secret.startsWith('auth_tokens/');
  if (credential.kind === 'token') return constrained && isToken ? undefined : 401;
  return constrained || isToken ? 401 : undefined;
}

function headersOf(request: IncomingMessage): Record<string, string> {
  const wanted = Object.entries(request.headers).filter(
    ([name]) => name === 'user-agent' || name === 'authorization' || name.startsWith('x-goog-'),
  );
  return Object.fromEntries(
    wanted.map(([name, value]) => {
      const line = String(value);
      if (name === 'x-goog-api-key') return [name, '***'];
      return [name, name === 'authorization' ? line.replace(/\S+$/, '***') : line];
    }),
  );
}
