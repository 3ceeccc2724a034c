// SPDX-License-Identifier: Apache-2.0
import { llm } from '@livekit/agents';
import type { Capabilities } from '../models/capabilities.js';
import type { ToolResult } from '../protocol/encode.js';
import { directions, history, newest, summarized, type History } from '../protocol/history.js';
import type { Remembered, ToolCall } from '../turn/effects.js';
import { Ledger, textOf } from './ledger.js';
import type { Summary } from './summary.js';

/** The part of the context that a seed may fill. */
const SEED_SHARE = 0.5;
const FULL_SHARE = 0.1;
/** A cautious average of the languages that callers speak. */
const CHARACTERS_PER_TOKEN = 3;

/** A call the server asked and nobody has answered. */
interface OpenCall extends ToolCall {
  /** The history item that stands for it. */
  itemId: string;
  /** The present session of the server asked it; else its result can only be told as text. */
  serverKnows: boolean;
}

/** What a new chat context means for the server. */
export interface ContextChange {
  /** Results of calls that the server waits for. */
  results: ToolResult[];
  /** Calls whose session is gone: the result is in the history, the answer must be asked for. */
  orphaned: string[];
  /** Items that the server has not seen. */
  additions: llm.ChatItem[];
  /** Nothing of what the server knows is left: it must forget. */
  replaced: boolean;
  /** Something that the server knows was removed or has other words now. */
  edited: boolean;
}

/** The local history, and the ledger of which of its items the server has. */
export class Conversation {
  #ctx = llm.ChatContext.empty();
  readonly #ledger = new Ledger();
  readonly #calls = new Map<string, OpenCall>();
  readonly #cancelled = new Set<string>();

  get chatCtx(): llm.ChatContext {
    return this.#ctx.copy();
  }

