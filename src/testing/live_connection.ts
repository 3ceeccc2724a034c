// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { FunctionResponse } from '@google/genai';
import type { ServerContent, ServerFrame, WireUsage } from '../protocol/frames.js';
import { type ClientSocket, ClientView, type Host } from './client_view.js';
import type { Dial } from './dial.js';
import { receive } from './intake.js';
import { ModelTurn, type TurnEnd } from './model_turn.js';
import type { Refusal, SpeechOptions, TurnOptions } from './options.js';
import { type Piece, audioPieces, boundary, deltas, pieces, usageOf } from './server_frames.js';
import { type Session, openCall } from './session_store.js';
import { speakingMs, speechLike } from './voice.js';

/** One client's socket as the server sees it: what it received, and what it can be told to do. */
export class LiveConnection extends ClientView {
  #turn: ModelTurn | undefined;
  #stalled = false;

  /** @internal Made by the server. */
  constructor(ws: ClientSocket, dial: Dial, host: Host, refusal: Refusal | undefined) {
    super(ws, dial, host, refusal);
    ws.on('message', (data: Buffer) => {
      if (!this.closing) receive(this, data.toString());
    });
  }

  /** Is a turn of the model on its way (its playback included)? */
  get speaking(): boolean {
    return this.#turn?.running ?? false;
  }

  /** Does the server swallow everything? See `stall`. */
  get stalled(): boolean {
    return this.#stalled;
  }

  /** Sends any frame as it is. Does nothing on a closed socket. */
  send(frame: ServerFrame): void {
    this.sendText(JSON.stringify(frame));
  }

  /** Sends any text, also what is no frame. Does nothing on a closed socket. */
  sendText(line: string): void {
    if (this.ws.readyState !== 1) return;
    this.ws.send(this.host.settings.textFrames ? line : Buffer.from(line));
  }

  /** Sends what need not be a frame: a string as a text message, bytes as a binary one. */
  sendRaw(data: string | Uint8Array): void {
    if (this.ws.readyState !== 1) return;
    this.ws.send(typeof data === 'string' ? data : Buffer.from(data));
  }

  /** Sends speech: samples at 24 kHz, or so many ms of a generated voice. */
  audio(speech: Int16Array | number, options: { chunkMs?: number } = {}): void {
    const pcm = typeof speech === 'number' ? speechLike(speech) : speech;
    const chunkMs = options.chunkMs ?? this.host.settings.chunkMs;
    for (const piece of audioPieces(pcm, chunkMs, this.backend)) this.#say(piece);
  }

