// SPDX-License-Identifier: Apache-2.0
import type { llm } from '@livekit/agents';
import type { Connected, Retry } from '../connection/connection.js';
import type { Failure } from '../errors.js';
import type { Settings } from '../options.js';
import { itemsOf, type Command, type ToolResult } from '../protocol/encode.js';
import { facts } from '../protocol/facts.js';
import type { ServerFrame } from '../protocol/frames.js';
import type { History } from '../protocol/history.js';
import type { SetupState } from '../protocol/setup.js';
import type { ProtocolError } from '../protocol/shapes.js';
import { isBlocked, isQuiet, isShielded } from '../turn/state.js';
import { AudioHold } from './audio_hold.js';
import type { Outcome } from './call_ledger.js';
import { Conversation, type ContextChange } from './conversation.js';
import { HealthLog } from './health.js';
import { Images } from './images.js';
import type { Environment } from './environment.js';
import { Link, type LinkEvents } from './link.js';
import { News } from './news.js';
import { ProtocolErrors } from './protocol_errors.js';
import { RefusalWatch } from './refusals.js';
import type { Rooms } from './rooms.js';
import { turnRules } from './rules.js';
import { summarize, type Summary } from './summary.js';
import { mayContinue, withScheduling } from './tool_options.js';
import { tellFrame } from './wire_events.js';

/** Keeps what the server knows in step with what we know, over any number of connections. */
export class Sync implements LinkEvents {
  readonly conversation: Conversation;
  readonly health = new HealthLog();
  readonly link: Link;
  readonly news: News;
  readonly #settings: Settings;
  readonly #env: Environment;
  readonly #rooms: Rooms;
  readonly #images: Images;
  readonly #hold = new AudioHold();
  readonly #refusals: RefusalWatch;
  readonly #protocolErrors: ProtocolErrors;
  #summary: Summary | undefined;
  #seed: History | undefined;
  #isOver = false;
  #contextFull = false;
  /** A question about results has not been written yet. */
  #asks = false;

  constructor(settings: Settings, env: Environment, rooms: Rooms) {
    this.#settings = settings;
    this.#env = env;
    this.#rooms = rooms;
    const { tell } = rooms;
    this.#images = new Images(settings, (text) => tell.warnOnce(text));
    this.conversation = new Conversation(
      (name) => mayContinue(name, settings),
      (id) => this.#images.isPending(id),
    );
    this.#refusals = new RefusalWatch(settings, env.refusals);
    this.#protocolErrors = new ProtocolErrors(tell, env.clock);
    this.link = new Link(settings, env, this);
    const { link, conversation } = this;
    this.news = new News(settings, { link, conversation, tell, clock: env.clock });
  }

  /** The connection failed for good: nothing will be sent or answered any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * At once, but for pictures that have to be encoded first, and what follows them. `isHandoff`: another
   * agent brings its own context.
   */
  updateChatCtx(chatCtx: llm.ChatContext, isHandoff: boolean): Promise<void> {
    const encoding = this.#images.prepare(chatCtx.items);
    this.changed(this.conversation.update(chatCtx, isHandoff));
    return encoding?.then(() => this.news.deliver()) ?? Promise.resolve();
  }

  /** A call has an answer that LiveKit does not give. */
  answerCall(outcome: Outcome): void {
    this.changed(this.conversation.answered(outcome));
  }

