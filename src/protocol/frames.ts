// SPDX-License-Identifier: Apache-2.0
import type {
  Content,
  FunctionCall,
  FunctionResponse,
  GroundingMetadata,
  LiveClientSetup,
  LiveServerGoAway,
  LiveServerSessionResumptionUpdate,
  LiveServerSetupComplete,
  Part,
  Tool,
  Transcription,
  UrlContextMetadata,
  UsageMetadata,
} from '@google/genai';

/** Text turns appended to the conversation; with `turnComplete` the model answers. */
export interface ClientContent {
  turns?: Content[];
  turnComplete?: boolean;
}

export interface MediaBlob {
  /** base64 */
  data: string;
  mimeType: string;
}

export interface RealtimeInput {
  audio?: MediaBlob;
  video?: MediaBlob;
  text?: string;
  activityStart?: Record<string, never>;
  activityEnd?: Record<string, never>;
  audioStreamEnd?: boolean;
}

export interface ContextUpdate {
  systemInstruction?: Content;
  /** A wrapper, so that "no tools" and "unchanged" differ. */
  tools?: { tools: Tool[] };
}

export type Setup = Omit<LiveClientSetup, 'systemInstruction' | 'tools'> & {
  model: string;
  systemInstruction?: Content;
  tools?: Tool[];
};

/** Exactly one member is present. */
export interface ClientFrame {
  setup?: Setup;
  clientContent?: ClientContent;
  realtimeInput?: RealtimeInput;
  toolResponse?: { functionResponses: FunctionResponse[] };
  contextUpdate?: ContextUpdate;
}

/** Any mixture of members may be present; what is unknown is kept. */
export interface ServerFrame {
  setupComplete?: LiveServerSetupComplete;
  serverContent?: ServerContent;
  toolCall?: { functionCalls?: FunctionCall[] };
  toolCallCancellation?: { ids?: string[] };
  usageMetadata?: WireUsage;
  goAway?: LiveServerGoAway;
  sessionResumptionUpdate?: LiveServerSessionResumptionUpdate;
  /** The Gemini API says `type`, the SDK's types `voiceActivityType`. */
  voiceActivity?: { type?: string; voiceActivityType?: string; audioOffset?: string };
  voiceActivityDetectionSignal?: { vadSignalType?: string };
  [unknown: string]: unknown;
}

export interface ServerContent {
  modelTurn?: { role?: string; parts?: Part[] };
  turnComplete?: boolean;
  turnCompleteReason?: string;
  interactionStatus?: string;
  interrupted?: boolean;
  generationComplete?: boolean;
  waitingForInput?: boolean;
  inputTranscription?: Transcription;
  interimInputTranscription?: Transcription;
  outputTranscription?: Transcription;
  groundingMetadata?: GroundingMetadata;
  urlContextMetadata?: UrlContextMetadata;
  speechState?: string;
  [unknown: string]: unknown;
}

/** Vertex AI says `candidates…` where the Gemini API says `response…`. */
export type WireUsage = UsageMetadata & {
  candidatesTokenCount?: number;
  candidatesTokensDetails?: UsageMetadata['responseTokensDetails'];
};
