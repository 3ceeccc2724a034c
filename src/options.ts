// SPDX-License-Identifier: Apache-2.0
import type {
  AudioTranscriptionConfig,
  Behavior,
  ContextWindowCompressionConfig,
  FunctionResponseScheduling,
  HttpOptions,
  MediaResolution,
  Modality,
  RealtimeInputConfig,
  SafetySetting,
  SessionResumptionConfig,
  ThinkingConfig,
  Tool,
  TranslationConfig,
} from '@google/genai';
import type { APIConnectOptions, llm } from '@livekit/agents';
import type { GoogleAuthOptions } from 'google-auth-library';
import type { Agent } from 'node:http';
import type { Backend, Capabilities } from './models/capabilities.js';
import type { LiveAPIModels } from './models/table.js';
import type { Setup } from './protocol/frames.js';
import type { Voice } from './protocol/voices.js';

/** Built-in tools, as the wire names them. */
export type LLMTools = Omit<Tool, 'functionDeclarations'>;

/** Watches for answers that are owed: to the caller's words, a tool result, a request. */
export interface Watchdog {
  /** Silence after which the first step is taken, and then each next one, in ms. @default 8000 */
  answerMs?: number;
  /**
   * Each is taken once, in this order, until something is heard: ask again, resume on a new
   * connection, begin a fresh session with the history. @default all three
   */
  steps?: readonly WatchdogStep[];
}

/** Ask again; resume on a new connection; begin a fresh session with the history. */
export type WatchdogStep = 'nudge' | 'resume' | 'fresh';

/** A long history is told as a summary and its newest turns. */
export interface HistorySummary {
  /**
   * Makes the summary of the older items (messages of caller and agent, calls and their results). May
   * take until the deadline; where it fails, is late or empty, the history is cut instead.
   */
  summarize(items: llm.ChatItem[]): string | Promise<string>;
  /** So many of the newest messages stay word by word; 0 keeps none. @default 20 */
  keepTurns?: number;
  /** Longest that a dial waits for the summary, in ms. @default 3000 */
  deadlineMs?: number;
}

/** How a pushed video frame becomes a picture. */
export interface ImageEncodeOptions {
  format: 'JPEG';
  /** 1 (smallest) to 100 (best). */
  quality: number;
  /** The picture fits into this box, in pixels; its aspect ratio is kept. */
  resizeOptions: { width: number; height: number; strategy: 'scale_aspect_fit' };
}

/** 768 x 768 is the size that the service works with. */
export const DEFAULT_IMAGE_ENCODE_OPTIONS: ImageEncodeOptions = {
  format: 'JPEG',
  quality: 75,
  resizeOptions: { width: 768, height: 768, strategy: 'scale_aspect_fit' },
};

/**
 * Options of {@link RealtimeModel}. The first group carries the names and meanings of
 * `@livekit/agents-plugin-google` 1.9.0; the second is this library's own.
 */
export interface RealtimeModelOptions {
  /** System instructions, until the framework sets the agent's. @default none */
  instructions?: string;
  /** Name of the model; an unknown name is tried with its nearest family's row. @default the table's default */
  model?: LiveAPIModels | (string & {});
  /**
   * Gemini API key or ephemeral token (`auth_tokens/…`). On Vertex AI an explicit key selects express
   * mode. @default GOOGLE_API_KEY, then GEMINI_API_KEY (both ignored on Vertex AI)
   */
  apiKey?: string;
  /** Prebuilt voice. @default 'Puck' */
  voice?: Voice | (string & {});
  /** Speech language (BCP-47); left out with a warning where the model chooses by itself. @default none */
  language?: string;
  /** Response modalities; refused where the model cannot produce them. @default the row's first */
  modalities?: Modality[];
  /** Use Vertex AI. @default GOOGLE_GENAI_USE_VERTEXAI, else false */
  vertexai?: boolean;
  /** Google Cloud project (Vertex AI). @default GOOGLE_CLOUD_PROJECT */
  project?: string;
  /** Google Cloud location (Vertex AI). @default GOOGLE_CLOUD_LOCATION, else 'us-central1' */
  location?: string;
  /** Number of candidates to generate. @default the service's */
  candidateCount?: number;
  /** Sampling temperature, 0 to 2. @default the model's */
  temperature?: number;
  /** Most tokens in one answer. @default the model's */
  maxOutputTokens?: number;
  /** Nucleus sampling, 0 to 1. @default the model's */
  topP?: number;
  /** Sample among the k most likely tokens. @default the model's */
  topK?: number;
  /** Penalty on tokens already present. @default the model's */
  presencePenalty?: number;
  /** Penalty on frequent tokens. @default the model's */
  frequencyPenalty?: number;
  /** Transcribe the caller; null switches it off. @default {} */
  inputAudioTranscription?: AudioTranscriptionConfig | null;
  /** Transcribe the model; null switches it off. @default {} */
  outputAudioTranscription?: AudioTranscriptionConfig | null;
  /** How pushed video frames are encoded. @default JPEG, quality 75, within 768 x 768 */
  imageEncodeOptions?: ImageEncodeOptions;
  /** Answer in the caller's tone, where the model has it as an option. @default the model's */
  enableAffectiveDialog?: boolean;
  /** Let the model stay silent when it is not addressed, where it has it as an option. @default the model's */
  proactivity?: boolean;
  /** Activity detection and turn coverage. @default the service's */
  realtimeInputConfig?: RealtimeInputConfig;
  /** Sliding-window compression; null switches it off. @default { slidingWindow: {} } */
  contextWindowCompression?: ContextWindowCompressionConfig | null;
  /** API version to dial. @default the row's */
  apiVersion?: string;
  /** maxRetry, retryIntervalMs and timeoutMs of one outage. @default 3, 2000 ms, 10000 ms */
  connOptions?: APIConnectOptions;
  /** `baseUrl`, `headers` and `apiVersion` of the connection. @default none */
  httpOptions?: HttpOptions;
  /** Resolution in which pictures are read. @default the model's */
  mediaResolution?: MediaResolution;
  /** Built-in tools of every session of this model. @default none */
  geminiTools?: LLMTools;
  /** Thinking budget or level, as the model has it. @default the model's */
  thinkingConfig?: ThinkingConfig;
  /** Do function calls block the conversation? @default the model's own, sent explicitly */
  toolBehavior?: Behavior;
  /** When does the model speak about a non-blocking result? @default the model's (WHEN_IDLE) */
  toolResponseScheduling?: FunctionResponseScheduling;

