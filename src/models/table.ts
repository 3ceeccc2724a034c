// SPDX-License-Identifier: Apache-2.0
import type { Backend, ModelEntry } from './capabilities.js';
import { known, unverified } from './capabilities.js';
import type { Source } from './defaults.js';
import {
  documented,
  guide,
  pipeline,
  platformReference,
  platformSessions,
  reported,
  sdkRefusesOnVertex,
  toolGuide,
  types,
} from './defaults.js';

export { DEFAULTS, VERTEX_DEFAULTS } from './defaults.js';
export type { AllClaims } from './defaults.js';

/** Names that editors complete. Any other string is accepted too, with a warning. */
export type LiveAPIModels =
  | 'gemini-3.8-live'
  | 'gemini-3.8-live-extended-thinking'
  | 'gemini-3.5-live-translate-preview'
  | 'gemini-3.5-transcribe-live'
  | 'gemini-3.1-flash-live-preview'
  | 'gemini-2.5-flash-native-audio-preview-12-2025'
  | 'gemini-2.5-flash-native-audio-preview-09-2025'
  | 'gemini-2.5-flash-native-audio-latest'
  | 'gemini-live-2.5-flash-native-audio'
  | 'gemini-live-2.5-flash-preview-native-audio-09-2025'
  | 'gemini-live-2.5-flash-preview-native-audio'
  | 'gemini-live-2.5-flash'
  | 'gemini-robotics-er-2-streaming-preview'
  // Retired; named so that code written against LiveKit's own list still compiles.
  | 'gemini-2.0-flash-exp';

/** The model an app gets that names none. */
export const DEFAULT_MODEL: Record<Backend, LiveAPIModels> = {
  gemini: 'gemini-3.8-live',
  vertex: 'gemini-3.8-live',
};

export const DEFAULT_REASON =
  'It is the only conversational model that is generally available on both backends, open to new ' +
  'users and without a shutdown date. The 2.5 models of the Gemini API are closed to new users ' +
  'since 2026-09-18, and their twin on Vertex AI retires on 2026-12-13.';

const page38 = documented('ai.google.dev: gemini-3.8-live model page', '2026-09');
const pageET = documented('ai.google.dev: gemini-3.8-live-extended-thinking page', '2026-09');
const guideET = documented('ai.google.dev: Thinking in the Live API', '2026-11');
const page31 = documented('ai.google.dev: gemini-3.1-flash-live-preview model page', '2026-09');
const pageVertex25 = documented('docs.cloud.google.com: 2.5 Flash Live API model page', '2026-11');
const pageRobotics = documented('ai.google.dev: Gemini Robotics ER 2 streaming page', '2026-07');
const pageTranslate = documented('ai.google.dev: Live translation guide', '2026-11');
const pageTranscribe = documented('ai.google.dev: Live transcription guide', '2026-11');
const deprecations = documented('ai.google.dev: Gemini deprecations', '2026-11');
const changelog = documented('ai.google.dev: Gemini API changelog', '2025-12-12');
const lifecycle = documented('docs.cloud.google.com: model versions and lifecycle', '2026-11');
const platform38 = documented('docs.cloud.google.com: Gemini 3.8 Live guide', '2026-11');
const migration = documented('docs.cloud.google.com: migrate from 2.5 to 3.8 Live', '2026-11');
const frames = documented('pydantic-ai recorded frames', '2026-08-11');
const plugin = documented('@livekit/agents-plugin-google 1.9.0', '2026-09-21');
const nonBlocking = documented('agents-js PR#1412, tried on the Gemini API', '2026-05-07');
const pricing = documented('ai.google.dev pricing, quoted in jferreiros/vortex#109', '2026-09-18');
const pluginOnly = reported('@livekit/agents-plugin-google 1.9.0', '2026-09-21');
const probe = reported('livekit/agents#7302: 3.1 and 3.8 probed on the Gemini API', '2026-09-16');
const openclaw = reported('openclaw PR#152413: tried on the Gemini API', '2026-09-19');
const firmware = reported('aiden-firmware PR#644: ends an answer, acknowledged', '2026-09-07');
const driver = reported('MemberJunction, Vertex AI driver', '2026-10');
const superseded = reported('superseded on the Vertex AI model pages', '2026-11');
const vanished = reported('absent from the model lists of both services', '2026-11');
const resumption = reported('third-party measurements of gemini-3.8-live', '2026-10-03');
const unseen = reported('inferred; nobody has shown it on this model and backend', '2026-11-20');

