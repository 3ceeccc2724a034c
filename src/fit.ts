// SPDX-License-Identifier: Apache-2.0
import type { ThinkingLevel } from '@google/genai';
import { optionsError } from './errors.js';
import { fitTools } from './fit_tools.js';
import type { RealtimeModelOptions, Settings } from './options.js';
import { VOICES } from './protocol/voices.js';

/**
 * Fits settings to the model's row: what it cannot honour is refused where dropping it would change
 * what the app relies on, else left out with one warning. `given` tells choices from defaults.
 */
export function fit(settings: Settings, given: RealtimeModelOptions, warnings: string[]): void {
  const leaveOut = (option: keyof Settings, why: string): void => {
    Reflect.deleteProperty(settings, option);
    warnings.push(`${String(option)} is left out: ${settings.model} ${why}`);
  };
  modalities(settings);
  if (settings.ownVoice && `${settings.modalities[0]}` !== 'AUDIO') {
    throw optionsError(
      `Option ownVoice has no effect: ${settings.model} answers in text already.`,
      'Leave it out.',
    );
  }
  voice(settings, given, warnings);
  activity(settings);
  fitTools(settings, given, warnings);
  thinking(settings, warnings, leaveOut);
  dialog(settings, leaveOut);
  transcriptions(settings, warnings);
  interruptions(settings);
  const row = settings.capabilities;
  if (settings.mediaResolution && !includes(row.mediaResolutions, settings.mediaResolution)) {
    leaveOut('mediaResolution', 'does not take it.');
  }
  if (settings.explicitVadSignal && !row.explicitVadSignal) {
    leaveOut('explicitVadSignal', 'reports its activity detection by itself or not at all.');
  }
  if (settings.labels && !row.labels) leaveOut('labels', 'has no billing labels on this backend.');
  if (settings.translationConfig && !row.translation) {
    throw optionsError(`${settings.model} does not translate.`, 'Use a translation model.');
  }
  resumption(settings);
}

type LeaveOut = (option: keyof Settings, why: string) => void;

function includes(allowed: readonly string[], value: string): boolean {
  return allowed.includes(value);
}

function resumption(settings: Settings): void {
  if (settings.capabilities.transparentResumption || !settings.sessionResumption) return;
  // Even `false` is an unknown field there.
  const { transparent, ...rest } = settings.sessionResumption;
  settings.sessionResumption = rest;
  if (!transparent) return;
  throw optionsError(
    'sessionResumption.transparent is refused by the Gemini API.',
    'Leave it out, or use Vertex AI.',
  );
}

/** Words of the caller tell a false interruption, and only audio can be taken up in its middle. */
function interruptions(settings: Settings): void {
  if (!settings.falseInterruption) return;
  const { automaticActivityDetection, activityHandling } = settings.realtimeInputConfig ?? {};
  const interrupts =
    !automaticActivityDetection?.disabled && `${activityHandling}` !== 'NO_INTERRUPTION';
  const audible = settings.modalities.every((modality) => `${modality}` === 'AUDIO');
  const speaks = audible && !settings.ownVoice;
  if (settings.inputAudioTranscription && interrupts && speaks) return;
  throw optionsError(
    'falseInterruption needs spoken answers, inputAudioTranscription, and a server that interrupts.',
    'Leave it out, or leave modalities, ownVoice, transcription and activity detection as they are by default.',
  );
}

/** Exactly one: the service refuses a combination. */
function modalities({ capabilities, model, modalities: asked }: Settings): void {
  const allowed = capabilities.outputModalities;
  if (asked.length === 1 && asked.every((modality) => includes(allowed, modality))) return;
  throw optionsError(
    `${model} answers with ${allowed.join(' or ')}, not ${asked.join(' and ') || 'nothing'}.`,
    'Leave modalities out; the text of what it says comes as a transcript.',
  );
}

