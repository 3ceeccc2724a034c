// SPDX-License-Identifier: Apache-2.0
import type { Behavior, FunctionResponseScheduling } from '@google/genai';
import { llm } from '@livekit/agents';
import type { AudioFrame, VideoFrame } from '@livekit/rtc-node';
import type { Settings } from '../options.js';
import type { Voice } from '../protocol/voices.js';
import type { ReplyFailure } from '../turn/effects.js';
import { applyUpdate } from '../validate.js';
import { Caller } from './caller.js';
import type { Health } from './health.js';
import type { Environment } from './link.js';
import { Machine } from './machine.js';
import type { RealtimeModel } from './model.js';
import { Output } from './output.js';
import { perform, type PerformerRooms } from './performer.js';
import { turnRules } from './rules.js';
import { Sync } from './sync.js';
import { Teller } from './teller.js';

/** What may change in a running session. */
export interface SessionUpdate {
  /** Applied by a new connection at a quiet point. */
  voice?: Voice | (string & {});
  /** Applied by a new connection at a quiet point. */
  temperature?: number;
  /** `'none'`: calls are refused with a request to speak; other choices have no equivalent here. */
  toolChoice?: llm.ToolChoice | null;
  /** Applied by a new connection at a quiet point. */
  toolBehavior?: Behavior;
  /** Applied to results from now on. */
  toolResponseScheduling?: FunctionResponseScheduling;
}

/** A session that nobody configures dials by itself after this, in ms. */
const DIAL_MS = 20;
/** `close()` never takes longer than this, in ms. */
const CLOSE_MS = 3_000;

/**
 * One conversation with a Gemini Live model. Dials once, after the framework has configured it (or on
 * first use), and keeps the conversation across connections. Emits the events of LiveKit's
 * `RealtimeSession`, and `gemini_report` ({@link Report}).
 */
export class RealtimeSession extends llm.RealtimeSession {
  readonly #settings: Settings;
  readonly #env: Environment;
  readonly #tell: Teller;
  readonly #output: Output;
  readonly #sync: Sync;
  readonly #machine: Machine;
  readonly #caller: Caller;
  readonly #forget: () => void;
  readonly #cancelDial: () => void;
  #toolChoice: llm.ToolChoice | null = null;
  #replies = 0;
  #isHandoff = false;
  #closing: Promise<void> | undefined;

