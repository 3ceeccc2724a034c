// SPDX-License-Identifier: Apache-2.0
import type { FunctionCall, GroundingMetadata, Part, UrlContextMetadata } from '@google/genai';
import type { ServerContent, ServerFrame, WireUsage } from './frames.js';
import { transcriptDetail, type TranscriptDetail } from './transcript.js';

/** One thing that happened, in the past tense. A server frame is an ordered list of these. */
export type Fact =
  | { type: 'interrupted' }
  /** `interim`: a hypothesis, which the next one replaces. `finished`: the server adds nothing. */
  | {
      type: 'userSaid';
      text: string;
      interim: boolean;
      finished?: boolean;
      detail?: TranscriptDetail | undefined;
    }
  | { type: 'audio'; data: string; rate: number }
  | { type: 'text'; text: string }
  | { type: 'thought'; text: string }
  | { type: 'code'; part: Part }
  | { type: 'modelSaid'; text: string; detail?: TranscriptDetail | undefined }
  | {
      type: 'citations';
      grounding?: GroundingMetadata | undefined;
      urlContext?: UrlContextMetadata | undefined;
    }
  | { type: 'calls'; calls: RequestedCall[] }
  | { type: 'callsCancelled'; ids: string[] }
  | { type: 'generationComplete' }
  | { type: 'usage'; usage: WireUsage }
  | { type: 'boundary'; reason?: string | undefined; inProgress: boolean }
  | { type: 'waitingForInput' }
  | { type: 'voiceActivity'; speaking: boolean }
  | { type: 'unknown'; member: string; value: unknown };

/** Vertex AI sends calls without ids (agents-js#1137). */
export interface RequestedCall {
  id: string | undefined;
  name: string;
  args: Record<string, unknown>;
}

/** Live output where the mime type names no rate (Vertex AI sends a bare `audio/pcm`). */
const DEFAULT_OUTPUT_RATE = 24000;
/** What the Gemini API always says: not searched again for each chunk. */
const USUAL_MIME = `audio/pcm;rate=${DEFAULT_OUTPUT_RATE}`;

/** Read by the connection, not by the conversation. */
const CONNECTION_MEMBERS = new Set(['setupComplete', 'goAway', 'sessionResumptionUpdate']);

/** What is read of `serverContent`, and the type each member has. */
const CONTENT_MEMBERS: ReadonlyMap<string, 'object' | 'boolean' | 'string'> = new Map([
  ['modelTurn', 'object'],
  ['turnComplete', 'boolean'],
  ['turnCompleteReason', 'string'],
  ['interactionStatus', 'string'],
  ['interrupted', 'boolean'],
  ['generationComplete', 'boolean'],
  ['waitingForInput', 'boolean'],
  ['inputTranscription', 'object'],
  ['interimInputTranscription', 'object'],
  ['outputTranscription', 'object'],
  ['groundingMetadata', 'object'],
  ['urlContextMetadata', 'object'],
  ['speechState', 'string'],
]);

/**
 * Unbundles a server frame, always in the same order, whatever the server bundled. Never throws: a
 * member, part or call that is unknown, or not of its type, is an `unknown` fact.
 */
export function facts(frame: ServerFrame): Fact[] {
  const found: Fact[] = [];
  const content = isObject(frame.serverContent) ? frame.serverContent : {};
  if (content.interrupted === true) found.push({ type: 'interrupted' });
  userSaid(content.inputTranscription, false, found);
  userSaid(content.interimInputTranscription, true, found);
  const parts = isObject(content.modelTurn) ? content.modelTurn.parts : undefined;
  if (Array.isArray(parts)) for (const part of parts) partFacts(part, found);
  const said = content.outputTranscription;
  if (isObject(said) && typeof said.text === 'string' && said.text !== '') {
    found.push({ type: 'modelSaid', text: said.text, detail: transcriptDetail(said) });
  }
  if (notEmpty(content.groundingMetadata) || notEmpty(content.urlContextMetadata)) {
    found.push({
      type: 'citations',
      grounding: content.groundingMetadata,
      urlContext: content.urlContextMetadata,
    });
  }
  callFacts(frame, found);
  if (content.generationComplete === true) found.push({ type: 'generationComplete' });
  if (isObject(frame.usageMetadata)) found.push({ type: 'usage', usage: frame.usageMetadata });
  if (content.turnComplete === true) {
    found.push({
      type: 'boundary',
      reason:
        typeof content.turnCompleteReason === 'string' ? content.turnCompleteReason : undefined,
      inProgress: content.interactionStatus === 'IN_PROGRESS',
    });
  }
  if (content.waitingForInput === true) found.push({ type: 'waitingForInput' });
  activityFacts(frame, content, found);
  unknownFacts(frame, content, found);
  return found;
}

