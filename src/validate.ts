// SPDX-License-Identifier: Apache-2.0
import { inspect } from 'node:util';
import type { Behavior, Modality } from '@google/genai';
import { DEFAULT_API_CONNECT_OPTIONS, normalizeLanguage } from '@livekit/agents';
import { chooseEndpoint } from './address.js';
import {
  watchdog,
  playoutBuffer,
  falseInterruption,
  onTranscript,
  imageEncoding,
  historySummary,
  recording,
  flag,
} from './checks.js';
import { optionsError } from './errors.js';
import type { Backend, Capabilities, Prices } from './models/capabilities.js';
import { resolve } from './models/resolve.js';
import { DEFAULT_MODEL } from './models/table.js';
import { type Environment, type RealtimeModelOptions, type Settings } from './options.js';
import { fit } from './fit.js';
import { DEFAULT_VOICE } from './protocol/voices.js';

export interface Validated {
  settings: Settings;
  /** Each is said once; the session works without what it names. */
  warnings: string[];
}

/** Options + environment + the model's row → settings. Throws a typed error before any I/O. */
export function validate(given: RealtimeModelOptions, env: Environment, today: string): Validated {
  const warnings: string[] = [];
  const options = withoutUndefined(given);
  unknownOptions(options, warnings);
  const backend: Backend = usesVertex(options, env) ? 'vertex' : 'gemini';
  const { model, capabilities } = chooseModel(options, backend, today, warnings);
  const endpoint = chooseEndpoint(options, backend, capabilities, env);
  numbers(options);
  prices(capabilities.prices);
  const { capabilities: _row, language, ...rest } = options;
  // Not a spread: V8 would give each model a hidden class of its own.
  const settings: Settings = Object.assign(rest, {
    model,
    capabilities,
    endpoint,
    voice: options.voice ?? DEFAULT_VOICE,
    language: language === undefined ? undefined : normalizeLanguage(language),
    modalities: options.modalities ?? [capabilities.outputModalities[0] as Modality],
    inputAudioTranscription: orDefault(options.inputAudioTranscription, {}),
    outputAudioTranscription: orDefault(options.outputAudioTranscription, {}),
    contextWindowCompression: orDefault(options.contextWindowCompression, { slidingWindow: {} }),
    sessionResumption: orDefault(options.sessionResumption, {}),
    connOptions: { ...DEFAULT_API_CONNECT_OPTIONS, ...options.connOptions },
    imageEncodeOptions: imageEncoding(options.imageEncodeOptions),
    replyTimeoutMs: options.replyTimeoutMs ?? 10_000,
    audioBufferMs: options.audioBufferMs ?? 2_000,
    firstTurnShieldMs: options.firstTurnShieldMs ?? 0,
    toolTimeoutMs: orDefault(options.toolTimeoutMs, 60_000),
    watchdog: watchdog(options.watchdog),
    playoutBuffer: playoutBuffer(options.playoutBuffer),
    falseInterruption: falseInterruption(options.falseInterruption),
    suppressRepeats: onTranscript('suppressRepeats', options),
    ownVoice: onTranscript('ownVoice', options),
    languageLine: undefined,
    slowAnswerMs: orDefault(options.slowAnswerMs, 4_000),
    reconnectOnUpdate: flag('reconnectOnUpdate', options.reconnectOnUpdate ?? true),
    historySummary: options.historySummary && historySummary(options.historySummary),
    record: options.record === undefined ? undefined : recording(options.record),
    toolBehavior: options.toolBehavior ?? (capabilities.defaultToolBehavior as Behavior),
    toolOptions: options.toolOptions ?? {},
  });
  fit(settings, options, warnings);
  return { settings, warnings };
}

/** New values for running settings: checked as at construction, and applied only if all is well. */
export function applyUpdate(settings: Settings, given: RealtimeModelOptions): string[] {
  const options = withoutUndefined(given);
  numbers(options);
  const warnings: string[] = [];
  const { language } = options;
  const next = {
    ...settings,
    ...options,
    ...(language !== undefined && { language: normalizeLanguage(language) }),
  } as Settings;
  fit(next, options, warnings);
  Object.assign(settings, next);
  return warnings;
}

const OPTIONS: Record<keyof RealtimeModelOptions, true> = {
  instructions: true, model: true, apiKey: true, voice: true, language: true, modalities: true,
  vertexai: true, project: true, location: true, candidateCount: true, temperature: true,
  maxOutputTokens: true, topP: true, topK: true, presencePenalty: true, frequencyPenalty: true,
  inputAudioTranscription: true, outputAudioTranscription: true, imageEncodeOptions: true,
  enableAffectiveDialog: true, proactivity: true, realtimeInputConfig: true,
  contextWindowCompression: true, apiVersion: true, connOptions: true, httpOptions: true,
  mediaResolution: true, geminiTools: true, thinkingConfig: true, toolBehavior: true,
  toolResponseScheduling: true, seed: true, safetySettings: true, labels: true,
  explicitVadSignal: true, translationConfig: true, sessionResumption: true,
  googleAuthOptions: true, capabilities: true, replyTimeoutMs: true, setup: true, record: true,
  audioBufferMs: true, firstTurnShieldMs: true, watchdog: true, tokenProvider: true, agent: true,
  playoutBuffer: true, falseInterruption: true, suppressRepeats: true,
  toolTimeoutMs: true, dedupeToolCalls: true,
  slowAnswerMs: true, ownVoice: true,
  toolOptions: true,
  reconnectOnUpdate: true, historySummary: true,
}; // prettier-ignore

