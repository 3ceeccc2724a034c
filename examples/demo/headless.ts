// SPDX-License-Identifier: Apache-2.0
import { voice } from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import { ReadableStream, type ReadableStreamDefaultController } from 'node:stream/web';
import { AGENT, CALLER, type Stopwatch, type Tape } from './tape.js';

const FRAME_MS = 20;

/** A stretch of speech on the timeline of the call, in ms. */
export interface Stretch {
  startMs: number;
  endMs: number;
}

/** A microphone that says recorded speech, and silence between: 20 ms frames in real time. */
export class Microphone extends voice.AudioInput {
  /** What was said so far. */
  readonly utterances: Stretch[] = [];
  readonly #clock: Stopwatch;
  readonly #tape: Tape;
  readonly #size: number;
  #out: ReadableStreamDefaultController<AudioFrame> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #begunMs = 0;
  #frames = 0;
  #speech: Int16Array = new Int16Array();
  #spoken: (() => void) | undefined;

  constructor(clock: Stopwatch, tape: Tape) {
    super();
    this.#clock = clock;
    this.#tape = tape;
    this.#size = (tape.rate * FRAME_MS) / 1000;
    const start = (controller: ReadableStreamDefaultController<AudioFrame>): void => {
      this.#out = controller;
    };
    // Whatever enters this stream is heard by the session.
    this.multiStream.addInputStream(new ReadableStream<AudioFrame>({ start }));
  }

  /** Audio sent so far, in ms. */
  get sentMs(): number {
    return this.#frames * FRAME_MS;
  }

  /** Where the next frame belongs on the timeline of the call. */
  get #positionMs(): number {
    return this.#begunMs + this.sentMs;
  }

  start(): void {
    this.#begunMs = this.#clock();
    // Timers are late now and then: each one sends all that is due by the clock.
    this.#timer = setInterval(() => {
      while (this.#positionMs + FRAME_MS <= this.#clock()) this.#send();
    }, FRAME_MS / 2);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#out?.close();
    this.#out = undefined;
  }

  /** Says this next; resolves when it has been said. */
  say(speech: Int16Array): Promise<void> {
    this.#speech = speech;
    const startMs = this.#positionMs;
    this.utterances.push({ startMs, endMs: startMs + (speech.length / this.#tape.rate) * 1000 });
    return new Promise((resolve) => {
      this.#spoken = resolve;
    });
  }

  #send(): void {
    const samples = new Int16Array(this.#size);
    samples.set(this.#speech.subarray(0, this.#size));
    this.#speech = this.#speech.subarray(this.#size);
    this.#tape.write(CALLER, this.#positionMs, samples);
    this.#out?.enqueue(new AudioFrame(samples, this.#tape.rate, 1, this.#size));
    this.#frames += 1;
    if (this.#speech.length > 0) return;
    this.#spoken?.();
    this.#spoken = undefined;
  }
}

/** What the agent said in one go. While it is playing, `endMs` is when it will be over. */
export interface Playback extends Stretch {
  interrupted: boolean;
}

/**
 * A loudspeaker with a playhead. It takes frames faster than it plays them, as a real one with a long
 * buffer does, so a barge-in has something to silence.
 */
export class Loudspeaker extends voice.AudioOutput {
  readonly playbacks: Playback[] = [];
  readonly captions = new Captions();
  readonly #clock: Stopwatch;
  readonly #tape: Tape;
  #playing: Playback | undefined;
  #drained: NodeJS.Timeout | undefined;

  constructor(clock: Stopwatch, tape: Tape) {
    super(tape.rate);
    this.#clock = clock;
    this.#tape = tape;
  }

  get isPlaying(): boolean {
    return this.#playing !== undefined;
  }

  override async captureFrame(frame: AudioFrame): Promise<void> {
    await super.captureFrame(frame);
    const now = this.#clock();
    if (!this.#playing) {
      this.#playing = { startMs: now, endMs: now, interrupted: false };
      this.playbacks.push(this.#playing);
      this.onPlaybackStarted(Date.now());
    }
    const atMs = Math.max(now, this.#playing.endMs);
    this.#tape.write(AGENT, atMs, frame.data);
    this.#playing.endMs = atMs + (frame.samplesPerChannel / frame.sampleRate) * 1000;
  }

  /** No more frames for now: it is over when the last one was played. */
  override flush(): void {
    super.flush();
    if (!this.#playing || this.#drained) return;
    const leftMs = this.#playing.endMs - this.#clock();
    this.#drained = setTimeout(() => this.#finish(this.#playing?.endMs ?? 0), Math.max(0, leftMs));
  }

  /** Barge-in: silent at once. */
  override clearBuffer(): void {
    if (!this.#playing) return;
    super.flush();
    const now = this.#clock();
    this.#playing.interrupted = now < this.#playing.endMs;
    this.#tape.erase(AGENT, now);
    this.#finish(Math.min(now, this.#playing.endMs));
  }

  #finish(endMs: number): void {
    clearTimeout(this.#drained);
    this.#drained = undefined;
    const playback = this.#playing;
    if (!playback) return;
    this.#playing = undefined;
    const receivedMs = playback.endMs - playback.startMs;
    const playedMs = endMs - playback.startMs;
    playback.endMs = endMs;
    const { interrupted } = playback;
    const heard = this.captions.upTo(playedMs / receivedMs);
    this.onPlaybackFinished({
      playbackPosition: playedMs / 1000,
      interrupted,
      ...(interrupted && { synchronizedTranscript: heard }),
    });
  }
}

/** The text of what is being played. LiveKit does not export the class it would extend. */
export class Captions {
  #text = '';
  #complete = false;

  async captureText(text: string | voice.TimedString): Promise<void> {
    if (this.#complete) this.#text = '';
    this.#complete = false;
    this.#text += typeof text === 'string' ? text : text.text;
  }

  flush(): void {
    this.#complete = true;
  }

  onAttached(): void {}
  onDetached(): void {}

  /** The words that were heard when this share of the audio was played. */
  upTo(share: number): string {
    const words = this.#text.match(/\s*\S+/g) ?? [];
    return words
      .slice(0, Math.round(words.length * share))
      .join('')
      .trim();
  }
}
