// SPDX-License-Identifier: Apache-2.0
import { solid } from '../protocol/transcript.js';
import type { Effect } from './effects.js';

type Text = Extract<Effect, { type: 'writeText' }>;
type Audio = Extract<Effect, { type: 'playAudio' }>;

/** A sentence of the answer, and the audio that came between its words and the next. */
interface Sentence {
  letters: string;
  audioMs: number;
}

/** What was said in the open generation. */
export interface Sentences {
  generationId: string;
  messageId: string;
  /** Only what is spoken can be heard twice; a text message has no audio to match. */
  written: boolean;
  /** Passed on so far. */
  text: string;
  /** The newest whole sentence. */
  last: Sentence | undefined;
  /** The sentence under way. */
  now: { text: string; audioMs: number };
  /** Held back: all of the sentence under way, which may be the last one again. */
  held: readonly (Text | Audio)[];
  /** Audio that may still belong to a sentence that was dropped, in ms. */
  swallowMs: number;
  /** The newest audio, where a sentence may have ended: its words may come with it. */
  lead: Audio | undefined;
  /** Pieces of audio that came before any words. */
  wordless: number;
  /** The audio and the words of this answer do not go together. */
  off: boolean;
}

/** Shorter ones are said twice for good reason ("Yes. Yes."), in letters. */
const SHORTEST = 10;
/** Audio of a repetition may be longer than that of the first time by this share, and by this. */
const LONGER = 1.25;
const SLACK_MS = 100;

/** The end of a sentence: a mark before a space, or one of the scripts that write none. */
const MARKS = '.!?…؟।';
const WIDE_MARKS = '。！？';
const QUOTES = `"'”’»`;
const WIDE_QUOTES = `${QUOTES}」』）`;
const END = new RegExp(
  `[${MARKS}]+[${QUOTES})\\]]*(?=\\s)|[${WIDE_MARKS}]+[${WIDE_QUOTES}]*`,
  'gu',
);
const MARKED = new RegExp(`[${MARKS}${WIDE_MARKS}][${WIDE_QUOTES})\\]]*\\s*$`, 'u');

export interface Passed {
  sentences: Sentences | undefined;
  effects: Effect[];
}

/**
 * The stage behind the machine that holds back what may be the last sentence once more, and drops it
 * when it is (python-genai#1657). Everything else passes in order, at the latest when its answer ends.
 * Only the last one counts: however far a transcript is ahead of its audio, what is dropped then are
 * the words that were heard just before.
 */
export function withoutRepeats(before: Sentences | undefined, effects: readonly Effect[]): Passed {
  const pass = new Pass(before);
  for (const effect of effects) pass.take(effect, effects);
  return { sentences: pass.s, effects: pass.out };
}

/** One run of the stage: its own copy of the state, and what leaves it. */
class Pass {
  s: Sentences | undefined;
  readonly out: Effect[] = [];

  constructor(before: Sentences | undefined) {
    this.s = before && { ...before };
  }

  take(effect: Effect, all: readonly Effect[]): void {
    const { s } = this;
    if (effect.type === 'openMessage') {
      this.s = begun(effect.generationId, effect.messageId, effect.modality === 'text');
    } else if (effect.type === 'playAudio' && s) {
      this.#audioCame(s, effect);
      return;
    } else if (effect.type === 'writeText' && s) {
      this.#textCame(s, effect);
      return;
    } else if (effect.type === 'callTool' && s) {
      this.#flush(s);
    } else if (effect.type === 'remember' && s?.messageId === effect.message.id) {
      const cut = all.some((one) => one.type === 'closeGeneration' && one.end === 'interrupted');
      this.#flush(s, cut);
      this.s = undefined;
      this.out.push({ ...effect, message: { ...effect.message, text: s.text.trim() } });
      return;
    } else if (effect.type === 'closeGeneration' && s) {
      this.#flush(s, effect.end === 'interrupted');
      this.s = undefined;
    }
    this.out.push(effect);
  }

