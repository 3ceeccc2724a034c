// SPDX-License-Identifier: Apache-2.0
import type { Prices } from './capabilities.js';

/** Tokens by modality. */
export interface ModalityTokens {
  text: number;
  audio: number;
  image: number;
  video: number;
  document: number;
}

/** What was counted, of one report or of many. */
export interface TokenCount {
  /** Prompt and results of built-in tools. The prompt is the whole context, each turn anew. */
  inputTokens: number;
  /** Answer and thoughts. */
  outputTokens: number;
  /** The prompt, by modality. */
  input: ModalityTokens;
  /** The answer, by modality. */
  output: ModalityTokens;
  /** The part of the prompt that came from a cache, by modality. */
  cached: ModalityTokens;
  /** Thoughts, charged as text of the answer. */
  thoughts: number;
  /** What built-in tools gave the model to read, charged as text of the prompt. */
  toolPrompt: number;
}

/** What a session has used so far. */
export interface SessionUsage extends TokenCount {
  /** Turns that the service has reported. */
  turns: number;
  /** US dollars; `null` where the model's row has no prices. */
  costUsd: number | null;
}

const MILLION = 1_000_000;

export const noTokens = (): ModalityTokens => ({
  text: 0,
  audio: 0,
  image: 0,
  video: 0,
  document: 0,
});

export function nothingUsed(prices: Prices | null): SessionUsage {
  return {
    turns: 0,
    inputTokens: 0,
    outputTokens: 0,
    input: noTokens(),
    output: noTokens(),
    cached: noTokens(),
    thoughts: 0,
    toolPrompt: 0,
    costUsd: prices && 0,
  };
}

/** US dollars for what was counted; `null` without prices. */
export function costOf(count: TokenCount, prices: Prices | null): number | null {
  if (!prices) return null;
  const { input, output, cached, thoughts, toolPrompt } = count;
  const { textIn, audioIn, videoIn, textOut, audioOut, cachedIn } = prices;
  const priceIn = {
    text: textIn,
    audio: audioIn,
    image: videoIn,
    video: videoIn,
    document: textIn,
  };
  let sum = toolPrompt * textIn + thoughts * textOut;
  for (const modality of modalities) {
    const fromCache = Math.min(cached[modality], input[modality]);
    sum += (input[modality] - fromCache) * priceIn[modality];
    sum += fromCache * (cachedIn ?? priceIn[modality]);
    const isText = modality === 'text' || modality === 'document';
    sum += output[modality] * (isText ? textOut : audioOut);
  }
  return sum / MILLION;
}

/** The session after one more report. `isNew`: of a turn that no report has told of before. */
export function addUsage(
  sum: SessionUsage,
  count: TokenCount,
  costUsd: number | null,
  isNew: boolean,
): SessionUsage {
  return {
    turns: sum.turns + (isNew ? 1 : 0),
    inputTokens: sum.inputTokens + count.inputTokens,
    outputTokens: sum.outputTokens + count.outputTokens,
    input: add(sum.input, count.input),
    output: add(sum.output, count.output),
    cached: add(sum.cached, count.cached),
    thoughts: sum.thoughts + count.thoughts,
    toolPrompt: sum.toolPrompt + count.toolPrompt,
    costUsd: sum.costUsd === null || costUsd === null ? null : sum.costUsd + costUsd,
  };
}

export const modalities = ['text', 'audio', 'image', 'video', 'document'] as const;

function add(a: ModalityTokens, b: ModalityTokens): ModalityTokens {
  const sum = noTokens();
  for (const modality of modalities) sum[modality] = a[modality] + b[modality];
  return sum;
}
