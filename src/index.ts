// SPDX-License-Identifier: Apache-2.0
import { Plugin } from '@livekit/agents';
import * as realtime from './realtime.js';
import { VERSION } from './version.js';

export * from './realtime.js';
export { realtime };
/** @deprecated Use `realtime`. */
export const beta = { realtime };

export { GeminiLiveError, type Failure, type FailureKind, type Phase } from './errors.js';
export type {
  Backend,
  Capabilities,
  Claim,
  Claims,
  ModelEntry,
  Prices,
} from './models/capabilities.js';
export { known, unverified } from './models/capabilities.js';
export { modelNames, registerModel, resolve, type Resolved } from './models/resolve.js';
export { sayVerbatim, type Verbatim } from './livekit/say_verbatim.js';
export type { LLMTools } from './options.js';
export type {
  ClientFrame,
  ContextUpdate,
  ServerFrame,
  Setup,
  WireUsage,
} from './protocol/frames.js';
export { createEphemeralToken, type EphemeralTokenOptions } from './tokens.js';
export * from './tools.js';
export type { TranscribedWord, TranscriptDetail } from './protocol/transcript.js';
export type { GeminiReport, GeminiTranscript, Report } from './livekit/reports.js';

class GeminiLivePlugin extends Plugin {
  constructor() {
    const name = 'livekit-agents-plugin-gemini-live';
    super({ title: 'gemini_live', version: VERSION, package: name });
  }
}

Plugin.registerPlugin(new GeminiLivePlugin());
