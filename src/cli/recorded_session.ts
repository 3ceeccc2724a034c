// SPDX-License-Identifier: Apache-2.0
import { fastClock, systemClock, type Clock } from '../clock.js';
import type { RealtimeModelOptions } from '../options.js';
import { RealtimeModel } from '../realtime.js';
import type { RecordingHead } from '../recording/format.js';

export interface RecordedSession {
  model: RealtimeModel;
  /** The session's time: it begins when the recording began. */
  clock: Clock;
}

/** No service sees these. */
const CREDENTIALS = {
  gemini: { apiKey: 'replay' },
  vertex: { project: 'replay', headers: { authorization: 'Bearer replay' } },
};

/**
 * A model with what the head of a recording says of options, model and service, whose sessions give the
 * recorded ids and live so many times as fast. @param baseUrl of a server that plays the recording
 * @throws GeminiLiveError for options that this version does not take
 */
export function recordedModel(
  head: RecordingHead,
  baseUrl: string,
  { speed = 1, clock: real = systemClock }: { speed?: number; clock?: Clock } = {},
): RecordedSession {
  const clock = fastClock(speed, Date.parse(head.startedAt ?? '') || real.now(), real);
  const vertexai = head.backend === 'vertex' || /^(publishers|projects)\//.test(head.model ?? '');
  const { headers = {}, ...credentials } = vertexai
    ? CREDENTIALS.vertex
    : { ...CREDENTIALS.gemini, headers: {} };
  const options: RealtimeModelOptions = {
    ...(head.options as RealtimeModelOptions),
    ...(head.model && { model: head.model }),
    ...credentials,
    vertexai,
    // A retired model has been recorded while it lived.
    capabilities: { ...head.capabilities, status: 'legacy' },
    httpOptions: { baseUrl, headers },
  };
  const prefix = head.session;
  const model = new RealtimeModel(options, { clock, ...(prefix !== undefined && { prefix }) });
  return { model, clock };
}