function voice(settings: Settings, given: RealtimeModelOptions, warnings: string[]): void {
  if (!settings.capabilities.voices) {
    if (given.voice !== undefined) {
      warnings.push(`voice is left out: ${settings.model} has no voice to choose.`);
    }
    settings.voice = undefined;
  } else if (settings.voice !== undefined) {
    const wanted = settings.voice.toLowerCase();
    const known = VOICES.find((name) => name.toLowerCase() === wanted);
    if (known === undefined) {
      warnings.push(`Voice '${settings.voice}' is unknown; a wrong name closes the connection.`);
    }
    settings.voice = known ?? settings.voice;
  }
  language(settings, warnings);
}

/** Where the wire has no field for it, it is said in the instructions (Live API guide). */
function language(settings: Settings, warnings: string[]): void {
  const { language: code, capabilities: row } = settings;
  if (code === undefined || row.languageCode) return;
  settings.language = undefined;
  if (!row.systemInstruction) {
    warnings.push(`language is left out: ${settings.model} takes none.`);
    return;
  }
  settings.languageLine = `Respond in ${nameOf(code)}, whatever language is spoken to you.`;
}

function nameOf(code: string): string {
  try {
    return new Intl.DisplayNames('en', { type: 'language' }).of(code) ?? code;
  } catch {
    return code;
  }
}

function activity(settings: Settings): void {
  const config = settings.realtimeInputConfig;
  const row = settings.capabilities;
  if (config?.automaticActivityDetection?.disabled && !row.manualActivity) {
    throw optionsError(
      `${settings.model} always detects activity itself.`,
      'Leave automaticActivityDetection.disabled out.',
    );
  }
  if (config?.turnCoverage && !includes(row.turnCoverage, config.turnCoverage)) {
    throw optionsError(
      `${settings.model} does not take turnCoverage ${config.turnCoverage}.`,
      `Use ${row.turnCoverage.join(' or ')}, or leave it out.`,
    );
  }
}

function thinking(settings: Settings, warnings: string[], leaveOut: LeaveOut): void {
  const row = settings.capabilities;
  const config = settings.thinkingConfig;
  if (row.thinking === 'omit') {
    if (config) leaveOut('thinkingConfig', 'closes the connection when it is present.');
    return;
  }
  if (config?.thinkingLevel && !includes(row.thinkingLevels, config.thinkingLevel)) {
    if (row.thinking !== 'budget') {
      throw optionsError(
        `${settings.model} does not take thinkingLevel ${config.thinkingLevel}.`,
        `Use ${row.thinkingLevels.join(', ')}.`,
      );
    }
  }
  const foreign = row.thinking === 'budget' ? 'thinkingLevel' : 'thinkingBudget';
  if (config && foreign in config) {
    const { [foreign]: _dropped, ...rest } = config;
    settings.thinkingConfig = rest;
    warnings.push(`thinkingConfig.${foreign} is left out: ${settings.model} does not take it.`);
  }
  const level = row.thinkingLevels[0];
  if (row.thinking === 'required' && !settings.thinkingConfig?.thinkingLevel && level) {
    settings.thinkingConfig = { ...settings.thinkingConfig, thinkingLevel: level as ThinkingLevel };
  }
}

function dialog(settings: Settings, leaveOut: LeaveOut): void {
  const { affectiveDialog, proactiveAudio } = settings.capabilities;
  const why = { always: 'always does it.', refused: 'does not have it.' };
  if (settings.enableAffectiveDialog !== undefined && affectiveDialog !== 'option') {
    leaveOut('enableAffectiveDialog', why[affectiveDialog]);
  }
  if (settings.proactivity !== undefined && proactiveAudio !== 'option') {
    leaveOut('proactivity', why[proactiveAudio]);
  }
}

function transcriptions(settings: Settings, warnings: string[]): void {
  for (const name of ['inputAudioTranscription', 'outputAudioTranscription'] as const) {
    const config = settings[name];
    if (!config) continue;
    const allowed = settings.capabilities.transcriptionOptions;
    const refused = Object.keys(config).filter((field) => !includes(allowed, field));
    if (refused.length === 0) continue;
    const kept = Object.entries(config).filter(([field]) => includes(allowed, field));
    settings[name] = Object.fromEntries(kept);
    warnings.push(`${name}.${refused.join(', ')} is left out: ${settings.model} does not take it.`);
  }
}
