// SPDX-License-Identifier: Apache-2.0
import { type JsonObject, dig, isObject, text } from '../json.js';
import {
  type ResumeState,
  type Rule,
  type RuleContext,
  type Verdict,
  invalid,
  path,
  unknownName,
} from './rule.js';
import { setupRule } from './setup_model.js';

const present = (value: unknown): boolean => value !== undefined && value !== null;

/** Rules about thinking, dialog options and transcription: what differs most between models. */
const OPTION_RULES: readonly Rule[] = [
  setupRule(
    'send a thinkingConfig as the model wants it',
    'Thinking in the Live API; model pages of ai.google.dev (budget, level, required level, or none at all)',
    (setup, { row }) => {
      const thinking = dig(setup, 'generationConfig', 'thinkingConfig');
      const level = dig(thinking, 'thinkingLevel');
      const budget = dig(thinking, 'thinkingBudget');
      if (row.thinking === 'omit') return present(thinking) ? invalid() : undefined;
      if (row.thinking === 'required' && !present(level)) return invalid();
      if (present(level) && present(budget)) return invalid();
      if (row.thinking === 'budget') {
        if (present(level)) return invalid('Thinking level is not supported for this model.');
        return typeof budget === 'number' && budget < -1 ? invalid() : undefined;
      }
      const legal = row.thinkingLevels as readonly unknown[];
      return present(level) && !legal.includes(level) ? invalid() : undefined;
    },
  ),
  dialogOption('enableAffectiveDialog', 'affectiveDialog', ['generationConfig']),
  dialogOption('proactivity', 'proactiveAudio', []),
  setupRule(
    'use only transcription options of the model',
    'Types of @google/genai 2.32.0, AudioTranscriptionConfig; options differ per model',
    (setup, { row }) => {
      for (const name of ['inputAudioTranscription', 'outputAudioTranscription']) {
        const options = setup[name];
        if (!isObject(options)) continue;
        const used = Object.keys(options).filter((key) => present(options[key]));
        if (used.some((key) => !row.transcriptionOptions.includes(key))) return invalid();
        const smart = options.mode === 'SMART';
        if (smart && (options.wordTimestamp || options.diarization)) return invalid();
      }
      return undefined;
    },
  ),
];

/** `enableAffectiveDialog` and `proactivity` follow one pattern. */
function dialogOption(
  field: string,
  capability: 'affectiveDialog' | 'proactiveAudio',
  parents: string[],
): Rule {
  return setupRule(
    `set ${field} only where it is the app's choice`,
    'Model pages of ai.google.dev: refused, always on (even false is an error), or an option, which the Gemini API has in v1alpha only',
    (setup, { row, backend, apiVersion }): Verdict | undefined => {
      if (!present(dig(setup, ...parents, field))) return undefined;
      if (row[capability] !== 'option') return invalid();
      const version = backend === 'gemini' ? row.optionApiVersion : null;
      if (version === null || version === apiVersion) return undefined;
      return unknownName(field, path('setup', ...parents));
    },
  );
}

