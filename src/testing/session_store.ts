// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { FunctionResponse } from '@google/genai';
import type { OpenCall, ResumeState } from './rules.js';

/** One utterance as the server remembers it. Tool results are JSON. */
export interface HistoryEntry {
  role: 'user' | 'model' | 'tool';
  text: string;
}

/** A call that the model made and that nobody has answered. */
export interface PendingCall extends OpenCall {
  readonly args: Record<string, unknown>;
  answer(response: FunctionResponse): void;
  abandon(why: Error): void;
}

/** A conversation. It outlives its connections. */
export class Session {
  readonly id = randomUUID();
  readonly model: string;
  history: HistoryEntry[] = [];
  readonly calls = new Map<string, PendingCall>();
  /** Caller audio that is part of the context, in ms. */
  heardMs = 0;
  /** The connection that has it, until the server has seen that connection end. */
  holder: { readonly reachable: boolean } | undefined;
  /** Where the next piece of an utterance goes, while that utterance is not over. */
  #open: HistoryEntry | undefined;

  constructor(model: string) {
    this.model = model;
  }

  /** Adds to the utterance that is going on, or begins one. */
  utter(role: HistoryEntry['role'], text: string): void {
    if (this.#open?.role === role) {
      this.#open.text += text;
      return;
    }
    this.#open = { role, text };
    this.history.push(this.#open);
  }

  /** What comes next is a new utterance. */
  endUtterance(): void {
    this.#open = undefined;
  }

  /** Adds a whole utterance. */
  add(role: HistoryEntry['role'], text: string): void {
    this.endUtterance();
    this.history.push({ role, text });
  }

  /** Goes back to what a rolling handle stands for. */
  rewind(to: Snapshot): void {
    this.history = structuredClone(to.history);
    this.heardMs = to.heardMs;
    this.endUtterance();
    for (const id of [...this.calls.keys()]) if (!to.calls.has(id)) this.calls.delete(id);
  }

  snapshot(): Snapshot {
    return {
      history: structuredClone(this.history),
      heardMs: this.heardMs,
      calls: new Set(this.calls.keys()),
    };
  }
}

interface Snapshot {
  readonly history: HistoryEntry[];
  readonly heardMs: number;
  readonly calls: ReadonlySet<string>;
}

interface Ticket {
  readonly session: Session;
  /** Undefined: the handle stands for the latest state, whatever that is. */
  readonly snapshot: Snapshot | undefined;
}

/** Sessions by handle. */
export class SessionStore {
  #tickets = new Map<string, Ticket>();
  #sessions = new Set<Session>();

  begin(model: string): Session {
    const session = new Session(model);
    this.#sessions.add(session);
    return session;
  }

  /** A new handle; a rolling one remembers the state of this moment. */
  issue(session: Session, mode: 'rolling' | 'fixed', handle: string = randomUUID()): string {
    this.#tickets.set(handle, {
      session,
      snapshot: mode === 'rolling' ? session.snapshot() : undefined,
    });
    return handle;
  }

  /** What would become of a resume. */
  look(handle: string, model: string): ResumeState {
    const ticket = this.#tickets.get(handle);
    if (!ticket) return 'unknown';
    const { holder } = ticket.session;
    if (holder) return holder.reachable ? 'held' : 'lost';
    return ticket.session.model === model ? 'free' : 'otherModel';
  }

  /** The session of a handle that `look` calls free. */
  take(handle: string): Session | undefined {
    const ticket = this.#tickets.get(handle);
    if (ticket?.snapshot) ticket.session.rewind(ticket.snapshot);
    return ticket?.session;
  }

  /** All handles become unknown. */
  forget(): void {
    this.#tickets.clear();
  }

  /** Nobody will answer any more. */
  close(): void {
    this.forget();
    for (const session of this.#sessions) {
      for (const call of session.calls.values()) call.abandon(new Error('The server was closed.'));
      session.calls.clear();
    }
    this.#sessions.clear();
  }
}

/** Puts a call into a session; `answer` settles with what becomes of it. */
export function openCall(session: Session, open: Omit<PendingCall, 'answer' | 'abandon'>) {
  let call!: PendingCall;
  const answer = new Promise<FunctionResponse>((resolve, reject) => {
    call = { ...open, answer: resolve, abandon: reject };
  });
  // Scripts need not await a call; then its failure must not end the process.
  answer.catch(() => {});
  session.calls.set(open.id, call);
  return { call, answer };
}
