// SPDX-License-Identifier: Apache-2.0
import { type JsonObject, dig, isObject, text } from '../json.js';
import { member } from './envelope.js';
import { type Rule, type RuleContext, type Verdict, invalid, noted } from './rule.js';

function realtimeRule(
  name: string,
  source: string,
  check: (input: JsonObject, context: RuleContext) => Verdict | undefined,
): Rule {
  return {
    name,
    source,
    check: (frame, context) => {
      const input = member(frame, 'realtimeInput');
      return input && check(input, context);
    },
  };
}

/** Did setup switch automatic activity detection off? */
export function isManual(setup: JsonObject): boolean {
  return dig(setup, 'realtimeInputConfig', 'automaticActivityDetection', 'disabled') === true;
}

const has = (input: JsonObject, name: string) => isObject(input[name]);

/** Rules about `realtimeInput`. */
export const REALTIME_RULES: readonly Rule[] = [
  realtimeRule(
    'send audio and video in fields of their own',
    'google/adk-python PR#5076: mediaChunks is refused; Vertex AI still lists it as deprecated',
    (input) =>
      input.mediaChunks === undefined
        ? undefined
        : invalid('realtime_input.media_chunks is deprecated. Use audio, video, or text instead.'),
  ),
  realtimeRule(
    'send audio as audio/pcm, with its rate',
    'googleapis/python-genai#182: 1008 for another type; Live API guide: raw 16-bit PCM',
    (input) => {
      const mime = dig(input, 'audio', 'mimeType');
      if (!has(input, 'audio') || AUDIO_TYPE.test(text(mime))) return undefined;
      return { code: 1008, reason: `${text(mime)} isn't supported in realtime_input.audio.` };
    },
  ),
  realtimeRule('send whole samples', 'Live API guide: signed 16-bit little-endian PCM', (input) => {
    const data = dig(input, 'audio', 'data');
    if (!has(input, 'audio')) return undefined;
    return typeof data === 'string' && Buffer.byteLength(data, 'base64') % 2 === 0
      ? undefined
      : invalid();
  }),
  realtimeRule(
    'send video as single JPEG or PNG images, to a model that sees',
    'Live API guide',
    (input, { row }) => {
      if (!has(input, 'video')) return undefined;
      if (!row.video) return invalid();
      const mime = text(dig(input, 'video', 'mimeType'));
      if (/^image\/(jpeg|png)$/.test(mime)) return undefined;
      return { code: 1008, reason: `${mime} isn't supported in realtime_input.video.` };
    },
  ),
  realtimeRule(
    'send text only to a model that reads',
    'Live translate guide: audio only',
    (input, { row }) => (input.text !== undefined && !row.textInput ? invalid() : undefined),
  ),
  realtimeRule(
    'mark activity only with automatic detection disabled',
    'Live API reference, ActivityStart: only if automatic activity detection is disabled',
    (input, { setup }) => {
      const marked = has(input, 'activityStart') || has(input, 'activityEnd');
      return marked && !isManual(setup) ? invalid() : undefined;
    },
  ),
  realtimeRule(
    'end the audio stream only with automatic detection enabled',
    'Live API reference, audioStreamEnd: only if automatic activity detection is enabled',
    (input, { setup }) =>
      input.audioStreamEnd === true && isManual(setup) ? invalid() : undefined,
  ),
  realtimeRule(
    'send audio between activityStart and activityEnd in manual mode',
    'BasedHardware/omi#7611: 1007; elsewhere the audio was seen to be discarded, here it is refused',
    (input, { setup, activityOpen }) => {
      if (!has(input, 'audio') || !isManual(setup)) return undefined;
      return activityOpen || has(input, 'activityStart') ? undefined : invalid();
    },
  ),
  realtimeRule(
    'hold audio and activity while a blocking call waits, where the model wants it',
    'googleapis/js-genai#1236, livekit/agents#4545',
    (input, { row, openCalls }) => {
      if (row.audioDuringBlockingCall !== 'hold') return undefined;
      const held = ['audio', 'activityStart', 'activityEnd'].some((name) => has(input, name));
      if (!held || !openCalls.some((call) => call.blocking)) return undefined;
      return { code: 1008, reason: 'Operation is not implemented, or supported, or enabled.' };
    },
  ),
  realtimeRule(
    'end only an activity that was started',
    'pipecat changelog: a stray activityEnd can drop the pending answer',
    (input, { setup, activityOpen }) => {
      const stray = has(input, 'activityEnd') && !has(input, 'activityStart') && !activityOpen;
      return stray && isManual(setup) ? noted('activityEnd without activityStart') : undefined;
    },
  ),
];

const AUDIO_TYPE = /^audio\/pcm(;\s?rate=[1-9]\d{3,5})?$/;
