// SPDX-License-Identifier: Apache-2.0
import { modalities, noTokens, type ModalityTokens, type TokenCount } from '../models/cost.js';
import type { WireUsage } from './frames.js';

/**
 * One usage report → what it counts. Each part is taken as it is told; where the server's total says
 * more than its parts, the difference is the part that it left out: the prompt if it named none, else
 * the answer. Some models leave thoughts out of their total (recorded of 2.5): they count all the same.
 *
 * Tokens without a modality are text in the prompt (recorded of a session without audio: 187 tokens,
 * 154 of them with a modality), and what the session answers with in the answer.
 */
export function countTokens(usage: WireUsage, answersIn: 'audio' | 'text'): TokenCount {
  const promptDetails = byModality(usage.promptTokensDetails);
  const answerDetails = byModality(usage.responseTokensDetails ?? usage.candidatesTokensDetails);
  let prompt = count(usage.promptTokenCount) || sum(promptDetails);
  let answer =
    count(usage.responseTokenCount) || count(usage.candidatesTokenCount) || sum(answerDetails);
  const thoughts = count(usage.thoughtsTokenCount);
  const toolPrompt =
    count(usage.toolUsePromptTokenCount) || sum(byModality(usage.toolUsePromptTokensDetails));
  const unnamed = count(count(usage.totalTokenCount) - prompt - answer - thoughts - toolPrompt);
  if (prompt === 0) prompt = unnamed;
  else answer += unnamed;
  const cachedDetails = byModality(usage.cacheTokensDetails);
  const cached = count(usage.cachedContentTokenCount) || sum(cachedDetails);
  return {
    inputTokens: prompt + toolPrompt,
    outputTokens: answer + thoughts,
    input: filledUp(promptDetails, prompt, 'text'),
    output: filledUp(answerDetails, answer, answersIn),
    cached: filledUp(cachedDetails, cached, 'text'),
    thoughts,
    toolPrompt,
  };
}

/** More than any context holds: sums of it stay numbers. */
const MOST_TOKENS = 1e9;

/** A number of tokens, whatever the wire says. */
function count(value: unknown): number {
  const tokens = Number(value);
  return tokens > 0 && tokens <= MOST_TOKENS ? tokens : 0;
}

function byModality(details: unknown): ModalityTokens {
  const tokens = noTokens();
  for (const detail of Array.isArray(details) ? (details as unknown[]) : []) {
    const { modality, tokenCount } = (detail ?? {}) as Record<string, unknown>;
    const known = modalities.find((one) => one.toUpperCase() === modality);
    if (known) tokens[known] += count(tokenCount);
  }
  return tokens;
}

function filledUp(
  details: ModalityTokens,
  total: number,
  rest: keyof ModalityTokens,
): ModalityTokens {
  return { ...details, [rest]: details[rest] + count(total - sum(details)) };
}

function sum(tokens: ModalityTokens): number {
  return modalities.reduce((total, modality) => total + tokens[modality], 0);
}