  /** Where a frame holds both, its audio comes first: the last one waits for what follows it. */
  #audioCame(s: Sentences, audio: Audio): void {
    const { lead } = s;
    const mayBegin = s.last !== undefined || MARKED.test(s.now.text);
    s.lead = mayBegin ? audio : undefined;
    if (lead) this.#audio(s, lead);
    if (!mayBegin) this.#audio(s, audio);
  }

  #textCame(s: Sentences, text: Text): void {
    const { lead } = s;
    s.lead = undefined;
    this.#text(s, text);
    if (lead) this.#audio(s, lead);
  }

  #audio(s: Sentences, audio: Audio): void {
    const ms = lengthOf(audio);
    if (s.swallowMs >= ms / 2) {
      s.swallowMs -= ms;
      return;
    }
    if (s.text === '') s.wordless += 1;
    // One may come with its words; more of them are ahead of their transcript.
    if (s.wordless > 1) s.off = true;
    s.now = { ...s.now, audioMs: s.now.audioMs + ms };
    if (s.held.length > 0 && s.now.audioMs <= mostAudioMs(s)) s.held = [...s.held, audio];
    else {
      // More than the first time: the words and the audio do not belong together.
      if (s.held.length > 0) s.off = true;
      this.#release(s);
      this.out.push(audio);
    }
  }

  #text(s: Sentences, piece: Text): void {
    s.swallowMs = 0;
    // "It is 3." may go on with "5 degrees."
    if (MARKED.test(s.now.text) && !/^\d/.test(piece.text)) this.#sentenceEnded(s);
    let at = 0;
    for (const { index, 0: mark } of piece.text.matchAll(END)) {
      const end = index + mark.length;
      this.#part(s, { ...piece, text: piece.text.slice(at, end) });
      this.#sentenceEnded(s);
      at = end;
    }
    this.#part(s, at === 0 ? piece : { ...piece, text: piece.text.slice(at), detail: undefined });
  }

  /** Words of one sentence. Held from its first one on, or not at all. */
  #part(s: Sentences, piece: Text): void {
    if (piece.text === '') return;
    const begins = s.held.length > 0 || solid(s.now.text) === '';
    s.now = { ...s.now, text: s.now.text + piece.text };
    if (!s.off && begins && mayRepeat(s)) {
      s.held = [...s.held, piece];
      if (MARKED.test(s.now.text)) this.#dropIfWhole(s);
      return;
    }
    this.#release(s);
    this.#write(s, piece);
  }

  /** False when what is held is not the whole of the last sentence. */
  #dropIfWhole(s: Sentences): boolean {
    const { generationId, last } = s;
    if (s.held.length === 0 || solid(s.now.text) !== last?.letters) return false;
    const { text, audioMs } = s.now;
    const detail = { generationId, text: text.trim(), audioMs: Math.round(audioMs) };
    this.out.push({ type: 'report', what: 'repeated_sentence', detail });
    s.swallowMs = mostAudioMs(s) - audioMs;
    s.held = [];
    s.now = { text: '', audioMs: 0 };
    return true;
  }

  #sentenceEnded(s: Sentences): void {
    if (s.now.text === '' || this.#dropIfWhole(s)) return;
    this.#release(s);
    s.last = { letters: solid(s.now.text), audioMs: s.now.audioMs };
    s.now = { text: '', audioMs: 0 };
  }

  /** Nothing waits for more: a call, or the end. What was interrupted is not heard any more. */
  #flush(s: Sentences, interrupted = false): void {
    const { lead } = s;
    s.lead = undefined;
    if (interrupted) s.held = [];
    else if (lead) this.#audio(s, lead);
    if (!this.#dropIfWhole(s)) this.#release(s);
  }

  #release(s: Sentences): void {
    const { held } = s;
    s.held = [];
    for (const piece of held) {
      if (piece.type === 'playAudio') this.out.push(piece);
      else this.#write(s, piece);
    }
  }

  #write(s: Sentences, piece: Text): void {
    s.text += piece.text;
    this.out.push(piece);
  }
}

function begun(generationId: string, messageId: string, written: boolean): Sentences {
  const now = { text: '', audioMs: 0 };
  const rest = { text: '', last: undefined, now, held: [], swallowMs: 0, lead: undefined };
  return { generationId, messageId, written, ...rest, wordless: 0, off: false };
}

/**
 * The sentence under way begins like the last one. One that had no audio between its words and the
 * next cannot be told from its neighbour.
 */
function mayRepeat({ last, written, now }: Sentences): boolean {
  if (!last || last.letters.length < SHORTEST || !(written || last.audioMs > 0)) return false;
  const letters = solid(now.text);
  return letters !== '' && last.letters.startsWith(letters);
}

/** So much audio a repetition of the last sentence has at most. */
function mostAudioMs({ last }: Sentences): number {
  return (last?.audioMs ?? 0) * LONGER + SLACK_MS;
}

/** Of 16 bit samples in base64, in ms. */
function lengthOf({ data, rate }: Audio): number {
  return (data.length * 0.375 * 1000) / rate;
}
