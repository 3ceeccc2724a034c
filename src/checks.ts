// SPDX-License-Identifier: Apache-2.0
import { Writable } from 'node:stream';
import { inspect } from 'node:util';
import { optionsError } from './errors.js';
import {
  DEFAULT_IMAGE_ENCODE_OPTIONS,
  type FalseInterruption,
  type HistorySummary,
  type ImageEncodeOptions,
  type PlayoutBuffer,
  type RealtimeModelOptions,
  type Watchdog,
} from './options.js';

import type { RecordOptions, RecordTarget } from './recording/recorder.js';

// Single options that are more than a number: each with its default, or an error that says what to do.

const WATCHDOG: Required<Watchdog> = { answerMs: 8_000, steps: ['nudge', 'resume', 'fresh'] };

export function watchdog(given: Watchdog | null | undefined): Required<Watchdog> | null {
  if (given === null) return null;
  const { answerMs, steps } = { ...WATCHDOG, ...given };
  if (!(answerMs >= 1) || !steps.every((step) => WATCHDOG.steps.includes(step))) {
    throw optionsError(
      'Option watchdog is not usable.',
      `Give answerMs in ms and steps among ${WATCHDOG.steps.join(', ')}, or null to switch it off.`,
    );
  }
  return { answerMs, steps };
}

export function playoutBuffer(
  given: PlayoutBuffer | null | undefined,
): Required<PlayoutBuffer> | null {
  if (!given) return null;
  const { initialMs = 100, maxMs = 500 } = given;
  if (!(initialMs >= 0 && initialMs <= maxMs && maxMs >= 1 && maxMs <= 5_000)) {
    throw optionsError(
      `Option playoutBuffer is ${inspect(given)}.`,
      'Give initialMs from 0 to maxMs, and maxMs from 1 to 5000, or null to switch it off.',
    );
  }
  return { initialMs, maxMs };
}

export function falseInterruption(
  given: FalseInterruption | null | undefined,
): Required<FalseInterruption> | null {
  if (!given) return null;
  const { afterMs = 2_000 } = given;
  if (!(afterMs >= 100 && afterMs <= 5_000)) {
    throw optionsError(
      `Option falseInterruption is ${inspect(given)}.`,
      'Give afterMs from 100 to 5000, or null to switch it off.',
    );
  }
  return { afterMs };
}

export function onTranscript(
  name: 'ownVoice' | 'suppressRepeats',
  { [name]: on = false, outputAudioTranscription }: RealtimeModelOptions,
): boolean {
  if (!flag(name, on) || outputAudioTranscription !== null) return on;
  throw optionsError(
    `Option ${name} needs the transcript of the model.`,
    `Leave outputAudioTranscription on, or ${name} out.`,
  );
}

export function imageEncoding(given: ImageEncodeOptions | undefined): ImageEncodeOptions {
  const options = { ...DEFAULT_IMAGE_ENCODE_OPTIONS, ...given };
  const { quality, resizeOptions: box } = options;
  const sides = [box.width, box.height];
  const isBox = sides.every((side) => Number.isInteger(side) && side > 0);
  if (quality >= 1 && quality <= 100 && isBox) return options;
  throw optionsError(
    `Option imageEncodeOptions is ${inspect(given)}.`,
    'Give a quality from 1 to 100 and a box of whole pixels, or leave it out.',
  );
}

export function historySummary(given: HistorySummary): Required<HistorySummary> {
  const summary = { keepTurns: 20, deadlineMs: 3_000, ...given };
  const { keepTurns, deadlineMs } = summary;
  if (typeof given.summarize !== 'function' || !(keepTurns >= 0) || !(deadlineMs >= 1)) {
    throw optionsError(
      'Option historySummary is not usable.',
      'Give a function summarize; keepTurns is a number from 0, deadlineMs one in ms from 1.',
    );
  }
  return { summarize: (items) => given.summarize(items), keepTurns, deadlineMs };
}

const LIMITS = { maxBytes: 64 * 1024, maxFiles: 1, ringBytes: 1024 };

export function recording(given: RecordTarget | RecordOptions): RecordOptions {
  const options = isTarget(given) ? { to: given } : given;
  const { to, audio, transcripts, when } = options;
  const isChoice = (value: string | undefined, ...choices: string[]): boolean =>
    value === undefined || choices.includes(value);
  const isUsable =
    isTarget(to) &&
    isChoice(audio, 'none', 'lengths', 'full') &&
    isChoice(transcripts, 'keep', 'hash', 'drop') &&
    isChoice(when, 'always', 'failure') &&
    Object.entries(LIMITS).every(([name, least]) => {
      const value = options[name as keyof typeof LIMITS];
      return value === undefined || (Number.isInteger(value) && value >= least);
    });
  if (isUsable) return options;
  throw optionsError(
    `Option record is ${inspect(given)}.`,
    'Give a path, a stream or a function, or { to, audio, transcripts, when, maxBytes, maxFiles, ringBytes }: docs/recording.md.',
  );
}

function isTarget(value: unknown): value is RecordTarget {
  if (typeof value === 'string') return value !== '';
  if (typeof value === 'function') return true;
  return value instanceof Writable || value instanceof WritableStream;
}

export function flag(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw optionsError(`Option ${name} is ${inspect(value)}.`, 'Give true or false.');
}
