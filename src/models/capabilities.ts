// SPDX-License-Identifier: Apache-2.0
import type {
  Behavior,
  FunctionResponseScheduling,
  MediaResolution,
  Modality,
  ThinkingLevel,
  Tool,
  TurnCoverage,
} from '@google/genai';

/** The two services that speak the protocol: the Gemini API and Vertex AI. */
export type Backend = 'gemini' | 'vertex';

/** US dollars per million tokens. */
export interface Prices {
  textIn: number;
  audioIn: number;
  videoIn: number;
  textOut: number;
  audioOut: number;
  /** Tokens of the prompt that came from a cache; absent: they cost what others cost. */
  cachedIn?: number;
}

/**
 * Everything that differs between models. Each field is the answer to a question that the code asks;
 * none is a generation's name. Rows live in `table.ts`, nowhere else.
 */
export interface Capabilities {
  /** Which services offer the model? */
  backends: readonly Backend[];
  /** May it still be dialled? A retired model is refused before any I/O. */
  status: 'ga' | 'preview' | 'legacy' | 'retired';
  /** The day (ISO date) on which the service stops or stopped answering for it, if announced. */
  retiresOn: string | null;
  /** What should a user of this model move to? */
  replacement: string | null;
  /** Can a project that never used it start now? */
  openToNewUsers: boolean;
  /** Tokens of context the session holds before compression or exhaustion. */
  contextTokens: number;
  /** Most tokens of one answer. */
  outputTokens: number;

  /** Which `responseModalities` does setup accept? The first one is the default. */
  outputModalities: readonly `${Modality}`[];
  /** Does it converse (instructions, turns, replies)? Translation and transcription do not. */
  conversation: boolean;
  /** Does it accept a system instruction? */
  systemInstruction: boolean;
  /** Does it accept text from the user (`realtimeInput.text` or content)? */
  textInput: boolean;
  /** Does it accept images and video frames? */
  video: boolean;
  /** Can automatic activity detection be switched off? */
  manualActivity: boolean;

  /** May `clientContent` be sent at any time, or only as the opening history? */
  midSessionContent: 'allowed' | 'initialHistory' | 'none';
  /**
   * How is a history seeded? `plain`: ordinary content, not committed. `historyConfig`: declared in
   * setup, and the last frame is committed with `turnComplete: true` without calling the model.
   */
  seeding: 'plain' | 'historyConfig' | 'none';
  /** By which message does a reply request travel? */
  replyRequest: 'placeholderTurn' | 'bareTurn' | 'realtimeText' | 'none';
  /**
   * Can an answer be cancelled? `emptyContent`: a `clientContent` without turns and with
   * `turnComplete: false` ends it, and adds nothing to the history.
   */
  cancel: 'emptyContent' | 'none';
  /** By which message does a change of instructions travel? */
  instructionUpdate: 'contextUpdate' | 'content' | 'reconnect' | 'none';
  /** By which message does a change of tools travel? */
  toolUpdate: 'contextUpdate' | 'reconnect' | 'none';

  /** Does it call functions? */
  functionCalling: boolean;
  /** Which `behavior` values may a declaration carry? Empty: the field must be absent. */
  toolBehaviors: readonly `${Behavior}`[];
  /** What does the model do when a declaration says nothing? */
  defaultToolBehavior: `${Behavior}`;
  /** Which `scheduling` values may a response carry? Empty: the field must be absent. */
  toolScheduling: readonly `${FunctionResponseScheduling}`[];
  /** May one call be answered several times (`willContinue`)? */
  toolWillContinue: boolean;
  /** Does an interruption make the server forget a blocking call, without a cancellation? */
  forgetsInterruptedCalls: boolean;
  /** Does the model see media in a function response (`parts`)? */
  toolResultParts: boolean;
  /** Does every function call carry an id? */
  callIds: boolean;
  /** May caller audio flow while a blocking call is pending, or must it be held? */
  audioDuringBlockingCall: 'stream' | 'hold';
  /** Silence after a blocking call, in ms, after which its generation's output counts as over. */
  blockingCallTailMs: number;
  /** Which built-in tools does setup accept? */
  providerTools: readonly (keyof Tool)[];
  /** May built-in tools stand beside function declarations? */
  mixedTools: boolean;
  /** Does a declaration take `parametersJsonSchema` instead of the older schema dialect? */
  jsonSchemaTools: boolean;

