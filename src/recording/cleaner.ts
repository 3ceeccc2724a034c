// SPDX-License-Identifier: Apache-2.0
import { createHmac, randomBytes } from 'node:crypto';
import { scrub } from '../protocol/scrub.js';
import { mediaMark, type AudioKept, type TranscriptsKept } from './format.js';
import { levelDb, mediaBytes } from './level.js';

export interface CleanerOptions {
  audio: AudioKept;
  transcripts: TranscriptsKept;
  /** Secrets that no pattern tells: replaced wherever they stand. */
  secrets: readonly string[];
}

/** Shorter data is not worth a shape. */
const MEDIA_LENGTH = 16;
/** Longer frames hold more than one medium; they are rare. */
const SHAPE_LENGTH = 600;
const SHAPES = 64;
const PLACE = '@media@';
/** Members whose strings are what somebody said or wrote, at any depth. */
const WORDS = new Set([
  'text', 'args', 'arguments', 'response', 'output', 'content', 'instructions', 'words', 'code',
  'value', 'groundingMetadata', 'urlContextMetadata', 'grounding', 'urlContext',
]); // prettier-ignore

const SAID = /^<\d+ characters(?: #[0-9a-f]{8})?>$/;

/** JSON around one piece of media. */
interface Shape {
  head: string;
  tail: string;
  isAudio: boolean;
  /** The frame is nothing but audio. */
  isOnlyAudio: boolean;
}

/** Makes JSON that may be shown: secrets and handles become names, media lengths, words what is wanted. */
export class Cleaner {
  readonly #options: CleanerOptions;
  readonly #names = new Map<string, string>();
  /** A call is 50 such frames a second, all of one shape: it is parsed once. */
  readonly #shapes = new Map<string, Shape | undefined>();
  /** Of this recording only, so that nobody can look words up in a list of hashes. */
  readonly #salt = randomBytes(16);
  #counts = { handle: 0, secret: 0 };

  constructor(options: CleanerOptions) {
    this.#options = options;
  }

  /** The text of a frame → JSON on one line; undefined: it is not to be kept. */
  frame(text: string): string | undefined {
    const start = mediaStart(text);
    const end = start < 0 ? -1 : text.indexOf('"', start);
    if (end - start >= MEDIA_LENGTH && text.length - (end - start) <= SHAPE_LENGTH) {
      const shape = this.#shape(text.slice(0, start), text.slice(end));
      if (shape) return this.#media(shape, text, start, end);
    }
    return this.value(parsed(text));
  }

  value(value: unknown): string {
    const clean = (holder: unknown, key: string, one: unknown): unknown =>
      this.#clean(holder, key, one);
    // `this` is the holder of the member.
    return JSON.stringify(value, function (this: unknown, key: string, one: unknown) {
      return clean(this, key, one);
    });
  }

  #media({ head, tail, isAudio, isOnlyAudio }: Shape, text: string, start: number, end: number) {
    const { audio } = this.#options;
    if (audio === 'none' && isOnlyAudio) return undefined;
    if (audio === 'full') return head + text.slice(start, end) + tail;
    const bytes = mediaBytes(text, start, end);
    return head + mediaMark(bytes, isAudio ? levelDb(text, start, end) : undefined) + tail;
  }

  #shape(head: string, tail: string): Shape | undefined {
    const key = head + tail;
    if (this.#shapes.has(key)) return this.#shapes.get(key);
    const shape = this.#shapeOf(parsed(head + PLACE + tail));
    if (this.#shapes.size < SHAPES) this.#shapes.set(key, shape);
    return shape;
  }

  #shapeOf(frame: unknown): Shape | undefined {
    const holder = holderOf(frame);
    const [head, tail, ...more] = holder ? this.value(frame).split(PLACE) : [];
    if (head === undefined || tail === undefined || more.length > 0) return undefined;
    const hasAudio = isAudio(holder);
    return { head, tail, isAudio: hasAudio, isOnlyAudio: hasAudio && isOnlyAudio(frame) };
  }

  #clean(holder: unknown, key: string, value: unknown): unknown {
    if (typeof value === 'object' && value !== null && WORDS.has(key)) return this.#words(value);
    if (typeof value !== 'string' || value === '') return value;
    if (key === 'handle' || key === 'newHandle') return this.#name('handle', value);
    if (key === 'data' && isMedia(holder) && value !== PLACE) {
      if (this.#options.audio === 'full') return value;
      const level = isAudio(holder) ? levelDb(value, 0, value.length) : undefined;
      return mediaMark(mediaBytes(value, 0, value.length), level);
    }
    if (WORDS.has(key) || key === 'detail') return this.#word(value);
    return this.#scrubbed(value);
  }

  #words(value: object): unknown {
    if (this.#options.transcripts === 'keep') return value;
    return JSON.parse(
      JSON.stringify(value, (_key, one: unknown) =>
        typeof one === 'string' ? this.#word(one) : one,
      ),
    );
  }

  #word(text: string): string {
    const { transcripts } = this.#options;
    if (transcripts === 'keep' || text === '') return this.#scrubbed(text);
    // What stands in something said is met twice.
    if (SAID.test(text)) return text;
    const length = `${text.length} characters`;
    if (transcripts === 'drop') return `<${length}>`;
    const hash = createHmac('sha256', this.#salt).update(text.trim()).digest('hex').slice(0, 8);
    return `<${length} #${hash}>`;
  }

  #scrubbed(text: string): string {
    let clean = text;
    for (const secret of this.#options.secrets) {
      if (clean.includes(secret)) clean = clean.replaceAll(secret, this.#name('secret', secret));
    }
    return scrub(clean, (secret) => this.#name('secret', secret));
  }

  /** The same for the same value, in the whole recording. */
  #name(kind: 'handle' | 'secret', value: string): string {
    const known = this.#names.get(value);
    if (known !== undefined) return known;
    this.#counts[kind] += 1;
    const name = `${kind}-${this.#counts[kind]}`;
    this.#names.set(value, name);
    // A name that is scrubbed again stays what it is.
    this.#names.set(name, name);
    return name;
  }
}

/** Where the first `"data"` string begins; -1 where there is none. */
function mediaStart(text: string): number {
  let at = text.indexOf('"data"');
  if (at < 0) return -1;
  for (at += 6; at < text.length; at++) {
    const char = text[at];
    if (char === '"') return at + 1;
    if (char !== ':' && char !== ' ' && char !== '\n') return -1;
  }
  return -1;
}

/** One value, however the text was laid out; what is no JSON is kept as a string. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function isMedia(holder: unknown): boolean {
  return typeof holder === 'object' && holder !== null && 'mimeType' in holder;
}

function isAudio(holder: unknown): boolean {
  return isMedia(holder) && String((holder as { mimeType: unknown }).mimeType).startsWith('audio/');
}

/** The object that holds the placeholder. */
function holderOf(value: unknown): object | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if ((value as { data?: unknown }).data === PLACE) return isMedia(value) ? value : undefined;
  for (const member of Object.values(value)) {
    const found = holderOf(member);
    if (found) return found;
  }
  return undefined;
}

/** No member says anything besides this piece of audio. */
function isOnlyAudio(value: unknown): boolean {
  const members = Object.entries(value as object);
  const [[key, inner] = []] = members;
  if (members.length !== 1)
    return members.every(([name]) => name === 'data' || name === 'mimeType');
  return key === 'data' || (typeof inner === 'object' && inner !== null && isOnlyAudio(inner));
}