  /**
   * Sends a text as transcript (where setup asked for one) and as audio, all at once, without
   * opening or ending a turn.
   */
  say(text: string, options: SpeechOptions = {}): void {
    for (const piece of this.#pieces(text, options)) this.#say(piece);
  }

  /** Sends what the caller said as input transcript, where setup asked for one. */
  heard(text: string): void {
    this.session?.add('user', text);
    if (!this.setup.inputAudioTranscription) return;
    // One chunk was measured on the newest models, word by word on the others.
    const chunks = this.capabilities.handle === 'fixed' ? [text] : deltas(text);
    for (const chunk of chunks)
      this.send({ serverContent: { inputTranscription: { text: chunk } } });
  }

  /** The caller says something: cuts the model short, and reports activity where the model does. */
  callerSays(text: string): void {
    if (this.reportsActivity) this.voiceActivity('ACTIVITY_START');
    if (this.speaking && this.interruptible) this.interrupted();
    this.heard(text);
    if (this.reportsActivity) this.voiceActivity('ACTIVITY_END');
  }

  /**
   * Plays a whole turn of the model: content, generationComplete, and after the assumed playback
   * turnComplete with usage. A turn that is still running is completed first; one that was left open
   * (`complete: false`) is continued. Resolves when the turn has ended, by itself or otherwise.
   */
  turn(options: TurnOptions = {}): Promise<TurnEnd> {
    const continues = this.#turn?.leftOpen ? this.#turn : undefined;
    if (continues) continues.stop('complete');
    else this.#beginTurn();
    if (options.thought !== undefined) {
      const parts = [{ text: options.thought, thought: true }];
      this.send({ serverContent: { modelTurn: { parts } } });
    }
    const silent = options.say === undefined && !options.pcm && options.ms === undefined;
    const plan = {
      pieces: silent ? [] : this.#pieces(options.say ?? '', options),
      rate: options.rate ?? Infinity,
      playback: this.host.settings.playbackDelay,
      completes: options.complete ?? true,
      continues,
    };
    const outlets = {
      say: (piece: Piece) => this.#say(piece),
      boundary: (spokenMs: number) => this.#boundary(options, spokenMs),
    };
    this.#turn = new ModelTurn(plan, outlets, this.host.timers);
    this.#turn.play();
    return this.#turn.ended;
  }

  /** Ends the running turn, or one that was sent by hand: generationComplete and the boundary. */
  endTurn(options: TurnOptions = {}): void {
    const spokenMs = this.#stopTurn('complete');
    this.send({ serverContent: { generationComplete: true } });
    this.#boundary(options, spokenMs);
  }

  /**
   * Calls a function. Resolves with the client's response, which may come over a later connection of
   * the same session. A call the model does not wait for ends the turn at once, as measured.
   */
  callTool(
    name: string,
    args: Record<string, unknown> = {},
    id?: string,
  ): Promise<FunctionResponse> {
    const [answer] = this.callTools([{ name, args, ...(id !== undefined && { id }) }]);
    return answer as Promise<FunctionResponse>;
  }

  /** Several calls in one frame. */
  callTools(
    calls: readonly { name: string; args?: Record<string, unknown>; id?: string }[],
  ): Promise<FunctionResponse>[] {
    const session = this.#needSession();
    const opened = calls.map(({ name, args = {}, id = `call-${randomUUID()}` }) =>
      openCall(session, { id, name, args, blocking: this.state.isBlocking(name) }),
    );
    const functionCalls = opened.map(({ call: { id, name, args } }) =>
      this.capabilities.callIds ? { name, args, id } : { name, args },
    );
    this.send({ toolCall: { functionCalls } });
    if (opened.every(({ call }) => !call.blocking)) this.endTurn();
    return opened.map(({ answer }) => answer);
  }

  /** Takes calls back. Their promises reject; the client may no longer answer them. */
  cancelTools(ids: readonly string[]): void {
    this.dropCalls(ids);
    this.send({ toolCallCancellation: { ids: [...ids] } });
  }

  /** Forgets calls without telling the client, as the newest models do when they are interrupted. */
  dropCalls(ids: readonly string[]): void {
    for (const id of ids) {
      this.session?.calls.get(id)?.abandon(new Error(`The call ${id} was cancelled.`));
      this.session?.calls.delete(id);
    }
  }

  /** The caller cut the model short: `interrupted`, then turnComplete without generationComplete. */
  interrupted(options: { boundary?: boolean } = {}): void {
    const spokenMs = this.#stopTurn('interrupted');
    this.send({ serverContent: { interrupted: true } });
    if (options.boundary ?? true) this.#boundary({}, spokenMs);
  }

  /** Announces the end of the connection. `timeLeft`: a duration such as `"50s"`, or seconds. */
  goAway(timeLeft: string | number = '50s'): void {
    this.send({ goAway: { timeLeft: typeof timeLeft === 'number' ? `${timeLeft}s` : timeLeft } });
  }

  /** Sends a handle: a new one that really resumes, or whatever is given. Returns the handle. */
  resumptionUpdate(update: { newHandle?: string; resumable?: boolean } = {}): string {
    const mode = this.capabilities.handle === 'fixed' ? 'fixed' : 'rolling';
    const newHandle = update.newHandle ?? this.host.sessions.issue(this.#needSession(), mode);
    this.handle = newHandle;
    const resumable = update.resumable ?? true;
    this.send({ sessionResumptionUpdate: { newHandle, resumable, ...this.#consumed } });
    return newHandle;
  }

  /** Reports the server's own voice activity detection. `atMs`: offset in the caller's audio. */
  voiceActivity(type: 'ACTIVITY_START' | 'ACTIVITY_END', atMs: number = this.audioMs): void {
    this.send({ voiceActivity: { type, audioOffset: `${(atMs / 1000).toFixed(3)}s` } });
  }

  /**
   * From now on swallows everything and does nothing by itself (what you send by hand is sent);
   * `stall(false)` ends that.
   */
  stall(on = true): void {
    this.#stalled = on;
    if (on) this.#stopTurn('lost');
  }

  /**
   * The network is gone without a word: nothing is read any more, not even pings and close frames,
   * and the server goes on holding the session.
   */
  freeze(): void {
    this.stall();
    this.ws.pause();
  }

  /** @internal The server answers setup. */
  open(): void {
    if (this.closing || this.#stalled) return;
    this.state.phase = 'open';
    this.send({ setupComplete: this.backend === 'vertex' ? { sessionId: randomUUID() } : {} });
    if (this.capabilities.handle === 'fixed') this.resumptionUpdate();
    this.host.ready(this);
  }

  protected onEnd(): void {
    this.#stopTurn('lost');
    this.host.ended(this);
  }

  /** Does the client get a new handle after each turn? */
  get #rolls(): boolean {
    return this.capabilities.handle === 'rolling' && this.setup.sessionResumption !== undefined;
  }

  #beginTurn(): void {
    this.#turn?.complete();
    // While the model speaks there is nothing to resume from; proto3 JSON leaves both fields out.
    if (this.#rolls) this.send({ sessionResumptionUpdate: {} });
    this.session?.endUtterance();
  }

  /** Transparent resumption counts client messages from 1, anew on each connection. */
  get #consumed(): { lastConsumedClientMessageIndex?: string } {
    if (this.setup.sessionResumption?.transparent !== true) return {};
    return { lastConsumedClientMessageIndex: String(this.frames.length - 1) };
  }

  #pieces(text: string, options: SpeechOptions): Piece[] {
    return pieces({
      text,
      pcm: options.pcm ?? speechLike(options.ms ?? speakingMs(text)),
      chunkMs: this.host.settings.chunkMs,
      transcribed: this.setup.outputAudioTranscription !== undefined,
      bundled: this.capabilities.seeding === 'historyConfig',
      written: this.capabilities.outputModalities[0] === 'TEXT',
      backend: this.backend,
    });
  }

  #say({ content, said }: Piece): void {
    if (said !== '') this.session?.utter('model', said);
    this.send({ serverContent: content });
  }

  /** Stops a turn that is running; returns the audio it has sent, in ms. */
  #stopTurn(end: TurnEnd): number {
    const turn = this.#turn;
    if (!turn?.running) return 0;
    turn.stop(end);
    return turn.spokenMs;
  }

  #boundary(options: TurnOptions, spokenMs: number): void {
    const content: ServerContent = {
      // Recorded of a 2.5 model.
      ...(this.backend === 'vertex' && { groundingMetadata: {} }),
      ...(options.status && { interactionStatus: options.status }),
      ...(options.reason !== undefined && { turnCompleteReason: options.reason }),
    };
    for (const frame of boundary(this.capabilities, content, this.#usage(options, spokenMs))) {
      this.send(frame);
    }
    this.session?.endUtterance();
    if (this.#rolls && this.session) this.resumptionUpdate();
  }

  #usage({ usage = true }: TurnOptions, spokenMs: number): WireUsage | undefined {
    if (usage === false || !this.session) return undefined;
    if (usage !== true) return usage;
    return usageOf(this.session, this.setup, spokenMs, this.backend);
  }

  #needSession(): Session {
    if (this.session) return this.session;
    throw new Error('The client has not sent its setup yet: await server.nextConnection() first.');
  }
}
