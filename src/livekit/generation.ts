// SPDX-License-Identifier: Apache-2.0
import type { llm } from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import { ReadableStream, type ReadableStreamDefaultController } from 'node:stream/web';

/** A stream we feed. Writing to a closed or cancelled one does nothing and never throws. */
class Feed<T> {
  #controller: ReadableStreamDefaultController<T> | undefined;
  readonly stream: ReadableStream<T>;

  constructor() {
    this.stream = new ReadableStream<T>({
      start: (controller) => {
        this.#controller = controller;
      },
      cancel: () => {
        this.#controller = undefined;
      },
    });
  }

  write(value: T): void {
    this.#controller?.enqueue(value);
  }

  close(): void {
    this.#controller?.close();
    this.#controller = undefined;
  }
}

interface Message {
  text: Feed<string>;
  audio: Feed<AudioFrame>;
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

  constructor(readonly id: string) {}

  event(userInitiated: boolean): llm.GenerationCreatedEvent {
    return {
      messageStream: this.#messages.stream,
      functionStream: this.#calls.stream,
      userInitiated,
      responseId: this.id,
    };
  }

  openMessage(messageId: string, modality: 'audio' | 'text'): void {
    this.#closeMessage();
    const message: Message = { text: new Feed(), audio: new Feed() };
    this.#message = message;
    this.#messages.write({
      messageId,
      textStream: message.text.stream,
      audioStream: message.audio.stream,
      modalities: Promise.resolve(modality === 'audio' ? ['audio', 'text'] : ['text']),
    });
  }

  writeText(text: string): void {
    this.#message?.text.write(text);
  }

  /** @param data base64 of signed 16 bit little-endian mono samples */
  playAudio(data: string, rate: number): void {
    const samples = this.#samples(Buffer.from(data, 'base64'));
    if (samples.length === 0) return;
    this.#playedMs += (samples.length * 1000) / rate;
    if (this.#peak <= SILENT_PEAK) this.#measure(samples);
    this.#message?.audio.write(new AudioFrame(samples, rate, 1, samples.length));
  }

  /** It was long enough to be an answer, and none of it could be heard. */
  get wasSilent(): boolean {
    return this.#playedMs >= SILENT_MS && this.#peak <= SILENT_PEAK;
  }

  callTool(call: llm.FunctionCall): void {
    this.#calls.write(call);
  }

  close(): void {
    this.#closeMessage();
    this.#calls.close();
    this.#messages.close();
  }

  #measure(samples: Int16Array): void {
    for (let i = 0; i < samples.length; i += LEVEL_STRIDE) {
      this.#peak = Math.max(this.#peak, Math.abs(samples[i] ?? 0));
    }
  }

  #closeMessage(): void {
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
