// SPDX-License-Identifier: Apache-2.0
export { LiveServer } from './live_server.js';
export type { MintedToken } from './token_office.js';
export { LiveConnection } from './live_connection.js';
export type { Closed } from './client_view.js';
export type { ReplayDifference } from './replay_report.js';
export type {
  LiveServerOptions,
  Refusal,
  ReplayOfServer,
  SpeechOptions,
  TurnOptions,
  Violation,
} from './options.js';
export type { Dial } from './dial.js';
export type { FrameMatch, ReceivedFrame } from './inbox.js';
export type { HistoryEntry, PendingCall, Session } from './session_store.js';
export type { TurnEnd } from './model_turn.js';
export type {
  Scenario,
  ScenarioCall,
  ScenarioEvent,
  ScenarioReaction,
  ScenarioStep,
} from './scenario.js';
export { parseRecording, type Recording } from '../recording/parse.js';
export type * from '../recording/format.js';
export { replay, replaySteps } from '../replay/replay.js';
export type {
  Effect,
  Input,
  ReplayOptions,
  ReplayStep,
  TurnRules,
  TurnState,
} from '../replay/replay.js';
export { traceOf } from '../replay/trace.js';
export type { SpeechDetectorOptions } from './speech_detector.js';
export { RULES } from './rules.js';
export type { Rule, RuleContext, Verdict } from './rules.js';
export { pcmBase64, pcmSamples, speechLike } from './voice.js';
