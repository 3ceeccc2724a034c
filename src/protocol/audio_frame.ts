// SPDX-License-Identifier: Apache-2.0
import type { ServerFrame } from './frames.js';
import { dataEnd, envelope, type Envelope } from './json_text.js';

/** What is the same in frame after frame. */
interface AudioFrame {
  around: Envelope;
  role: string | undefined;
  mimeType: string | undefined;
}

let known: AudioFrame | undefined;

/**
 * Reads a frame that differs from an earlier one in nothing but its audio, as most frames by far do:
 * what stands around the audio has been parsed and checked then, and is not looked at again.
 */
export function audioAgain(text: string): ServerFrame | undefined {
  if (!known) return undefined;
  const { around, role, mimeType } = known;
  const end = dataEnd(text, around);
  if (end < 0) return undefined;
  const data = text.slice(around.head.length, end);
  if (data.includes('\\')) return undefined;
  // Always of one shape: with spreads it and its readers took ten times as long (2 µs).
  const modelTurn = { role, parts: [{ inlineData: { mimeType, data } }] };
  return { serverContent: { modelTurn } } as ServerFrame;
}

/** Remembers a frame that is audio and nothing else; `text` is what it was read from. */
export function learnAudio(text: string, { serverContent, ...others }: ServerFrame): void {
  const { modelTurn, ...besideTurn } = serverContent ?? {};
  const { role, parts: [part, ...moreParts] = [], ...inTurn } = modelTurn ?? {};
  const { inlineData, ...besideData } = part ?? {};
  const { data, mimeType, ...inData } = inlineData ?? {};
  const more = [others, besideTurn, inTurn, moreParts, besideData, inData];
  if (data === undefined || more.some((one) => Object.keys(one).length > 0)) return;
  const around = envelope(text);
  // Another `data` may stand beside it, and be of no use.
  if (around?.head.length !== text.indexOf(data) || around.tail.includes('"data"')) return;
  known = { around, role, mimeType };
}
