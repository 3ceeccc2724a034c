// SPDX-License-Identifier: Apache-2.0
import { llm } from '@livekit/agents';
import type { Capabilities } from '../models/capabilities.js';
import type { ToolResult } from '../protocol/encode.js';
import { history, newest, type History } from '../protocol/history.js';
import type { Remembered, ToolCall } from '../turn/effects.js';
import { pictureOf } from './images.js';

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
}

/** The local history, and a ledger of which of its items the server has (born there, or sent). */
export class Conversation {
  #ctx = llm.ChatContext.empty();
  #known = new Set<string>();
  /** What the server knew when it issued the handle. */
  #atHandle = new Set<string>();
  readonly #calls = new Map<string, OpenCall>();
  readonly #cancelled = new Set<string>();
  readonly #isPending: (itemId: string) => boolean;

  /** @param isPending an item that cannot be told yet; those behind it wait, too */
  constructor(isPending: (itemId: string) => boolean = () => false) {
    this.#isPending = isPending;
  }

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

  /** A message that was born in the live session. */
  remember({ id, role, text, interrupted, createdAt }: Remembered): void {
    this.#known.add(id);
    if (this.#ctx.getById(id)) return;
    this.#ctx.addMessage({ id, role, content: text, interrupted, createdAt });
  }

  /** Words that came after their message was closed. */
  amend(id: string, text: string): void {
    const message = this.#ctx.getById(id);
    if (message?.type === 'message') message.content = [(message.textContent ?? '') + text];
  }

  /** Keeps what was heard of an interrupted message, so that a seed is honest. */
  truncate(id: string, heard: string): void {
    const message = this.#ctx.getById(id);
    if (message?.type !== 'message') return;
    message.content = [heard];
    message.interrupted = true;
  }

  called(call: ToolCall, createdAt: number): llm.FunctionCall {
    const { callId, name, args } = call;
    const item = llm.FunctionCall.create({ callId, name, args: JSON.stringify(args), createdAt });
    this.#ctx.insert(item);
    this.#known.add(item.id);
    this.#calls.set(callId, { ...call, itemId: item.id, serverKnows: true });
    return item;
  }

  cancelled(callIds: readonly string[]): void {
    for (const id of callIds) {
      this.#calls.delete(id);
      this.#cancelled.add(id);
    }
  }

  /** Takes over a new context. Order and edits are not compared: the server can only append. */
  update(next: llm.ChatContext): ContextChange {
    const before = new Set(this.#ctx.items.map(({ id }) => id));
    const knew = this.#ctx.items.filter(
      ({ id, type }) => type === 'message' && this.#known.has(id),
    );
    const added = next.items.filter(({ id }) => !before.has(id));
    this.#ctx = next.copy();
    const change: ContextChange = {
      results: [],
      orphaned: [],
      additions: [],
      replaced: knew.length > 0 && knew.every(({ id }) => !next.getById(id)),
    };
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
      this.#known.add(item.id);
    } else if (call?.serverKnows) {
      this.#known.add(item.id);
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
   * because the same history would fill it again. `except`: items that come by themselves.
   */
  seed(capabilities: Capabilities, contextWasFull: boolean, except: ReadonlySet<string>): History {
    const share = contextWasFull ? FULL_SHARE : SEED_SHARE;
    const mostCharacters = capabilities.contextTokens * share * CHARACTERS_PER_TOKEN;
    const items = this.#tellable.filter(({ id }) => !except.has(id));
    return newest(history(items, capabilities, pictureOf), mostCharacters);
  }

  /** What the server has not seen, given that some is still queued. */
  unseen(queued: ReadonlySet<string>, capabilities: Capabilities): History {
    const missing = this.#tellable.filter(({ id }) => !this.#known.has(id) && !queued.has(id));
    return history(missing, capabilities, pictureOf);
  }

  get #tellable(): llm.ChatItem[] {
    const end = this.#ctx.items.findIndex(({ id }) => this.#isPending(id));
    return end < 0 ? this.#ctx.items : this.#ctx.items.slice(0, end);
  }

  wrote(itemIds: readonly string[]): void {
    for (const id of itemIds) this.#known.add(id);
  }

  handleIssued(): void {
    this.#atHandle = new Set(this.#known);
  }

  /**
   * A connection is up. `rolling`: its handle stood for the moment it was issued, and what was asked
   * since then is forgotten like what was told.
   */
  connected(restored: boolean, rolling: boolean): void {
    if (restored && !rolling) return;
    if (!restored) this.#atHandle = new Set();
    this.#known = new Set(this.#atHandle);
    for (const [id, call] of this.#calls) {
      const serverKnows = call.serverKnows && this.#known.has(call.itemId);
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
      (item) => item.type === 'function_call' && item.callId === callId && this.#known.has(item.id),
    );
  }
}
