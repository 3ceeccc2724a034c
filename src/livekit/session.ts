// SPDX-License-Identifier: Apache-2.0
import { llm } from '@livekit/agents';
import type { AudioFrame, VideoFrame, VideoRotation } from '@livekit/rtc-node';
import type { ReadableStream } from 'node:stream/web';
import { atMost } from '../clock.js';
import type { SessionUsage } from '../models/cost.js';
import type { Settings } from '../options.js';
import type { ReplyFailure } from '../turn/effects.js';
import { callerSpeaks } from '../turn/false_interruption.js';
import { applyUpdate } from '../validate.js';
import { closeBasePipe } from './base_pipe.js';
import type { Health } from './health.js';
import type { Environment } from './environment.js';
import { InputStream } from './input_stream.js';
import type { RealtimeModel } from './model.js';
import { recordCalls } from './record.js';
import { Rooms } from './rooms.js';
import type { SessionUpdate } from './session_update.js';
import { Teller } from './teller.js';

/** A session that nobody configures dials by itself after this, in ms. */
const DIAL_MS = 20;
/** `close()` never takes longer than this, in ms. */
const CLOSE_MS = 3_000;

/**
 * One conversation with a Gemini Live model. Dials once, after the framework has configured it (or on
 * first use), and keeps the conversation across connections. Emits the events of LiveKit's
 * `RealtimeSession`, `session_reconnected`, and `gemini_report` ({@link GeminiReport}), `gemini_transcript`
 * ({@link GeminiTranscript}), `gemini_connection` ({@link ConnectionEvent}), `gemini_usage`
 * ({@link UsageEvent}), `gemini_server_event` and `gemini_client_event` (frames).
 */
export class RealtimeSession extends llm.RealtimeSession {
  readonly #settings: Settings;
  readonly #env: Environment;
  readonly #tell: Teller;
  readonly #rooms: Rooms;
  readonly #input: InputStream;
  readonly #forget: () => void;
  readonly #cancelDial: () => void;
  #replies = 0;
  #isHandoff = false;
  #closing: Promise<void> | undefined;

  /** Use `model.session()`. Nothing is dialled here. */
  constructor(model: RealtimeModel) {
    super(model);
    closeBasePipe(this);
    const { settings, env, warnings, forget } = model._begin(this);
    this.#settings = settings;
    this.#env = env;
    this.#forget = forget;
    this.#tell = new Teller(this, model.label(), env, this.logger);
    for (const warning of warnings) this.#tell.warnOnce(warning);
    this.#input = new InputStream((frame) => this.pushAudio(frame), this.#tell);
    this.#rooms = new Rooms(settings, env, this.#tell, model, this.manualActivityDetection);
    if (env.recorder) recordCalls(this, env.recorder);
    const { link } = this.#rooms.sync;
    this.#cancelDial = env.clock.after(DIAL_MS, () => link.open());
  }

  /** How this session has fared: connections, downtime, silent turns, dropped audio, latency. */
  get health(): Health {
    return this.#rooms.sync.health.snapshot(this.#rooms.sync.link.droppedAudioMs);
  }

  /** Tokens and cost of this session, over all its connections. A new object after each report. */
  get usage(): SessionUsage {
    return this.#rooms.meter.usage;
  }

  /**
   * Exchanges the connection at the next quiet point (within 10 s). `keepContext: true` resumes, or
   * seeds the history; `false` lets the model forget the conversation, here and there.
   */
  restart({ keepContext }: { keepContext: boolean }): void {
    this.#rooms.sync.restart(keepContext);
  }

  /** Automatic activity detection is off: the app or the framework marks the caller's turns. */
  get manualActivityDetection(): boolean {
    return this.#settings.realtimeInputConfig?.automaticActivityDetection?.disabled === true;
  }

  override get chatCtx(): llm.ChatContext {
    return this.#rooms.sync.conversation.chatCtx;
  }

  override get tools(): llm.ToolContext {
    return this.#rooms.calls.tools;
  }

