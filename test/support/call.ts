// SPDX-License-Identifier: Apache-2.0
import { llm } from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import { onTestFinished } from 'vitest';
import {
  RealtimeModel,
  type RealtimeModelOptions,
  type RealtimeSession,
  GeminiLiveError,
} from '../../src/index.js';
import type { Environment } from '../../src/livekit/environment.js';
import {
  LiveServer,
  type LiveConnection,
  type LiveServerOptions,
} from '../../src/testing/index.js';

export interface CallOptions {
  options?: RealtimeModelOptions;
  server?: LiveServerOptions;
  env?: Partial<Environment>;
  instructions?: string;
  chatCtx?: llm.ChatContext;
  tools?: llm.ToolContext;
}

/** A session as the framework would begin it, and the server's end of its first connection. */
export interface Call {
  server: LiveServer;
  model: RealtimeModel;
  session: RealtimeSession;
  connection: LiveConnection;
  log: EventLog;
}

export async function startServer(options: LiveServerOptions = {}): Promise<LiveServer> {
  const server = await LiveServer.start({ playbackDelay: false, setupDelayMs: 1, ...options });
  onTestFinished(() => server.close());
  return server;
}

export function modelFor(
  server: LiveServer,
  options: RealtimeModelOptions = {},
  env: Partial<Environment> = {},
): RealtimeModel {
  const key = options.vertexai ? {} : { apiKey: 'a-key' };
  const http = { baseUrl: server.url, headers: { authorization: 'Bearer a-token' } };
  const httpOptions = options.vertexai ? http : { baseUrl: server.url };
  return new RealtimeModel({ ...key, httpOptions, ...options }, env);
}

export async function startCall(given: CallOptions = {}): Promise<Call> {
  const server = await startServer(given.server);
  const model = modelFor(server, given.options, given.env);
  const session = model.session();
  const log = new EventLog(session);
  onTestFinished(() => session.close());
  const arrived = server.nextConnection();
  await session._updateSession(
    given.instructions ?? 'Be brief.',
    given.chatCtx ?? llm.ChatContext.empty(),
    given.tools ?? llm.ToolContext.empty(),
  );
  return { server, model, session, connection: await arrived, log };
}

/** Events of a session in order, with the generations to read. */
export class EventLog {
  readonly names: string[] = [];
  readonly generations: llm.GenerationCreatedEvent[] = [];
  readonly transcripts: llm.InputTranscriptionCompleted[] = [];
  readonly errors: { error: GeminiLiveError; recoverable: boolean }[] = [];
  readonly metrics: Record<string, unknown>[] = [];
  readonly reports: { what: string; detail: unknown }[] = [];
  #waiting: { when: () => boolean; done: () => void }[] = [];

  constructor(session: RealtimeSession) {
    const keep = <T>(name: string, list: T[]): void => {
      session.on(name, (event: T) => {
        list.push(event);
        this.#happened(name);
      });
    };
    keep('generation_created', this.generations);
    keep('input_audio_transcription_completed', this.transcripts);
    keep('error', this.errors);
    keep('metrics_collected', this.metrics);
    keep('gemini_report', this.reports);
    for (const name of ['input_speech_started', 'input_speech_stopped', 'session_reconnected']) {
      session.on(name, () => this.#happened(name));
    }
  }

  /** Resolves when the log fulfils the condition. */
  until(when: () => boolean): Promise<void> {
    return new Promise((done) => {
      this.#waiting.push({ when, done });
      this.#check();
    });
  }

  untilNamed(name: string, count = 1): Promise<void> {
    return this.until(() => this.names.filter((one) => one === name).length >= count);
  }

  #happened(name: string): void {
    this.names.push(name);
    this.#check();
  }

  #check(): void {
    this.#waiting = this.#waiting.filter(({ when, done }) => {
      if (!when()) return true;
      done();
      return false;
    });
  }
}

/** What a generation came to. */
export interface Heard {
  text: string;
  samples: number;
  calls: llm.FunctionCall[];
  messageIds: string[];
  modalities: string[][];
}

/** Reads a generation to its end; all four streams must end. */
export async function listen(generation: llm.GenerationCreatedEvent): Promise<Heard> {
  const heard: Heard = { text: '', samples: 0, calls: [], messageIds: [], modalities: [] };
  const calls = (async () => {
    for await (const call of generation.functionStream) heard.calls.push(call);
  })();
  for await (const message of generation.messageStream) {
    heard.messageIds.push(message.messageId);
    heard.modalities.push((await message.modalities) ?? []);
    const text = (async () => {
      for await (const piece of message.textStream) {
        heard.text += typeof piece === 'string' ? piece : piece.text;
      }
    })();
    for await (const frame of message.audioStream) heard.samples += frame.samplesPerChannel;
    await text;
  }
  await calls;
  return heard;
}

/** A frame of a 440 Hz tone. */
export function tone(ms: number, rate = 16000, channels = 1): AudioFrame {
  const count = (rate * ms) / 1000;
  const data = new Int16Array(count * channels);
  for (let i = 0; i < count; i++) {
    const sample = 8000 * Math.sin((2 * Math.PI * 440 * i) / rate);
    for (let c = 0; c < channels; c++) data[i * channels + c] = sample;
  }
  return new AudioFrame(data, rate, channels, count);
}

/** The session's context with the output of a call in it, as the framework hands it back. */
export function withOutput(
  session: RealtimeSession,
  call: llm.FunctionCall,
  output: string,
  isError = false,
): llm.ChatContext {
  const context = session.chatCtx.copy();
  const { callId, name } = call;
  context.items.push(llm.FunctionCallOutput.create({ callId, name, output, isError }));
  return context;
}
