// SPDX-License-Identifier: Apache-2.0
import type { FailureKind, Phase } from '../errors.js';
import { scrub } from './scrub.js';

/** How a connection, or an attempt at one, ended. */
export interface Close {
  /** WebSocket close code; absent when the socket never opened or broke without one. */
  readonly code?: number | undefined;
  /** HTTP status of a refused upgrade. */
  readonly httpStatus?: number | undefined;
  readonly reason: string;
  readonly phase: Phase;
  /** Did the dial carry a resumption handle? */
  readonly resuming: boolean;
  readonly retryAfterMs?: number | undefined;
}

/** What a close means and what to do about it. */
export interface Verdict {
  readonly kind: FailureKind;
  /** `resume`: dial again, with the handle if there is one; `fresh`: drop the handle; `stop`: fatal. */
  readonly next: 'resume' | 'fresh' | 'stop';
  readonly wait: 'none' | 'short' | 'backoff' | 'quota';
  readonly message: string;
  /** What the reader should do next. */
  readonly hint: string;
}

/** Which closes a row is about. An absent condition is met by all. */
export interface CloseWhen {
  /** Any of these close codes; `none` is a socket error without a close frame. */
  readonly codes?: readonly (number | 'none')[];
  /** An HTTP status in this range, both ends included. */
  readonly http?: readonly [from: number, to: number];
  readonly phases?: readonly Phase[];
  readonly resuming?: boolean;
  /** Any of these lower-case substrings; they lie early enough to survive the cut at 123 bytes. */
  readonly reasons?: readonly string[];
}

/** One row: a close that meets `when` gets this verdict. */
export interface CloseRow extends Verdict {
  readonly when: CloseWhen;
  /** Public thread or document that shows the close. */
  readonly source: string;
}

const does = (
  kind: FailureKind,
  next: Verdict['next'],
  wait: Verdict['wait'],
  message: string,
  hint: string,
): Verdict => ({ kind, next, wait, message, hint });

const row = (when: CloseWhen, source: string, what: Verdict): CloseRow => ({
  ...what,
  when,
  source,
});

const RETRIED = 'Nothing to do: the connection is made again by itself.';
const RESEEDED = 'Nothing to do: a fresh session starts from the local history.';
const SETUP_HINT =
  'Compare options and tools with what this model accepts; change or drop the field.';

/** Verdicts that several rows share. */
// prettier-ignore
const SAY = {
  quota: does('quota', 'resume', 'quota', 'The quota is used up.',
    'Run fewer sessions or raise the quota of the project; until then retries are slow.'),
  key: does('auth', 'stop', 'none', 'The API key or token was refused.',
    'Check that the key or token exists, is not expired or restricted, and belongs to this project.'),
  access: does('auth', 'stop', 'none', 'The credentials have no access.',
    'Enable the API in the project, give the credentials access, and check project and region.'),
  model: does('model', 'stop', 'none', 'The model is unknown, retired or not offered here.',
    'Check the model name against the list of the service; check API version, project and region.'),
  setup: does('setup', 'stop', 'none', 'The service refused the setup.', SETUP_HINT),
  handle: does('resume', 'fresh', 'none', 'The resumption handle was refused.', RESEEDED),
  busy: does('server', 'resume', 'backoff', 'The service failed or is overloaded.', RETRIED),
  dropped: does('server', 'resume', 'none', 'The service dropped the session.', RETRIED),
  ended: does('closed', 'resume', 'none', 'The service ended the connection.', RETRIED),
};

const BEFORE: readonly Phase[] = ['upgrade', 'setup'];
const SETUP: readonly Phase[] = ['setup'];
const SESSION: readonly Phase[] = ['session'];
const DENIED = [
  'permission denied',
  'permission_denied',
  'unauthenticated',
  'invalid authentication',
];

/** The row for everything that no other row knows. */
// prettier-ignore
const UNKNOWN = row({}, 'RFC 6455 section 7.4',
  does('server', 'resume', 'backoff', 'The connection ended for an unknown reason.',
    'It is made again by itself. If this repeats, report the code and the reason.'));

