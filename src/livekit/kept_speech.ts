// SPDX-License-Identifier: Apache-2.0
import { AudioFrame } from '@livekit/rtc-node';
import { durationMs } from './playout.js';

/** The newest audio that is kept, in ms: about 3 MB. */
const MOST_MS = 60_000;

interface KeptMessage {
  id: string;
  pieces: (AudioFrame | string)[];
  /** Where the pieces begin: what stood before was too old to keep. */
  startMs: number;
  /** How much of it was heard. */
  heardMs: number | undefined;
  /** Nobody has begun to read it. */
  isUnread: () => boolean;
}

/** Answers as they were handed over, so that what was cut off can be said after all. */
export class KeptSpeech {
  #messages: KeptMessage[] = [];
  #ms = 0;

  begin(id: string, isUnread: () => boolean): void {
    this.#messages.push({ id, pieces: [], startMs: 0, heardMs: undefined, isUnread });
  }

  add(piece: AudioFrame | string): void {
    this.#messages.at(-1)?.pieces.push(piece);
    if (typeof piece === 'string') return;
    this.#ms += durationMs(piece);
    while (this.#ms > MOST_MS) this.#dropOldest();
  }

  /** @param ms of it were played; undefined: it is not to be said any more */
  heard(id: string, ms: number | undefined): void {
    const message = this.#messages.find((kept) => kept.id === id);
    if (!message) return;
    message.heardMs = ms ?? Infinity;
  }

  /** Frames and words that nobody has heard, in order; they are kept no longer. */
  take(): (AudioFrame | string)[] {
    const rest = this.#messages.flatMap(unheard);
    this.forget();
    return rest.some((piece) => typeof piece !== 'string') ? rest : [];
  }

  forget(): void {
    this.#messages = [];
    this.#ms = 0;
  }

  #dropOldest(): void {
    const [oldest] = this.#messages;
    const piece = oldest?.pieces.shift();
    if (!oldest || piece === undefined) this.#messages.shift();
    else if (typeof piece !== 'string') {
      const ms = durationMs(piece);
      oldest.startMs += ms;
      this.#ms -= ms;
    }
  }
}

/** The framework tells how far a message was played, unless it never began, or all of it was. */
function unheard({ pieces, startMs, heardMs, isUnread }: KeptMessage): (AudioFrame | string)[] {
  const from = heardMs ?? (isUnread() ? 0 : Infinity);
  // A rest with a hole in it is worse than none.
  if (from < startMs) return [];
  const rest: (AudioFrame | string)[] = [];
  let at = startMs;
  for (const piece of pieces) {
    if (typeof piece === 'string') {
      // Words come with the audio that speaks them, or right behind it.
      if (at > from || from === 0) rest.push(piece);
      continue;
    }
    const end = at + durationMs(piece);
    if (at >= from) rest.push(piece);
    else if (end > from) rest.push(after(piece, from - at));
    at = end;
  }
  return rest;
}

/** A frame without its first `ms`. */
function after({ data, sampleRate, channels }: AudioFrame, ms: number): AudioFrame {
  const samples = data.subarray(Math.round((ms * sampleRate) / 1000) * channels);
  return new AudioFrame(samples, sampleRate, channels, samples.length / channels);
}
