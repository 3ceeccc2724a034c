// SPDX-License-Identifier: Apache-2.0
import type { Tool } from '@google/genai';
import { llm } from '@livekit/agents';
import type { Connected, Retry } from '../connection/connection.js';
import type { Failure } from '../errors.js';
import type { Settings } from '../options.js';
import { deliver, instructionUpdate } from '../protocol/deliver.js';
import type { Command, ToolResult } from '../protocol/encode.js';
import { facts } from '../protocol/facts.js';
import type { ServerFrame } from '../protocol/frames.js';
import type { History } from '../protocol/history.js';
import { setupFrame, type SetupState } from '../protocol/setup.js';
import { isBlocked, isQuiet, isShielded } from '../turn/state.js';
import { AudioHold } from './audio_hold.js';
import type { Outcome } from './call_ledger.js';
import { Conversation, type ContextChange } from './conversation.js';
import { HealthLog } from './health.js';
import { Images } from './images.js';
import { Link, type Environment, type LinkEvents } from './link.js';
import type { Machine } from './machine.js';
import type { Teller } from './teller.js';
import { wireTools } from './tool_context.js';
import { tellFrame } from './wire_events.js';
import { mayContinue, withScheduling } from './tool_options.js';

export interface SyncEvents {
  tell: Teller;
  /** The machine is born after us. */
  machine(): Machine;
  /** The caller's activity is open; the server must know. */
  activityIsOpen(): boolean;
}

/** Keeps what the server knows in step with what we know, over any number of connections. */
export class Sync implements LinkEvents {
  readonly conversation: Conversation;
  readonly health = new HealthLog();
  readonly link: Link;
  readonly #settings: Settings;
  readonly #env: Environment;
  readonly #on: SyncEvents;
  readonly #images: Images;
  #instructions: string;
  readonly #hold = new AudioHold();
  #tools = llm.ToolContext.empty();
  #wireTools: Tool[] = [];
  #seed: History | undefined;
  #connected = false;
  #isOver = false;
  #contextFull = false;
  /** A question about results has not been written yet. */
  #asks = false;
  /** What the server was told last, by setup or by update. */
  #told = { instructions: '', tools: '', rest: '' };

  constructor(settings: Settings, env: Environment, on: SyncEvents) {
    this.#settings = settings;
    this.#env = env;
    this.#on = on;
    this.#instructions = settings.instructions ?? '';
    this.#images = new Images(settings, (text) => on.tell.warnOnce(text));
    this.conversation = new Conversation(
      (name) => mayContinue(name, settings),
      (id) => this.#images.isPending(id),
    );
    this.link = new Link(settings, env, this);
    this.#refreshTools();
  }

  get tools(): llm.ToolContext {
    return this.#tools;
  }

