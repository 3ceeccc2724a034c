// SPDX-License-Identifier: Apache-2.0
import type { GroundingMetadata, Part, Transcription, UrlContextMetadata } from '@google/genai';
import type { ServerContent, ServerFrame, WireUsage } from './frames.js';
import { CONTENT_MEMBERS, FRAME_MEMBERS } from './parse.js';
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

/**
 * Unbundles a server frame, always in the same order, whatever the server bundled. Never throws on what
 * `parseServerFrame` returns. A member or part that is unknown is an `unknown` fact.
 */
export function facts(frame: ServerFrame): Fact[] {
  const found: Fact[] = [];
  const content = frame.serverContent ?? {};
  if (content.interrupted) found.push({ type: 'interrupted' });
  userSaid(content.inputTranscription, false, found);
  userSaid(content.interimInputTranscription, true, found);
  for (const part of content.modelTurn?.parts ?? []) partFacts(part, found);
  const said = content.outputTranscription;
  if (said?.text) found.push({ type: 'modelSaid', text: said.text, detail: detailOf(said) });
  if (notEmpty(content.groundingMetadata) || notEmpty(content.urlContextMetadata)) {
    found.push({
      type: 'citations',
      grounding: content.groundingMetadata,
      urlContext: content.urlContextMetadata,
    });
  }
  callFacts(frame, found);
  if (content.generationComplete) found.push({ type: 'generationComplete' });
  if (frame.usageMetadata) found.push({ type: 'usage', usage: frame.usageMetadata });
  if (content.turnComplete) {
    found.push({
      type: 'boundary',
      reason: content.turnCompleteReason,
      inProgress: content.interactionStatus === 'IN_PROGRESS',
    });
  }
  if (content.waitingForInput) found.push({ type: 'waitingForInput' });
  activityFacts(frame, content, found);
  unknownFacts(frame, FRAME_MEMBERS, '', found);
  unknownFacts(content, CONTENT_MEMBERS, 'serverContent.', found);
  return found;
}

function userSaid(said: Transcription | undefined, interim: boolean, found: Fact[]): void {
  if (!said) return;
  const { text = '' } = said;
  const finished = said.finished === true && !interim;
  if (text === '' && !finished) return;
  const detail = detailOf(said);
  found.push({ type: 'userSaid', text, interim, ...(finished && { finished }), detail });
}

const detailOf = (said: Transcription): TranscriptDetail | undefined =>
  transcriptDetail(said as Record<string, unknown>);

function partFacts(part: Part, found: Fact[]): void {
  const { inlineData, text, thought } = part;
  if (inlineData?.data !== undefined) {
    const { data, mimeType: mime = '' } = inlineData;
    if (mime === '' || mime.startsWith('audio/')) {
      found.push({ type: 'audio', data, rate: rateOf(mime) });
    } else {
      found.push({ type: 'unknown', member: `part ${mime}`, value: part });
    }
  } else if (text !== undefined) {
    if (text !== '') found.push({ type: thought ? 'thought' : 'text', text });
  } else if (part.executableCode || part.codeExecutionResult) {
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

function callFacts({ toolCall, toolCallCancellation }: ServerFrame, found: Fact[]): void {
  const calls = (toolCall?.functionCalls ?? []).map(({ id, name = '', args = {} }) => ({
    id: id || undefined,
    name,
    args,
  }));
  if (calls.length > 0) found.push({ type: 'calls', calls });
  const ids = toolCallCancellation?.ids ?? [];
  if (ids.length > 0) found.push({ type: 'callsCancelled', ids });
}

function activityFacts(frame: ServerFrame, content: ServerContent, found: Fact[]): void {
  const { type, voiceActivityType } = frame.voiceActivity ?? {};
  const states = [
    type ?? voiceActivityType,
    frame.voiceActivityDetectionSignal?.vadSignalType,
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

function unknownFacts(given: object, known: object, path: string, found: Fact[]): void {
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(known, name)) continue;
    const value = (given as Record<string, unknown>)[name];
    found.push({ type: 'unknown', member: `${path}${name}`, value });
  }
}

function notEmpty(value: object | undefined): boolean {
  return value !== undefined && Object.keys(value).length > 0;
}
