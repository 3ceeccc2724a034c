// SPDX-License-Identifier: Apache-2.0
import type { FunctionResponse } from '@google/genai';
import type { ClientContent, ContextUpdate, RealtimeInput } from './protocol/frames.js';

export { Behavior, FunctionResponseScheduling } from '@google/genai';
export { RealtimeModel } from './livekit/model.js';
export { RealtimeSession, type SessionUpdate } from './livekit/session.js';
export type { LiveAPIModels } from './models/table.js';
export { DEFAULT_IMAGE_ENCODE_OPTIONS, type RealtimeModelOptions } from './options.js';
export type { Voice } from './protocol/voices.js';

/** What a client may send after setup, by kind. */
export type ClientEvents =
  | { type: 'content'; value: ClientContent }
  | { type: 'realtime_input'; value: RealtimeInput }
  | { type: 'tool_response'; value: { functionResponses: FunctionResponse[] } }
  | { type: 'function_response'; value: FunctionResponse }
  | { type: 'context_update'; value: ContextUpdate };
