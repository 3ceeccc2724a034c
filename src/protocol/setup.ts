// SPDX-License-Identifier: Apache-2.0
import type {
  AudioTranscriptionConfig,
  ContextWindowCompressionConfig,
  GenerationConfig,
  MediaResolution,
  Modality,
  RealtimeInputConfig,
  SafetySetting,
  SessionResumptionConfig,
  ThinkingConfig,
  Tool,
  TranslationConfig,
} from '@google/genai';
import type { Capabilities } from '../models/capabilities.js';
import type { ClientFrame, Setup } from './frames.js';

/** The options that end up in the setup message, already fitted to the model's row. */
export interface SetupOptions {
  model: string;
  capabilities: Capabilities;
  endpoint: { backend: 'gemini' | 'vertex'; project: string | undefined; location: string };
  modalities: Modality[];
  voice: string | undefined;
  language: string | undefined;
  inputAudioTranscription: AudioTranscriptionConfig | null;
  outputAudioTranscription: AudioTranscriptionConfig | null;
  contextWindowCompression: ContextWindowCompressionConfig | null;
  sessionResumption: SessionResumptionConfig | null;
  candidateCount?: number;
  temperature?: number;
  maxOutputTokens?: number;
  topP?: number;
  topK?: number;
  presencePenalty?: number;
  frequencyPenalty?: number;
  seed?: number;
  enableAffectiveDialog?: boolean;
  proactivity?: boolean;
  realtimeInputConfig?: RealtimeInputConfig;
  mediaResolution?: MediaResolution;
  thinkingConfig?: ThinkingConfig;
  safetySettings?: SafetySetting[];
  labels?: Record<string, string>;
  explicitVadSignal?: boolean;
  translationConfig?: TranslationConfig;
  setup?: Partial<Setup>;
}

/** What differs between two dials of one session. */
export interface SetupState {
  instructions: string;
  tools: readonly Tool[];
  /** Resume with this handle. */
  handle?: string | undefined;
  /** A history follows in `clientContent`. */
  seeds: boolean;
}

/** Options + state → the first frame of a connection. */
export function setupFrame(options: SetupOptions, state: SetupState): ClientFrame {
  const row = options.capabilities;
  const realtimeInputConfig = options.realtimeInputConfig;
  const setup: Setup = {
    model: wireModelName(options),
    generationConfig: generationConfig(options),
    ...(state.instructions !== '' &&
      row.systemInstruction && { systemInstruction: { parts: [{ text: state.instructions }] } }),
    ...(state.tools.length > 0 && { tools: [...state.tools] }),
    ...(realtimeInputConfig && { realtimeInputConfig }),
    ...transcription(options),
    ...(options.contextWindowCompression && {
      contextWindowCompression: { slidingWindow: {}, ...options.contextWindowCompression },
    }),
    ...resumption(options, state.handle),
    ...(state.seeds &&
      row.seeding === 'historyConfig' && {
        historyConfig: { initialHistoryInClientContent: true },
      }),
    ...(options.proactivity !== undefined && {
      proactivity: { proactiveAudio: options.proactivity },
    }),
    ...(options.explicitVadSignal && { explicitVadSignal: true }),
    ...(options.safetySettings && { safetySettings: options.safetySettings }),
    ...(options.labels && { labels: options.labels }),
  };
  return { setup: merge(setup, options.setup ?? {}) };
}

/** The model's name as each backend wants it. Express mode on Vertex AI has no project. */
export function wireModelName({ model, endpoint }: SetupOptions): string {
  const isPath = model.includes('/');
  if (endpoint.backend === 'gemini') return isPath ? model : `models/${model}`;
  if (isPath && !model.startsWith('publishers/')) return model;
  const short = isPath ? model : `publishers/google/models/${model}`;
  if (endpoint.project === undefined) return short;
  return `projects/${endpoint.project}/locations/${endpoint.location}/${short}`;
}

const SAMPLING = [
  'candidateCount',
  'temperature',
  'maxOutputTokens',
  'topP',
  'topK',
  'presencePenalty',
  'frequencyPenalty',
  'seed',
  'mediaResolution',
  'thinkingConfig',
  'enableAffectiveDialog',
  'translationConfig',
] as const;

function generationConfig(options: SetupOptions): GenerationConfig {
  const config: GenerationConfig = { responseModalities: options.modalities };
  for (const field of SAMPLING) {
    const value = options[field];
    if (value !== undefined) Object.assign(config, { [field]: value });
  }
  // A voice in a text session closes the socket ("Cannot extract voices from a non-audio request.").
  const { voice, language } = options;
  if (isWritten(options)) return config;
  if (voice === undefined && language === undefined) return config;
  config.speechConfig = {
    ...(voice !== undefined && { voiceConfig: { prebuiltVoiceConfig: { voiceName: voice } } }),
    ...(language !== undefined && { languageCode: language }),
  };
  return config;
}

/** A text session: nothing is spoken. */
function isWritten({ modalities }: SetupOptions): boolean {
  return modalities.some((modality) => `${modality}` === 'TEXT');
}

/** Both configs stand at the top level: inside `generationConfig` they close the socket. */
function transcription(options: SetupOptions): Partial<Setup> {
  const { inputAudioTranscription: input, outputAudioTranscription: output } = options;
  return {
    ...(input && { inputAudioTranscription: input }),
    ...(output && !isWritten(options) && { outputAudioTranscription: output }),
  };
}

/** `handle: null` closes the socket, so the field is present only with a handle. */
function resumption(options: SetupOptions, handle: string | undefined): Partial<Setup> {
  if (!options.sessionResumption) return {};
  const { handle: _first, ...rest } = options.sessionResumption;
  return { sessionResumption: { ...rest, ...(handle !== undefined && { handle }) } };
}

/** Objects are merged deeply, everything else is replaced. */
function merge<T extends object>(base: T, over: object): T {
  const merged = { ...base } as Record<string, unknown>;
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = isPlain(below) && isPlain(value) ? merge(below, value) : value;
  }
  return merged as T;
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