  /** The connection failed for good: nothing will be sent or answered any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  updateInstructions(instructions: string): void {
    this.#instructions = instructions;
    if (instructions !== '' && !this.#settings.capabilities.systemInstruction) {
      this.#on.tell.warnOnce('This model takes no instructions: they are left out.');
    }
    this.#tellChanges();
  }

  /** At once, but for pictures that have to be encoded first, and what follows them. */
  updateChatCtx(chatCtx: llm.ChatContext): Promise<void> {
    const encoding = this.#images.prepare(chatCtx.items);
    this.#changed(this.conversation.update(chatCtx));
    const deliver = (): void => {
      if (this.#connected) this.#deliver();
    };
    return encoding?.then(deliver) ?? Promise.resolve();
  }

  /** A call has an answer that LiveKit does not give. */
  answerCall(outcome: Outcome): void {
    this.#changed(this.conversation.answered(outcome));
  }

  #changed({ results, told, asks, additions, replaced }: ContextChange): void {
    if (results.length > 0) this.#answer(results);
    if (replaced && this.link.isStarted) this.#exchange(true);
    else if (this.#connected && additions.length > 0) this.#deliver();
    for (const id of told) this.#settled(id, !asks);
    if (asks) this.#askAboutResults();
  }

  updateTools(tools: llm.ToolContext): void {
    this.#tools = tools.copy();
    this.#refreshTools();
    this.#tellChanges();
  }

  requestReply(replyId: string, instructions: string | undefined): void {
    this.link.send({ type: 'reply', replyId, instructions, asked: this.conversation.asks });
  }

  /** Settings have changed that only a setup can carry. */
  refresh(): void {
    this.#refreshTools();
    this.#tellChanges();
  }

  restart(keepContext: boolean): void {
    if (!keepContext) this.conversation.forget();
    this.link.rotate({ why: 'restart', since: this.#env.clock.now(), fresh: !keepContext });
  }

  /** An answer is owed and this connection does not bring it. */
  exchangeNow(fresh: boolean): void {
    this.link.exchange('stall', fresh);
  }

  /** A resumed session that has forgotten the call begins anew, with the history. */
  checkMemory(promptTokens: number): void {
    if (!this.health.forgot(promptTokens)) return;
    this.#on.tell.report('memory_lost', { promptTokens });
    this.link.rotate({ why: 'memory', since: this.#env.clock.now(), fresh: true });
  }

  setup(resuming: boolean): Omit<SetupState, 'handle'> {
    const row = this.#settings.capabilities;
    const history = this.conversation.seed(row, this.#contextFull, this.link.surviving);
    const seeds = !resuming && row.seeding !== 'none' && history.turns.length > 0;
    this.#seed = seeds ? history : undefined;
    const instructions = [this.#instructions, ...history.instructions];
    this.#told = this.#current();
    return {
      instructions: instructions.filter((text) => text !== '').join('\n\n'),
      tools: this.#wireTools,
      seeds,
    };
  }

  connected(info: Connected, folded: readonly ToolResult[]): void {
    this.#connected = true;
    // Where unconsumed messages were sent again, nothing since the handle is missing.
    const { capabilities, sessionResumption } = this.#settings;
    const rolling = capabilities.handle === 'rolling' && !sessionResumption?.transparent;
    const freed = this.conversation.connected(info.restored, rolling);
    this.link.reopenActivity(this.#on.activityIsOpen());
    const forgotten = this.link.takeBackResults((id) => this.conversation.remembersCall(id));
    const seeded = this.#seed !== undefined;
    if (this.#seed) this.link.send({ type: 'seed', ...this.#seed });
    this.#seed = undefined;
    this.#contextFull = false;
    this.#deliver();
    this.#tellChanges();
    const { restored } = info;
    const forgottenCalls = this.conversation.calls.unknown;
    this.#on.machine().input({ type: 'connectionBack', restored, forgottenCalls });
    for (const id of freed) this.#settled(id, false);
    const toSpeakOf = [...folded, ...forgotten].some(({ quiet }) => quiet !== true);
    if (toSpeakOf || freed.length > 0 || this.#asks) this.#askAboutResults();
    this.#tellConnected(info, seeded);
  }

  #tellConnected(info: Connected, reseeded: boolean): void {
    const now = this.#env.clock.now();
    const event = this.health.up(info, reseeded, this.link.droppedAudioMs, now);
    if (event.droppedAudioMs > 0) {
      this.#on.tell.warn(`${Math.round(event.droppedAudioMs)} ms of caller audio are lost.`);
    }
    this.#on.tell.emit('gemini_connection', event);
    if (info.connection > 1) this.#on.tell.emit('session_reconnected', {});
  }

  received(frame: ServerFrame): void {
    for (const fact of facts(frame)) this.#on.machine().input(fact);
  }

  crossed(dir: 'in' | 'out', text: string): void {
    tellFrame(this.#on.tell, dir, text);
  }

  wrote(command: Command): void {
    if ('itemIds' in command) this.conversation.wrote(command.itemIds);
    if (command.type === 'reply') {
      if (command.replyId === '') this.#asks = false;
      this.#on.machine().input({ type: 'replyWritten', replyId: command.replyId });
    }
  }

  handleIssued(): void {
    this.conversation.handleIssued();
  }

  exchanging(cause: string): void {
    this.#connected = false;
    this.health.down(cause, false, this.#env.clock.now());
    this.#on.machine().input({ type: 'connectionLost' });
  }

  lost(failure: Failure, retry: Retry): void {
    if (failure.kind === 'context') this.#contextFull = true;
    this.health.down(failure.kind, true, this.#env.clock.now());
    this.exchanging(failure.kind);
    this.#on.tell.error(failure, retry);
  }

  /** Settles what waits, then says so: the framework closes its session on this. */
  failed(failure: Failure): void {
    this.#connected = false;
    this.#isOver = true;
    this.#on.machine().input({ type: 'closed', why: 'disconnected' });
    this.#on.tell.error(failure, undefined);
  }

  isQuiet(): boolean {
    return isQuiet(this.#on.machine().state);
  }

  holdsAudio(): boolean {
    const { audioDuringBlockingCall } = this.#settings.capabilities;
    const { state } = this.#on.machine();
    const now = this.#env.clock.now();
    const holds = audioDuringBlockingCall === 'hold' && isBlocked(state, now);
    const lostMs = this.#hold.update(holds, this.link.droppedAudioMs);
    if (lostMs > 0) this.#on.tell.report('caller_audio_lost', { ms: lostMs });
    return holds || isShielded(state, now);
  }

  #answer(results: readonly ToolResult[]): void {
    const scheduled = withScheduling(results, this.#settings);
    this.link.send({ type: 'toolResults', results: scheduled });
    for (const { callId, scheduling } of scheduled) this.#settled(callId, scheduling === 'SILENT');
  }

  #settled(callId: string, quiet: boolean): void {
    this.#on.machine().input({ type: 'toolSettled', callId, quiet });
  }

  #deliver(): void {
    const row = this.#settings.capabilities;
    const { commands, held } = deliver(this.conversation.unseen(this.link.queued, row), row);
    for (const command of commands) this.link.send(command);
    // Realtime text brings its own answer.
    if (commands.some(({ type }) => type === 'text')) {
      this.#on.machine().input({ type: 'turnCommitted' });
    }
    if (held > 0) this.#on.tell.warnOnce('This model learns new history only with a new session.');
  }

  /** The server never asked for these results: it has read them as text, now it shall speak. */
  #askAboutResults(): void {
    this.#asks = true;
    this.requestReply('', undefined);
  }

  #current(): { instructions: string; tools: string; rest: string } {
    const rest = setupFrame(this.#settings, { instructions: '', tools: [], seeds: false });
    return {
      instructions: this.#instructions,
      tools: JSON.stringify(this.#wireTools),
      rest: JSON.stringify(rest),
    };
  }

  /** Brings what has changed since the last setup to the server, by the route of its model. */
  #tellChanges(): void {
    if (!this.#connected) return;
    const row = this.#settings.capabilities;
    const before = this.#told;
    const now = this.#current();
    this.#told = now;
    const newText = before.instructions !== now.instructions && row.systemInstruction;
    const newTools = before.tools !== now.tools;
    const update = instructionUpdate(now.instructions, row);
    const byContext = row.toolUpdate === 'contextUpdate';
    if (before.rest !== now.rest || (newText && !update) || (newTools && !byContext)) {
      this.#exchange(false);
      return;
    }
    if (newText && update) this.link.send(update);
    if (newTools) this.link.send({ type: 'context', tools: this.#wireTools });
  }

  #exchange(fresh: boolean): void {
    this.link.rotate({ why: 'update', since: this.#env.clock.now(), fresh });
  }

  #refreshTools(): void {
    const { tools, warnings } = wireTools(this.#tools, this.#settings);
    this.#wireTools = tools;
    for (const warning of warnings) this.#on.tell.warnOnce(warning);
  }
}
