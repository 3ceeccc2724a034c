// SPDX-License-Identifier: Apache-2.0

export const SUBJECTS = ['ours', 'official', 'floor'] as const;
export type Subject = (typeof SUBJECTS)[number];

export const SCENARIOS = [
  'mic 20 ms, 16 kHz',
  'mic 20 ms, 24 kHz',
  'mic 20 ms, 48 kHz',
  'audio out, 40 ms',
] as const;
export type Scenario = (typeof SCENARIOS)[number];

/** Microphone frames, or chunks of model audio, of one measurement. */
export const EVENTS = 3000;
export const WARM_UP = 500;
export const MODEL = 'gemini-2.5-flash-native-audio-preview-12-2025';

export interface Result {
  microseconds: number;
}

export function rateOf(scenario: Scenario): number {
  return Number(/(\d+) kHz/.exec(scenario)?.[1] ?? 24) * 1000;
}
