// SPDX-License-Identifier: Apache-2.0
//
// A phone call to an agent without a room and without a key. Copy this file into your own tests.
import { initializeLogger, voice } from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import { ReadableStream, type ReadableStreamDefaultController } from 'node:stream/web';
import { afterAll, expect, onTestFinished, vi } from 'vitest';
// In your own project: from 'livekit-agents-plugin-gemini-live', and from its '/testing'
import { RealtimeModel, type RealtimeModelOptions } from '../../src/index.js';
import {
  type LiveConnection,
  LiveServer,
  type LiveServerOptions,
  speechLike,
} from '../../src/testing/index.js';

// LiveKit wants this before anything else; LOG_LEVEL=debug shows what it does.
initializeLogger({ pretty: false, level: process.env.LOG_LEVEL ?? 'silent' });

const RATE = 24_000;

/** The caller's phone: whatever enters its stream is heard by the session. */
class Microphone extends voice.AudioInput {
  #line!: ReadableStreamDefaultController<AudioFrame>;

  constructor() {
    super();
    const start = (line: ReadableStreamDefaultController<AudioFrame>) => void (this.#line = line);
    this.multiStream.addInputStream(new ReadableStream<AudioFrame>({ start }));
  }

  /** Speaks, and is silent long enough to have finished. Takes no time. */
  speak(ms = 400): void {
    for (const pcm of [speechLike(ms, RATE), new Int16Array(0.7 * RATE)]) {
      this.#line.enqueue(new AudioFrame(pcm, RATE, 1, pcm.length));
    }
  }
}

/** What the caller hears. It plays everything at once, unless it is told where to stand still. */
class Loudspeaker extends voice.AudioOutput {
  /** The next answer is played as far as these words, and then stands still until it is interrupted. */
  stopAfter: string | undefined;
  #seconds = 0;

  constructor() {
    super(RATE);
  }

  override async captureFrame(frame: AudioFrame): Promise<void> {
    await super.captureFrame(frame);
    if (this.#seconds === 0) this.onPlaybackStarted(Date.now());
    this.#seconds += frame.samplesPerChannel / frame.sampleRate;
  }

  /** The answer is complete. */
  override flush(): void {
    super.flush();
    if (this.stopAfter === undefined) this.#finish(this.#seconds, false);
  }

  /** The answer is interrupted. */
  override clearBuffer(): void {
    super.flush();
    const heard = this.stopAfter?.length ?? Infinity;
    // The fake service takes 60 ms for a character.
    this.#finish(Math.min(this.#seconds, 0.06 * heard), true, this.stopAfter);
    this.stopAfter = undefined;
  }

  /** LiveKit wants to hear of the end of each answer, once. */
  #finish(playbackPosition: number, interrupted: boolean, synchronizedTranscript = ''): void {
    if (this.#seconds === 0) return;
    this.#seconds = 0;
    const heard = synchronizedTranscript && { synchronizedTranscript };
    this.onPlaybackFinished({ playbackPosition, interrupted, ...heard });
  }
}

/** The conversation so far, as LiveKit has it in its history, one line each. */
export function conversation({ history }: voice.AgentSession): string[] {
  return history.items.flatMap((item) => {
    if (item.type === 'function_call') return [`tool: ${item.name}(${item.args})`];
    if (item.type !== 'message' || item.role === 'system') return [];
    const who = item.role === 'assistant' ? 'agent' : 'caller';
    return [`${who}: ${item.textContent}${item.interrupted ? ' [interrupted]' : ''}`];
  });
}

export interface Call {
  /** The fake service, and its first connection. */
  server: LiveServer;
  connection: LiveConnection;
  session: voice.AgentSession;
  microphone: Microphone;
  loudspeaker: Loudspeaker;
  /** All that the agent has begun to say, in order. */
  speeches: voice.SpeechHandle[];
  /** Waits until the conversation has this line. */
  until(line: string): Promise<void>;
}

export interface CallOptions {
  model?: RealtimeModelOptions;
  server?: LiveServerOptions;
}

/** LiveKit takes half a second to close a session: the next test does not wait for it. */
const hangingUp: Promise<void>[] = [];
afterAll(() => Promise.all(hangingUp));

async function hangUp(session: voice.AgentSession, server: LiveServer): Promise<void> {
  await session.close();
  await server.close();
}

/**
 * Rings the agent: a real AgentSession and a real model, with the fake service at its other end. The
 * call ends with the test, and fails it when it has broken a rule of the service.
 */
export async function startCall(agent: voice.Agent, options: CallOptions = {}): Promise<Call> {
  // Nobody waits for the end of a sentence.
  const server = await LiveServer.start({ speed: 100, playbackDelay: false, ...options.server });
  const session = new voice.AgentSession({
    llm: new RealtimeModel({
      ...options.model,
      vertexai: false,
      apiKey: 'any',
      httpOptions: { baseUrl: server.url },
    }),
    // The model finds out by itself who speaks when.
    vad: null,
    turnHandling: { turnDetection: null },
    // There is no echo here; the default would not hear the caller at first.
    aecWarmupDuration: null,
    userAwayTimeout: null,
  });
  onTestFinished(() => {
    hangingUp.push(hangUp(session, server));
    server.assertClean();
  });
  const microphone = new Microphone();
  const loudspeaker = new Loudspeaker();
  session.input.audio = microphone;
  session.output.audio = loudspeaker;
  const speeches: voice.SpeechHandle[] = [];
  session.on(voice.AgentSessionEventTypes.SpeechCreated, ({ speechHandle }) => {
    speeches.push(speechHandle);
  });
  await session.start({ agent, record: false });
  const connection = await server.connection(0);
  const until = (line: string): Promise<void> =>
    vi.waitFor(() => expect(conversation(session)).toContain(line), {
      timeout: 5_000,
      interval: 5,
    });
  return { server, connection, session, microphone, loudspeaker, speeches, until };
}
