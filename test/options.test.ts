// SPDX-License-Identifier: Apache-2.0
import { Agent } from 'node:http';
import {
  Behavior,
  FunctionResponseScheduling,
  MediaResolution,
  Modality,
  ThinkingLevel,
  TurnCoverage,
  type AudioTranscriptionConfig,
  type Tool,
} from '@google/genai';
import { llm } from '@livekit/agents';
import { VideoBufferType, VideoFrame } from '@livekit/rtc-node';
import fc from 'fast-check';
import { OAuth2Client } from 'google-auth-library';
import sharp from 'sharp';
import { describe, expect, it, onTestFinished } from 'vitest';
import { GeminiLiveError } from '../src/errors.js';
import { wireTools } from '../src/livekit/tool_context.js';
import { modelNames, resolve } from '../src/models/resolve.js';
import { DEFAULT_MODEL } from '../src/models/table.js';
import type { RealtimeModelOptions } from '../src/options.js';
import type { Setup } from '../src/protocol/frames.js';
import { setupFrame } from '../src/protocol/setup.js';
import { VOICES } from '../src/protocol/voices.js';
import {
  RULES,
  type Dial,
  type LiveConnection,
  type LiveServer,
  type LiveServerOptions,
  type RuleContext,
} from '../src/testing/index.js';
import { validate, type Validated } from '../src/validate.js';
import {
  EventLog,
  listen,
  modelFor,
  startCall,
  startServer,
  tone,
  withOutput,
  type Heard,
} from './support/call.js';
import { ManualClock } from './support/manual_clock.js';

type Options = RealtimeModelOptions;
type Env = Record<string, string>;

const TODAY = '2026-11-20';
const KEY = { apiKey: 'a-key' };
const VERTEX = { vertexai: true, project: 'p' };

/** Models that stand for a kind of row. */
const OMITS = DEFAULT_MODEL.gemini;
const REQUIRES = 'gemini-3.8-live-extended-thinking';
const LEVELS = 'gemini-3.1-flash-live-preview';
const BUDGETS = 'gemini-2.5-flash-native-audio-preview-12-2025';
const ON_VERTEX = 'gemini-live-2.5-flash-native-audio';
const TRANSLATES = 'gemini-3.5-live-translate-preview';
const TRANSCRIBES = 'gemini-3.5-transcribe-live';
const RETIRED = 'gemini-2.0-flash-exp';
const UNHEARD_OF = 'gemini-9-live-of-tomorrow';

const check = (options: Options, env: Env = {}): Validated => validate(options, env, TODAY);
const onGemini = (options: Options): Validated => check({ ...KEY, ...options });
const onVertex = (options: Options): Validated => check({ ...VERTEX, ...options });
const endpointOf = (options: Options, env: Env = {}) => check(options, env).settings.endpoint;

function refusal(options: Options, env: Env = {}): GeminiLiveError {
  try {
    check(options, env);
  } catch (error) {
    if (error instanceof GeminiLiveError) return error;
    throw error;
  }
  throw new Error(`accepted: ${JSON.stringify(options)}`);
}

const setupOf = ({ settings }: Validated, tools: readonly Tool[] = []): Setup =>
  setupFrame(settings, { instructions: '', tools, seeds: false }).setup as Setup;

describe('refused before any dial, with a word on what to do', () => {
  type Case = [title: string, options: Options, message: RegExp, hint: RegExp, env?: Env];
  const audioAnd = (...more: Modality[]) => [Modality.AUDIO, ...more];
  const cases: Case[] = [
    ['no key', {}, /No API key/, /apiKey.*GOOGLE_API_KEY.*GEMINI_API_KEY.*vertexai: true/],
    ['an empty key', { apiKey: '' }, /No API key/, /Pass apiKey/],
    ['empty variables', {}, /No API key/, /./, { GOOGLE_API_KEY: '', GEMINI_API_KEY: '' }],
    ['no project', { vertexai: true }, /project/, /GOOGLE_CLOUD_PROJECT.*apiKey/],
    [
      'no project, though there will be a token',
      { vertexai: true, tokenProvider: () => 't' },
      /project/,
      /Pass project/,
    ],
    [
      'a key of the other service in the environment',
      { vertexai: true },
      /project/,
      /Pass project/,
      { GOOGLE_API_KEY: 'k', GEMINI_API_KEY: 'k' },
    ],
    [
      'an ephemeral token on Vertex AI',
      { vertexai: true, apiKey: 'auth_tokens/x' },
      /ephemeral/,
      /vertexai: false/,
    ],
    [
      'half an address',
      { ...KEY, httpOptions: { baseUrl: 'localhost:8080' } },
      /baseUrl is 'localhost:8080'/,
      /https:\/\//,
    ],
    [
      'a model of Vertex AI',
      { ...KEY, model: ON_VERTEX },
      /not served by the Gemini API/,
      /vertexai: true.*'gemini-3\.8-live'/,
    ],
    [
      'a model of the Gemini API',
      { ...VERTEX, model: REQUIRES },
      /not served by Vertex AI/,
      /vertexai: false.*another model/,
    ],
    ['a retired model', { ...KEY, model: RETIRED }, /retired/, /'gemini-3\.8-live'/],
    ['text output', { ...KEY, modalities: [Modality.TEXT] }, /not TEXT/, /transcript/],
    ['two modalities', { ...KEY, modalities: audioAnd(Modality.TEXT) }, /AUDIO and TEXT/, /out/],
    ['two legal ones', { ...VERTEX, modalities: audioAnd(Modality.VIDEO) }, /and VIDEO/, /out/],
    ['no modality', { ...KEY, modalities: [] }, /not nothing/, /Leave modalities out/],
    [
      'a behavior that the model refuses',
      { ...KEY, model: REQUIRES, toolBehavior: Behavior.BLOCKING },
      /toolBehavior BLOCKING/,
      /Use NON_BLOCKING, or leave it out/,
    ],
    [
      'a turnCoverage that the model refuses',
      {
        ...VERTEX,
        realtimeInputConfig: { turnCoverage: TurnCoverage.TURN_INCLUDES_ALL_INPUT },
      },
      /turnCoverage TURN_INCLUDES_ALL_INPUT/,
      /Use TURN_INCLUDES_ONLY_ACTIVITY, or leave it out/,
    ],
    [
      'turns by hand where there are no turns',
      {
        ...KEY,
        model: TRANSLATES,
        realtimeInputConfig: { automaticActivityDetection: { disabled: true } },
      },
      /always detects activity/,
      /disabled out/,
    ],
    [
      'a thinking level that the model has not',
      { ...KEY, model: REQUIRES, thinkingConfig: { thinkingLevel: ThinkingLevel.MINIMAL } },
      /thinkingLevel MINIMAL/,
      /Use LOW, MEDIUM, HIGH/,
    ],
    [
      'a built-in tool that the model has not',
      { ...KEY, geminiTools: { codeExecution: {} } },
      /no built-in codeExecution/,
      /It has: googleSearch/,
    ],
    [
      'a built-in tool where there is none',
      { ...KEY, model: TRANSLATES, geminiTools: { googleSearch: {} } },
      /no built-in googleSearch/,
      /It has: none/,
    ],
    [
      'a translation by a model that does not translate',
      { ...KEY, translationConfig: { targetLanguageCode: 'de' } },
      /does not translate/,
      /translation model/,
    ],
    [
      'transparent resumption on the Gemini API',
      { ...KEY, sessionResumption: { transparent: true } },
      /transparent/,
      /Vertex AI/,
    ],
  ];

  it.each(cases)('%s', (_, options, message, hint, env) => {
    const error = refusal(options, env);
    expect(error.kind).toBe('options');
    expect(error.retryable).toBe(false);
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(hint);
    // Most apps print the message only.
    expect(error.message).toContain(error.hint);
  });

  const RANGES: [keyof Options, number, number][] = [
    ['candidateCount', 1, 8],
    ['temperature', 0, 2],
    ['topP', 0, 1],
    ['topK', 1, 1_000_000],
    ['maxOutputTokens', 1, 10_000_000],
    ['presencePenalty', -2, 2],
    ['frequencyPenalty', -2, 2],
    ['seed', -2_147_483_648, 2_147_483_647],
    ['replyTimeoutMs', 1, 3_600_000],
    ['audioBufferMs', 0, 60_000],
    ['toolTimeoutMs', 1, 86_400_000],
    ['slowAnswerMs', 1, 3_600_000],
  ];

  it.each([
    { reconnectOnUpdate: 'yes' },
    { historySummary: { summarize: 'short' } },
    { historySummary: { summarize: () => '', keepTurns: -1 } },
    { historySummary: { summarize: () => '', deadlineMs: 0 } },
  ])('of another kind: %j', (options) => {
    const error = refusal({ ...KEY, ...options } as unknown as Options);
    expect(error.kind).toBe('options');
    expect(error.message).toContain(Object.keys(options)[0]);
  });

  it.each(RANGES)('%s outside %d … %d', (name, low, high) => {
    for (const value of [low, high]) {
      expect(onGemini({ [name]: value }).settings).toMatchObject({ [name]: value });
    }
    // Without a limit: null says so.
    const none = ['toolTimeoutMs', 'slowAnswerMs'].includes(name) ? [] : [null];
    for (const value of [low - 0.001, high + 0.001, NaN, Infinity, `${low}`, ...none]) {
      const error = refusal({ ...KEY, [name]: value });
      expect(error.kind).toBe('options');
      expect(error.message).toContain(name);
      expect(error.hint).toMatch(new RegExp(`from ${low} to ${high}`));
    }
  });
});

