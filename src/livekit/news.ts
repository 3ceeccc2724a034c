// SPDX-License-Identifier: Apache-2.0
import { llm } from '@livekit/agents';
import type { Clock } from '../clock.js';
import type { Settings } from '../options.js';
import { deliver, type Delivery } from '../protocol/deliver.js';
import type { Words } from '../protocol/encode.js';
import type { SetupState } from '../protocol/setup.js';
import type { Conversation } from './conversation.js';
import type { Link } from './link.js';
import { Settle } from './settle.js';
import type { Teller } from './teller.js';
import { GONE_MS, Told } from './told.js';
import { wireTools } from './tool_context.js';

/** Changes within this time, in ms, travel together. */
const SETTLE_MS = 20;
/** New items that cost a connection wait so long, in ms, for a reply request that takes them along. */
const HOLD_MS = 1_000;

export interface NewsRooms {
  link: Link;
  conversation: Conversation;
  tell: Teller;
  clock: Clock;
}

/** Brings what has changed here to a running session, by the cheapest route that its model has. */
export class News {
  readonly #settings: Settings;
  readonly #rooms: NewsRooms;
  readonly #told: Told;
  readonly #changes: Settle;
  readonly #held: Settle;
  readonly #missing: Settle;
  #instructions: string;
  #tools = llm.ToolContext.empty();
  #connected = false;

  constructor(settings: Settings, rooms: NewsRooms) {
    this.#settings = settings;
    this.#rooms = rooms;
    this.#told = new Told(settings);
    this.#instructions = settings.instructions ?? '';
    this.#changes = new Settle(rooms.clock, SETTLE_MS, () => this.#bring());
    this.#held = new Settle(rooms.clock, HOLD_MS, () => this.exchange(true));
    this.#missing = new Settle(rooms.clock, GONE_MS, () => this.#bring());
    this.#offer();
  }

  get tools(): llm.ToolContext {
    return this.#tools;
  }

  /** The server may call it, and nobody here can answer. */
  isHidden(toolName: string): boolean {
    return this.#told.hasDeclared(toolName) && !(toolName in this.#tools.functionTools);
  }

  updateInstructions(instructions: string): void {
    this.#instructions = instructions;
    if (instructions !== '' && !this.#settings.capabilities.systemInstruction) {
      this.#rooms.tell.warnOnce('This model takes no instructions: they are left out.');
    }
    this.#changed();
  }

  updateTools(tools: llm.ToolContext): void {
    this.#tools = tools.copy();
    this.refresh();
  }

  /** Settings have changed. */
  refresh(): void {
    this.#offer();
    this.#changed();
  }

  /** There are new items. */
  deliver(): void {
    if (!this.#connected) return;
    const { commands, words, held } = this.#unseen();
    for (const command of commands) this.#rooms.link.send(command);
    if (words || held) this.#held.mark();
    this.#changed();
  }

  /** Results are about to be sent, and the answer to them shall know of all changes. */
  beforeAnswer(): void {
    this.#changes.now();
  }

  /** An answer is about to be asked for: all news go first. Returns words that the request takes along. */
  beforeAsking(): Words | undefined {
    this.#changes.now();
    if (!this.#connected) return undefined;
    const { words, held } = this.#unseen();
    if (held) this.#held.now();
    else this.#held.drop();
    return words;
  }

  /** A setup is being written. */
  setup(): Pick<SetupState, 'instructions' | 'tools'> {
    const instructions = this.#text;
    return { instructions, tools: this.#told.setup(instructions, this.#rooms.clock.now()) };
  }

  connected(): void {
    this.#connected = true;
    this.deliver();
    this.#changes.now();
  }

  /** The next connection carries everything. */
  disconnected(): void {
    this.#connected = false;
    for (const timer of [this.#changes, this.#held, this.#missing]) timer.drop();
  }

  /** By a new connection, at a quiet point. `fresh`: the server must forget what it knows. */
  exchange(fresh: boolean): void {
    if (!this.#settings.reconnectOnUpdate) {
      const text = 'Changes that this model learns by a new connection only wait for the next one';
      this.#rooms.tell.warnOnce(`${text} (reconnectOnUpdate).`);
      return;
    }
    this.#rooms.link.rotate({ why: 'update', since: this.#rooms.clock.now(), fresh });
  }

  get #text(): string {
    const { directions } = this.#rooms.conversation;
    if (directions.length > 0) {
      this.#rooms.tell.warnOnce('System and developer messages travel as instructions.');
    }
    const { languageLine = '' } = this.#settings;
    const texts = [this.#instructions, languageLine, ...directions];
    return texts.filter((text) => text !== '').join('\n\n');
  }

  #unseen(): Delivery {
    const row = this.#settings.capabilities;
    const { conversation, link } = this.#rooms;
    return deliver(conversation.unseen(link.queued, row), row);
  }

  #changed(): void {
    if (this.#connected) this.#changes.mark();
  }

  #bring(): void {
    const { commands, exchange } = this.#told.update(this.#text, this.#rooms.clock.now());
    if (this.#told.isWaiting) this.#missing.mark();
    else this.#missing.drop();
    for (const command of commands) this.#rooms.link.send(command);
    if (exchange) this.exchange(false);
  }

  #offer(): void {
    const { tools, warnings } = wireTools(this.#tools, this.#settings);
    this.#told.offer(tools, this.#rooms.clock.now());
    for (const warning of warnings) this.#rooms.tell.warnOnce(warning);
  }
}
