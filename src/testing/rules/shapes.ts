// SPDX-License-Identifier: Apache-2.0

/** The type of one field, as far as the JSON parser of the service looks. */
export type Field =
  | { kind: 'string' | 'number' | 'integer' | 'int64' | 'boolean' | 'bytes' | 'any' | 'object' }
  | { kind: 'enum'; values: readonly string[]; anyCase?: boolean }
  | { kind: 'list'; of: Field }
  | { kind: 'map'; of: Field }
  | { kind: 'message'; fields: Record<string, Field> };

const string: Field = { kind: 'string' };
const number: Field = { kind: 'number' };
const integer: Field = { kind: 'integer' };
const int64: Field = { kind: 'int64' };
const boolean: Field = { kind: 'boolean' };
const bytes: Field = { kind: 'bytes' };
const any: Field = { kind: 'any' };
const object: Field = { kind: 'object' };
const list = (of: Field): Field => ({ kind: 'list', of });
const map = (of: Field): Field => ({ kind: 'map', of });
const message = (fields: Record<string, Field>): Field => ({ kind: 'message', fields });
const oneOf = (...values: string[]): Field => ({ kind: 'enum', values });
const empty = message({});

const blob = message({ data: bytes, mimeType: string });

const schemaFields: Record<string, Field> = {};
const schema = message(schemaFields);
Object.assign(schemaFields, {
  // The reference spells types in capitals, Google's own REST examples also in small letters.
  type: {
    kind: 'enum',
    values: ['STRING', 'NUMBER', 'INTEGER', 'BOOLEAN', 'ARRAY', 'OBJECT', 'NULL'],
    anyCase: true,
  },
  anyOf: list(schema),
  items: schema,
  properties: map(schema),
  required: list(string),
  propertyOrdering: list(string),
  enum: list(string),
  nullable: boolean,
  default: any,
  example: any,
  description: string,
  title: string,
  format: string,
  pattern: string,
  minimum: number,
  maximum: number,
  minItems: int64,
  maxItems: int64,
  minLength: int64,
  maxLength: int64,
  minProperties: int64,
  maxProperties: int64,
} satisfies Record<string, Field>);

const functionDeclaration = message({
  name: string,
  description: string,
  behavior: oneOf('UNSPECIFIED', 'BLOCKING', 'NON_BLOCKING'),
  parameters: schema,
  parametersJsonSchema: any,
  response: schema,
  responseJsonSchema: any,
});

const tool = message({
  functionDeclarations: list(functionDeclaration),
  googleSearch: object,
  googleSearchRetrieval: object,
  googleMaps: object,
  codeExecution: object,
  computerUse: object,
  enterpriseWebSearch: object,
  exaAiSearch: object,
  fileSearch: object,
  mcpServers: list(object),
  parallelAiSearch: object,
  retrieval: object,
  urlContext: object,
});

const part = message({
  text: string,
  thought: boolean,
  thoughtSignature: bytes,
  inlineData: message({ data: bytes, mimeType: string, displayName: string }),
  fileData: object,
  functionCall: object,
  functionResponse: object,
  executableCode: object,
  codeExecutionResult: object,
  videoMetadata: object,
  mediaResolution: object,
  partMetadata: object,
  toolCall: object,
  toolResponse: object,
});

const content = message({ role: string, parts: list(part) });

const speechConfig = message({
  voiceConfig: message({
    prebuiltVoiceConfig: message({ voiceName: string }),
    replicatedVoiceConfig: message({
      mimeType: string,
      voiceSampleAudio: bytes,
      consentAudio: bytes,
      voiceConsentSignature: object,
    }),
  }),
  languageCode: string,
  multiSpeakerVoiceConfig: object,
});