function unknownOptions(options: RealtimeModelOptions, warnings: string[]): void {
  const unknown = Object.keys(options).filter((name) => !(name in OPTIONS));
  if (unknown.length > 0) {
    warnings.push(`Unknown option ${unknown.join(', ')}: not used. Check the spelling.`);
  }
  const given = Object.keys(withoutUndefined(options.httpOptions ?? {}));
  const unused = given.filter((name) => !['baseUrl', 'headers', 'apiVersion'].includes(name));
  if (unused.length > 0) {
    warnings.push(`httpOptions.${unused.join(', ')}: not used, the connection is a WebSocket.`);
  }
}

function usesVertex(options: RealtimeModelOptions, env: Environment): boolean {
  return options.vertexai ?? /^(1|true|yes)$/i.test(env['GOOGLE_GENAI_USE_VERTEXAI'] ?? '');
}

function chooseModel(
  options: RealtimeModelOptions,
  backend: Backend,
  today: string,
  warnings: string[],
): { model: string; capabilities: Capabilities } {
  const asked = options.model ?? DEFAULT_MODEL[backend];
  const { name, capabilities: row, known, warning } = resolve(asked, backend, options.capabilities);
  if (warning !== undefined) warnings.push(warning);
  const move = row.replacement ? `Use model: '${row.replacement}'.` : 'Choose another model.';
  if (known && row.status === 'retired') {
    throw optionsError(`Model '${name}' is retired: the service no longer answers for it.`, move);
  }
  if (known && !row.backends.includes(backend)) {
    const [here, other] =
      backend === 'vertex'
        ? ['Vertex AI', 'vertexai: false']
        : ['the Gemini API', 'vertexai: true'];
    throw optionsError(`Model '${name}' is not served by ${here}.`, `Set ${other}, or: ${move}`);
  }
  if (row.retiresOn !== null && row.retiresOn <= addDays(today, 60)) {
    warnings.push(`Model '${name}' retires on ${row.retiresOn}. ${move}`);
  }
  return { model: asked.includes('/') && !known ? asked : name, capabilities: row };
}

const RANGES: [keyof RealtimeModelOptions, number, number][] = [
  ['candidateCount', 1, 8],
  ['temperature', 0, 2],
  ['topP', 0, 1],
  ['topK', 1, 1e6],
  ['maxOutputTokens', 1, 1e7],
  ['presencePenalty', -2, 2],
  ['frequencyPenalty', -2, 2],
  ['seed', -(2 ** 31), 2 ** 31 - 1],
  ['replyTimeoutMs', 1, 3_600_000],
  ['audioBufferMs', 0, 60_000],
  ['firstTurnShieldMs', 0, 60_000],
  ['toolTimeoutMs', 1, 86_400_000],
  ['slowAnswerMs', 1, 3_600_000],
];

/** Without a limit: null says so. */
const NULLABLE = new Set<string>(['toolTimeoutMs', 'slowAnswerMs']);

function numbers(options: RealtimeModelOptions): void {
  for (const [name, low, high] of RANGES) {
    const value = options[name];
    if (value === undefined || (value === null && NULLABLE.has(name))) continue;
    if (typeof value !== 'number' || !(value >= low && value <= high)) {
      throw optionsError(
        `Option ${name} is ${inspect(value)}.`,
        `Give a number from ${low} to ${high}, or leave it out.`,
      );
    }
  }
}

function prices(given: Prices | null): void {
  if (given === null) return;
  const { textIn, audioIn, videoIn, textOut, audioOut, cachedIn = 0 } = given;
  const all: unknown[] = [textIn, audioIn, videoIn, textOut, audioOut, cachedIn];
  if (all.every((price) => typeof price === 'number' && price >= 0 && price < Infinity)) return;
  throw optionsError(
    `Option capabilities.prices is ${inspect(given)}.`,
    'Give textIn, audioIn, videoIn, textOut and audioOut in US dollars per million tokens, or null.',
  );
}

function orDefault<T>(value: T | null | undefined, fallback: T): T | null {
  return value === undefined ? fallback : value;
}

/** Callers pass `undefined`, or `''` from an unset variable, for "not given". */
function withoutUndefined<T extends object>(options: T): T {
  const defined = Object.entries(options).filter(
    ([, value]) => value !== undefined && value !== '',
  );
  return Object.fromEntries(defined) as T;
}

function addDays(date: string, days: number): string {
  const time = Date.parse(date) + days * 86_400_000;
  return new Date(time).toISOString().slice(0, 10);
}