  /** Tells the server what has become of its calls and of the history. */
  changed({ results, told, asks, replaced, edited }: ContextChange): void {
    if (results.length > 0) this.#answer(results);
    // An old agent's words must not stay, whatever it costs.
    if (replaced) this.link.rotate({ why: 'update', since: this.#now, fresh: true });
    else if (edited) this.news.exchange(true);
    if (!replaced) this.news.deliver();
    for (const id of told) this.#settled(id, !asks);
    if (asks) this.#askAboutResults();
  }

  requestReply(replyId: string, instructions: string | undefined): void {
    const words = this.news.beforeAsking();
    this.link.send({ type: 'reply', replyId, instructions, asked: this.conversation.asks, words });
  }

  restart(keepContext: boolean): void {
    if (!keepContext) this.conversation.forget();
    this.link.rotate({ why: 'restart', since: this.#now, fresh: !keepContext });
  }

  /** An answer is owed and this connection does not bring it. */
  exchangeNow(fresh: boolean): void {
    this.link.exchange('stall', fresh);
  }

  /** A resumed session that has forgotten the call begins anew, with the history. */
  checkMemory(promptTokens: number): void {
    if (!this.health.forgot(promptTokens)) return;
    this.#rooms.tell.report('memory_lost', { promptTokens });
    this.link.rotate({ why: 'memory', since: this.#now, fresh: true });
  }

  /** A summary has its own deadline; without one the history is cut. */
  async dialling(resuming: boolean): Promise<void> {
    this.#summary = undefined;
    const { historySummary, capabilities } = this.#settings;
    if (resuming || !historySummary || capabilities.seeding === 'none') return;
    const { items } = this.conversation.chatCtx;
    this.#summary = await summarize(items, historySummary, this.#env.clock, (why) =>
      this.#rooms.tell.warn(`The history is cut, not summarized: ${why}.`),
    );
  }

  setup(resuming: boolean): Omit<SetupState, 'handle'> {
    this.#refusals.apply();
    this.#rooms.machine.rules = turnRules(this.#settings);
    const row = this.#settings.capabilities;
    const history = this.conversation.seed(row, this.#contextFull, this.#summary);
    const seeds = !resuming && row.seeding !== 'none' && history.turns.length > 0;
    this.#seed = seeds ? history : undefined;
    return { ...this.news.setup(), seeds };
  }

  connected(info: Connected, folded: readonly ToolResult[]): void {
    // Where unconsumed messages were sent again, nothing since the handle is missing.
    const { capabilities, sessionResumption } = this.#settings;
    const rolling = capabilities.handle === 'rolling' && !sessionResumption?.transparent;
    const { results, told, asks } = this.conversation.connected(info.restored, rolling);
    this.link.reopenActivity(this.#rooms.caller.activityIsOpen);
    const forgotten = this.link.takeBackResults((id) => this.conversation.remembersCall(id));
    const seeded = this.#seed !== undefined;
    if (this.#seed) this.link.send({ type: 'seed', ...this.#seed });
    this.#seed = undefined;
    this.#contextFull = false;
    this.news.connected();
    const { restored } = info;
    const forgottenCalls = this.conversation.calls.unknown;
    this.#rooms.machine.input({ type: 'connectionBack', restored, forgottenCalls });
    if (results.length > 0) this.#answer(results);
    for (const id of told) this.#settled(id, !asks);
    const toSpeakOf = [...folded, ...forgotten].some(({ quiet }) => quiet !== true);
    if (toSpeakOf || asks || this.#asks) this.#askAboutResults();
    this.#tellConnected(info, seeded);
  }

  #tellConnected(info: Connected, reseeded: boolean): void {
    const event = this.health.up(info, reseeded, this.link.droppedAudioMs, this.#now);
    if (event.droppedAudioMs > 0) {
      this.#rooms.tell.warn(`${Math.round(event.droppedAudioMs)} ms of caller audio are lost.`);
    }
    this.#rooms.tell.emit('gemini_connection', event);
    if (info.connection > 1) this.#rooms.tell.emit('session_reconnected', {});
  }

  received(frame: ServerFrame): void {
    for (const fact of facts(frame)) this.#rooms.machine.input(fact);
  }

  malformed(error: ProtocolError): void {
    this.health.malformed();
    this.#protocolErrors.report(error);
  }

  crossed(dir: 'in' | 'out', text: string): void {
    tellFrame(this.#rooms.tell, dir, text);
  }

  wrote(command: Command): void {
    if (command.type === 'audio') return;
    this.conversation.wrote(command.type === 'toolResults' ? [] : itemsOf(command));
    this.#refusals.wrote(command, this.#now);
    if (command.type === 'reply') {
      if (command.replyId === '') this.#asks = false;
      this.#rooms.machine.input({ type: 'replyWritten', replyId: command.replyId });
    }
  }

  handleIssued(): void {
    this.conversation.handleIssued();
  }

  exchanging(cause: string): void {
    this.news.disconnected();
    this.health.down(cause, false, this.#now);
    this.#rooms.machine.input({ type: 'connectionLost' });
  }

  lost(failure: Failure, retry: Retry): void {
    if (failure.kind === 'context') this.#contextFull = true;
    this.health.down(failure.kind, true, this.#now);
    this.#learn(failure);
    this.exchanging(failure.kind);
    this.#rooms.tell.error(failure, retry);
  }

  /** Settles what waits, then says so: the framework closes its session on this. */
  failed(failure: Failure): void {
    this.news.disconnected();
    this.#isOver = true;
    this.#rooms.machine.input({ type: 'closed', why: 'disconnected' });
    this.#rooms.tell.error(failure, undefined);
  }

  isQuiet(): boolean {
    return !this.#rooms.caller.activityIsOpen && isQuiet(this.#rooms.machine.state, this.#now);
  }

  holdsAudio(): boolean {
    const { audioDuringBlockingCall } = this.#settings.capabilities;
    const { state } = this.#rooms.machine;
    const now = this.#now;
    const holds = audioDuringBlockingCall === 'hold' && isBlocked(state, now);
    const lostMs = this.#hold.update(holds, this.link.droppedAudioMs);
    if (lostMs > 0) this.#rooms.tell.report('caller_audio_lost', { ms: lostMs });
    return holds || isShielded(state, now);
  }

  async close(): Promise<void> {
    this.news.disconnected();
    await this.link.close();
    const { recorder } = this.#env;
    recorder?.connection({ is: 'closed' });
    await recorder?.close();
  }

  get #now(): number {
    return this.#env.clock.now();
  }

  /** The row said yes and the service no: from now on it goes by another route. */
  #learn(failure: Failure): void {
    const capability = this.#refusals.lost(failure, this.#now);
    if (capability === undefined) return;
    this.#rooms.machine.rules = turnRules(this.#settings);
    const { model } = this.#settings;
    this.#rooms.tell.warnOnce(
      `${model} refused a message (${capability}): this process does without it from now on.`,
    );
    this.#rooms.tell.report('capability_refused', { capability, reason: failure.reason });
  }

  #answer(results: readonly ToolResult[]): void {
    const scheduled = withScheduling(results, this.#settings);
    this.news.beforeAnswer();
    this.link.send({ type: 'toolResults', results: scheduled });
    for (const { callId, scheduling } of scheduled) this.#settled(callId, scheduling === 'SILENT');
  }

  #settled(callId: string, quiet: boolean): void {
    this.#rooms.machine.input({ type: 'toolSettled', callId, quiet });
  }

  /** The server never asked for these results: it has read them as text, now it shall speak. */
  #askAboutResults(): void {
    this.#asks = true;
    this.requestReply('', undefined);
  }
}