  /** Use `model.session()`. Nothing is dialled here. */
  constructor(model: RealtimeModel) {
    super(model);
    const { settings, env, warnings, forget } = model._begin(this);
    this.#settings = settings;
    this.#env = env;
    this.#forget = forget;
    this.#tell = new Teller(this, model.label(), env.clock, this.logger);
    for (const warning of warnings) this.#tell.warnOnce(warning);
    this.#output = new Output((event) => this.#tell.emit('generation_created', event));
    this.#sync = new Sync(settings, env, {
      tell: this.#tell,
      machine: () => this.#machine,
      activityIsOpen: () => this.#caller.activityIsOpen,
    });
    this.#machine = this.#createMachine(model);
    const { link } = this.#sync;
    this.#caller = new Caller(settings, this.manualActivityDetection, env.clock, {
      send: (command) => link.send(command),
      committed: () => this.#machine.input({ type: 'turnCommitted' }),
      missing: () => this.#tell.report('no_caller_audio'),
      warnOnce: (text) => this.#tell.warnOnce(text),
    });
    this.#cancelDial = env.clock.after(DIAL_MS, () => link.open());
  }

  #createMachine(model: RealtimeModel): Machine {
    const rooms: PerformerRooms = {
      output: this.#output,
      sync: this.#sync,
      tell: this.#tell,
      labels: { label: model.label(), provider: model.provider, model: model.model },
      transcribes: this.#settings.inputAudioTranscription !== null,
      answerEnded: () => this.#caller.answerEnded(),
      heardNothing: () => this.#machine.input({ type: 'heardNothing' }),
      refusesTools: () => this.#toolChoice === 'none',
    };
    // Ids must differ between sessions: a handoff puts their items into one history.
    const prefix = `${crypto.randomUUID().slice(0, 8)}_`;
    return new Machine(prefix, turnRules(this.#settings), this.#env.clock, {
      perform: (effect) => perform(effect, rooms),
      settled: () => {
        this.#sync.link.flush();
        this.#sync.link.checkRotation();
      },
    });
  }

  /** How this session has fared: connections, downtime, silent turns, dropped audio, latency. */
  get health(): Health {
    return this.#sync.health.snapshot(this.#sync.link.droppedAudioMs);
  }

  /**
   * Exchanges the connection at the next quiet point (within 10 s). `keepContext: true` resumes, or
   * seeds the history; `false` lets the model forget the conversation, here and there.
   */
  restart({ keepContext }: { keepContext: boolean }): void {
    this.#sync.restart(keepContext);
  }

  /** Automatic activity detection is off: the app or the framework marks the caller's turns. */
  get manualActivityDetection(): boolean {
    return this.#settings.realtimeInputConfig?.automaticActivityDetection?.disabled === true;
  }

  override get chatCtx(): llm.ChatContext {
    return this.#sync.conversation.chatCtx;
  }

  override get tools(): llm.ToolContext {
    return this.#sync.news.tools;
  }

  /** The framework's one configuration; the dial waits for it, so that one is enough. */
  override async _updateSession(
    instructions?: string,
    chatCtx?: llm.ChatContext,
    tools?: llm.ToolContext,
  ): Promise<void> {
    this.#cancelDial();
    this.#isHandoff = this.#sync.link.isStarted;
    await super._updateSession(instructions, chatCtx, tools);
    this.#isHandoff = false;
    if (!this.#closing) this.#sync.link.open();
  }

  override updateInstructions(instructions: string): Promise<void> {
    this.#sync.news.updateInstructions(instructions);
    return Promise.resolve();
  }

  override updateChatCtx(chatCtx: llm.ChatContext): Promise<void> {
    this.#sync.updateChatCtx(chatCtx, this.#isHandoff);
    return Promise.resolve();
  }

  override updateTools(tools: llm.ToolContext): Promise<void> {
    this.#sync.news.updateTools(tools);
    return Promise.resolve();
  }

  /** @throws GeminiLiveError for values that the model cannot honour; nothing changes then */
  override updateOptions({ toolChoice, ...options }: SessionUpdate): void {
    if (toolChoice !== undefined) this.#toolChoice = toolChoice;
    for (const warning of applyUpdate(this.#settings, options)) this.#tell.warnOnce(warning);
    this.#sync.news.refresh();
  }

  /** Never throws: a throw would silently end all audio input of the framework's session. */
  override pushAudio(frame: AudioFrame): void {
    if (this.#closing) return;
    try {
      this.#caller.pushAudio(frame);
      this.#sync.link.open();
    } catch (error) {
      this.#tell.warnOnce(`Caller audio could not be used: ${String(error)}`);
    }
  }

  /** Shows the model a picture; at most the model's useful rate is sent, the newest wins. */
  pushVideo(frame: VideoFrame): void {
    if (!this.#closing) this.#caller.pushVideo(frame);
  }

  override generateReply(
    instructions?: string,
    options: { signal?: AbortSignal } = {},
  ): Promise<llm.GenerationCreatedEvent> {
    const { signal } = options;
    const replyId = `r${++this.#replies}`;
    const reply = this.#output.reply(replyId);
    const refused = this.#refusal(signal);
    if (refused) {
      this.#output.fail(replyId, refused);
      return reply;
    }
    const abort = (): void => this.#machine.input({ type: 'replyAborted', replyId });
    signal?.addEventListener('abort', abort, { once: true });
    const forget = (): void => signal?.removeEventListener('abort', abort);
    reply.then(forget, forget);
    this.#machine.input({
      type: 'replyRequested',
      replyId,
      instructions: instructions || undefined,
    });
    this.#sync.link.open();
    return reply;
  }

  #refusal(signal: AbortSignal | undefined): ReplyFailure | undefined {
    if (this.#closing) return 'closed';
    if (this.#sync.isOver) return 'disconnected';
    if (this.#settings.capabilities.replyRequest === 'none') return 'unsupported';
    return signal?.aborted ? 'aborted' : undefined;
  }

  override startUserActivity(): void {
    this.#caller.startActivity();
  }

  /** The caller's turn is over: marks its end (by hand), or flushes what the microphone holds. */
  override commitAudio(): Promise<void> {
    this.#caller.commit();
    return Promise.resolve();
  }

  override clearAudio(): Promise<void> {
    this.#caller.clear();
    this.#sync.link.clearAudio();
    return Promise.resolve();
  }

  /** Ends what is being said here, at once; the rest of it is discarded. */
  override interrupt(): Promise<void> {
    this.#machine.input({ type: 'interruptRequested' });
    return Promise.resolve();
  }

  /** Keeps the local history to what was heard; the service has no such request. */
  override truncate(options: {
    messageId: string;
    /** Not needed here: the transcript says it. */
    audioEndMs?: number;
    audioTranscript?: string;
  }): Promise<void> {
    if (options.audioTranscript !== undefined) {
      this.#sync.conversation.truncate(options.messageId, options.audioTranscript);
    }
    return Promise.resolve();
  }

  /** Settles every promise, ends every stream and socket. Idempotent and bounded. */
  override close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.resolve();
    this.#cancelDial();
    this.#machine.input({ type: 'closed', why: 'closed' });
    this.#machine.stop();
    this.#tell.report('health', this.health);
    this.#caller.close();
    this.#forget();
    const done = Promise.allSettled([this.#sync.close(), super.close()]);
    let cancel = (): void => {};
    const cap = new Promise<void>((resolve) => {
      cancel = this.#env.clock.after(CLOSE_MS, resolve);
    });
    await Promise.race([done, cap]);
    cancel();
  }
}
