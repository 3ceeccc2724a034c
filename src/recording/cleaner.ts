// SPDX-License-Identifier: Apache-2.0
import { createHmac, randomBytes } from 'node:crypto';
import { scrub } from '../protocol/scrub.js';
import { mediaMark, readMark, type AudioKept, type TranscriptsKept } from './format.js';
import { levelDb, mediaBytes } from './level.js';

export interface CleanerOptions {
  audio: AudioKept;
  transcripts: TranscriptsKept;
  /** Secrets that no pattern tells: replaced wherever they stand. */
  secrets: readonly string[];
}

/** Members whose strings are what somebody said or wrote, at any depth. */
const WORDS = new Set([
  'text', 'args', 'arguments', 'response', 'output', 'content', 'instructions', 'words', 'code',
  'value', 'groundingMetadata', 'urlContextMetadata', 'grounding', 'urlContext',
]); // prettier-ignore

const SAID = /^<\d+ characters(?: #[0-9a-f]{8})?>$/;

/** Makes JSON that may be shown: secrets and handles become names, media lengths, words what is wanted. */
export class Cleaner {
  readonly #options: CleanerOptions;
  readonly #names = new Map<string, string>();
  /** Of this recording only, so that nobody can look words up in a list of hashes. */
  readonly #salt = randomBytes(16);
  #counts = { handle: 0, secret: 0 };

  constructor(options: CleanerOptions) {
    this.#options = options;
  }

  /** The text of a frame, as JSON on one line. */
  frame(text: string): string {
    try {
      return this.value(parsed(text));
    } catch {
      return '"nested too deeply to be written"';
    }
  }

  /** @throws for what JSON cannot hold */
  value(value: unknown): string {
    const clean = (holder: unknown, key: string, one: unknown): unknown =>
      this.#clean(holder, key, one);
    // `this` is the holder of the member.
    return JSON.stringify(value, function (this: unknown, key: string, one: unknown) {
      return clean(this, key, one);
    });
  }

  #clean(holder: unknown, key: string, value: unknown): unknown {
    if (typeof value === 'object' && value !== null && WORDS.has(key)) return this.#words(value);
    if (typeof value !== 'string' || value === '') return value;
    if (key === 'handle' || key === 'newHandle') return this.#name('handle', value);
    if (key === 'data' && isMedia(holder) && !readMark(value)) {
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
