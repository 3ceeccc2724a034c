// SPDX-License-Identifier: Apache-2.0
import type { Capabilities, Claim, Claims } from './capabilities.js';
import { known, unverified } from './capabilities.js';

/** A claim for every field. */
export type AllClaims = { readonly [K in keyof Capabilities]: Claim<Capabilities[K]> };

/** Makes a claim from a value. */
export type Source = <T>(value: T) => Claim<T>;

/** Says the same source of several cells once. */
export const documented =
  (source: string, date: string): Source =>
  (value) =>
    known(value, source, date);

/** The same for what one party reported, what sources dispute, and what is inferred. */
export const reported =
  (source: string, date: string): Source =>
  (value) =>
    unverified(value, source, date);

// Documents and tools that speak about more than one model. Where a page bears no date, the date is
// the month in which it was read.
export const guide = documented('ai.google.dev: Live API capabilities guide', '2026-11');
export const toolGuide = documented('ai.google.dev: Tool use with Live API', '2026-11');
export const platformReference = documented(
  'docs.cloud.google.com: multimodal live reference',
  '2026-11',
);
export const platformSessions = documented('docs.cloud.google.com: Live API sessions', '2026-11');
export const sdkRefusesOnVertex = documented(
  '@google/genai 2.32.0 refuses it on Vertex AI',
  '2026-10-29',
);
const sdkRefusesOnGemini = documented(
  '@google/genai 2.32.0 refuses it on the Gemini API',
  '2026-10-29',
);
export const types = documented('@google/genai 2.32.0: types of the Live API', '2026-10-29');
const reference = documented('ai.google.dev: Live API reference', '2026-09-04');
const sessions = documented('ai.google.dev: Live API session management', '2026-11');
const assumed = reported('assumption for a model without a claim of its own', '2026-11-20');
/** Where leaving a field out is always legal, leaving it out is the default. */
const withheld = reported('no source says that every model accepts it', '2026-11-20');

/** What holds for a model until its row says otherwise: common documented behaviour, cautiously. */
export const DEFAULTS: AllClaims = {
  backends: assumed(['gemini', 'vertex']),
  status: assumed('preview'),
  retiresOn: assumed(null),
  replacement: assumed(null),
  openToNewUsers: assumed(true),
  contextTokens: sessions(131_072),
  outputTokens: assumed(8_192),

  outputModalities: guide(['AUDIO']),
  conversation: assumed(true),
  systemInstruction: reference(true),
  textInput: reference(true),
  video: reference(true),
  manualActivity: reference(true),

  midSessionContent: reference('allowed'),
  // Ordinary content is legal everywhere it was tried; a `historyConfig` is an unknown field to some.
  seeding: assumed('plain'),
  replyRequest: reference('bareTurn'),
  cancel: withheld('none'),
  // A new setup is the one route that every model has.
  instructionUpdate: reference('reconnect'),
  toolUpdate: reference('reconnect'),

  functionCalling: guide(true),
  toolBehaviors: withheld([]),
  defaultToolBehavior: types('BLOCKING'),
  toolScheduling: withheld([]),
  toolWillContinue: withheld(false),
  forgetsInterruptedCalls: types(false),
  toolResultParts: withheld(false),
  callIds: types(true),
  // Held audio arrives late; streamed audio can cost the connection (1008).
  audioDuringBlockingCall: assumed('hold'),
  // Long enough for the frames that trail a call, short because the tool's result waits for it.
  blockingCallTailMs: unverified(
    400,
    'estimate; frames after a call: livekit/agents#5742, #6569, #7195',
    '2026-09-09',
  ),
  providerTools: toolGuide(['googleSearch']),
  mixedTools: unverified(true, 'ai.google.dev: Tool use with Live API', '2026-11'),
  jsonSchemaTools: known(false, 'livekit/agents PR#5560', '2026-04-27'),

  thinking: withheld('omit'),
  thinkingLevels: withheld([]),
  affectiveDialog: withheld('refused'),
  proactiveAudio: withheld('refused'),
  optionApiVersion: assumed(null),
  apiVersion: reference('v1beta'),
  languageCode: guide(false),
  voices: guide(true),
  transcriptionOptions: withheld([]),
  turnCoverage: types(['TURN_INCLUDES_ONLY_ACTIVITY', 'TURN_INCLUDES_ALL_INPUT']),
  mediaResolutions: withheld([]),
  explicitVadSignal: sdkRefusesOnGemini(false),
  labels: unverified(false, '@google/genai 2.32.0 sends it; no document says yes', '2026-10-29'),
  translation: types(false),

  requestEnds: reference('turnComplete'),
  usageAfterBoundary: known(false, 'pydantic-ai recorded frames', '2026-08-11'),
  handle: sessions('rolling'),
  // The server itself answers 1007.
  transparentResumption: sdkRefusesOnGemini(false),
  connectionLifeMs: sessions(10 * 60_000),
  videoFps: guide(1),
  prices: assumed(null),
};

/** What Vertex AI does differently whatever the model. */
export const VERTEX_DEFAULTS: Claims = {
  apiVersion: known('v1beta1', '@google/genai 2.32.0: default for Vertex AI', '2026-10-29'),
  explicitVadSignal: platformReference(true),
  transparentResumption: platformReference(true),
  labels: platformReference(true),
  toolWillContinue: sdkRefusesOnVertex(false),
  callIds: unverified(false, 'agents-js#1137 and pipecat, both on 2.5', '2026-08-21'),
  languageCode: unverified(true, 'refusals are reported for the Gemini API only', '2026-11-20'),
  connectionLifeMs: platformSessions(10 * 60_000),
};

/** A model that turns a stream of speech into something else, without turns, tools or replies. */
export const pipeline = (says: Source, guesses: Source): Claims => ({
  conversation: says(false),
  systemInstruction: guesses(false),
  textInput: guesses(false),
  video: guesses(false),
  functionCalling: guesses(false),
  providerTools: guesses([]),
  mixedTools: guesses(false),
  midSessionContent: guesses('none'),
  seeding: guesses('none'),
  replyRequest: guesses('none'),
  instructionUpdate: guesses('none'),
  toolUpdate: guesses('none'),
  voices: guesses(false),
  languageCode: guesses(false),
});
