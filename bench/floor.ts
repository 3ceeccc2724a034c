// SPDX-License-Identifier: Apache-2.0
/**
 * The floor: the least that a client inside the LiveKit contract can do. It resamples with the native
 * resampler, makes frames with string templates, and hands audio on as it comes. No turns, no tools,
 * no history, no back-pressure, no resumption, no errors: no one should take a call with it.
 */
import { llm } from '@livekit/agents';
import { AudioFrame, AudioResampler } from '@livekit/rtc-node';
import { ReadableStream, type ReadableStreamDefaultController } from 'node:stream/web';
import { WebSocket } from 'ws';

const PATH = '/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent';
const RATE = 16_000;
/** 50 ms, as the official plugin sends them. */
const CHUNK_BYTES = (RATE / 20) * 2;

interface Options {
  apiKey: string;
  model: string;
  httpOptions: { baseUrl: string };
}

interface ServerFrame {
  setupComplete?: object;
  serverContent?: {
    modelTurn?: { parts: { inlineData?: { data: string } }[] };
    turnComplete?: boolean;
  };
}

export class RealtimeModel extends llm.RealtimeModel {
  constructor(readonly options: Options) {
    super({
      messageTruncation: false,
      turnDetection: true,
      userTranscription: false,
      autoToolReplyGeneration: true,
      audioOutput: true,
      manualFunctionCalls: false,
    });
  }

  get model(): string {
    return this.options.model;
  }

  session(): FloorSession {
    return new FloorSession(this);
  }

  async close(): Promise<void> {}
}

/** A stream and the hand that feeds it. */
class Feed<T> {
  #controller!: ReadableStreamDefaultController<T>;
  readonly stream = new ReadableStream<T>({
    start: (controller) => {
      this.#controller = controller;
    },
  });

  write(value: T): void {
    this.#controller.enqueue(value);
  }

  end(): void {
    this.#controller.close();
  }
}

class FloorSession extends llm.RealtimeSession {
  readonly #options: Options;
  #instructions = '';
  #socket: WebSocket | undefined;
  #ready = false;
  #closed = false;
  #resampler: AudioResampler | undefined;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #audio: Feed<AudioFrame> | undefined;
  #endAnswer = (): void => {};
  #asked: ((event: llm.GenerationCreatedEvent) => void) | undefined;

  constructor(model: RealtimeModel) {
    super(model);
    this.#options = model.options;
  }

  get chatCtx(): llm.ChatContext {
    return llm.ChatContext.empty();
  }

  get tools(): llm.ToolContext {
    return llm.ToolContext.empty();
  }

  override async _updateSession(instructions = ''): Promise<void> {
    this.#instructions = instructions;
    if (!this.#socket) this.#dial();
  }

  #dial(): void {
    const { apiKey, model, httpOptions } = this.#options;
    const url = `${httpOptions.baseUrl.replace('http', 'ws')}${PATH}?key=${apiKey}`;
    const socket = new WebSocket(url, { perMessageDeflate: false, skipUTF8Validation: true });
    const systemInstruction = { parts: [{ text: this.#instructions }] };
    const generationConfig = { responseModalities: ['AUDIO'] };
    const setup = { model: `models/${model}`, generationConfig, systemInstruction };
    this.#socket = socket;
    socket.on('open', () => socket.send(JSON.stringify({ setup })));
    socket.on('message', (data: Buffer) =>
      this.#received(JSON.parse(data.toString()) as ServerFrame),
    );
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#ready = false;
      if (!this.#closed) this.#dial();
    });
  }

  #received({ setupComplete, serverContent }: ServerFrame): void {
    if (setupComplete) this.#ready = true;
    for (const { inlineData } of serverContent?.modelTurn?.parts ?? []) {
      if (!inlineData) continue;
      this.#audio ??= this.#beginAnswer();
      const bytes = Buffer.from(inlineData.data, 'base64');
      const samples = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 1);
      this.#audio.write(new AudioFrame(samples, 24_000, 1, samples.length));
    }
    if (serverContent?.turnComplete) this.#endAnswer();
  }

  #beginAnswer(): Feed<AudioFrame> {
    const audio = new Feed<AudioFrame>();
    const text = new Feed<string>();
    const messages = new Feed<llm.MessageGeneration>();
    const calls = new Feed<llm.FunctionCall>();
    messages.write({ messageId: 'm', textStream: text.stream, audioStream: audio.stream });
    const event = {
      messageStream: messages.stream,
      functionStream: calls.stream,
      userInitiated: this.#asked !== undefined,
    };
    this.#endAnswer = () => {
      for (const feed of [audio, text, messages, calls]) feed.end();
      this.#audio = undefined;
      this.#endAnswer = () => {};
    };
    if (this.#asked) this.#asked(event);
    else this.emit('generation_created', event);
    this.#asked = undefined;
    return audio;
  }

  override pushAudio(frame: AudioFrame): void {
    if (frame.sampleRate === RATE) {
      this.#add(frame.data);
      return;
    }
    this.#resampler ??= new AudioResampler(frame.sampleRate, RATE, 1);
    for (const resampled of this.#resampler.push(frame)) this.#add(resampled.data);
  }

  #add({ buffer, byteOffset, byteLength }: Int16Array): void {
    this.#pending.push(Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength));
    this.#pendingBytes += byteLength;
    if (this.#pendingBytes < CHUNK_BYTES) return;
    const bytes = Buffer.concat(this.#pending);
    let sent = 0;
    for (; bytes.length - sent >= CHUNK_BYTES; sent += CHUNK_BYTES) {
      if (!this.#ready) continue;
      const data = bytes.toString('base64', sent, sent + CHUNK_BYTES);
      this.#socket?.send(
        `{"realtimeInput":{"audio":{"data":"${data}","mimeType":"audio/pcm;rate=16000"}}}`,
      );
    }
    this.#pending = [bytes.subarray(sent)];
    this.#pendingBytes = bytes.length - sent;
  }

  override generateReply(): Promise<llm.GenerationCreatedEvent> {
    const parts = [{ text: '.' }];
    const clientContent = { turns: [{ role: 'user', parts }], turnComplete: true };
    this.#socket?.send(JSON.stringify({ clientContent }));
    return new Promise((resolve) => {
      this.#asked = resolve;
    });
  }

  override async close(): Promise<void> {
    this.#closed = true;
    this.#endAnswer();
    this.#resampler?.close();
    this.#socket?.close(1000);
    await super.close();
  }

  override async updateInstructions(): Promise<void> {}
  override async updateChatCtx(): Promise<void> {}
  override async updateTools(): Promise<void> {}
  override updateOptions(): void {}
  override async commitAudio(): Promise<void> {}
  override async clearAudio(): Promise<void> {}
  override async interrupt(): Promise<void> {}
  override async truncate(): Promise<void> {}
}