function userSaid(
  said: ServerContent['inputTranscription'],
  interim: boolean,
  found: Fact[],
): void {
  if (!isObject(said)) return;
  const text = typeof said.text === 'string' ? said.text : '';
  const finished = said.finished === true && !interim;
  if (text === '' && !finished) return;
  const detail = transcriptDetail(said);
  found.push({ type: 'userSaid', text, interim, ...(finished && { finished }), detail });
}

function partFacts(part: unknown, found: Fact[]): void {
  if (!isObject(part)) {
    found.push({ type: 'unknown', member: 'part', value: part });
    return;
  }
  const { inlineData, text, thought } = part as Part;
  if (isObject(inlineData) && typeof inlineData.data === 'string') {
    const mime = typeof inlineData.mimeType === 'string' ? inlineData.mimeType : '';
    if (mime === '' || mime.startsWith('audio/')) {
      found.push({ type: 'audio', data: inlineData.data, rate: rateOf(mime) });
    } else {
      found.push({ type: 'unknown', member: `part ${mime}`, value: part });
    }
  } else if (typeof text === 'string') {
    if (text !== '') found.push({ type: thought === true ? 'thought' : 'text', text });
  } else if ('executableCode' in part || 'codeExecutionResult' in part) {
    found.push({ type: 'code', part });
  } else if (Object.keys(part).length > 0) {
    found.push({ type: 'unknown', member: 'part', value: part });
  }
}

function rateOf(mime: string): number {
  if (mime === USUAL_MIME) return DEFAULT_OUTPUT_RATE;
  const rate = Number(/rate=(\d+)/.exec(mime)?.[1]);
  return rate >= 8000 && rate <= 192000 ? rate : DEFAULT_OUTPUT_RATE;
}

function callFacts(frame: ServerFrame, found: Fact[]): void {
  const asked = isObject(frame.toolCall) ? frame.toolCall.functionCalls : undefined;
  if (Array.isArray(asked)) {
    const calls = asked.filter(isCall).map((call) => ({
      id: typeof call.id === 'string' && call.id !== '' ? call.id : undefined,
      name: call.name,
      args: isObject(call.args) ? call.args : {},
    }));
    if (calls.length > 0) found.push({ type: 'calls', calls });
  }
  const ids = isObject(frame.toolCallCancellation) ? frame.toolCallCancellation.ids : undefined;
  if (Array.isArray(ids) && ids.length > 0) {
    found.push({ type: 'callsCancelled', ids: ids.filter((id) => typeof id === 'string') });
  }
}

function isCall(call: unknown): call is FunctionCall & { name: string } {
  return isObject(call) && typeof call.name === 'string';
}

function activityFacts(frame: ServerFrame, content: ServerContent, found: Fact[]): void {
  const activity = isObject(frame.voiceActivity) ? frame.voiceActivity : {};
  const signal = isObject(frame.voiceActivityDetectionSignal)
    ? frame.voiceActivityDetectionSignal
    : {};
  const states = [
    activity.type ?? activity.voiceActivityType,
    signal.vadSignalType,
    content.speechState,
  ];
  for (const state of states) {
    if (state === 'ACTIVITY_START' || state === 'VAD_SIGNAL_TYPE_SOS' || state === 'SPEECH') {
      found.push({ type: 'voiceActivity', speaking: true });
    } else if (
      state === 'ACTIVITY_END' ||
      state === 'VAD_SIGNAL_TYPE_EOS' ||
      state === 'NON_SPEECH'
    ) {
      found.push({ type: 'voiceActivity', speaking: false });
    }
  }
}

const FRAME_MEMBERS = new Set([
  'serverContent', 'toolCall', 'toolCallCancellation', 'usageMetadata', 'voiceActivity',
  'voiceActivityDetectionSignal',
]); // prettier-ignore

function unknownFacts(frame: ServerFrame, content: ServerContent, found: Fact[]): void {
  for (const member of Object.keys(frame)) {
    const value = frame[member];
    if (CONNECTION_MEMBERS.has(member)) continue;
    if (FRAME_MEMBERS.has(member) && (isObject(value) || value === null)) continue;
    found.push({ type: 'unknown', member, value });
  }
  for (const member of Object.keys(content)) {
    const value = content[member];
    const type = CONTENT_MEMBERS.get(member);
    if (type !== undefined && (typeof value === type || value === null)) continue;
    found.push({ type: 'unknown', member: `serverContent.${member}`, value });
  }
  const calls = frame.toolCall?.functionCalls;
  for (const value of Array.isArray(calls) ? calls : []) {
    if (!isCall(value)) found.push({ type: 'unknown', member: 'toolCall.functionCalls', value });
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function notEmpty(value: unknown): boolean {
  return isObject(value) && Object.keys(value).length > 0;
}
