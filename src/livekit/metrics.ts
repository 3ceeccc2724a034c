// SPDX-License-Identifier: Apache-2.0
import type { metrics } from '@livekit/agents';
import type { ModalityTokens, TokenCount } from '../models/cost.js';
import type { Timing } from '../turn/effects.js';

export interface Labels {
  label: string;
  provider: string;
  model: string;
}

interface Tokens {
  audioTokens: number;
  textTokens: number;
  imageTokens: number;
}

/**
 * What a report counted → LiveKit's metrics. All times in ms; both detail objects are mandatory there.
 * A response is created when it is asked for, so that `timestamp + ttftMs` is the first audio.
 * @param acquireTimeMs of the connection, where this is its first report
 */
export function realtimeMetrics(
  count: TokenCount,
  generation: Timing | undefined,
  now: number,
  { label, provider, model }: Labels,
  acquireTimeMs: number | undefined,
): metrics.RealtimeModelMetrics {
  const { inputTokens, outputTokens, input, output, cached, thoughts, toolPrompt } = count;
  const { askedAt, firstAudioAt } = generation ?? {};
  const timestamp = askedAt ?? generation?.startedAt ?? now;
  const durationMs = generation ? (generation.endedAt ?? now) - timestamp : 0;
  const fromCache = threeKinds(cached);
  return {
    type: 'realtime_model_metrics',
    label,
    requestId: generation?.id ?? '',
    timestamp,
    durationMs,
    ttftMs: firstAudioAt === undefined || askedAt === undefined ? -1 : firstAudioAt - askedAt,
    cancelled: generation?.interrupted ?? false,
    inputTokens,
    outputTokens,
    totalTokens: inputTokens + outputTokens,
    tokensPerSecond: durationMs > 0 ? outputTokens / (durationMs / 1000) : 0,
    inputTokenDetails: {
      ...threeKinds(input, toolPrompt),
      cachedTokens: fromCache.audioTokens + fromCache.textTokens + fromCache.imageTokens,
      cachedTokensDetails: fromCache,
    },
    outputTokenDetails: threeKinds(output, thoughts),
    connectionReused: acquireTimeMs === undefined,
    ...(acquireTimeMs !== undefined && { acquireTimeMs }),
    metadata: { modelProvider: provider, modelName: model },
  };
}

/** LiveKit knows three modalities: video counts as images, documents and what is hidden as text. */
function threeKinds(tokens: ModalityTokens, hidden = 0): Tokens {
  return {
    audioTokens: tokens.audio,
    textTokens: tokens.text + tokens.document + hidden,
    imageTokens: tokens.image + tokens.video,
  };
}