describe('environment', () => {
  const both = { GOOGLE_API_KEY: 'of-google', GEMINI_API_KEY: 'of-gemini' };

  it.each<[string, Options, Env, string]>([
    ['the option', { apiKey: 'mine' }, both, 'mine'],
    ['then GOOGLE_API_KEY', {}, both, 'of-google'],
    ['an empty option is none', { apiKey: '' }, both, 'of-google'],
    ['then GEMINI_API_KEY', {}, { GEMINI_API_KEY: 'of-gemini' }, 'of-gemini'],
    ['an empty variable is none', {}, { ...both, GOOGLE_API_KEY: '' }, 'of-gemini'],
  ])('key: %s', (_, options, env, expected) => {
    expect(endpointOf(options, env).apiKey).toBe(expected);
  });

  it.each(['true', 'TRUE', '1', 'yes'])('GOOGLE_GENAI_USE_VERTEXAI=%s is yes', (value) => {
    const env = { GOOGLE_GENAI_USE_VERTEXAI: value, GOOGLE_CLOUD_PROJECT: 'p', ...both };
    expect(endpointOf({}, env)).toMatchObject({ backend: 'vertex', project: 'p' });
    // The option is the last word.
    expect(endpointOf({ vertexai: false }, env).backend).toBe('gemini');
  });

  it.each(['', '0', 'false', 'no'])('GOOGLE_GENAI_USE_VERTEXAI=%j is no', (value) => {
    const env = { GOOGLE_GENAI_USE_VERTEXAI: value, GOOGLE_API_KEY: 'k' };
    expect(endpointOf({}, env).backend).toBe('gemini');
  });

  it('project and location: the option, then the variable, then a default', () => {
    const env = { GOOGLE_CLOUD_PROJECT: 'theirs', GOOGLE_CLOUD_LOCATION: 'europe-west4' };
    const given = { vertexai: true, project: 'mine', location: 'us-east1' };
    expect(endpointOf(given, env)).toMatchObject({ project: 'mine', location: 'us-east1' });
    expect(endpointOf({ vertexai: true }, env)).toMatchObject({
      project: 'theirs',
      location: 'europe-west4',
    });
    const auth = { vertexai: true, googleAuthOptions: { projectId: 'of-auth' } };
    expect(endpointOf(auth)).toMatchObject({ project: 'of-auth', location: 'us-central1' });
    const empty = { GOOGLE_CLOUD_PROJECT: '', GOOGLE_CLOUD_LOCATION: '' };
    expect(endpointOf(VERTEX, empty)).toMatchObject({ project: 'p', location: 'us-central1' });
  });

  it('a token provider needs no key, and a project all the same', () => {
    const tokenProvider = () => 'auth_tokens/x';
    expect(endpointOf({ tokenProvider })).toMatchObject({ apiKey: undefined, tokenProvider });
    expect(endpointOf({ ...VERTEX, tokenProvider })).toMatchObject({ project: 'p', tokenProvider });
  });

  it('Vertex AI never takes a key from the environment', () => {
    expect(endpointOf(VERTEX, both).apiKey).toBeUndefined();
  });

  it('an explicit key on Vertex AI is express mode: no project, no region, a short model name', () => {
    const env = { GOOGLE_CLOUD_PROJECT: 'theirs', GOOGLE_CLOUD_LOCATION: 'europe-west4' };
    const found = check({ vertexai: true, apiKey: 'express' }, env);
    expect(found.settings.endpoint).toMatchObject({
      backend: 'vertex',
      apiKey: 'express',
      project: undefined,
      location: 'global',
    });
    expect(setupOf(found).model).toBe(`publishers/google/models/${DEFAULT_MODEL.vertex}`);
  });
});

