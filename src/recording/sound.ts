// SPDX-License-Identifier: Apache-2.0
import { readMark } from './format.js';

/** A voice's pitch is somewhere there, in Hz. */
const PITCH = 220;
/** Quieter is silence: what the mark of digital silence says. */
const SILENCE_DB = -90;
/** Where a recording kept no level. */
const SPEECH_DB = -20;

/** A tone of so many bytes, 16 bit little-endian samples, as loud as its mark says. */
export function toneOf(bytes: number, levelDb: number = SPEECH_DB, rate = 24_000): Buffer {
  const tone = Buffer.alloc(bytes);
  if (levelDb <= SILENCE_DB) return tone;
  const peak = Math.min(32_767, Math.SQRT2 * 32_768 * 10 ** (levelDb / 20));
  for (let at = 0; at + 1 < bytes; at += 2) {
    tone.writeInt16LE(Math.round(peak * Math.sin((Math.PI * PITCH * at) / rate)), at);
  }
  return tone;
}

/** The same value, with media in the place of their marks: tones, and zeros for pictures. */
export function withMedia(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withMedia);
  if (typeof value !== 'object' || value === null) return value;
  const { data, mimeType } = value as { data?: unknown; mimeType?: unknown };
  const mark = typeof data === 'string' ? readMark(data) : undefined;
  if (mark) {
    const rate = Number(/rate=(\d+)/.exec(String(mimeType))?.[1] ?? 24_000);
    const level = String(mimeType).startsWith('image/') ? SILENCE_DB : mark.levelDb;
    return { ...value, data: toneOf(mark.bytes, level, rate).toString('base64') };
  }
  const members = Object.entries(value).map(([key, one]) => [key, withMedia(one)]);
  return Object.fromEntries(members) as unknown;
}
