// SPDX-License-Identifier: Apache-2.0
import type { llm } from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import { ReadableStream, type ReadableStreamDefaultController } from 'node:stream/web';
import type { Clock } from '../clock.js';
import type { KeptSpeech } from './kept_speech.js';
import { durationMs, PlayoutLine, type Playout } from './playout.js';
import { SteadyRate } from './steady_rate.js';

/** A stream we feed. Writing to a closed or cancelled one does nothing and never throws. */
class Feed<T> {
  #controller: ReadableStreamDefaultController<T> | undefined;
  #queue: ReadableStreamDefaultController<T> | undefined;
  #written = 0;
  readonly stream: ReadableStream<T>;

  constructor() {
    const source = {
      start: (controller: ReadableStreamDefaultController<T>): void => {
        this.#controller = controller;
        this.#queue = controller;
      },
      cancel: (): void => {
        this.#controller = undefined;
      },
    };
    this.stream = new ReadableStream<T>(source, { highWaterMark: 0 });
  }

  /** Something was written, and all of it still waits for a reader. */
  get isUnread(): boolean {
    return this.#written > 0 && this.#queue?.desiredSize === -this.#written;
  }

  write(value: T): void {
    if (!this.#controller) return;
    this.#written += 1;
    this.#controller.enqueue(value);
  }

  close(): void {
    this.#controller?.close();
    this.#controller = undefined;
  }
}

interface Message {
  text: Feed<string>;
  audio: Feed<AudioFrame>;
  line: PlayoutLine;
  rate: SteadyRate;
}

/** What answers of one session share. */
export interface Stage {
  clock: Clock;
  playout: Playout;
  /** Where what was cut off can be taken up again. */
  kept: KeptSpeech | undefined;
}

/** Audio this long of which no sample is louder than this is silence (of 32768). */
const SILENT_MS = 500;
const SILENT_PEAK = 40;
/** Every how many samples the level is looked at: enough to tell speech from silence. */
const LEVEL_STRIDE = 16;

/** One answer as LiveKit reads it: four streams, all of which end in every path. */
export class Generation {
  readonly #messages = new Feed<llm.MessageGeneration>();
  readonly #calls = new Feed<llm.FunctionCall>();
  #message: Message | undefined;
  /** Half a sample that a chunk ended with (the byte before is worth nothing alone). */
  #oddByte: number | undefined;
  #playedMs = 0;
  #peak = 0;

  readonly #stage: Stage;

  constructor(
    readonly id: string,
    stage: Stage,
  ) {
    this.#stage = stage;
  }

  event(userInitiated: boolean): llm.GenerationCreatedEvent {
    return {
      messageStream: this.#messages.stream,
      functionStream: this.#calls.stream,
      userInitiated,
      responseId: this.id,
    };
  }

  openMessage(messageId: string, modality: 'audio' | 'text'): void {
    this.#closeMessage(true);
    const message = this.#newMessage(modality);
    this.#message = message;
    this.#stage.kept?.begin(messageId, () => this.#messages.isUnread);
    this.#messages.write({
      messageId,
      textStream: message.text.stream,
      audioStream: message.audio.stream,
      modalities: Promise.resolve(modality === 'audio' ? ['audio', 'text'] : ['text']),
    });
  }

  writeText(text: string): void {
    if (!this.#message) return;
    this.#stage.kept?.add(text);
    this.#message.line.write(text);
  }

  /** @param data base64 of signed 16 bit little-endian mono samples */
  playAudio(data: string, rate: number): void {
    const samples = this.#samples(Buffer.from(data, 'base64'));
    if (samples.length === 0) return;
    const frame = new AudioFrame(samples, rate, 1, samples.length);
    this.#playedMs += durationMs(frame);
    if (this.#peak <= SILENT_PEAK) this.#measure(samples);
    this.playFrame(frame);
  }

  playFrame(frame: AudioFrame): void {
    this.#message?.rate.push(frame);
  }

  /** It was long enough to be an answer, and none of it could be heard. */
  get wasSilent(): boolean {
    return this.#playedMs >= SILENT_MS && this.#peak <= SILENT_PEAK;
  }

  callTool(call: llm.FunctionCall): void {
    this.#message?.line.release();
    this.#calls.write(call);
  }

  /** @param heard what is still held back is handed over first; else it is dropped */
  close(heard: boolean): void {
    this.#closeMessage(heard);
    this.#calls.close();
    this.#messages.close();
  }

  #measure(samples: Int16Array): void {
    for (let i = 0; i < samples.length; i += LEVEL_STRIDE) {
      this.#peak = Math.max(this.#peak, Math.abs(samples[i] ?? 0));
    }
  }

  #newMessage(modality: 'audio' | 'text'): Message {
    const { clock, playout, kept } = this.#stage;
    const text = new Feed<string>();
    const audio = new Feed<AudioFrame>();
    const holdMs = modality === 'audio' ? playout.holdMs : 0;
    const line = new PlayoutLine(playout, holdMs, clock, (piece) => {
      if (typeof piece === 'string') text.write(piece);
      else audio.write(piece);
    });
    const rate = new SteadyRate((frame) => {
      kept?.add(frame);
      line.play(frame);
    });
    return { text, audio, line, rate };
  }

  #closeMessage(heard: boolean): void {
    if (heard) this.#message?.rate.flush();
    this.#message?.line.end(heard);
    this.#message?.text.close();
    this.#message?.audio.close();
    this.#message = undefined;
    this.#oddByte = undefined;
  }

  /** Chunks may end in the middle of a sample; its first byte waits for the next chunk. */
  #samples(bytes: Buffer): Int16Array {
    if (this.#oddByte !== undefined) bytes = Buffer.concat([Buffer.of(this.#oddByte), bytes]);
    const whole = bytes.length - (bytes.length % 2);
    this.#oddByte = bytes.length > whole ? bytes[whole] : undefined;
    // Small buffers come from a pool and may be unaligned.
    if (bytes.byteOffset % 2 !== 0) bytes = Buffer.from(new Uint8Array(bytes).buffer);
    return new Int16Array(bytes.buffer, bytes.byteOffset, whole / 2);
  }
}