describe('the model', () => {
  it('is the default of the backend, without a warning', () => {
    expect(onGemini({})).toMatchObject({ settings: { model: DEFAULT_MODEL.gemini }, warnings: [] });
    expect(onVertex({})).toMatchObject({ settings: { model: DEFAULT_MODEL.vertex }, warnings: [] });
  });

  it('may carry its path', () => {
    const found = onGemini({ model: `models/${LEVELS}` });
    expect(found.settings.model).toBe(LEVELS);
    expect(setupOf(found).model).toBe(`models/${LEVELS}`);
    expect(found.warnings).toEqual([]);
  });

  it.each([UNHEARD_OF, `models/${UNHEARD_OF}`])(
    'unknown: %s is tried, with one warning',
    (model) => {
      const found = onGemini({ model });
      expect(found.warnings).toHaveLength(1);
      expect(found.warnings[0]).toMatch(/not in the table.*treated like.*capabilities/s);
      expect(setupOf(found).model).toBe(`models/${UNHEARD_OF}`);
      expect(found.settings.capabilities.conversation).toBe(true);
    },
  );

  it('can be described by the app, field by field', () => {
    const capabilities = { outputModalities: ['TEXT'] as const, contextTokens: 7 };
    const { settings } = onGemini({ capabilities, modalities: [Modality.TEXT] });
    expect(settings.capabilities).toMatchObject({ contextTokens: 7, conversation: true });
    expect(settings.modalities).toEqual(['TEXT']);
    expect(onGemini({ model: RETIRED, capabilities: { status: 'ga' } }).settings.model).toBe(
      RETIRED,
    );
  });

  it.each([
    ['2026-11-20', true],
    ['2027-01-19', true],
    ['2027-01-20', false],
    ['2025-01-01', true],
  ])('that retires on %s is named: %s', (retiresOn, warned) => {
    const capabilities = { retiresOn, replacement: 'another-model' };
    const { warnings } = onGemini({ capabilities });
    expect(warnings).toHaveLength(warned ? 1 : 0);
    if (warned) expect(warnings[0]).toMatch(`retires on ${retiresOn}. Use model: 'another-model'.`);
  });

  it('that the table knows to retire soon is named, and still taken', () => {
    const { settings, warnings } = onVertex({ model: ON_VERTEX });
    expect(settings.model).toBe(ON_VERTEX);
    expect(warnings.join()).toContain(`'${ON_VERTEX}' retires on 2026-12-13`);
  });
});

describe('fitted to the model', () => {
  it.each<[string, string, object | undefined, object | undefined, RegExp | undefined]>([
    ['omits', OMITS, { thinkingBudget: 0 }, undefined, /thinkingConfig is left out/],
    ['omits', OMITS, { includeThoughts: true }, undefined, /thinkingConfig is left out/],
    ['omits', OMITS, undefined, undefined, undefined],
    ['requires', REQUIRES, undefined, { thinkingLevel: 'LOW' }, undefined],
    ['requires', REQUIRES, { thinkingLevel: 'HIGH' }, { thinkingLevel: 'HIGH' }, undefined],
    [
      'requires',
      REQUIRES,
      { includeThoughts: true },
      { includeThoughts: true, thinkingLevel: 'LOW' },
      undefined,
    ],
    [
      'requires',
      REQUIRES,
      { thinkingBudget: 9 },
      { thinkingLevel: 'LOW' },
      /thinkingBudget is left out/,
    ],
    ['budgets', BUDGETS, { thinkingBudget: 0 }, { thinkingBudget: 0 }, undefined],
    [
      'budgets',
      BUDGETS,
      { thinkingLevel: 'LOW', thinkingBudget: 5 },
      { thinkingBudget: 5 },
      /thinkingLevel is left out/,
    ],
    ['budgets', BUDGETS, undefined, undefined, undefined],
    ['levels', LEVELS, { thinkingLevel: 'MINIMAL' }, { thinkingLevel: 'MINIMAL' }, undefined],
    [
      'levels',
      LEVELS,
      { thinkingLevel: 'LOW', thinkingBudget: 5 },
      { thinkingLevel: 'LOW' },
      /thinkingBudget is left out/,
    ],
  ])('thinking, a model that %s (%s): %j → %j', (_, model, given, expected, warning) => {
    const found = onGemini({ model, thinkingConfig: given as never });
    expect(setupOf(found).generationConfig?.thinkingConfig).toEqual(expected);
    expect(found.warnings).toHaveLength(warning ? 1 : 0);
    if (warning) expect(found.warnings[0]).toMatch(warning);
  });

  const DIALOG = [
    ['enableAffectiveDialog', (setup: Setup) => setup.generationConfig?.enableAffectiveDialog],
    ['proactivity', (setup: Setup) => setup.proactivity?.proactiveAudio],
  ] as const;

  describe.each(DIALOG)('%s', (name, see) => {
    it.each([true, false])('%s is kept where it is the choice of the app', (value) => {
      const found = onGemini({ model: BUDGETS, [name]: value });
      expect(see(setupOf(found))).toBe(value);
      expect(found.warnings).toEqual([]);
      // The field exists in one version only.
      expect(found.settings.endpoint.apiVersion).toBe('v1alpha');
      expect(onGemini({ model: BUDGETS }).settings.endpoint.apiVersion).toBe('v1beta');
    });

    it.each([
      [OMITS, 'always does it'],
      [LEVELS, 'does not have it'],
    ])('is left out on %s: %s', (model, why) => {
      for (const value of [true, false]) {
        const found = onGemini({ model, [name]: value });
        expect(see(setupOf(found))).toBeUndefined();
        expect(found.warnings).toEqual([expect.stringMatching(`${name} is left out.*${why}`)]);
        expect(found.settings.endpoint.apiVersion).toBe('v1beta');
      }
    });
  });

  it('apiVersion: the option, then httpOptions, then what the options need', () => {
    const given = { ...KEY, model: BUDGETS, proactivity: true };
    const http = { httpOptions: { apiVersion: 'v1' } };
    expect(endpointOf({ ...given, ...http, apiVersion: 'v1beta' }).apiVersion).toBe('v1beta');
    expect(endpointOf({ ...given, ...http }).apiVersion).toBe('v1');
    expect(endpointOf(given).apiVersion).toBe('v1alpha');
    expect(endpointOf(VERTEX).apiVersion).toBe('v1beta1');
  });

  it.each<[Options, string | undefined, RegExp | undefined]>([
    [{}, 'Puck', undefined],
    [{ voice: '' }, 'Puck', undefined],
    [{ voice: 'Kore' }, 'Kore', undefined],
    [{ voice: 'kORE' }, 'Kore', undefined],
    [{ voice: 'Zaphod' }, 'Zaphod', /Voice 'Zaphod' is unknown/],
    [{ voice: 'Kore', model: TRANSLATES }, undefined, /voice is left out/],
    [{ model: TRANSLATES }, undefined, undefined],
  ])('voice %j → %s', (given, expected, warning) => {
    const found = onGemini(given);
    const speech = setupOf(found).generationConfig?.speechConfig;
    expect(speech?.voiceConfig?.prebuiltVoiceConfig?.voiceName).toBe(expected);
    expect(found.warnings).toHaveLength(warning ? 1 : 0);
    if (warning) expect(found.warnings[0]).toMatch(warning);
  });

  it('every prebuilt voice is known in any letters', () => {
    for (const voice of VOICES) {
      const found = onGemini({ voice: voice.toLowerCase() });
      expect([found.settings.voice, found.warnings]).toEqual([voice, []]);
    }
  });

  it('language: normalised, and said in the instructions where the wire has no field', () => {
    const code = (found: Validated) => setupOf(found).generationConfig?.speechConfig?.languageCode;
    expect(code(onVertex({ language: 'de-at' }))).toBe('de-AT');
    expect(code(onVertex({ language: 'german' }))).toBe('de');
    const found = onGemini({ language: 'de-AT' });
    expect(found.settings.languageLine).toContain('Austrian German');
    const deaf = onGemini({ model: 'gemini-3.5-transcribe-live', language: 'de-AT' });
    expect(deaf.warnings).toEqual([expect.stringMatching(/language is left out/)]);
    expect(code(found)).toBeUndefined();
    expect(found.warnings).toEqual([]);
  });

  it.each<[string, string, Behavior | undefined, string, number]>([
    ['the default', OMITS, undefined, 'NON_BLOCKING', 0],
    ['a choice', OMITS, Behavior.BLOCKING, 'BLOCKING', 0],
    ['the default of another', BUDGETS, undefined, 'BLOCKING', 0],
    ['what the model does anyway', LEVELS, Behavior.BLOCKING, 'BLOCKING', 0],
    ['what the model cannot', LEVELS, Behavior.NON_BLOCKING, 'BLOCKING', 1],
  ])('toolBehavior, %s (%s): %s → %s', (_, model, toolBehavior, expected, warned) => {
    const found = onGemini({ model, ...(toolBehavior && { toolBehavior }) });
    expect(found.settings.toolBehavior).toBe(expected);
    expect(found.warnings).toHaveLength(warned);
    if (warned) expect(found.warnings[0]).toMatch(/toolBehavior is left out.*only BLOCKING/);
  });

  it('toolResponseScheduling is left out where responses have no schedule', () => {
    const given = { toolResponseScheduling: FunctionResponseScheduling.SILENT };
    expect(onGemini(given)).toMatchObject({ settings: given, warnings: [] });
    for (const model of [REQUIRES, LEVELS]) {
      const { settings, warnings } = onGemini({ ...given, model });
      expect(settings.toolResponseScheduling).toBeUndefined();
      expect(warnings).toEqual([expect.stringContaining('toolResponseScheduling is left out')]);
    }
  });

  it('transcription options that the model has not are left out, one by one', () => {
    const config = { languageCodes: ['de'], diarization: true, wordTimestamp: true };
    const found = onGemini({ inputAudioTranscription: config, outputAudioTranscription: config });
    expect(setupOf(found)).toMatchObject({
      inputAudioTranscription: { languageCodes: ['de'] },
      outputAudioTranscription: { languageCodes: ['de'] },
    });
    expect(setupOf(found).inputAudioTranscription).not.toHaveProperty('diarization');
    expect(found.warnings).toHaveLength(2);
    expect(found.warnings[0]).toMatch(/inputAudioTranscription\.diarization, wordTimestamp/);
  });

  it.each<[keyof Options, Options, Options]>([
    [
      'mediaResolution',
      { mediaResolution: MediaResolution.MEDIA_RESOLUTION_LOW },
      { model: LEVELS },
    ],
    ['explicitVadSignal', { explicitVadSignal: true }, {}],
    ['labels', { labels: { team: 'a' } }, {}],
  ])('%s is left out where it does not exist', (name, given, more) => {
    const found = onGemini({ ...given, ...more });
    expect(JSON.stringify(setupOf(found))).not.toContain(name);
    expect(found.warnings).toEqual([expect.stringContaining(`${name} is left out`)]);
  });

  it('sessionResumption.transparent is left out where even `false` is unknown', () => {
    const given = { sessionResumption: { transparent: false } };
    expect(setupOf(onGemini(given)).sessionResumption).toEqual({});
    expect(setupOf(onVertex(given)).sessionResumption).toEqual({ transparent: false });
  });

  it.each([TRANSCRIBES, TRANSLATES])('a model without conversation is taken: %s', (model) => {
    const found = onGemini({ model });
    expect(found.warnings).toEqual([]);
    expect(setupOf(found).generationConfig?.responseModalities).toEqual(
      found.settings.capabilities.outputModalities,
    );
  });
});

