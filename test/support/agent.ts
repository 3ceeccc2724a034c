// SPDX-License-Identifier: Apache-2.0
import { voice } from '@livekit/agents';
import type { AudioFrame } from '@livekit/rtc-node';
import { ReadableStream, type ReadableStreamDefaultController } from 'node:stream/web';
import { onTestFinished } from 'vitest';
import type { RealtimeModelOptions } from '../../src/index.js';
import type { Environment } from '../../src/livekit/environment.js';
import type { LiveServer, LiveServerOptions } from '../../src/testing/index.js';
import { modelFor, startServer } from './call.js';

/** Playback runs this many times faster than life, so that tests do not wait. */
const SPEED = 20;

class Mic extends voice.AudioInput {
  #controller!: ReadableStreamDefaultController<AudioFrame>;

  constructor() {
    super();
    const frames = new ReadableStream<AudioFrame>({
      start: (controller) => {
        this.#controller = controller;
      },
    });
    this.multiStream.addInputStream(frames);
  }

  push(frame: AudioFrame): void {
    this.#controller.enqueue(frame);
  }
}

/** A loudspeaker that finishes each segment after its (fast) playing time. */
class Speaker extends voice.AudioOutput {
  playedMs = 0;
  #segmentMs = 0;
  #begun: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor() {
    super(24000, undefined, { pause: false });
  }

  override async captureFrame(frame: AudioFrame): Promise<void> {
    await super.captureFrame(frame);
    if (this.#begun === undefined) {
      this.#begun = Date.now();
      this.onPlaybackStarted(this.#begun);
    }
    this.#segmentMs += (frame.samplesPerChannel / frame.sampleRate) * 1000;
  }

  override flush(): void {
    super.flush();
    if (this.#begun === undefined || this.#timer) return;
    const left = this.#begun + this.#segmentMs / SPEED - Date.now();
    this.#timer = setTimeout(() => this.#finish(false), Math.max(0, left));
  }

  override clearBuffer(): void {
    if (this.#begun !== undefined) this.#finish(true);
  }

  #finish(interrupted: boolean): void {
    clearTimeout(this.#timer);
    const elapsed = (Date.now() - (this.#begun ?? 0)) * SPEED;
    const playedMs = interrupted ? Math.min(elapsed, this.#segmentMs) : this.#segmentMs;
    this.playedMs += playedMs;
    this.#timer = undefined;
    this.#begun = undefined;
    this.#segmentMs = 0;
    this.onPlaybackFinished({ playbackPosition: playedMs / 1000, interrupted });
  }
}

export interface AgentCall {
  server: LiveServer;
  session: voice.AgentSession;
  mic: Mic;
  speaker: Speaker;
  /** What happened, in order, in words. */
  story: string[];
  /** Resolves when the story fulfils the condition. */
  until(when: (story: readonly string[]) => boolean): Promise<void>;
}

/** How the session differs from one without a VAD, whose turns the server detects. */
export interface AgentOptions {
  session?: Partial<voice.AgentSessionOptions>;
  env?: Partial<Environment>;
}

/** A real AgentSession without a room, talking to the strict server. */
export async function startAgent(
  agent: voice.Agent,
  options: RealtimeModelOptions = {},
  serverOptions: LiveServerOptions = {},
  given: AgentOptions = {},
): Promise<AgentCall> {
  const server = await startServer(serverOptions);
  const session = new voice.AgentSession({
    llm: modelFor(server, options, given.env),
    vad: null,
    turnHandling: { turnDetection: null },
    aecWarmupDuration: null,
    userAwayTimeout: null,
    ...given.session,
  });
  const mic = new Mic();
  const speaker = new Speaker();
  session.input.audio = mic;
  session.output.audio = speaker;
  const story: string[] = [];
  const waiting: { when: (story: readonly string[]) => boolean; done: () => void }[] = [];
  const check = (): void => waiting.forEach(({ when, done }) => when(story) && done());
  const tell = (line: string): void => {
    story.push(line);
    check();
  };
  const { AgentSessionEventTypes: E } = voice;
  session.on(E.ConversationItemAdded, ({ item }) => {
    if (item.type !== 'message') return;
    tell(`${item.role}: ${item.textContent}${item.interrupted ? ' [interrupted]' : ''}`);
  });
  session.on(E.AgentStateChanged, ({ newState }) => tell(`agent is ${newState}`));
  session.on(E.Error, () => tell('error'));
  session.on(E.Close, ({ reason }) => tell(`closed: ${reason}`));
  onTestFinished(() => session.close());
  await session.start({ agent, record: false });
  return {
    server,
    session,
    mic,
    speaker,
    story,
    until: (when) =>
      new Promise((done) => {
        waiting.push({ when, done });
        check();
      }),
  };
}

/** The history of the session as lines, in its own order. */
export function said({ history }: voice.AgentSession): string[] {
  return history.items.flatMap((item) => {
    if (item.type === 'function_call') return [`tool: ${item.name}(${item.args})`];
    if (item.type !== 'message') return [];
    return [`${item.role}: ${item.textContent}${item.interrupted ? ' [interrupted]' : ''}`];
  });
}
