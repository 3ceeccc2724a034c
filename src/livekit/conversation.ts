// SPDX-License-Identifier: Apache-2.0
import { llm } from '@livekit/agents';
import type { Capabilities } from '../models/capabilities.js';
import type { ToolResult } from '../protocol/encode.js';
import { directions, history, newest, summarized, type History } from '../protocol/history.js';
import type { Remembered, ToolCall } from '../turn/effects.js';
import { CallLedger, type Outcome } from './call_ledger.js';
import { pictureOf } from './images.js';
import { Ledger, textOf } from './ledger.js';
import type { Summary } from './summary.js';

/** The part of the context that a seed may fill. */
const SEED_SHARE = 0.5;
const FULL_SHARE = 0.1;
/** A cautious average of the languages that callers speak. */
const CHARACTERS_PER_TOKEN = 3;

/** What a new chat context means for the server. */
export interface ContextChange {
  /** Results of calls that the server waits for. */
  results: ToolResult[];
  /** Calls that the server does not wait for (any more): their result is told as text. */
  told: string[];
  /** Something told has to be spoken about. */
  asks: boolean;
  /** Nothing of what the server knows is left: it must forget. */
  replaced: boolean;
  /** Something that the server knows was removed or has other words now. */
  edited: boolean;
}

/** The local history, and the ledger of which of its items the server has. */
export class Conversation {
  #ctx = llm.ChatContext.empty();
  readonly #ledger = new Ledger();
  readonly calls: CallLedger;
  /** Outputs that LiveKit did not give, by call. */
  #own: Map<string, llm.FunctionCallOutput> | undefined;

  readonly #isPending: (itemId: string) => boolean;

  /**
   * @param mayContinue whether one call of this function may be answered several times
   * @param isPending an item that cannot be told yet; those behind it wait, too
   */
  constructor(
    mayContinue?: (name: string) => boolean,
    isPending: (itemId: string) => boolean = () => false,
  ) {
    this.calls = new CallLedger(mayContinue);
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
    this.#ledger.born(this.calls.asked(call, item), '');
    return item;
  }

  repeated(callId: string, wireId: string | undefined): void {
    const mark = this.calls.repeated(callId, wireId);
    if (mark !== undefined) this.#ledger.born(mark, '');
  }

  /** The server took the question back; a history that says so is honest. */
  cancelled(item: llm.FunctionCallOutput): ContextChange {
    if (this.calls.cancelled(item.callId)) {
      this.#ledger.born(item.id, '');
      this.#insertOwn(item);
    }
    return this.released();
  }

  /** An outcome that does not come from LiveKit. */
  answered(outcome: Outcome): ContextChange {
    const change = unchanged();
    this.#insertOwn(outcome.item);
    this.#settle(outcome, change);
    return change;
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
    this.#ctx = next.copy();
    const change = unchanged();
    change.replaced = known.length > 0 && known.every(isGone);
    change.edited = edited || removed.length > 0;
    const outputs = added.filter((item) => item.type === 'function_call_output');
    for (const item of this.calls.inOrder(outputs)) {
      // No output at all is `undefined`: nobody wants a reply.
      this.#settle({ item, quiet: item.output === '' ? true : undefined }, change);
    }
    this.#restoreOwn();
    return change;
  }

  #settle(outcome: Outcome, change: ContextChange): void {
    const { item, quiet } = outcome;
    const { verdict, results } = this.calls.settle(outcome);
    change.results.push(...results);
    const own = this.#own?.get(item.callId);
    if (verdict === 'drop') {
      this.#ledger.born(item.id, '');
      this.#remove(item.id);
      if (own === item) this.#own?.delete(item.callId);
    } else if (own && own !== item) {
      // The truth takes the place of what stood for it.
      this.#own?.delete(item.callId);
      this.#remove(own.id);
    }
    if (verdict === 'answer' || verdict === 'wait') this.#ledger.born(item.id, '');
    if (verdict === 'tell') {
      change.told.push(item.callId);
      change.asks ||= !quiet;
    }
    this.released(change);
  }

  /** Results that waited for their turn, and wait no more. */
  released(change = unchanged()): ContextChange {
    const { results, freed } = this.calls.release();
    change.results.push(...results);
    for (const { item, quiet } of freed) {
      this.#ledger.untold(item.id);
      change.told.push(item.callId);
      change.asks ||= !quiet;
    }
    return change;
  }

  #insertOwn(item: llm.FunctionCallOutput): void {
    this.#own ??= new Map();
    this.#own.set(item.callId, item);
    this.#ctx.insert(item);
  }

  /** LiveKit's own history has no output for what it dropped. */
  #restoreOwn(): void {
    const { items } = this.#ctx;
    for (const [callId, own] of this.#own ?? []) {
      const has = (type: string): boolean =>
        items.some((item) => item.type === type && (item as llm.FunctionCall).callId === callId);
      if (has('function_call') && !has('function_call_output')) this.#ctx.insert(own);
    }
  }

  #remove(itemId: string): void {
    this.#ctx.items = this.#ctx.items.filter(({ id }) => id !== itemId);
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
    const items = this.#tellable;
    if (!summary) return newest(history(items, capabilities, pictureOf), mostCharacters);
    const tail = items.filter(({ id }) => !summary.itemIds.has(id));
    const found = newest(
      history(tail, capabilities, pictureOf),
      mostCharacters - summary.text.length,
    );
    return summarized(found, summary.text, summary.itemIds);
  }

  /** What the server has not seen, given that some is still queued. */
  unseen(queued: ReadonlySet<string>, capabilities: Capabilities): History {
    const missing = this.#tellable.filter(({ id }) => !this.#ledger.has(id) && !queued.has(id));
    return history(missing, capabilities, pictureOf);
  }

  get #tellable(): llm.ChatItem[] {
    const end = this.#ctx.items.findIndex(({ id }) => this.#isPending(id));
    return end < 0 ? this.#ctx.items : this.#ctx.items.slice(0, end);
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
  connected(restored: boolean, rolling: boolean): ContextChange {
    if (restored && !rolling) return unchanged();
    this.#ledger.rewind(restored);
    this.calls.reconnected((mark) => this.#ledger.has(mark));
    return this.released();
  }

  /** The server remembers that it asked this. */
  remembersCall(callId: string): boolean {
    return this.#ctx.items.some(
      (item) =>
        item.type === 'function_call' && item.callId === callId && this.#ledger.has(item.id),
    );
  }
}

function unchanged(): ContextChange {
  return { results: [], told: [], asks: false, replaced: false, edited: false };
}