describe('spelling and manners', () => {
  it('names unknown options, and ignores what is undefined', () => {
    const given = { temprature: 1, voise: 'x', model: undefined, speed: undefined };
    const { settings, warnings } = onGemini(given as object);
    expect(warnings).toEqual(['Unknown option temprature, voise: not used. Check the spelling.']);
    expect(settings.model).toBe(DEFAULT_MODEL.gemini);
  });

  it('names what it does not use of httpOptions', () => {
    const httpOptions = { timeout: 5, baseUrl: 'https://x', headers: {}, apiVersion: 'v1' };
    expect(onGemini({ httpOptions }).warnings).toEqual([
      expect.stringContaining('httpOptions.timeout: not used'),
    ]);
  });

  it('does not change what it was given', () => {
    const given = (): Options => ({
      ...KEY,
      model: BUDGETS,
      thinkingConfig: { thinkingBudget: 1, thinkingLevel: ThinkingLevel.LOW },
      inputAudioTranscription: { diarization: true },
      sessionResumption: { transparent: false, handle: 'h' },
      realtimeInputConfig: { turnCoverage: TurnCoverage.TURN_INCLUDES_ALL_INPUT },
      capabilities: { toolBehaviors: [] },
      toolBehavior: Behavior.NON_BLOCKING,
    });
    const options = given();
    check(options);
    expect(options).toEqual(given());
  });

  it('never prints the key', () => {
    const apiKey = 'AIzaSyVerySecretKey';
    const { warnings } = check({ apiKey, voice: 'x', model: 'y', oops: 1 } as Options);
    expect(warnings.length).toBeGreaterThan(1);
    expect(warnings.join()).not.toContain(apiKey);
    expect(refusal({ apiKey, model: RETIRED }).message).not.toContain(apiKey);
  });
});

