// SPDX-License-Identifier: Apache-2.0
import type { Behavior, Modality } from '@google/genai';
import { turnRules, type RuleSettings } from '../livekit/rules.js';
import { resolve } from '../models/resolve.js';
import { DEFAULT_MODEL } from '../models/table.js';
import type { RecordingHead } from '../recording/format.js';
import type { TurnRules } from '../turn/rules.js';

/** Defaults of the options, once more: checking options loads the framework, which takes seconds. */
const DEFAULTS = {
  replyTimeoutMs: 10_000,
  slowAnswerMs: 4_000,
  toolTimeoutMs: 60_000,
  firstTurnShieldMs: 0,
  watchdog: { answerMs: 8_000, steps: ['nudge', 'resume', 'fresh'] },
  falseInterruption: null,
  ownVoice: false,
  suppressRepeats: false,
  inputAudioTranscription: {},
  toolOptions: {},
} satisfies Partial<RuleSettings>;

/** What the machine was told then; a recording that does not say so gets what the table says now. */
export function rulesOf({ rules, model, backend }: RecordingHead): TurnRules {
  if (rules) return rules as unknown as TurnRules;
  const where =
    backend === 'vertex' || /^(publishers|projects)\//.test(model ?? '') ? 'vertex' : 'gemini';
  const { capabilities } = resolve(model || DEFAULT_MODEL[where], where);
  return turnRules({
    ...DEFAULTS,
    capabilities,
    modalities: [capabilities.outputModalities[0] as Modality],
    toolBehavior: capabilities.defaultToolBehavior as Behavior,
  });
}
