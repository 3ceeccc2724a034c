// SPDX-License-Identifier: Apache-2.0
import { audioAgain, learnAudio } from './audio_frame.js';
import type { ServerFrame } from './frames.js';
import { scrub } from './scrub.js';
import {
  any,
  boolean,
  either,
  Faults,
  isObject,
  list,
  number,
  object,
  someObject,
  string,
  type Members,
  type ProtocolError,
} from './shapes.js';

/** A model asks a handful of calls at a time; each one costs a run of a tool. */
const MOST_CALLS = 128;
const MOST_IDS = 1024;
/** Of what could not be read so much is shown, in characters. */
const SHOWN = 200;
/** A secret must be whole to be recognised: so much is looked at before it is cut. */
const LOOKED_AT = 2_000;

const WORD = object({ word: string, startOffset: string, endOffset: string }, { needs: ['word'] });

const TRANSCRIPTION = object({
  ...{ text: string, finished: boolean, languageCode: string, speakerLabel: string },
  ...{ startOffset: string, endOffset: string, words: list(WORD) },
});

const PART = object({
  ...{ text: string, thought: boolean },
  inlineData: object({ data: string, mimeType: string }, { needs: ['data'] }),
  ...{ executableCode: someObject, codeExecutionResult: someObject },
});

/** What is read of `serverContent`. */
export const CONTENT_MEMBERS: Members = {
  modelTurn: object({ role: string, parts: list(PART) }),
  ...{ turnComplete: boolean, turnCompleteReason: string, interactionStatus: string },
  ...{ interrupted: boolean, generationComplete: boolean, waitingForInput: boolean },
  inputTranscription: TRANSCRIPTION,
  interimInputTranscription: TRANSCRIPTION,
  outputTranscription: TRANSCRIPTION,
  ...{ groundingMetadata: someObject, urlContextMetadata: someObject, speechState: string },
};

const DETAILS = list(object({ modality: string, tokenCount: number }));

const USAGE = object({
  ...{ promptTokenCount: number, cachedContentTokenCount: number, responseTokenCount: number },
  ...{ candidatesTokenCount: number, toolUsePromptTokenCount: number, totalTokenCount: number },
  ...{ thoughtsTokenCount: number, promptTokensDetails: DETAILS, cacheTokensDetails: DETAILS },
  ...{ responseTokensDetails: DETAILS, candidatesTokensDetails: DETAILS },
  toolUsePromptTokensDetails: DETAILS,
});

const CALL = object({ id: string, name: string, args: someObject }, { needs: ['name'] });

/** What is read of a server frame. */
export const FRAME_MEMBERS: Members = {
  // That it is there says everything.
  setupComplete: any,
  serverContent: object(CONTENT_MEMBERS),
  toolCall: object({ functionCalls: list(CALL, MOST_CALLS) }),
  toolCallCancellation: object({ ids: list(string, MOST_IDS) }),
  usageMetadata: USAGE,
  goAway: object({ timeLeft: string }),
  // Half an update would take a handle back, or let an old one stand for a new moment.
  sessionResumptionUpdate: object(
    // Protobuf's JSON writes an int64 as a string.
    {
      newHandle: string,
      resumable: boolean,
      lastConsumedClientMessageIndex: either(number, string),
    },
    { whole: true },
  ),
  voiceActivity: object({ type: string, voiceActivityType: string, audioOffset: string }),
  voiceActivityDetectionSignal: object({ vadSignalType: string }),
};

const FRAME = object(FRAME_MEMBERS);

/** A message of the server. `frame` holds what of it can be read: each known member has its type. */
export interface Parsed {
  frame: ServerFrame | undefined;
  errors: readonly ProtocolError[];
}

const NONE: readonly ProtocolError[] = [];

/** Text of one message → what can be read of it, and what cannot. Never throws. */
export function parseServerFrame(text: string): Parsed {
  const audio = audioAgain(text);
  if (audio) return { frame: audio, errors: NONE };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { frame: undefined, errors: [{ why: 'not_json', value: text }] };
  }
  if (!isObject(value)) return { frame: undefined, errors: [{ why: 'not_an_object', value }] };
  const faults = new Faults();
  FRAME(value, '', faults);
  if (faults.errors.length === 0) learnAudio(text, value);
  return { frame: value, errors: faults.errors };
}

/** The beginning of what could not be read, without secrets. It may be long: only for who looks. */
export function excerpt({ why, member = '', value }: ProtocolError): string {
  if (/handle|resumption/i.test(member)) return '***';
  if (why === 'too_deep') return 'nested too deeply to be shown';
  const text = scrub(written(value).slice(0, LOOKED_AT));
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

function written(value: unknown): string {
  if (typeof value === 'string') return value;
  try {
    return JSON.stringify(value);
  } catch {
    return 'not to be shown';
  }
}