const generationConfig = message({
  responseModalities: list(oneOf('MODALITY_UNSPECIFIED', 'TEXT', 'IMAGE', 'AUDIO', 'VIDEO')),
  temperature: number,
  topP: number,
  topK: number,
  maxOutputTokens: integer,
  candidateCount: integer,
  presencePenalty: number,
  frequencyPenalty: number,
  seed: integer,
  mediaResolution: oneOf(
    'MEDIA_RESOLUTION_UNSPECIFIED',
    'MEDIA_RESOLUTION_LOW',
    'MEDIA_RESOLUTION_MEDIUM',
    'MEDIA_RESOLUTION_HIGH',
  ),
  speechConfig,
  thinkingConfig: message({
    includeThoughts: boolean,
    thinkingBudget: integer,
    thinkingLevel: oneOf('THINKING_LEVEL_UNSPECIFIED', 'MINIMAL', 'LOW', 'MEDIUM', 'HIGH'),
  }),
  enableAffectiveDialog: boolean,
  translationConfig: message({ targetLanguageCode: string, echoTargetLanguage: boolean }),
  // Known to the parser, refused by live models; a rule of its own says so.
  responseLogprobs: boolean,
  responseMimeType: string,
  responseSchema: any,
  responseJsonSchema: any,
  logprobs: integer,
  stopSequences: list(string),
  routingConfig: object,
  audioTimestamp: boolean,
});

const transcription = message({
  languageCodes: list(string),
  customVocabulary: list(string),
  wordTimestamp: boolean,
  diarization: boolean,
  mode: oneOf('MODE_UNSPECIFIED', 'VERBATIM', 'SMART'),
  sourceText: any,
  languageAuto: object,
  languageHints: object,
  adaptationPhrases: list(string),
});

const sensitivity = (edge: string): Field =>
  oneOf(...['UNSPECIFIED', 'HIGH', 'LOW'].map((level) => `${edge}_SENSITIVITY_${level}`));

const realtimeInputConfig = message({
  automaticActivityDetection: message({
    disabled: boolean,
    startOfSpeechSensitivity: sensitivity('START'),
    endOfSpeechSensitivity: sensitivity('END'),
    prefixPaddingMs: integer,
    silenceDurationMs: integer,
  }),
  activityHandling: oneOf(
    'ACTIVITY_HANDLING_UNSPECIFIED',
    'START_OF_ACTIVITY_INTERRUPTS',
    'NO_INTERRUPTION',
  ),
  turnCoverage: oneOf(
    'TURN_COVERAGE_UNSPECIFIED',
    'TURN_INCLUDES_ONLY_ACTIVITY',
    'TURN_INCLUDES_ALL_INPUT',
    'TURN_INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO',
  ),
  interimTranscriptTimestampEnabled: boolean,
});

const setup = message({
  model: string,
  generationConfig,
  systemInstruction: content,
  tools: list(tool),
  realtimeInputConfig,
  sessionResumption: message({ handle: string, transparent: boolean }),
  contextWindowCompression: message({
    triggerTokens: int64,
    slidingWindow: message({ targetTokens: int64 }),
  }),
  inputAudioTranscription: transcription,
  outputAudioTranscription: transcription,
  proactivity: message({ proactiveAudio: boolean, proactiveVideo: any }),
  historyConfig: message({ initialHistoryInClientContent: boolean }),
  explicitVadSignal: boolean,
  avatarConfig: message({
    avatarName: string,
    customizedAvatar: message({ imageMimeType: string, imageData: bytes }),
    audioBitrateBps: integer,
    videoBitrateBps: integer,
  }),
  safetySettings: list(object),
  labels: map(string),
});

const functionResponse = message({
  id: string,
  name: string,
  response: any,
  scheduling: oneOf('SCHEDULING_UNSPECIFIED', 'SILENT', 'WHEN_IDLE', 'INTERRUPT'),
  willContinue: boolean,
  parts: list(object),
});

/** Everything a client may say, field by field. Source: the types of \@google/genai 2.32.0. */
export const CLIENT_FRAME = {
  setup,
  clientContent: message({ turns: list(content), turnComplete: boolean }),
  realtimeInput: message({
    audio: blob,
    video: blob,
    text: string,
    activityStart: empty,
    activityEnd: empty,
    audioStreamEnd: boolean,
    mediaChunks: list(blob),
  }),
  toolResponse: message({ functionResponses: list(functionResponse) }),
  contextUpdate: message({ systemInstruction: content, tools: message({ tools: list(tool) }) }),
} satisfies Record<string, Field>;