  /** Seed of the sampler. @default none */
  seed?: number;
  /** Safety thresholds. @default the service's */
  safetySettings?: SafetySetting[];
  /** Billing labels (Vertex AI). @default none */
  labels?: Record<string, string>;
  /** Ask the server to report its activity detection (Vertex AI). @default false */
  explicitVadSignal?: boolean;
  /** Target language of a translation model. @default none */
  translationConfig?: TranslationConfig;
  /** A handle to start from, or `transparent`; null switches resumption off. @default {} */
  sessionResumption?: SessionResumptionConfig | null;
  /** Credentials for Vertex AI. @default application default credentials */
  googleAuthOptions?: GoogleAuthOptions;
  /** Overrides single fields of the model's row. @default none */
  capabilities?: Partial<Capabilities>;
  /** How long a reply may take to begin, in ms from the moment its request was written. @default 10000 */
  replyTimeoutMs?: number;
  /**
   * Unsent caller audio that is kept while there is no connection, in ms; the oldest goes first.
   * 0 keeps none. @default 2000
   */
  audioBufferMs?: number;
  /**
   * What happens when the model owes an answer and stays silent; null lets it stay silent.
   * @default { answerMs: 8000, steps: ['nudge', 'resume', 'fresh'] }
   */
  watchdog?: Watchdog | null;
  /**
   * May a change that the model learns by a new connection only exchange it, at a quiet point? true:
   * as soon as one comes. false: such changes wait for the next connection, with one warning, and a
   * handoff begins a new session. Unused where the model learns of the change in the session.
   * @default true
   */
  reconnectOnUpdate?: boolean;
  /** How a history longer than `keepTurns` is told to a session that begins anew. @default cut */
  historySummary?: HistorySummary;
  /**
   * Called before each dial for a credential: an ephemeral token (`auth_tokens/…`) or key for the
   * Gemini API, an access token for Vertex AI. @default apiKey, or googleAuthOptions
   */
  tokenProvider?: () => string | Promise<string>;
  /** Agent of the upgrade request, for example a proxy's. @default none */
  agent?: Agent;
  /** Merged last into the setup message (objects deeply, the rest replaced). @default none */
  setup?: Partial<Setup>;
  /**
   * Records both directions as JSON lines, scrubbed, audio as lengths: a file path, or a function that
   * takes each line. @default off
   */
  record?: string | ((line: string) => void);
}

/** Environment variables that are read. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where a session dials. Holds secrets: never log it. */
export interface Endpoint {
  backend: Backend;
  apiKey: string | undefined;
  project: string | undefined;
  location: string;
  apiVersion: string;
  baseUrl: string | undefined;
  headers: Readonly<Record<string, string>>;
  googleAuthOptions: GoogleAuthOptions | undefined;
  /** The app named the version; else ephemeral tokens choose their own. */
  apiVersionIsGiven?: boolean;
  tokenProvider?: (() => string | Promise<string>) | undefined;
  agent?: Agent | undefined;
}

/** Options after environment, defaults and the model's row: what the rooms work with. */
export interface Settings extends Omit<
  RealtimeModelOptions,
  'capabilities' | 'model' | 'voice' | 'language' | 'historySummary'
> {
  model: string;
  capabilities: Capabilities;
  endpoint: Endpoint;
  voice: string | undefined;
  language: string | undefined;
  modalities: Modality[];
  inputAudioTranscription: AudioTranscriptionConfig | null;
  outputAudioTranscription: AudioTranscriptionConfig | null;
  contextWindowCompression: ContextWindowCompressionConfig | null;
  sessionResumption: SessionResumptionConfig | null;
  connOptions: APIConnectOptions;
  imageEncodeOptions: ImageEncodeOptions;
  replyTimeoutMs: number;
  audioBufferMs: number;
  watchdog: Required<Watchdog> | null;
  reconnectOnUpdate: boolean;
  historySummary: Required<HistorySummary> | undefined;
  toolBehavior: Behavior;
}