/** First match wins; the last row matches everything. */
// prettier-ignore
export const CLOSE_TABLE: readonly CloseRow[] = [
  row({ http: [429, 429] }, 'ai.google.dev rate limits page', SAY.quota),
  row({ reasons: ['quota', 'resource_exhausted', 'resource has been exhausted',
    'concurrent sessions'] },
    'gunpal5/Google_GenerativeAI PR#67', SAY.quota),

  // Keys and permissions. Words that no retry can heal count in every phase.
  row({ reasons: ['api key not valid', 'api key expired', 'api key not found', 'api_key_invalid',
    'reported as leaked', 'unregistered callers'] },
    'yagudaev/voiceclaw#155; google-gemini/cookbook#821', SAY.key),
  // Of "Requests to this API ... method ... are blocked." only the beginning survives the cut.
  row({ phases: BEFORE, reasons: [...DENIED, 'denied on resource', 'has not been used in project',
    'requests to this api'] },
    'usual texts of Google APIs; unverified on this socket', SAY.access),
  // A credential may run out mid-call; the next dial fetches a new one, and its answer is final.
  row({ phases: SESSION, reasons: DENIED }, 'usual texts of Google APIs; unverified on this socket',
    does('auth', 'resume', 'backoff', 'The credentials lost their access.',
      'If the next attempt is refused too, renew the credentials.')),
  row({ phases: ['upgrade'], reasons: ['could not load the default credentials',
    'unable to detect a project id', 'invalid_grant'] }, 'google-auth-library', SAY.access),
  row({ phases: BEFORE, reasons: ['location is not supported'] },
    'ai.google.dev available regions page',
    does('auth', 'stop', 'none', 'The service is not offered at this location.',
      'Run the agent in a supported region, or use Vertex AI.')),
  row({ http: [400, 401] }, 'pydantic-ai google realtime provider; behaviour of ws', SAY.key),
  row({ http: [403, 403] }, 'pydantic-ai google realtime provider; behaviour of ws', SAY.access),
  row({ http: [404, 404] }, 'pydantic-ai google realtime provider; behaviour of ws', SAY.model),
  row({ http: [500, 599] }, 'behaviour of ws', SAY.busy),

  row({ reasons: ['is not found for api version', 'not supported for bidigeneratecontent',
    'publisher model'] },
    'vellum-ai/vellum-assistant#39558; Vertex AI forum', SAY.model),
  // Only here: mid-session these words come at random after tool responses, and beside a handle
  // they may mean the handle.
  row({ phases: BEFORE, resuming: false, reasons: ['requested entity was not found'] },
    'deprecated-generative-ai-js#487', SAY.model),

  // Resumption refused.
  row({ reasons: ['session not found'] }, 'yeyu2/Youtube_demos#5', SAY.handle),
  // Measured: after an idle drop refused at once, accepted a second later.
  row({ codes: [1011], phases: SETUP, resuming: true, reasons: ['internal error'] },
    'aicc2025/sip-to-ai#14',
    does('resume', 'resume', 'short', 'The service still holds the previous connection.',
      'Nothing to do: the handle is tried again shortly.')),
  // Overload, or a token together with a handle; the second does not heal by waiting.
  row({ codes: [1011], phases: SETUP, resuming: true, reasons: ['unavailable'] },
    'discuss.ai.google.dev/t/98979', { ...SAY.handle, wait: 'backoff' }),
  row({ codes: [1007, 1008, 1011], phases: SETUP, resuming: true },
    'discuss.ai.google.dev/t/186392; yeyu2/Youtube_demos#5', SAY.handle),

  // Setup refused: the same frame would be refused again.
  row({ codes: [1007, 1008], phases: SETUP, reasons: ['unknown name'] }, 'google/adk-python PR#5076',
    does('setup', 'stop', 'none', 'Setup has a field unknown to this API version or backend.',
      SETUP_HINT)),
  row({ codes: [1007, 1008], phases: SETUP, reasons: ['response modalities'] },
    'livekit/agents#4423; python-genai#1780',
    does('setup', 'stop', 'none', 'The model does not answer in the modality asked for.',
      'Ask for audio, and read the output transcript where text is needed.')),
  row({ codes: [1007, 1008], phases: SETUP, reasons: ['cannot extract voices'] },
    'kizuna-ai-lab/sokuji#93',
    does('setup', 'stop', 'none', 'A voice was set for a session without audio output.',
      'Drop the voice, or ask for audio.')),
  row({ codes: [1007], phases: SETUP }, 'strands-agents/sdk-python#1999', SAY.setup),
  row({ codes: [1008], phases: SETUP, reasons: ['invalid argument'] },
    'strands-agents/sdk-python#1999', SAY.setup),

  // A frame refused mid-session. Its name may contain any word of the next row.
  row({ codes: [1007, 1008], phases: SESSION, reasons: ['unknown name'] },
    'google/adk-python PR#5076; unverified in mid-session',
    does('setup', 'fresh', 'backoff', 'The service does not know a field of a message.',
      'A fresh session starts by itself. If this repeats, record it and look at the last frame sent.')),
  row({ codes: [1007], phases: SESSION,
    reasons: ['token', 'context w', 'context l', 'context size', 'exhaust'] },
    'livekit/agents PR#6144; Vertex AI live API troubleshooting page',
    does('context', 'fresh', 'none', 'The context of the session is full.',
      'Nothing to do: a fresh session starts from recent history. Context compression avoids this.')),
  // The same words stand for a frame this model does not take and for a full context.
  row({ codes: [1007], phases: SESSION },
    'livekit/agents PR#5262, PR#6144; discuss.ai.google.dev/t/186392',
    does('setup', 'fresh', 'backoff', 'The service refused a message, or the context is full.',
      'A fresh session starts by itself. If this repeats, record it and look at the last frame sent.')),
  row({ codes: [1008], phases: SESSION, reasons: ["application/json isn't"] }, 'python-genai#182',
    does('setup', 'fresh', 'backoff', 'The service refused the MIME type of a realtime input.',
      'Send audio as audio/pcm and images as image/jpeg or image/png.')),
  row({ codes: [1008], phases: SESSION, reasons: ['operation is not implemented'] },
    'js-genai#1236; livekit/agents#4545',
    does('server', 'resume', 'short', 'The service aborted the session around a tool call.',
      'If this repeats, hold caller audio while a blocking call is pending.')),
  row({ codes: [1008], phases: SESSION, reasons: ['aborted'] }, 'autonomous-os#231, #238',
    does('server', 'resume', 'none', 'The service aborted the session.',
      'Nothing to do once. At a fixed age of the connection, look for the time limit of a proxy.')),

  // Trouble of the service.
  row({ reasons: ['unavailable', 'overloaded'] }, 'discuss.ai.google.dev/t/98979', SAY.busy),
  row({ codes: [1011], phases: SESSION, reasons: ['deadline expired'] },
    'discuss.ai.google.dev/t/186392',
    { ...SAY.dropped, message: 'The connection reached the end of its life.' }),
  row({ codes: [1011], phases: SESSION, reasons: ['internal error'] },
    'discuss.ai.google.dev/t/167186, /t/171560', SAY.dropped),
  row({ codes: [1011], phases: SESSION, reasons: ['keepalive'] }, 'google/adk-python#3035',
    does('network', 'resume', 'none', 'The peer stopped answering pings.',
      'Nothing to do once. If this repeats, look at the network and for a blocked event loop.')),
  row({ codes: [1011] }, 'google/adk-python#3918', SAY.busy),
  row({ codes: [1012, 1013, 1014] }, 'GetStream/Vision-Agents reconnect list', SAY.busy),

  // Ordinary ends and lost networks: at once after a session, slower before one, so that a dial
  // that dies immediately does not become a hot loop.
  row({ codes: [1000, 1001, 1005], phases: SESSION },
    'pipecat#3112; google/adk-python PR#5226; ai.google.dev live session page', SAY.ended),
  row({ codes: [1000, 1001, 1005], phases: BEFORE }, 'google/adk-python PR#5226',
    { ...SAY.ended, wait: 'backoff' }),
  row({ codes: [1006, 1015, 'none'], phases: SESSION },
    'google/adk-python#5228; autonomous-os#231',
    does('network', 'resume', 'none', 'The network connection was lost.', RETRIED)),
  row({ codes: [1006, 1015, 'none'], phases: BEFORE }, 'js-genai#1257; behaviour of ws',
    does('network', 'resume', 'backoff', 'The service could not be reached.',
      'It is tried again by itself. If this goes on, check DNS, firewall, proxy and certificates.')),
  UNKNOWN,
];

