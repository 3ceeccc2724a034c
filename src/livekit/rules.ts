// SPDX-License-Identifier: Apache-2.0
import type { llm } from '@livekit/agents';
import type { Settings } from '../options.js';
import type { TurnRules } from '../turn/rules.js';

/** The settings that it depends on. */
export type RuleSettings = Pick<
  Settings,
  | 'capabilities'
  | 'replyTimeoutMs'
  | 'slowAnswerMs'
  | 'dedupeToolCalls'
  | 'toolBehavior'
  | 'toolTimeoutMs'
  | 'toolOptions'
  | 'firstTurnShieldMs'
  | 'watchdog'
  | 'falseInterruption'
  | 'ownVoice'
  | 'inputAudioTranscription'
  | 'suppressRepeats'
  | 'proactivity'
  | 'modalities'
  | 'realtimeInputConfig'
>;

/** What the state machine has to know of the settings, as they are now. */
export function turnRules(settings: RuleSettings): TurnRules {
  const { capabilities: row, replyTimeoutMs, slowAnswerMs } = settings;
  const { dedupeToolCalls: merges } = settings;
  return {
    textOutput: answersIn(settings) === 'text',
    blockingCalls: `${settings.toolBehavior}` === 'BLOCKING',
    endsAtIdle: row.requestEnds === 'idle',
    blockingCallTailMs: row.blockingCallTailMs,
    repeats: merges === undefined ? 'mergeBlocking' : merges ? 'merge' : 'each',
    toolTimeoutMs: settings.toolTimeoutMs,
    tools: toolRules(settings),
    forgetsInterruptedCalls: row.forgetsInterruptedCalls,
    replyTimeoutMs,
    cancels: row.cancel !== 'none' && row.midSessionContent === 'allowed',
    firstTurnShieldMs: settings.firstTurnShieldMs,
    slowAnswerMs,
    usageAfterBoundary: row.usageAfterBoundary,
    watchdog: row.conversation ? settings.watchdog : null,
    turnsByHand: !detectsTurns(settings),
    falseInterruption: settings.falseInterruption,
    ownVoice: settings.ownVoice,
    transcribes: settings.inputAudioTranscription !== null,
    suppressRepeats: settings.suppressRepeats,
    wordsMayWait: !detectsTurns(settings) || settings.proactivity === true,
  };
}

function toolRules({ toolOptions }: RuleSettings): NonNullable<TurnRules['tools']> {
  const rules = Object.entries(toolOptions).map(([name, { behavior, deadlineMs }]) => [
    name,
    { ...(behavior && { blocking: `${behavior}` === 'BLOCKING' }), deadlineMs },
  ]);
  return Object.fromEntries(rules) as NonNullable<TurnRules['tools']>;
}

/** What its answers are made of. */
export function answersIn({ modalities }: Pick<Settings, 'modalities'>): 'audio' | 'text' {
  return modalities.some((modality) => `${modality}` === 'AUDIO') ? 'audio' : 'text';
}

function detectsTurns({ realtimeInputConfig }: RuleSettings): boolean {
  return !realtimeInputConfig?.automaticActivityDetection?.disabled;
}

/** What LiveKit may expect of a model with these settings. */
export function livekitCapabilities(settings: Settings): llm.RealtimeCapabilities {
  const { capabilities: row, realtimeInputConfig } = settings;
  const turnDetection = detectsTurns(settings);
  const inSession = (route: string, ...cheap: string[]): boolean =>
    cheap.includes(route) || (settings.reconnectOnUpdate && route !== 'none');
  const noInterruption = `${realtimeInputConfig?.activityHandling}` === 'NO_INTERRUPTION';
  return {
    // A local hook: the service cannot truncate, but a later seed shall say what was heard.
    messageTruncation: true,
    turnDetection,
    supportsOverlappingSpeech: turnDetection && noInterruption,
    userTranscription: settings.inputAudioTranscription !== null,
    autoToolReplyGeneration: true,
    audioOutput: answersIn(settings) === 'audio' && !settings.ownVoice,
    manualFunctionCalls: false,
    // With the handle kept, a new connection at a quiet point beats a new session.
    midSessionChatCtxUpdate: inSession(row.midSessionContent, 'allowed'),
    midSessionInstructionsUpdate: inSession(row.instructionUpdate, 'contextUpdate', 'content'),
    midSessionToolsUpdate: inSession(row.toolUpdate, 'contextUpdate'),
    perResponseToolChoice: false,
  };
}
