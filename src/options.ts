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
import type { APIConnectOptions } from '@livekit/agents';
import type { GoogleAuthOptions } from 'google-auth-library';
import type { Agent } from 'node:http';
import type { Backend, Capabilities } from './models/capabilities.js';
import type { LiveAPIModels } from './models/table.js';
import type {
  FalseInterruption,
  HistorySummary,
  ImageEncodeOptions,
  PlayoutBuffer,
  ToolOptions,
  Watchdog,
} from './option_groups.js';
import type { Setup } from './protocol/frames.js';
import type { RecordOptions, RecordTarget } from './recording/recorder.js';
import type { Voice } from './protocol/voices.js';

export * from './option_groups.js';

/** Built-in tools, as the wire names them. */
export type LLMTools = Omit<Tool, 'functionDeclarations'>;

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
  /**
   * Speech language (BCP-47). Where the service takes no such field it becomes a sentence in the
   * instructions. @default none: the model follows the caller
   */
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
  /** How video frames, and pictures without bounds of their own, are encoded. @default JPEG, quality 75, within 768 x 768 */
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
  /** The same for single tools, by their names; names of tools that never come do nothing. @default {} */
  toolOptions?: Readonly<Record<string, ToolOptions>>;

  /**
   * How long a tool may run, in ms, before its call is answered with an error that says so; its late
   * result is told when it comes. null waits for ever. @default 60000
   */
  toolTimeoutMs?: number | null;
  /**
   * Run an identical call (same function and arguments) only once while the first waits for its result,
   * and answer both. false runs each. @default true for functions that block, false for others
   */
  dedupeToolCalls?: boolean;
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
  /**
   * Overrides single fields of the model's row; `prices` are what `session.usage` reckons with.
   * @default none
   */
  capabilities?: Partial<Capabilities>;
  /** How long a reply may take to begin, in ms from the moment its request was written. @default 10000 */
  replyTimeoutMs?: number;
  /**
   * Holds caller audio back until the first answer (the greeting) is over, so that a "hello?" does not
   * cut it off; then it is sent. In ms: the longest time. 0 holds nothing. @default 0
   */
  firstTurnShieldMs?: number;
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
   * Holds the beginning of each answer until so much audio is there or so much time has passed. Begins
   * with `initialMs`, grows by the gaps of the answer before, shrinks without; null plays at once.
   * @default null
   */
  playoutBuffer?: PlayoutBuffer | null;
  /**
   * The app speaks with a TTS of its own: true hands the transcript over as text as it comes, and the
   * model's audio (which is billed all the same) to nobody; false plays the model's voice.
   * @default false
   */
  ownVoice?: boolean;
  /**
   * Goes on with an answer that was interrupted when the caller then says nothing (a cough, an echo);
   * null lets the rest be lost. @default null
   */
  falseInterruption?: FalseInterruption | null;
  /**
   * Does a sentence that the model says twice in a row stay unheard the second time? `true` holds back
   * what begins like the sentence before, for as long as it may be the same, and drops it when it is;
   * `false` plays whatever comes. Works where the transcript comes with its audio or just before it.
   * @default false
   */
  suppressRepeats?: boolean;
  /**
   * An answer that takes longer to begin is reported (`slow_answer`), in ms from the end of the
   * question; null reports none. @default 4000
   */
  slowAnswerMs?: number | null;
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
   * Records the session as JSON lines, scrubbed: a file path, a stream, a function that takes each line,
   * or one of these with options. @default off
   */
  record?: RecordTarget | RecordOptions;
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
  'capabilities' | 'model' | 'voice' | 'language' | 'historySummary' | 'record'
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
  firstTurnShieldMs: number;
  watchdog: Required<Watchdog> | null;
  playoutBuffer: Required<PlayoutBuffer> | null;
  falseInterruption: Required<FalseInterruption> | null;
  suppressRepeats: boolean;
  ownVoice: boolean;
  /** A sentence for the instructions, where the wire has no field for the language. */
  languageLine: string | undefined;
  slowAnswerMs: number | null;
  reconnectOnUpdate: boolean;
  historySummary: Required<HistorySummary> | undefined;
  record: RecordOptions | undefined;
  toolBehavior: Behavior;
  toolTimeoutMs: number | null;
  toolOptions: Readonly<Record<string, ToolOptions>>;
}