/** Rules about input, resumption, compression and the rest of the session. */
const SESSION_RULES: readonly Rule[] = [
  setupRule(
    'choose a turnCoverage of the model',
    'Types of @google/genai 2.32.0, TurnCoverage: the default depends on the model; MemberJunction saw Vertex AI close setup on one value',
    (setup, { row }) => {
      const value = dig(setup, 'realtimeInputConfig', 'turnCoverage');
      const legal = row.turnCoverage as readonly unknown[];
      return present(value) && !legal.includes(value) ? invalid() : undefined;
    },
  ),
  setupRule(
    'switch automatic activity detection off only where the model allows it',
    'Model pages of ai.google.dev',
    (setup, { row }) => {
      const disabled = dig(setup, 'realtimeInputConfig', 'automaticActivityDetection', 'disabled');
      return disabled === true && !row.manualActivity ? invalid() : undefined;
    },
  ),
  setupRule(
    'keep activity times at or above zero',
    'Types of @google/genai 2.32.0, AutomaticActivityDetection: durations in ms',
    (setup) => {
      const detection = dig(setup, 'realtimeInputConfig', 'automaticActivityDetection');
      const times = [dig(detection, 'prefixPaddingMs'), dig(detection, 'silenceDurationMs')];
      return times.some((ms) => typeof ms === 'number' && ms < 0) ? invalid() : undefined;
    },
  ),
  setupRule(
    'leave sessionResumption.handle out instead of sending null',
    'strands-agents/sdk-python#1999',
    (setup) => (dig(setup, 'sessionResumption', 'handle') === null ? invalid() : undefined),
  ),
  setupRule(
    'ask for transparent resumption only where it exists',
    '@google/genai 2.32.0 refuses it on the Gemini API; the server answers 1007 (measured 2026-10)',
    (setup, { row }) =>
      present(dig(setup, 'sessionResumption', 'transparent')) && !row.transparentResumption
        ? unknownName('transparent', path('setup', 'sessionResumption'))
        : undefined,
  ),
  setupRule(
    'compress with a slidingWindow',
    'livekit/agents PR#2376: a compression without slidingWindow is rejected',
    (setup, { backend }) => {
      const compression = setup.contextWindowCompression;
      if (!isObject(compression)) return undefined;
      if (!isObject(compression.slidingWindow)) return invalid();
      const trigger = Number(compression.triggerTokens ?? 80_000);
      const target = Number(dig(compression, 'slidingWindow', 'targetTokens') ?? 0);
      if (target > trigger) return invalid();
      // Vertex AI documents the range; the Gemini API documents none.
      const outside = trigger < 5_000 || trigger > 128_000;
      return backend === 'vertex' && outside ? invalid() : undefined;
    },
  ),
  setupRule(
    'send explicitVadSignal only where it exists',
    '@google/genai 2.32.0 refuses it on the Gemini API; Vertex AI reference lists it',
    (setup, { row }) =>
      present(setup.explicitVadSignal) && !row.explicitVadSignal
        ? unknownName('explicitVadSignal', path('setup'))
        : undefined,
  ),
  setupRule(
    'send labels only where they exist, short and in small letters',
    'Types of @google/genai 2.32.0, LiveClientSetup.labels',
    (setup, { row }) => {
      if (!isObject(setup.labels)) return undefined;
      if (!row.labels) return unknownName('labels', path('setup'));
      const legal = Object.entries(setup.labels).every(
        ([key, value]) => /^\p{Ll}[\p{Ll}\p{N}_-]{0,62}$/u.test(key) && LABEL.test(text(value)),
      );
      return legal ? undefined : invalid();
    },
  ),
  setupRule(
    'give instructions only to a model that takes them, as text',
    'Live API reference: text parts only; Live translate guide: no instructions',
    (setup, { row }) => {
      if (!isObject(setup.systemInstruction)) return undefined;
      return row.systemInstruction && isTextOnly(setup.systemInstruction) ? undefined : invalid();
    },
  ),
];

const LABEL = /^[\p{Ll}\p{N}_-]{0,63}$/u;

/** Instructions: at least one part, and every part a text. */
export function isTextOnly(content: unknown): boolean {
  const parts = dig(content, 'parts');
  if (!Array.isArray(parts) || parts.length === 0) return false;
  return parts.every((part) => isObject(part) && typeof part.text === 'string');
}

export const HELD_REASON = 'Internal error encountered.';

/** Rules about coming back with a handle. They come last: a resume is tried with a valid setup. */
const RESUME_RULES: readonly Rule[] = [
  setupRule(
    'resume only with a handle that the server knows',
    'yeyu2/Youtube_demos#5: 1008 "session not found"',
    (setup, context) =>
      resumeState(setup, context) === 'unknown'
        ? { code: 1008, reason: 'BidiGenerateContent session not found' }
        : undefined,
  ),
  setupRule(
    'close the old socket before resuming',
    'third-party measurements of 2026-10: every resume is refused while the server holds the old socket',
    (setup, context) =>
      resumeState(setup, context) === 'held' ? { code: 1011, reason: HELD_REASON } : undefined,
  ),
  setupRule(
    'resume with the same model',
    'Live API reference, SessionResumptionConfig: everything but the model may change',
    (setup, context) => (resumeState(setup, context) === 'otherModel' ? invalid() : undefined),
  ),
];

function resumeState(setup: JsonObject, { resume }: RuleContext): ResumeState {
  const handle = text(dig(setup, 'sessionResumption', 'handle'));
  return handle === '' ? 'free' : resume(handle);
}

export const SETUP_SESSION_RULES: readonly Rule[] = [...OPTION_RULES, ...SESSION_RULES];
export { RESUME_RULES };