  /**
   * What becomes of `thinkingConfig`? `budget` and `level` say which field counts, `required` that a
   * level must be sent, `omit` that the field must be absent.
   */
  thinking: 'budget' | 'level' | 'required' | 'omit';
  /** Which levels does it accept? The first one is sent where a level is required and none given. */
  thinkingLevels: readonly `${ThinkingLevel}`[];
  /** `enableAffectiveDialog`: the app's choice, always on (field must be absent), or refused. */
  affectiveDialog: 'option' | 'always' | 'refused';
  /** `proactivity.proactiveAudio`: the app's choice, always on (field must be absent), or refused. */
  proactiveAudio: 'option' | 'always' | 'refused';
  /** API version that affective dialog and proactive audio need, if a special one. */
  optionApiVersion: string | null;
  /** API version to dial. */
  apiVersion: string;
  /** Does `speechConfig.languageCode` work? */
  languageCode: boolean;
  /** Can a prebuilt voice be chosen? */
  voices: boolean;
  /** Which fields may the two transcription configs carry? */
  transcriptionOptions: readonly string[];
  /** Which `realtimeInputConfig.turnCoverage` values does setup accept? The first is the default. */
  turnCoverage: readonly `${TurnCoverage}`[];
  /** Which media resolutions does setup accept? Empty: the field must be absent. */
  mediaResolutions: readonly `${MediaResolution}`[];
  /** Is `explicitVadSignal` accepted? */
  explicitVadSignal: boolean;
  /** Are `labels` (billing metadata) accepted? */
  labels: boolean;
  /** Is `generationConfig.translationConfig` accepted? */
  translation: boolean;

  /** What ends a request: `turnComplete`, or only the one with `interactionStatus: IDLE`? */
  requestEnds: 'turnComplete' | 'idle';
  /** Does the usage report of a turn come in a frame of its own, after the boundary? */
  usageAfterBoundary: boolean;
  /**
   * Does a resumption handle stand for the moment it was issued (`rolling`), always for the latest
   * state (`fixed`), or is there none?
   */
  handle: 'rolling' | 'fixed' | 'none';
  /** Does the service report consumed message indexes (`sessionResumption.transparent`)? */
  transparentResumption: boolean;
  /** Longest life of one connection, in ms. */
  connectionLifeMs: number;
  /** Most useful video frames per second. */
  videoFps: number;
  /** What do tokens cost? Video is also the price of images, text that of documents. */
  prices: Prices | null;
}

/** One cell of the table: a value, who says so, when, and whether anybody has seen it. */
export interface Claim<T> {
  readonly value: T;
  /** The document, recording or report that says so. */
  readonly source: string;
  /** ISO date (or month) of that source. */
  readonly date: string;
  /** True where no recording or second source backs the value. */
  readonly unverified: boolean;
}

/** Claims about some fields. */
export type Claims = { readonly [K in keyof Capabilities]?: Claim<Capabilities[K]> };

/** One model. Adding a model is adding one of these. */
export interface ModelEntry {
  readonly name: string;
  /** Other names the service accepts for it. */
  readonly aliases?: readonly string[];
  /** The entry whose claims it starts from. */
  readonly like?: string;
  readonly claims: Claims;
  /** What is different on Vertex AI. */
  readonly vertex?: Claims;
}

/** A value read in a document or seen on the wire. */
export const known = <T>(value: T, source: string, date: string): Claim<T> => ({
  value,
  source,
  date,
  unverified: false,
});

/** A value that one source says, or that is inferred. */
export const unverified = <T>(value: T, source: string, date: string): Claim<T> => ({
  value,
  source,
  date,
  unverified: true,
});
