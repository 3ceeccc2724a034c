// SPDX-License-Identifier: Apache-2.0

/** Below this many tokens a prompt is too short to judge by. */
const ENOUGH_TOKENS = 400;
/** A prompt only grows; one this much smaller has lost something (measured: 2,758 to 351). */
const COLLAPSE = 0.5;

/**
 * Did a resumed session forget? The prompt of its first turn is compared with the last one before
 * (agents-js#2346). Compression shrinks prompts as well, but not across a resume of seconds.
 */
export function memoryLost(tokensBefore: number, tokensAfter: number): boolean {
  return tokensBefore >= ENOUGH_TOKENS && tokensAfter < tokensBefore * COLLAPSE;
}