function matches({ http, codes, phases, resuming, reasons }: CloseWhen, close: Close): boolean {
  const { httpStatus: status, phase } = close;
  if (http && (status === undefined || status < http[0] || status > http[1])) return false;
  // `ws` reports a refused upgrade as 1006 as well; the status says more.
  if (codes && (status !== undefined || !codes.includes(close.code ?? 'none'))) return false;
  if (phases && !phases.includes(phase)) return false;
  if (resuming !== undefined && resuming !== close.resuming) return false;
  const reason = close.reason.toLowerCase();
  return !reasons || reasons.some((part) => reason.includes(part));
}

const WHERE = {
  upgrade: 'while connecting',
  setup: 'during setup',
  session: 'mid-session',
} as const;

/** The one place that decides what a close means. */
export function verdict(close: Close): Verdict {
  const found = CLOSE_TABLE.find(({ when }) => matches(when, close)) ?? UNKNOWN;
  const { kind, next, wait, hint } = found;
  const { code, httpStatus, reason, phase, retryAfterMs } = close;
  const label = httpStatus === undefined ? (code ?? 'no code') : `HTTP ${httpStatus}`;
  const words = reason ? `: ${scrub(reason)}` : '';
  const pause = wait === 'quota' && retryAfterMs ? ` Asked to wait ${retryAfterMs} ms.` : '';
  const message = `${found.message} (${label} ${WHERE[phase]}${words})${pause}`;
  return { kind, next, wait, message, hint };
}

const SILENCE = {
  upgrade: 'The service did not accept the connection in time.',
  setup: 'The service did not acknowledge the setup in time.',
  session: 'The service did not answer in time.',
} as const;

/** The verdict when our own deadline for open and setup ran out; `js-genai#1257` shows both silences. */
export function timeoutVerdict(phase: Phase): Verdict {
  return does(
    'timeout',
    'resume',
    'backoff',
    SILENCE[phase],
    'It is tried again by itself. If this goes on, check the network, or allow more time to connect.',
  );
}
