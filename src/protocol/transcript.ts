// SPDX-License-Identifier: Apache-2.0

/** One word of a transcript, with the service's own offsets (such as `"1.200s"`). */
export interface TranscribedWord {
  word: string;
  startOffset?: string;
  endOffset?: string;
}

/** What the service may say about a transcript besides its text. Only what it said is present. */
export interface TranscriptDetail {
  /** BCP-47. */
  language?: string;
  /** Label of the speaker, such as `"spk_1"`. */
  speaker?: string;
  words?: readonly TranscribedWord[];
  /** From the start of the audio, as the service counts it. */
  startOffset?: string;
  endOffset?: string;
}

/** The members of a wire transcription, with the name each has here. */
const LABELS = [
  ['languageCode', 'language'],
  ['speakerLabel', 'speaker'],
  ['startOffset', 'startOffset'],
  ['endOffset', 'endOffset'],
] as const;

/** What a wire transcription says besides its text; undefined when it says nothing. */
export function transcriptDetail(said: Record<string, unknown>): TranscriptDetail | undefined {
  const detail: TranscriptDetail = {};
  for (const [wire, name] of LABELS) {
    const value = said[wire];
    if (typeof value === 'string' && value !== '') detail[name] = value;
  }
  const words = Array.isArray(said['words']) ? said['words'].flatMap(wordOf) : [];
  if (words.length > 0) detail.words = words;
  return Object.keys(detail).length > 0 ? detail : undefined;
}

function wordOf(given: unknown): TranscribedWord[] {
  if (typeof given !== 'object' || given === null) return [];
  const { word, startOffset, endOffset } = given as Record<string, unknown>;
  if (typeof word !== 'string') return [];
  const from = typeof startOffset === 'string' ? { startOffset } : {};
  const to = typeof endOffset === 'string' ? { endOffset } : {};
  return [{ word, ...from, ...to }];
}

/** Two pieces in a row as one: words add up, the newest language and speaker count. */
export function joined(
  before: TranscriptDetail | undefined,
  next: TranscriptDetail | undefined,
): TranscriptDetail | undefined {
  if (!before || !next) return before ?? next;
  const both = { ...before, ...next };
  if (before.startOffset !== undefined) both.startOffset = before.startOffset;
  if (before.words && next.words) both.words = [...before.words, ...next.words];
  return both;
}

/** The letters of a text alone: case, space and punctuation differ between two transcripts of it. */
export function solid(text: string): string {
  return text.toLowerCase().replaceAll(/[^\p{L}\p{M}\p{N}]+/gu, '');
}