describe('what is accepted here is accepted by the service', () => {
  const BEGIN = { setup: {}, phase: 'new', seeding: false, begun: false, activityOpen: false };

  /** The first rule that the setup of these settings breaks. */
  function broken(found: Validated): string | undefined {
    const { settings } = found;
    const { endpoint, capabilities: row } = settings;
    const { tools } = wireTools(llm.ToolContext.empty(), settings);
    const setup = setupOf(found, tools);
    const express = endpoint.backend === 'gemini' || endpoint.apiKey !== undefined;
    const context = {
      ...BEGIN,
      backend: endpoint.backend,
      apiVersion: endpoint.apiVersion,
      credential: express ? 'key' : 'bearer',
      modelId: settings.model,
      modelKnown: true,
      row,
      openCalls: [],
      resume: () => 'free',
    } as unknown as RuleContext;
    const frame = JSON.parse(JSON.stringify({ setup })) as Record<string, unknown>;
    const rule = RULES.find((each) => each.check(frame, context) !== undefined);
    return rule && `${rule.name}: ${JSON.stringify(setup)}`;
  }

  /** The setup, or that the options were refused; anything else is a mistake. */
  function outcome(options: Options): string | undefined {
    let found: Validated;
    try {
      found = check(options);
    } catch (error) {
      expect(error).toBeInstanceOf(GeminiLiveError);
      expect((error as GeminiLiveError).kind).toBe('options');
      return undefined;
    }
    return broken(found);
  }

  const transcription = fc.constantFrom<AudioTranscriptionConfig | null>(
    null,
    {},
    { languageCodes: ['de'] },
    { diarization: true },
  );
  const arbitrary: { [K in keyof Options]?: fc.Arbitrary<Options[K]> } = {
    voice: fc.constantFrom('Kore', 'puck', ''),
    language: fc.constantFrom('de', 'en-us'),
    modalities: fc.subarray(Object.values(Modality)),
    candidateCount: fc.constantFrom(0, 1, 2),
    temperature: fc.constantFrom(-1, 0, 2, 3),
    topP: fc.constantFrom(0, 1, 1.5),
    topK: fc.constantFrom(0, 1, 40),
    maxOutputTokens: fc.constantFrom(0, 100),
    presencePenalty: fc.constantFrom(-3, -2, 2),
    frequencyPenalty: fc.constantFrom(0, 3),
    seed: fc.integer(),
    inputAudioTranscription: transcription,
    outputAudioTranscription: transcription,
    enableAffectiveDialog: fc.boolean(),
    proactivity: fc.boolean(),
    realtimeInputConfig: fc.record(
      {
        turnCoverage: fc.constantFrom(...Object.values(TurnCoverage)),
        automaticActivityDetection: fc.record({ disabled: fc.boolean() }),
      },
      { requiredKeys: [] },
    ),
    contextWindowCompression: fc.constantFrom(null, {}, { triggerTokens: '50000' }),
    mediaResolution: fc.constantFrom(...Object.values(MediaResolution)),
    geminiTools: fc.constantFrom({}, { googleSearch: {} }, { codeExecution: {} }),
    thinkingConfig: fc.record(
      {
        thinkingLevel: fc.constantFrom(...Object.values(ThinkingLevel)),
        thinkingBudget: fc.constantFrom(-1, 0, 100),
        includeThoughts: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
    toolBehavior: fc.constantFrom(Behavior.BLOCKING, Behavior.NON_BLOCKING),
    toolResponseScheduling: fc.constantFrom(...Object.values(FunctionResponseScheduling)),
    labels: fc.constantFrom({}, { team: 'a' }),
    explicitVadSignal: fc.boolean(),
    translationConfig: fc.constant({ targetLanguageCode: 'de' }),
    sessionResumption: fc.constantFrom(
      null,
      {},
      { transparent: true },
      { transparent: false },
      { handle: 'h' },
    ),
  };
  const NAMES = Object.keys(arbitrary) as (keyof Options)[];

  const where = fc.constantFrom(
    ...modelNames().flatMap((model) => {
      const options: Options[] = [
        { ...KEY, model },
        { ...VERTEX, model },
        { ...KEY, vertexai: true, model },
      ];
      return options.filter((one) => {
        const { capabilities: row } = resolve(model, one.vertexai ? 'vertex' : 'gemini');
        return (
          row.status !== 'retired' && row.backends.includes(one.vertexai ? 'vertex' : 'gemini')
        );
      });
    }),
  );

  it.each(NAMES)('%s on every model', (name) => {
    fc.assert(
      fc.property(where, arbitrary[name] as fc.Arbitrary<unknown>, (base, value) => {
        expect(outcome({ ...base, [name]: value })).toBeUndefined();
      }),
      { numRuns: 400 },
    );
  });

  it('any options together', () => {
    const some = fc
      .subarray(NAMES, { maxLength: 5 })
      .chain((names) =>
        fc.record(
          Object.fromEntries(names.map((name) => [name, arbitrary[name] as fc.Arbitrary<unknown>])),
        ),
      );
    fc.assert(
      fc.property(where, some, (base, options) => {
        expect(outcome({ ...base, ...options })).toBeUndefined();
      }),
      { numRuns: 2_000 },
    );
  });

  it('and the check itself can see a broken rule', () => {
    const found = onGemini({ setup: { generationConfig: { temperature: 9 } } });
    expect(broken(found)).toContain('sampling values');
  });
});

/** What a server sees of a session with these options. */
interface Seen {
  server: LiveServer;
  dial: Dial;
  connection: LiveConnection;
  setup: Setup;
}

async function see(options: Options, serverOptions: LiveServerOptions = {}): Promise<Seen> {
  const server = await startServer(serverOptions);
  const session = modelFor(server, options).session();
  onTestFinished(() => session.close());
  const arrived = server.nextConnection();
  await session._updateSession();
  const connection = await arrived;
  return { server, dial: connection.dial, connection, setup: connection.setup };
}

/** The first error of a session with these options. */
async function firstError(options: Options, serverOptions: LiveServerOptions, status?: number) {
  const server = await startServer(serverOptions);
  if (status !== undefined) server.refuse({ status, times: 9 });
  const session = modelFor(server, options).session();
  const log = new EventLog(session);
  onTestFinished(() => session.close());
  await session._updateSession();
  await log.untilNamed('error');
  return log.errors[0];
}

const lookup = new llm.ToolContext([
  llm.tool({
    name: 'lookup',
    description: 'Looks something up.',
    parameters: { type: 'object', properties: { what: { type: 'string' } }, required: ['what'] },
    execute: () => Promise.resolve('42'),
  }),
]);

/** The answer of a session with these options to a tool call. */
async function answerOf(options: Options) {
  const { session, connection, log } = await startCall({ options, tools: lookup });
  const answered = connection.callTool('lookup', { what: 'it' });
  await log.untilNamed('generation_created');
  for await (const call of log.generations[0]!.functionStream) {
    await session.updateChatCtx(withOutput(session, call, '42'));
  }
  return answered;
}

/** Is a call whose tool gives no result answered within so many ms? */
async function answersWithin(options: Options, ms: number): Promise<boolean> {
  const clock = new ManualClock();
  const { session, connection, log } = await startCall({ options, env: { clock }, tools: lookup });
  connection.callTool('lookup', { what: 'it' }).catch(() => {});
  await log.untilNamed('generation_created');
  clock.advance(ms);
  session.pushAudio(tone(50));
  await session.commitAudio();
  await connection.waitFor((frame) => frame.realtimeInput?.audioStreamEnd === true);
  return connection.frames.some(({ frame }) => frame.toolResponse);
}

/** How often LiveKit is asked to run a function that the model calls twice. */
async function runsOf(options: Options): Promise<number> {
  const clock = new ManualClock();
  const { connection, log } = await startCall({ options, env: { clock }, tools: lookup });
  connection.callTool('lookup', { what: 'it' }).catch(() => {});
  connection.callTool('lookup', { what: 'it' }).catch(() => {});
  connection.send({ serverContent: { generationComplete: true } });
  connection.send({ mark: true });
  await log.until(() => log.reports.some(({ what }) => what === 'unknown_frame'));
  const heard = await Promise.all(log.generations.map((generation) => listen(generation)));
  return heard.reduce((sum, { calls }) => sum + calls.length, 0);
}

/** A picture of 64 x 32, as it arrives. */
async function pictureOf(options: Options) {
  const { session, connection } = await startCall({ options });
  session.pushVideo(
    new VideoFrame(new Uint8Array(64 * 32 * 1.5).fill(128), 64, 32, VideoBufferType.I420),
  );
  const { realtimeInput } = await connection.waitFor((frame) => !!frame.realtimeInput?.video);
  return sharp(Buffer.from(realtimeInput?.video?.data ?? '', 'base64')).metadata();
}

/** How often a session with these options asks for a reply that does not come in this time. */
async function timesAsked(options: Options, ms = 1_000): Promise<number> {
  const clock = new ManualClock();
  const { session, connection } = await startCall({ options, env: { clock } });
  session.generateReply().catch(() => {});
  await connection.waitFor('clientContent');
  clock.advance(ms);
  // What is written after the request shows that all before it has arrived.
  session.pushAudio(tone(50));
  await session.commitAudio();
  await connection.waitFor((frame) => frame.realtimeInput?.audioStreamEnd === true);
  return connection.frames.filter(({ frame }) => frame.clientContent).length;
}

/** Is an answer that takes so long reported as slow? */
async function isSlow(options: Options, ms: number): Promise<boolean> {
  const clock = new ManualClock();
  const { session, connection, log } = await startCall({ options, env: { clock } });
  void session.generateReply();
  await connection.waitFor('clientContent');
  clock.advance(ms);
  void connection.turn({ say: 'Yes.' });
  await log.untilNamed('metrics_collected');
  return log.reports.some(({ what }) => what === 'slow_answer');
}

/** How much of what the caller says before there is a connection arrives, in ms. */
async function heardOf(options: Options, ms: number): Promise<number> {
  const server = await startServer();
  const session = modelFor(server, options).session();
  onTestFinished(() => session.close());
  session.pushAudio(tone(ms));
  await session.commitAudio();
  const connection = await server.connection(0);
  await connection.waitFor((frame) => frame.realtimeInput?.audioStreamEnd === true);
  return connection.audioMs;
}

/** Is caller audio still held back so long after the connection was set up? */
async function heldUntil(options: Options, ms: number): Promise<boolean> {
  const clock = new ManualClock();
  const { session, connection } = await startCall({ options, env: { clock } });
  const told = async (instructions: string): Promise<void> => {
    await session.updateInstructions(instructions);
    clock.advance(20);
    await connection.waitFor((frame) => JSON.stringify(frame).includes(instructions));
  };
  await told('The beginning.');
  session.pushAudio(tone(50));
  clock.advance(ms - 40);
  await told('The end.');
  // Audio that may leave left before: content only overtakes what is held.
  return connection.audioMs === 0;
}

/** Is the first audio of an answer, 100 ms, still held so long after its arrival? */
async function holdsFirstAudio(options: Options, afterMs: number): Promise<boolean> {
  const clock = new ManualClock();
  const { connection, log } = await startCall({ options, env: { clock } });
  connection.audio(100);
  await log.untilNamed('generation_created');
  clock.advance(afterMs);
  let held = true;
  for await (const { audioStream } of log.generations[0]!.messageStream) {
    const read = audioStream.getReader().read();
    void read.then(() => (held = false));
    await new Promise(setImmediate);
    break;
  }
  return held;
}

/** Is an answer that was cut off unheard said after all, so long after its interruption? */
async function resumes(options: Options, afterMs: number): Promise<boolean> {
  const clock = new ManualClock();
  const { connection, log } = await startCall({ options, env: { clock } });
  connection.audio(100);
  connection.interrupted();
  await log.untilNamed('input_speech_started');
  clock.advance(afterMs);
  return log.generations.length === 2;
}

/** How many connections new tools cost where only a setup can carry them. */
async function dialsForTools(options: Options): Promise<number> {
  const model = 'gemini-3.1-flash-live-preview';
  const { server, session, connection } = await startCall({ options: { model, ...options } });
  await session.updateTools(lookup);
  session.generateReply().catch(() => {});
  const asked = () => server.connections.at(-1)!.frames.some(({ frame }) => frame.clientContent);
  while (!asked()) await new Promise((resolve) => setImmediate(resolve));
  expect(connection.functions).toEqual([]);
  return server.dials.length;
}

/** The texts that a session with these options begins with. */
async function seededWith(options: Options): Promise<(string | undefined)[]> {
  const chatCtx = llm.ChatContext.empty();
  chatCtx.addMessage({ role: 'assistant', content: 'One.' });
  chatCtx.addMessage({ role: 'user', content: 'Two.' });
  chatCtx.addMessage({ role: 'assistant', content: 'Three.' });
  const { connection } = await startCall({ options, chatCtx });
  await connection.waitFor('clientContent');
  return connection.contents.flatMap(({ parts }) => (parts ?? []).map(({ text }) => text));
}

const client = new OAuth2Client();
client.setCredentials({ access_token: 'ya29.mine', expiry_date: Date.now() + 3_600_000 });

const SAMPLING = (seen: Seen) => seen.setup.generationConfig;
const image = { format: 'JPEG', quality: 50, strategy: 'scale_aspect_fit' } as const;
const small = {
  format: image.format,
  quality: image.quality,
  resizeOptions: { width: 16, height: 16, strategy: image.strategy },
};

/** Either what a server sees with the option and not without it, or a test of its own. */
type Effect =
  | { with: Options; besides?: Options; see: (seen: Seen) => unknown; expected: unknown }
  | (() => Promise<void>);

/** No option is accepted and ignored: each one has an effect, and this list is complete. */
const EFFECTS: Record<keyof Required<Options>, Effect> = {
  instructions: {
    with: { instructions: 'Be kind.' },
    see: ({ connection }) => connection.instructions,
    expected: 'Be kind.',
  },
  model: { with: { model: LEVELS }, see: ({ connection }) => connection.model, expected: LEVELS },
  apiKey: async () => {
    const keys = ['right'];
    expect((await see({ apiKey: 'right' }, { keys })).dial.accepted).toBe(true);
    const error = await firstError({ apiKey: 'wrong' }, { keys });
    expect(error).toMatchObject({ recoverable: false, error: { kind: 'auth' } });
  },
  voice: {
    with: { voice: 'Kore' },
    see: (seen) => SAMPLING(seen)?.speechConfig?.voiceConfig?.prebuiltVoiceConfig,
    expected: { voiceName: 'Kore' },
  },
  language: {
    with: { language: 'de-DE' },
    besides: VERTEX,
    see: (seen) => SAMPLING(seen)?.speechConfig?.languageCode,
    expected: 'de-DE',
  },
  modalities: {
    with: { modalities: [Modality.VIDEO] },
    besides: VERTEX,
    see: (seen) => SAMPLING(seen)?.responseModalities,
    expected: ['VIDEO'],
  },
  vertexai: { with: VERTEX, see: ({ dial }) => dial.backend, expected: 'vertex' },
  project: {
    with: { project: 'q' },
    besides: VERTEX,
    see: ({ setup }) => setup.model.startsWith('projects/q/'),
    expected: true,
  },
  location: {
    with: { location: 'europe-west4' },
    besides: VERTEX,
    see: ({ setup }) => setup.model.includes('/locations/europe-west4/'),
    expected: true,
  },
  candidateCount: {
    with: { candidateCount: 2 },
    see: (seen) => SAMPLING(seen)?.candidateCount,
    expected: 2,
  },
  temperature: {
    with: { temperature: 0.3 },
    see: (seen) => SAMPLING(seen)?.temperature,
    expected: 0.3,
  },
  maxOutputTokens: {
    with: { maxOutputTokens: 99 },
    see: (seen) => SAMPLING(seen)?.maxOutputTokens,
    expected: 99,
  },
  topP: { with: { topP: 0 }, see: (seen) => SAMPLING(seen)?.topP, expected: 0 },
  topK: { with: { topK: 7 }, see: (seen) => SAMPLING(seen)?.topK, expected: 7 },
  presencePenalty: {
    with: { presencePenalty: -1 },
    see: (seen) => SAMPLING(seen)?.presencePenalty,
    expected: -1,
  },
  frequencyPenalty: {
    with: { frequencyPenalty: 1 },
    see: (seen) => SAMPLING(seen)?.frequencyPenalty,
    expected: 1,
  },
  inputAudioTranscription: {
    with: { inputAudioTranscription: null },
    see: ({ setup }) => 'inputAudioTranscription' in setup,
    expected: false,
  },
  outputAudioTranscription: {
    with: { outputAudioTranscription: null },
    see: ({ setup }) => 'outputAudioTranscription' in setup,
    expected: false,
  },
  imageEncodeOptions: async () => {
    expect(await pictureOf({ imageEncodeOptions: small })).toMatchObject({ width: 16, height: 8 });
    expect(await pictureOf({})).toMatchObject({ width: 64, height: 32 });
    const none = { ...small, resizeOptions: { ...small.resizeOptions, width: 0 } };
    for (const imageEncodeOptions of [none, { ...small, quality: 101 }]) {
      expect(() => onGemini({ imageEncodeOptions })).toThrow(/imageEncodeOptions.*quality/s);
    }
  },
  enableAffectiveDialog: {
    with: { enableAffectiveDialog: true },
    besides: { model: BUDGETS },
    see: (seen) => SAMPLING(seen)?.enableAffectiveDialog,
    expected: true,
  },
  proactivity: {
    with: { proactivity: true },
    besides: { model: BUDGETS },
    see: ({ setup }) => setup.proactivity,
    expected: { proactiveAudio: true },
  },
  realtimeInputConfig: {
    with: { realtimeInputConfig: { automaticActivityDetection: { silenceDurationMs: 300 } } },
    see: ({ setup }) => setup.realtimeInputConfig,
    expected: { automaticActivityDetection: { silenceDurationMs: 300 } },
  },
  contextWindowCompression: {
    with: { contextWindowCompression: { triggerTokens: '9000' } },
    see: ({ setup }) => setup.contextWindowCompression,
    expected: { slidingWindow: {}, triggerTokens: '9000' },
  },
  apiVersion: {
    with: { apiVersion: 'v1alpha' },
    see: ({ dial }) => dial.apiVersion,
    expected: 'v1alpha',
  },
  connOptions: async () => {
    const once = { maxRetry: 0, retryIntervalMs: 1, timeoutMs: 1_000 };
    expect(await firstError({ connOptions: once }, {}, 503)).toMatchObject({ recoverable: false });
    expect(await firstError({}, {}, 503)).toMatchObject({ recoverable: true });
  },
  httpOptions: async () => {
    const server = await startServer();
    const headers = { 'x-goog-user-project': 'billing' };
    const session = modelFor(server, { httpOptions: { baseUrl: server.url, headers } }).session();
    onTestFinished(() => session.close());
    await session._updateSession();
    const { dial } = await server.connection(0);
    expect(dial.headers).toMatchObject(headers);
  },
  mediaResolution: {
    with: { mediaResolution: MediaResolution.MEDIA_RESOLUTION_LOW },
    see: (seen) => SAMPLING(seen)?.mediaResolution,
    expected: 'MEDIA_RESOLUTION_LOW',
  },
  geminiTools: {
    with: { geminiTools: { googleSearch: {} } },
    see: ({ setup }) => setup.tools,
    expected: [{ googleSearch: {} }],
  },
  thinkingConfig: {
    with: { thinkingConfig: { thinkingBudget: 12 } },
    besides: { model: BUDGETS },
    see: (seen) => SAMPLING(seen)?.thinkingConfig,
    expected: { thinkingBudget: 12 },
  },
  toolBehavior: async () => {
    const declared = async (options: Options) => {
      const { connection } = await startCall({ options, tools: lookup });
      return connection.setup.tools?.flatMap(({ functionDeclarations }: Tool) =>
        functionDeclarations?.map(({ behavior }) => behavior),
      );
    };
    expect(await declared({ toolBehavior: Behavior.BLOCKING })).toEqual(['BLOCKING']);
    expect(await declared({})).toEqual(['NON_BLOCKING']);
  },
  toolResponseScheduling: async () => {
    const toolResponseScheduling = FunctionResponseScheduling.SILENT;
    expect(await answerOf({ toolResponseScheduling })).toMatchObject({ scheduling: 'SILENT' });
    expect(await answerOf({})).not.toHaveProperty('scheduling');
  },
  toolTimeoutMs: async () => {
    expect(await answersWithin({ toolTimeoutMs: 40_000 }, 40_000)).toBe(true);
    expect(await answersWithin({ toolTimeoutMs: 40_001 }, 40_000)).toBe(false);
    expect(await answersWithin({}, 60_000)).toBe(true);
    expect(await answersWithin({ toolTimeoutMs: null }, 600_000)).toBe(false);
  },
  dedupeToolCalls: async () => {
    expect(await runsOf({ dedupeToolCalls: true })).toBe(1);
    expect(await runsOf({})).toBe(2);
    expect(await runsOf({ model: BUDGETS })).toBe(1);
    expect(await runsOf({ model: BUDGETS, dedupeToolCalls: false })).toBe(2);
  },
  toolOptions: async () => {
    const toolOptions = { lookup: { scheduling: 'INTERRUPT' } } as const;
    expect(await answerOf({ toolOptions })).toMatchObject({ scheduling: 'INTERRUPT' });
  },
  seed: { with: { seed: 4 }, see: (seen) => SAMPLING(seen)?.seed, expected: 4 },
  safetySettings: {
    with: { safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT' as never }] },
    see: ({ setup }) => (setup as { safetySettings?: unknown }).safetySettings,
    expected: [{ category: 'HARM_CATEGORY_HARASSMENT' }],
  },
  labels: {
    with: { labels: { team: 'a' } },
    besides: VERTEX,
    see: ({ setup }) => (setup as { labels?: unknown }).labels,
    expected: { team: 'a' },
  },
  explicitVadSignal: {
    with: { explicitVadSignal: true },
    besides: VERTEX,
    see: ({ setup }) => setup.explicitVadSignal,
    expected: true,
  },
  translationConfig: {
    with: { translationConfig: { targetLanguageCode: 'de' } },
    besides: { model: TRANSLATES },
    see: (seen) => SAMPLING(seen)?.translationConfig,
    expected: { targetLanguageCode: 'de' },
  },
  sessionResumption: {
    with: { sessionResumption: null },
    see: ({ setup }) => 'sessionResumption' in setup,
    expected: false,
  },
  googleAuthOptions: async () => {
    const keys = ['ya29.mine'];
    const server = await startServer({ keys });
    const session = modelFor(server, {
      ...VERTEX,
      httpOptions: { baseUrl: server.url },
      googleAuthOptions: { authClient: client },
    }).session();
    onTestFinished(() => session.close());
    await session._updateSession();
    expect((await server.connection(0)).dial.credential).toBe('bearer');
  },
  capabilities: {
    with: { capabilities: { apiVersion: 'v1' } },
    see: ({ dial }) => dial.apiVersion,
    expected: 'v1',
  },
  replyTimeoutMs: async () => {
    expect(await timesAsked({ replyTimeoutMs: 50, watchdog: null }, 49)).toBe(1);
    expect(await timesAsked({ replyTimeoutMs: 50, watchdog: null }, 50)).toBe(2);
    expect(await timesAsked({ watchdog: null }, 50)).toBe(1);
  },
  reconnectOnUpdate: async () => {
    expect(await dialsForTools({})).toBe(2);
    expect(await dialsForTools({ reconnectOnUpdate: false })).toBe(1);
  },
  historySummary: async () => {
    const summarize = (items: llm.ChatItem[]) => `${items.length} items`;
    expect(await seededWith({})).toEqual(['One.', 'Two.', 'Three.']);
    expect(await seededWith({ historySummary: { summarize, keepTurns: 1 } })).toEqual([
      '[Summary of the conversation so far: 2 items]',
      'Three.',
    ]);
    const none = [expect.stringContaining('3 items')];
    expect(await seededWith({ historySummary: { summarize, keepTurns: 0 } })).toEqual(none);
    const late = { summarize: () => new Promise<string>(() => {}), keepTurns: 1, deadlineMs: 1 };
    expect(await seededWith({ historySummary: late })).toEqual(['One.', 'Two.', 'Three.']);
  },
  audioBufferMs: async () => {
    expect(await heardOf({ audioBufferMs: 100 }, 500)).toBe(100);
    expect(await heardOf({ audioBufferMs: 0 }, 500)).toBe(0);
    expect(await heardOf({}, 500)).toBe(500);
  },
  firstTurnShieldMs: async () => {
    expect(await heldUntil({ firstTurnShieldMs: 2_000 }, 1_999)).toBe(true);
    expect(await heldUntil({ firstTurnShieldMs: 2_000 }, 2_020)).toBe(false);
    expect(await heldUntil({}, 40)).toBe(false);
  },
  watchdog: async () => {
    const watchdog = { answerMs: 1_000, steps: ['nudge'] as const };
    expect(await timesAsked({ watchdog })).toBe(2);
    expect(await timesAsked({ watchdog: { ...watchdog, answerMs: 1_001 } })).toBe(1);
    expect(await timesAsked({ watchdog: { ...watchdog, steps: [] } })).toBe(1);
    expect(await timesAsked({ watchdog: null })).toBe(1);
  },
  playoutBuffer: async () => {
    expect(await holdsFirstAudio({ playoutBuffer: { initialMs: 300 } }, 299)).toBe(true);
    expect(await holdsFirstAudio({ playoutBuffer: { initialMs: 300 } }, 300)).toBe(false);
    expect(await holdsFirstAudio({ playoutBuffer: { initialMs: 0 } }, 0)).toBe(false);
    expect(await holdsFirstAudio({}, 0)).toBe(false);
  },
  falseInterruption: async () => {
    expect(await resumes({ falseInterruption: { afterMs: 500 } }, 499)).toBe(false);
    expect(await resumes({ falseInterruption: { afterMs: 500 } }, 500)).toBe(true);
    expect(await resumes({}, 60_000)).toBe(false);
  },
  ownVoice: async () => {
    const heard = async (ownVoice: boolean): Promise<Heard> => {
      const { connection, log } = await startCall({ options: { ownVoice } });
      void connection.turn({ say: 'Hello.' });
      await log.untilNamed('generation_created');
      return listen(log.generations[0]!);
    };
    expect(await heard(true)).toMatchObject({ text: 'Hello.', samples: 0, modalities: [['text']] });
    expect((await heard(false)).samples).toBeGreaterThan(0);
    expect(onGemini({ ownVoice: true }).settings.ownVoice).toBe(true);
    const silent = { ownVoice: true, outputAudioTranscription: null };
    expect(() => check({ ...KEY, ...silent })).toThrow(/transcript/);
    const writer = { ownVoice: true, model: 'gemini-robotics-er-2-streaming-preview' };
    expect(() => check({ ...KEY, ...writer })).toThrow(/answers in text already/);
  },
  suppressRepeats: async () => {
    const spoken = async (suppressRepeats: boolean): Promise<string> => {
      const { connection, log } = await startCall({ options: { suppressRepeats } });
      void connection.turn({ say: 'Let me look that up. Let me look that up. Done.' });
      await log.untilNamed('generation_created');
      return (await listen(log.generations[0]!)).text;
    };
    expect(await spoken(true)).toBe('Let me look that up. Done.');
    expect(await spoken(false)).toBe('Let me look that up. Let me look that up. Done.');
    const refused = { outputAudioTranscription: null, suppressRepeats: true };
    expect(() => check({ ...KEY, ...refused })).toThrow(/transcript/);
    expect(() => check({ ...KEY, suppressRepeats: 'yes' as never })).toThrow(/suppressRepeats/);
  },
  slowAnswerMs: async () => {
    expect(await isSlow({}, 4_000)).toBe(false);
    expect(await isSlow({}, 4_001)).toBe(true);
    expect(await isSlow({ slowAnswerMs: 100 }, 101)).toBe(true);
    expect(await isSlow({ slowAnswerMs: null }, 7_000)).toBe(false);
  },
  tokenProvider: async () => {
    const keys = ['auth_tokens/mine'];
    const tokenProvider = () => Promise.resolve('auth_tokens/mine');
    const { dial } = await see({ tokenProvider }, { keys });
    expect(dial).toMatchObject({ credential: 'token', apiVersion: 'v1alpha' });
    // The key that the model has as well is not among them.
    expect(await firstError({}, { keys })).toMatchObject({ error: { kind: 'auth' } });
  },
  agent: async () => {
    const agent = new Agent();
    const calls: unknown[] = [];
    const create = agent.createConnection.bind(agent);
    agent.createConnection = (...given) => {
      calls.push(given);
      return create(...given);
    };
    await see({ agent });
    expect(calls).toHaveLength(1);
    agent.destroy();
  },
  setup: {
    with: { setup: { generationConfig: { topK: 3 } } },
    see: (seen) => SAMPLING(seen)?.topK,
    expected: 3,
  },
  record: async () => {
    const lines: string[] = [];
    await see({ record: (line) => lines.push(line) });
    expect(lines.some((line) => line.includes('"setup"'))).toBe(true);
  },
};

describe('every option has an effect', () => {
  for (const [name, effect] of Object.entries(EFFECTS)) {
    if (typeof effect === 'function') {
      it(name, effect);
      continue;
    }
    it(name, async () => {
      const { with: given, besides = {}, see: look, expected } = effect;
      expect(name in given).toBe(true);
      expect(look(await see({ ...besides, ...given }))).toEqual(expected);
      expect(look(await see(besides))).not.toEqual(expected);
    });
  }
});