  /** The last thing said is a question: the caller's, or a result. */
  get asks(): boolean {
    const last = this.#ctx.items.findLast(
      (item) => item.type === 'message' || item.type === 'function_call_output',
    );
    return last !== undefined && (last.type !== 'message' || last.role === 'user');
  }

  /** Text of system and developer messages. */
  get directions(): string[] {
    return directions(this.#ctx.items);
  }

  /** A message that was born in the live session. */
  remember({ id, role, text, interrupted, createdAt }: Remembered): void {
    this.#ledger.born(id, text);
    if (this.#ctx.getById(id)) return;
    const heard = this.#ledger.heardOf(id);
    const content = heard ?? text;
    const cut = interrupted || heard !== undefined;
    this.#ctx.addMessage({ id, role, content, interrupted: cut, createdAt });
  }

  /** Words that came after their message was closed. */
  amend(id: string, text: string): void {
    const message = this.#ctx.getById(id);
    if (message?.type !== 'message' || this.#ledger.heardOf(id) !== undefined) return;
    const whole = (message.textContent ?? '') + text;
    message.content = [whole];
    this.#ledger.born(id, whole);
  }

  /**
   * Keeps what was heard of an interrupted message, so that a seed is honest. It may come before the
   * message has ended here.
   */
  truncate(id: string, heard: string): void {
    this.#ledger.heard(id, heard);
    const message = this.#ctx.getById(id);
    if (message?.type !== 'message') return;
    message.content = [heard];
    message.interrupted = true;
  }

  /** The framework was told of this message. */
  shared(id: string): void {
    this.#ledger.shared(id);
  }

  called(call: ToolCall, createdAt: number): llm.FunctionCall {
    const { callId, name, args } = call;
    const item = llm.FunctionCall.create({ callId, name, args: JSON.stringify(args), createdAt });
    this.#ctx.insert(item);
    this.#ledger.born(item.id, '');
    this.#calls.set(callId, { ...call, itemId: item.id, serverKnows: true });
    return item;
  }

  cancelled(callIds: readonly string[]): void {
    for (const id of callIds) {
      this.#calls.delete(id);
      this.#cancelled.add(id);
    }
  }

  /**
   * Takes over a new context. The framework hands over whole ones that lack what was never played or is
   * being played, so only what it is known to have can be removed. `isHandoff`: they are another
   * agent's, which shares whatever it wants to.
   */
  update(next: llm.ChatContext, isHandoff: boolean): ContextChange {
    const mine = new Map(this.#ctx.items.map((item) => [item.id, item]));
    const added: llm.ChatItem[] = [];
    let edited = false;
    for (const item of next.items) {
      const known = mine.get(item.id);
      if (!known) added.push(item);
      // An object of its own: the framework's context has it, not only a copy of ours.
      if (known !== item) this.#ledger.shared(item.id);
      edited ||= item.type === 'message' && this.#ledger.isEdited(item.id, textOf(item));
    }
    const kept = new Set(next.items.map(({ id }) => id));
    const isGone = ({ id }: llm.ChatItem): boolean => !kept.has(id);
    const messages = this.#ctx.items.filter(({ type }) => type === 'message');
    const shared = messages.filter(({ id }) => this.#ledger.isShared(id));
    const lastKept = messages.findLastIndex((item) => !isGone(item));
    // Another agent's context may have been copied before the newest words were said.
    const removed = shared.filter(
      (item) => isGone(item) && (!isHandoff || messages.indexOf(item) < lastKept),
    );
    const known = isHandoff ? messages.filter(({ id }) => this.#ledger.has(id)) : shared;
    const change: ContextChange = {
      results: [],
      orphaned: [],
      additions: [],
      replaced: known.length > 0 && known.every(isGone),
      edited: edited || removed.length > 0,
    };
    this.#ctx = next.copy();
    for (const item of added) {
      if (item.type === 'function_call_output') this.#settle(item, change);
      else change.additions.push(item);
    }
    return change;
  }

  #settle(item: llm.FunctionCallOutput, change: ContextChange): void {
    const call = this.#calls.get(item.callId);
    this.#calls.delete(item.callId);
    if (this.#cancelled.has(item.callId)) {
      this.#ledger.born(item.id, '');
    } else if (call?.serverKnows) {
      this.#ledger.born(item.id, '');
      const { wireId, callId, name } = call;
      const { id: itemId, isError } = item;
      change.results.push({ wireId, callId, itemId, name, output: item.output, isError });
    } else {
      if (call) change.orphaned.push(item.callId);
      change.additions.push(item);
    }
  }

  /** The app wants the conversation to begin anew. */
  forget(): void {
    this.#ctx = llm.ChatContext.empty();
  }

  /**
   * What a session that knows nothing is told: everything that fits. After a full context far less,
   * because the same history would fill it again. `summary` stands for the items that it covers.
   */
  seed(capabilities: Capabilities, contextWasFull: boolean, summary?: Summary): History {
    const share = contextWasFull ? FULL_SHARE : SEED_SHARE;
    const mostCharacters = capabilities.contextTokens * share * CHARACTERS_PER_TOKEN;
    const { items } = this.#ctx;
    if (!summary) return newest(history(items, capabilities), mostCharacters);
    const tail = items.filter(({ id }) => !summary.itemIds.has(id));
    const found = newest(history(tail, capabilities), mostCharacters - summary.text.length);
    return summarized(found, summary.text, summary.itemIds);
  }

  /** What the server has not seen, given that some is still queued. */
  unseen(queued: ReadonlySet<string>, capabilities: Capabilities): History {
    const missing = this.#ctx.items.filter(({ id }) => !this.#ledger.has(id) && !queued.has(id));
    return history(missing, capabilities);
  }

  wrote(itemIds: readonly string[]): void {
    for (const id of itemIds) {
      const item = this.#ctx.getById(id);
      this.#ledger.sent(id, item ? textOf(item) : '');
    }
  }

  handleIssued(): void {
    this.#ledger.handleIssued();
  }

  /**
   * A connection is up. `rolling`: its handle stood for the moment it was issued, and what was asked
   * since then is forgotten like what was told.
   */
  connected(restored: boolean, rolling: boolean): void {
    if (restored && !rolling) return;
    this.#ledger.rewind(restored);
    for (const [id, call] of this.#calls) {
      const serverKnows = call.serverKnows && this.#ledger.has(call.itemId);
      this.#calls.set(id, { ...call, serverKnows });
    }
  }

  /** Open calls that the present session of the server does not wait for. */
  get forgottenCalls(): string[] {
    return [...this.#calls].filter(([, call]) => !call.serverKnows).map(([callId]) => callId);
  }

  /** The server remembers that it asked this. */
  remembersCall(callId: string): boolean {
    return this.#ctx.items.some(
      (item) =>
        item.type === 'function_call' && item.callId === callId && this.#ledger.has(item.id),
    );
  }
}