  /** The framework's one configuration; the dial waits for it, so that one is enough. */
  override async _updateSession(
    instructions?: string,
    chatCtx?: llm.ChatContext,
    tools?: llm.ToolContext,
  ): Promise<void> {
    this.#cancelDial();
    this.#isHandoff = this.#rooms.sync.link.isStarted;
    await super._updateSession(instructions, chatCtx, tools);
    this.#isHandoff = false;
    if (!this.#closing) this.#rooms.sync.link.open();
  }

  /** Reaches the model by the route of its row. Never rejects. */
  override async updateInstructions(instructions: string): Promise<void> {
    this.#rooms.sync.news.updateInstructions(instructions);
  }

  /** Tells what is new, answers calls, lets the model forget what was removed. Never rejects. */
  override updateChatCtx(chatCtx: llm.ChatContext): Promise<void> {
    return this.#rooms.sync.updateChatCtx(chatCtx, this.#isHandoff);
  }

  override async updateTools(tools: llm.ToolContext): Promise<void> {
    this.#rooms.sync.news.updateTools(tools);
  }

  /** @throws GeminiLiveError for values that the model cannot honour; nothing changes then */
  override updateOptions({ toolChoice, ...options }: SessionUpdate): void {
    if (toolChoice !== undefined) this.#rooms.calls.choice = toolChoice;
    for (const warning of applyUpdate(this.#settings, options)) this.#tell.warnOnce(warning);
    this.#rooms.refresh();
  }

  /** Read directly: the base class sends each frame through another stream (half of its CPU). */
  override setInputAudioStream(stream: ReadableStream<AudioFrame>): void {
    if (!this.#closing) this.#input.read(stream);
  }

  /** Never throws: a throw would silently end all audio input of the framework's session. */
  override pushAudio(frame: AudioFrame): void {
    if (this.#closing) return;
    this.#rooms.caller.pushAudio(frame);
    this.#rooms.sync.link.open();
  }

  /**
   * Shows the model a picture. The newest frame wins; at most one a second is sent, and none while
   * nobody has spoken, asked or answered for 30 s. Keep its data unchanged until the next push.
   * @param rotation what makes the frame upright, as a `VideoStream` tells it (default: nothing)
   */
  pushVideo(frame: VideoFrame, rotation?: VideoRotation): void {
    if (!this.#closing) this.#rooms.caller.pushVideo(frame, rotation);
  }

  /**
   * Asks for a reply; waits for the connection and for replies before it. Rejects with a `RealtimeError`:
   * no answer in time (asked twice), aborted, superseded, disconnected for good, closed, unsupported.
   */
  override generateReply(
    instructions?: string,
    options: { signal?: AbortSignal } = {},
  ): Promise<llm.GenerationCreatedEvent> {
    const { signal } = options;
    const replyId = `r${++this.#replies}`;
    const reply = this.#rooms.output.reply(replyId, signal);
    const refused = this.#refusal(signal);
    if (refused) {
      this.#rooms.output.fail(replyId, refused);
      return reply;
    }
    const abort = (): void => this.#rooms.machine.input({ type: 'replyAborted', replyId });
    signal?.addEventListener('abort', abort, { once: true });
    const forget = (): void => signal?.removeEventListener('abort', abort);
    reply.then(forget, forget);
    this.#rooms.caller.replyRequested();
    this.#rooms.machine.input({
      type: 'replyRequested',
      replyId,
      instructions: this.#rooms.calls.directed(replyId, instructions || undefined),
    });
    this.#rooms.sync.link.open();
    return reply;
  }

  #refusal(signal: AbortSignal | undefined): ReplyFailure | undefined {
    if (this.#closing) return 'closed';
    if (this.#rooms.sync.isOver) return 'disconnected';
    if (this.#settings.capabilities.replyRequest === 'none') return 'unsupported';
    return signal?.aborted ? 'aborted' : undefined;
  }

  /** The caller begins to speak (turns by hand). Idempotent. */
  override startUserActivity(): void {
    if (!this.#closing) this.#rooms.caller.startActivity();
  }

  /** The caller's turn is over: marks its end (by hand), or flushes what the microphone holds. */
  override async commitAudio(): Promise<void> {
    this.#rooms.caller.commit();
  }

  /** Forgets what the caller said since the last commit. */
  override async clearAudio(): Promise<void> {
    this.#rooms.caller.clear();
  }

  /** Ends what is being said here, at once; the rest of it is discarded. */
  override async interrupt(): Promise<void> {
    // The framework calls this inside the event that announces speech, an app at another time.
    const reaction = this.#tell.emitting === 'input_speech_started';
    this.#rooms.machine.input({ type: 'interruptRequested', reaction });
    this.#rooms.caller.interrupted();
  }

  /** Keeps the local history to what was heard; the service has no such request. */
  override async truncate(options: {
    messageId: string;
    /** Where a false interruption resumes. */
    audioEndMs?: number;
    audioTranscript?: string;
  }): Promise<void> {
    const wasCaller = callerSpeaks(this.#rooms.machine.state);
    this.#rooms.output.played(options.messageId, wasCaller ? options.audioEndMs : undefined);
    if (options.audioTranscript !== undefined) {
      this.#rooms.sync.conversation.truncate(options.messageId, options.audioTranscript);
    }
  }

  /** Settles every promise, ends every stream and socket. Idempotent and bounded. */
  override close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.resolve();
    this.#cancelDial();
    this.#input.close();
    this.#rooms.caller.close();
    this.#rooms.machine.input({ type: 'closed', why: 'closed' });
    this.#rooms.machine.stop();
    this.#tell.report('health', this.health);
    this.#forget();
    await atMost(
      this.#env.clock,
      CLOSE_MS,
      Promise.allSettled([this.#rooms.sync.close(), super.close()]),
    );
  }
}
