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

/** Text of one message → frame; undefined when it is not a JSON object. */
export function parseServerFrame(text: string): ServerFrame | undefined {
  return audioFrame(text) ?? parse(text);
}

/** A shorter message is parsed whole. */
const LONG = 512;
/** Stands in the place of the audio; no base64. */
const CUT = '~';

/**
 * A frame whose first part is audio, most frames by far. The audio is cut out before the rest is
 * parsed, and stays a slice of the text: half the CPU of a parser that reads and copies all of it.
 */
function audioFrame(text: string): ServerFrame | undefined {
  if (text.length < LONG) return undefined;
  const from = valueAt(text, text.indexOf('"data"') + 6);
  const to = from === undefined ? -1 : text.indexOf('"', from);
  if (from === undefined || to < from + LONG / 2) return undefined;
  const data = text.slice(from, to);
  if (data.includes('\\')) return undefined;
  const frame = parse(text.slice(0, from) + CUT + text.slice(to));
  const blob = frame?.serverContent?.modelTurn?.parts?.[0]?.inlineData;
  if (blob?.data !== CUT) return undefined;
  blob.data = data;
  return frame;
}

/** Where the string begins that is the value of the key that ends there. */
function valueAt(text: string, keyEnd: number): number | undefined {
  let at = keyEnd;
  while (text[at] === ' ' || text[at] === ':') at += 1;
  return text[at] === '"' ? at + 1 : undefined;
}

function parse(text: string): ServerFrame | undefined {
  try {
    const frame: unknown = JSON.parse(text);
    return typeof frame === 'object' && frame !== null && !Array.isArray(frame)
      ? (frame as ServerFrame)
      : undefined;
  } catch {
    return undefined;
  }
}
