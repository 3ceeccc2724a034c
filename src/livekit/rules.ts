// SPDX-License-Identifier: Apache-2.0
import type { llm } from '@livekit/agents';
import type { Settings } from '../options.js';
import type { TurnRules } from '../turn/state.js';

/** What the state machine has to know of the settings. */
export function turnRules(settings: Settings): TurnRules {
  const { capabilities: row, modalities, toolBehavior, replyTimeoutMs } = settings;
  return {
    textOutput: !modalities.some((modality) => `${modality}` === 'AUDIO'),
    blockingCalls: `${toolBehavior}` === 'BLOCKING',
    endsAtIdle: row.requestEnds === 'idle',
    blockingCallTailMs: row.blockingCallTailMs,
    replyTimeoutMs,
    watchdog: row.conversation ? settings.watchdog : null,
    wordsMayWait: !detectsTurns(settings) || settings.proactivity === true,
  };
}

function detectsTurns({ realtimeInputConfig }: Settings): boolean {
  return !realtimeInputConfig?.automaticActivityDetection?.disabled;
}

/** What LiveKit may expect of a model with these settings. */
export function livekitCapabilities(settings: Settings): llm.RealtimeCapabilities {
  const { capabilities: row, modalities, realtimeInputConfig } = settings;
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
    audioOutput: modalities.some((modality) => `${modality}` === 'AUDIO'),
    manualFunctionCalls: false,
    // With the handle kept, a new connection at a quiet point beats a new session.
    midSessionChatCtxUpdate: inSession(row.midSessionContent, 'allowed'),
    midSessionInstructionsUpdate: inSession(row.instructionUpdate, 'contextUpdate', 'content'),
    midSessionToolsUpdate: inSession(row.toolUpdate, 'contextUpdate'),
    perResponseToolChoice: false,
  };
}
