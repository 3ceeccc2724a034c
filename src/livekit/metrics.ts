// SPDX-License-Identifier: Apache-2.0
import type { metrics } from '@livekit/agents';
import type { ModalityTokenCount } from '@google/genai';
import type { WireUsage } from '../protocol/frames.js';
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
 * One usage report → LiveKit's metrics. All times in ms; both detail objects are mandatory there.
 * @param acquireTimeMs of the connection, where this is its first report
 */
export function realtimeMetrics(
  usage: WireUsage,
  generation: Timing | undefined,
  now: number,
  { label, provider, model }: Labels,
  acquireTimeMs: number | undefined,
): metrics.RealtimeModelMetrics {
  const inputTokens = usage.promptTokenCount ?? 0;
  const outputTokens = usage.responseTokenCount ?? usage.candidatesTokenCount ?? 0;
  const durationMs = generation ? (generation.endedAt ?? now) - generation.startedAt : 0;
  const { askedAt, firstAudioAt } = generation ?? {};
  return {
    type: 'realtime_model_metrics',
    label,
    requestId: generation?.id ?? '',
    timestamp: generation?.startedAt ?? now,
    durationMs,
    ttftMs: firstAudioAt === undefined || askedAt === undefined ? -1 : firstAudioAt - askedAt,
    cancelled: generation?.interrupted ?? false,
    inputTokens,
    outputTokens,
    totalTokens: usage.totalTokenCount ?? inputTokens + outputTokens,
    tokensPerSecond: durationMs > 0 ? outputTokens / (durationMs / 1000) : 0,
    inputTokenDetails: {
      ...byModality(usage.promptTokensDetails),
      cachedTokens: usage.cachedContentTokenCount ?? 0,
      cachedTokensDetails: byModality(usage.cacheTokensDetails),
    },
    outputTokenDetails: byModality(usage.responseTokensDetails ?? usage.candidatesTokensDetails),
    connectionReused: acquireTimeMs === undefined,
    ...(acquireTimeMs !== undefined && { acquireTimeMs }),
    metadata: { modelProvider: provider, modelName: model },
  };
}

/** LiveKit knows three modalities: video counts as images, documents as text. */
function byModality(details: readonly ModalityTokenCount[] | undefined): Tokens {
  const tokens: Tokens = { audioTokens: 0, textTokens: 0, imageTokens: 0 };
  for (const { modality, tokenCount = 0 } of details ?? []) {
    if (`${modality}` === 'AUDIO') tokens.audioTokens += tokenCount;
    else if (`${modality}` === 'IMAGE' || `${modality}` === 'VIDEO')
      tokens.imageTokens += tokenCount;
    else tokens.textTokens += tokenCount;
  }
  return tokens;
}
