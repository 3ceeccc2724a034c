// SPDX-License-Identifier: Apache-2.0
import type { Behavior, FunctionResponseScheduling } from '@google/genai';
import type { llm } from '@livekit/agents';
import type { Settings, ToolOptions } from '../options.js';
import type { TurnRules } from '../turn/state.js';

/** What the app said about one tool; the name may be any that the server sends. */
export function optionsOf(
  name: string,
  { toolOptions }: Pick<Settings, 'toolOptions'>,
): ToolOptions {
  return (Object.hasOwn(toolOptions, name) && toolOptions[name]) || {};
}

type OfTools = Pick<Settings, 'toolOptions' | 'toolBehavior'>;

/** The behavior that a tool is declared with. */
export function behaviorOf(name: string, settings: OfTools): `${Behavior}` {
  return optionsOf(name, settings).behavior ?? settings.toolBehavior;
}

/** Does a call of this tool hold the model's turn until it is answered? */
export function isBlocking(name: string, settings: OfTools): boolean {
  return behaviorOf(name, settings) === 'BLOCKING';
}

/** When the model speaks about a result. A blocking call has no schedule: 1007 (livekit/agents#3853). */
export function schedulingOf(
  name: string,
  settings: OfTools & Pick<Settings, 'toolResponseScheduling'>,
): `${FunctionResponseScheduling}` | undefined {
  if (isBlocking(name, settings)) return undefined;
  return optionsOf(name, settings).scheduling ?? settings.toolResponseScheduling;
}

/** What the state machine has to know of the settings. */
export function turnRules(settings: Settings): TurnRules {
  const { capabilities: row, modalities, replyTimeoutMs } = settings;
  return {
    textOutput: !modalities.some((modality) => `${modality}` === 'AUDIO'),
    blockingCalls: `${settings.toolBehavior}` === 'BLOCKING',
    // Asked anew for each call: behaviors may change in a running session.
    blocks: (name) => isBlocking(name, settings),
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
    midSessionChatCtxUpdate: row.midSessionContent === 'allowed',
    midSessionInstructionsUpdate:
      row.instructionUpdate === 'contextUpdate' || row.instructionUpdate === 'content',
    midSessionToolsUpdate: row.toolUpdate === 'contextUpdate',
    perResponseToolChoice: false,
  };
}
