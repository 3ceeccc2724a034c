// SPDX-License-Identifier: Apache-2.0
import { readMark } from '../recording/format.js';
import { levelDb, mediaBytes } from '../recording/level.js';

/** A piece of 16 bit audio. */
export interface Audio {
  ms: number;
  /** dB of full scale; undefined where the recording has none. */
  db: number | undefined;
}

/** What the wire carries where a mime type names no rate. */
const RATE = { in: 24_000, out: 16_000 };

/** Length of audio data, whole or as a mark, in ms. */
export function audioMs(data: string, rate: number): number {
  const bytes = readMark(data)?.bytes ?? mediaBytes(data, 0, data.length);
  return (bytes / 2 / rate) * 1000;
}

/** The pieces of audio that a frame carries. */
export function audioOf(frame: unknown, dir: 'in' | 'out'): Audio[] {
  if (!isObject(frame)) return [];
  if (dir === 'out') {
    const input = frame['realtimeInput'];
    return isObject(input) ? pieceOf(input['audio'], dir) : [];
  }
  const content = frame['serverContent'];
  const turn = isObject(content) ? content['modelTurn'] : undefined;
  const parts = isObject(turn) ? turn['parts'] : undefined;
  if (!Array.isArray(parts)) return [];
  return parts.flatMap((part) => (isObject(part) ? pieceOf(part['inlineData'], dir) : []));
}

function pieceOf(blob: unknown, dir: 'in' | 'out'): Audio[] {
  if (!isObject(blob) || typeof blob['data'] !== 'string') return [];
  const { data, mimeType = 'audio/pcm' } = blob;
  if (typeof mimeType !== 'string' || !mimeType.startsWith('audio/')) return [];
  const rate = Number(/rate=(\d+)/.exec(mimeType)?.[1]) || RATE[dir];
  const mark = readMark(data);
  const db = mark ? mark.levelDb : levelDb(data, 0, data.length);
  return [{ ms: audioMs(data, rate), db }];
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