const ACTIVITY_OR_ALL = ['TURN_INCLUDES_ONLY_ACTIVITY', 'TURN_INCLUDES_ALL_INPUT'] as const;
const ALL_VIDEO_FIRST = ['TURN_INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO', ...ACTIVITY_OR_ALL] as const;
const PRICES = { textIn: 0.75, audioIn: 3, videoIn: 1, textOut: 4.5, audioOut: 12 };

/** A model that nobody can dial: only where to go from there matters. */
const gone = (
  name: string,
  backends: readonly Backend[],
  says: Source,
  retiresOn: string | null,
): ModelEntry => ({
  name,
  claims: {
    backends: says(backends),
    status: says('retired'),
    retiresOn: says(retiresOn),
    openToNewUsers: says(false),
    replacement: page38('gemini-3.8-live'),
  },
});

export const TABLE: readonly ModelEntry[] = [
  {
    name: 'gemini-3.8-live',
    claims: {
      backends: platform38(['gemini', 'vertex']),
      status: deprecations('ga'),
      retiresOn: deprecations(null),
      openToNewUsers: deprecations(true),
      contextTokens: page38(131_072),
      outputTokens: page38(65_536),
      outputModalities: page38(['AUDIO']),
      conversation: page38(true),
      midSessionContent: page38('allowed'),
      seeding: types('historyConfig'),
      replyRequest: plugin('bareTurn'),
      cancel: firmware('emptyContent'),
      instructionUpdate: unseen('contextUpdate'),
      toolUpdate: unseen('contextUpdate'),
      functionCalling: page38(true),
      toolBehaviors: page38(['NON_BLOCKING', 'BLOCKING']),
      defaultToolBehavior: page38('NON_BLOCKING'),
      toolScheduling: page38(['SILENT', 'WHEN_IDLE', 'INTERRUPT']),
      toolWillContinue: pluginOnly(true),
      forgetsInterruptedCalls: unverified(true, 'third-party measurements: 0 of 77', '2026-09-30'),
      // New input is accepted, and cancels the call.
      audioDuringBlockingCall: migration('stream'),
      providerTools: page38(['googleSearch']),
      jsonSchemaTools: probe(true),
      thinking: known('omit', 'ai.google.dev model page; openclaw PR#152413', '2026-09-19'),
      affectiveDialog: page38('always'),
      proactiveAudio: page38('always'),
      transcriptionOptions: platform38(['languageCodes', 'customVocabulary', 'mode']),
      turnCoverage: page38(ALL_VIDEO_FIRST),
      mediaResolutions: platform38([
        'MEDIA_RESOLUTION_LOW',
        'MEDIA_RESOLUTION_MEDIUM',
        'MEDIA_RESOLUTION_HIGH',
      ]),
      usageAfterBoundary: resumption(true),
      handle: resumption('fixed'),
      // Three cases; documented are 10 minutes.
      connectionLifeMs: unverified(58 * 60_000, 'discuss.ai.google.dev/t/186392', '2026-10-01'),
      prices: pricing(PRICES),
    },
    vertex: {
      status: platform38('ga'),
      retiresOn: platform38(null),
      openToNewUsers: platform38(true),
      // VIDEO is the avatar.
      outputModalities: platform38(['AUDIO', 'VIDEO']),
      // The migration guide still advises it for the initial history only.
      midSessionContent: platformReference('allowed'),
      seeding: platformReference('historyConfig'),
      instructionUpdate: platformReference('contextUpdate'),
      toolUpdate: platformReference('contextUpdate'),
      toolScheduling: migration(['SILENT', 'WHEN_IDLE', 'INTERRUPT']),
      toolWillContinue: sdkRefusesOnVertex(false),
      jsonSchemaTools: unseen(false),
      turnCoverage: driver(['TURN_INCLUDES_ONLY_ACTIVITY']),
      handle: unseen('fixed'),
      connectionLifeMs: platformSessions(10 * 60_000),
      prices: unseen(null),
    },
  },
  {
    name: 'gemini-3.8-live-extended-thinking',
    like: 'gemini-3.8-live',
    claims: {
      backends: deprecations(['gemini']),
      contextTokens: pageET(131_072),
      outputTokens: pageET(65_536),
      toolBehaviors: pageET(['NON_BLOCKING']),
      defaultToolBehavior: pageET('NON_BLOCKING'),
      toolScheduling: known([], 'ai.google.dev; openclaw PR#152413: 1007', '2026-09-19'),
      // Accepted, but the model then abandons the call and never speaks the last answer.
      toolWillContinue: openclaw(false),
      thinking: guideET('required'),
      thinkingLevels: guideET(['LOW', 'MEDIUM', 'HIGH']),
      mediaResolutions: unseen([]),
      requestEnds: guideET('idle'),
    },
  },
  {
    name: 'gemini-3.1-flash-live-preview',
    claims: {
      // On Vertex AI by the word of users only.
      backends: unverified(['gemini', 'vertex'], 'livekit/agents#6718', '2026-08-05'),
      status: page31('legacy'),
      retiresOn: deprecations(null),
      replacement: page31('gemini-3.8-live'),
      contextTokens: page31(131_072),
      outputTokens: page31(65_536),
      outputModalities: guide(['AUDIO']),
      // Refused with 1007 from 2026-03 to 2026-06 (livekit/agents PR#5262, mastra PR#18363).
      midSessionContent: unverified('allowed', 'livekit/agents PR#7289; model page', '2026-09-15'),
      seeding: known('historyConfig', 'ai.google.dev guide; livekit/agents; pipecat', '2026-08-22'),
      replyRequest: plugin('bareTurn'),
      // Text in the history under the model's role: a nudge, not a new system instruction.
      instructionUpdate: pluginOnly('content'),
      toolBehaviors: page31([]),
      defaultToolBehavior: page31('BLOCKING'),
      toolScheduling: page31([]),
      // After some 12 s of caller audio the model may issue the call again.
      audioDuringBlockingCall: unverified('stream', 'livekit/agents PR#5556', '2026-04-26'),
      blockingCallTailMs: unverified(600, 'estimate; gaps: live-api-examples#57', '2026-06-03'),
      providerTools: toolGuide(['googleSearch']),
      jsonSchemaTools: probe(true),
      thinking: page31('level'),
      thinkingLevels: page31(['MINIMAL', 'LOW', 'MEDIUM', 'HIGH']),
      affectiveDialog: page31('refused'),
      proactiveAudio: page31('refused'),
      turnCoverage: page31(ALL_VIDEO_FIRST),
      handle: known('rolling', 'ai.google.dev: session management; agents-js#2346', '2026-08'),
      prices: pricing(PRICES),
    },
    vertex: {
      seeding: unverified('historyConfig', 'adk-python 1.35.0 (#5999)', '2026-06-10'),
      jsonSchemaTools: unseen(false),
      turnCoverage: driver(['TURN_INCLUDES_ONLY_ACTIVITY']),
      prices: unseen(null),
    },
  },
  {
    name: 'gemini-2.5-flash-native-audio-preview-12-2025',
    aliases: ['gemini-2.5-flash-native-audio-latest'],
    claims: {
      backends: changelog(['gemini']),
      status: changelog('preview'),
      openToNewUsers: unverified(false, 'Gemini API changelog, by a digest', '2026-09-18'),
      replacement: migration('gemini-3.8-live'),
      contextTokens: guide(131_072),
      outputTokens: guide(8_192),
      outputModalities: known(['AUDIO'], 'ai.google.dev guide; python-genai#1780', '2025-12-09'),
      midSessionContent: frames('allowed'),
      // A seed must end with a user turn, or audio-first input ignores it.
      seeding: known('plain', 'pydantic-ai recorded frames; pipecat', '2026-08-21'),
      replyRequest: plugin('placeholderTurn'),
      instructionUpdate: plugin('content'),
      toolBehaviors: toolGuide(['BLOCKING', 'NON_BLOCKING']),
      defaultToolBehavior: toolGuide('BLOCKING'),
      toolScheduling: nonBlocking(['SILENT', 'WHEN_IDLE', 'INTERRUPT']),
      toolWillContinue: nonBlocking(true),
      // In the types of the SDK; the answer did not know what was in the picture.
      toolResultParts: unverified(false, 'pydantic-ai#7362: tried live', '2026-08-10'),
      // Audio during a call closes the socket with 1008.
      audioDuringBlockingCall: known('hold', 'js-genai#1236; agents-js PR#1130', '2026-03-13'),
      callIds: frames(true),
      providerTools: toolGuide(['googleSearch']),
      thinking: guide('budget'),
      affectiveDialog: guide('option'),
      proactiveAudio: guide('option'),
      optionApiVersion: guide('v1alpha'),
      turnCoverage: page31(ACTIVITY_OR_ALL),
      handle: known('rolling', 'ai.google.dev: session management; pipecat', '2026-08-21'),
    },
    vertex: {
      contextTokens: pageVertex25(131_072),
      outputTokens: pageVertex25(65_536),
      // Role `model`; a documented role `system` is ignored (livekit/agents#5041).
      instructionUpdate: known('content', 'livekit/agents, Vertex AI branch', '2026-08-22'),
      // `SILENT` was ignored later on (discuss.ai.google.dev/t/128155).
      toolScheduling: known([], 'livekit/agents#3853: 1007 when sent', '2025-11-10'),
      toolWillContinue: sdkRefusesOnVertex(false),
      callIds: known(false, 'agents-js#1137; pipecat', '2026-08-21'),
      optionApiVersion: pageVertex25(null),
      transcriptionOptions: pageVertex25(['languageHints']),
      turnCoverage: unverified(ACTIVITY_OR_ALL, 'SDK types; against: google/skills', '2026-10-29'),
    },
  },
  {
    name: 'gemini-2.5-flash-native-audio-preview-09-2025',
    like: 'gemini-2.5-flash-native-audio-preview-12-2025',
    claims: {
      // Called shut down in livekit/agents PR#5413; frames were recorded later.
      status: unverified('legacy', 'pydantic-ai recorded frames', '2026-08-11'),
    },
  },
  {
    name: 'gemini-live-2.5-flash-native-audio',
    like: 'gemini-2.5-flash-native-audio-preview-12-2025',
    claims: {
      backends: lifecycle(['vertex']),
      status: lifecycle('ga'),
      retiresOn: lifecycle('2026-12-13'),
      // New access is blocked one month before the retirement.
      openToNewUsers: lifecycle(false),
    },
  },
  {
    name: 'gemini-live-2.5-flash-preview-native-audio-09-2025',
    like: 'gemini-2.5-flash-native-audio-preview-12-2025',
    claims: {
      backends: superseded(['vertex']),
      status: superseded('legacy'),
      openToNewUsers: superseded(false),
    },
  },
  {
    name: 'gemini-live-2.5-flash-preview-native-audio',
    like: 'gemini-live-2.5-flash-preview-native-audio-09-2025',
    claims: {},
  },
  {
    name: 'gemini-live-2.5-flash',
    like: 'gemini-live-2.5-flash-preview-native-audio-09-2025',
    claims: {
      // Not known to be retired: it answered in frames recorded through a gateway.
      backends: frames(['vertex']),
      status: unverified('legacy', 'pydantic-ai recorded frames', '2026-08-11'),
      outputModalities: frames(['AUDIO']),
      affectiveDialog: unseen('refused'),
      proactiveAudio: unseen('refused'),
    },
  },
  {
    name: 'gemini-3.5-live-translate-preview',
    claims: {
      ...pipeline(pageTranslate, pageTranslate),
      backends: known(['gemini', 'vertex'], 'Live translation pages of both services', '2026-11'),
      status: known('preview', 'ai.google.dev: Live translation guide', '2026-06-09'),
      outputModalities: pageTranslate(['AUDIO']),
      manualActivity: unverified(false, 'ai.google.dev: works without turns', '2026-11'),
      voices: unverified(false, 'ai.google.dev: only the language is set', '2026-11'),
      translation: pageTranslate(true),
    },
  },
  {
    name: 'gemini-3.5-transcribe-live',
    claims: {
      ...pipeline(pageTranscribe, unseen),
      backends: known(['gemini', 'vertex'], 'Live transcription pages of both services', '2026-11'),
      status: unverified('ga', 'docs.cloud.google.com: Gemini 3.5 Transcribe', '2026-11'),
      // The text comes as the transcription of the input.
      outputModalities: pageTranscribe(['TEXT']),
      manualActivity: pageTranscribe(true),
      transcriptionOptions: pageTranscribe(['languageCodes', 'customVocabulary', 'mode']),
    },
  },
  {
    name: 'gemini-robotics-er-2-streaming-preview',
    claims: {
      backends: pageRobotics(['gemini']),
      status: pageRobotics('preview'),
      contextTokens: pageRobotics(131_072),
      outputTokens: pageRobotics(65_536),
      outputModalities: pageRobotics(['TEXT']),
      voices: unseen(false),
    },
  },
  // A comment in LiveKit's plugin says that this one still works on the Gemini API.
  gone('gemini-2.0-flash-exp', ['gemini', 'vertex'], vanished, null),
  gone('gemini-2.0-flash-live-001', ['gemini'], deprecations, '2025-12-09'),
  gone('gemini-live-2.5-flash-preview', ['gemini'], deprecations, '2025-12-09'),
  gone('gemini-2.0-flash-live-preview-04-09', ['vertex'], vanished, null),
];
