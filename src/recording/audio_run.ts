// SPDX-License-Identifier: Apache-2.0
import { dataEnd, envelope, type Envelope } from '../protocol/json_text.js';
import { mediaMark } from './format.js';
import { levelDb, mediaBytes } from './level.js';

/** Shorter data is no audio worth counting. */
const SHORTEST = 16;
/** A mark, so that cleaning leaves it alone. */
const PLACE = mediaMark(0, undefined);
/** Members that may stand beside audio, and say nothing. */
const SILENT = new Set(['data', 'mimeType', 'role']);

/**
 * Frames of one direction that are nothing but audio, one after the other: a call is some seventy of them
 * a second, all alike. What one adds is its time, its length and its level, in one line for all.
 */
export class AudioRun {
  /** When the first of them came. */
  begunAt = 0;
  readonly #clean: (frame: unknown) => string;
  /** JSON around the audio, as it crosses the wire. */
  #around: Envelope | undefined;
  /** The same, as it is written. */
  #line = '';
  /** Time since the first, bytes and level of each. */
  #seen: number[] = [];

  constructor(clean: (frame: unknown) => string) {
    this.#clean = clean;
  }

  /** False: it is another kind of frame, and not taken. */
  add(text: string, now: number): boolean {
    const isSame = this.#around !== undefined && dataEnd(text, this.#around) >= 0;
    const around = isSame ? this.#around : this.#learn(text);
    if (!around) return false;
    const start = around.head.length;
    const end = text.length - around.tail.length;
    if (this.#seen.length === 0) this.begunAt = now;
    this.#seen.push(now - this.begunAt, mediaBytes(text, start, end), levelDb(text, start, end));
    return true;
  }

  /** The frames since the last time: when they began, and the rest of their line. */
  take(): { at: number; frame: string } | undefined {
    const [, bytes, level, ...more] = this.#seen;
    if (bytes === undefined) return undefined;
    this.#seen = [];
    const frame = this.#line.replace(PLACE, mediaMark(bytes, level));
    return {
      at: this.begunAt,
      frame: more.length > 0 ? `${frame},"more":${JSON.stringify(more)}` : frame,
    };
  }

  /** Another shape begins another run: only where this one is empty. */
  #learn(text: string): Envelope | undefined {
    if (this.#seen.length > 0) return undefined;
    const around = envelope(text);
    if (!around || text.length - around.head.length - around.tail.length < SHORTEST) {
      return undefined;
    }
    const frame = parsed(around.head + PLACE + around.tail);
    if (!isOnlyAudio(frame)) return undefined;
    this.#around = around;
    this.#line = this.#clean(frame);
    return around;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** One piece of audio, whatever it is wrapped in, and nothing else. */
function isOnlyAudio(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { data, mimeType } = value as { data?: unknown; mimeType?: unknown };
  const members = Object.entries(value).filter(([name]) => !SILENT.has(name));
  if (data === PLACE) return members.length === 0 && String(mimeType).startsWith('audio/');
  return members.length === 1 && isOnlyAudio(members[0]?.[1]);
}
