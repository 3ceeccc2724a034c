// SPDX-License-Identifier: Apache-2.0
import type * as genai from '@google/genai';

// The enums of `@google/genai`, member by member: loading it for them would take longer than all the rest of
// this package (a test compares).

/** Whether the model waits for a tool's result, or goes on. */
export const Behavior = {
  UNSPECIFIED: 'UNSPECIFIED',
  BLOCKING: 'BLOCKING',
  NON_BLOCKING: 'NON_BLOCKING',
} as unknown as typeof genai.Behavior;
export type Behavior = genai.Behavior;

/** When the model speaks about a result that it did not wait for. */
export const FunctionResponseScheduling = {
  SCHEDULING_UNSPECIFIED: 'SCHEDULING_UNSPECIFIED',
  SILENT: 'SILENT',
  WHEN_IDLE: 'WHEN_IDLE',
  INTERRUPT: 'INTERRUPT',
} as unknown as typeof genai.FunctionResponseScheduling;
export type FunctionResponseScheduling = genai.FunctionResponseScheduling;
