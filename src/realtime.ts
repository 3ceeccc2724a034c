// SPDX-License-Identifier: Apache-2.0
import type {
  FunctionResponse,
  LiveClientContent,
  LiveClientRealtimeInput,
  LiveClientToolResponse,
} from '@google/genai';
import type { ContextUpdate } from './protocol/frames.js';

export { Behavior, FunctionResponseScheduling } from './sdk_enums.js';
export { RealtimeModel } from './livekit/model.js';
export type { ConnectionEvent, Health, Times } from './livekit/health.js';
export { shareVideo, type SharedVideo, type ShareVideoOptions } from './livekit/room_video.js';
export type { UsageEvent } from './livekit/meter.js';
export { RealtimeSession } from './livekit/session.js';
export type { SessionUpdate } from './livekit/session_update.js';
export type { ModalityTokens, SessionUsage } from './models/cost.js';
export type { LiveAPIModels } from './models/table.js';
export {
  DEFAULT_IMAGE_ENCODE_OPTIONS,
  type HistorySummary,
  type ImageEncodeOptions,
  type RealtimeModelOptions,
  type FalseInterruption,
  type PlayoutBuffer,
  type ToolOptions,
  type Watchdog,
  type WatchdogStep,
} from './options.js';
export type { RecordOptions, RecordTarget } from './recording/recorder.js';
export type { Voice } from './protocol/voices.js';

/** What a client may send after setup, by kind. */
export type ClientEvents =
  | { type: 'content'; value: LiveClientContent }
  | { type: 'realtime_input'; value: LiveClientRealtimeInput }
  | { type: 'tool_response'; value: LiveClientToolResponse }
  | { type: 'function_response'; value: FunctionResponse }
  | { type: 'context_update'; value: ContextUpdate };
