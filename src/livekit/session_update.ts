// SPDX-License-Identifier: Apache-2.0
import type { Behavior, FunctionResponseScheduling } from '@google/genai';
import type { llm } from '@livekit/agents';
import type { Voice } from '../protocol/voices.js';

/** What may change in a running session. */
export interface SessionUpdate {
  /** Applied by a new connection at a quiet point. */
  voice?: Voice | (string & {});
  /** Applied by a new connection at a quiet point, or with the instructions. */
  language?: string;
  /** Applied by a new connection at a quiet point. */
  temperature?: number;
  /**
   * `'none'`: calls are refused with a request to speak. `'required'` or a function: requested replies
   * are told to call first; `gemini_report` says so, and whether the model did not.
   */
  toolChoice?: llm.ToolChoice | null;
  /** Applied by a new connection at a quiet point. */
  toolBehavior?: Behavior;
  /** Applied to results from now on. */
  toolResponseScheduling?: FunctionResponseScheduling;
}
