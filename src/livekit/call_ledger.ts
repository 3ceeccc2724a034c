// SPDX-License-Identifier: Apache-2.0
import type { llm } from '@livekit/agents';
import type { ToolResult } from '../protocol/encode.js';
import type { ToolCall } from '../turn/effects.js';

/** What a call came to, as LiveKit or we say it. */
export interface Outcome {
  item: llm.FunctionCallOutput;
  /** Nobody wants to hear about it. */
  quiet?: boolean | undefined;
  /** The truth may still come; then it is told. */
  provisional?: boolean | undefined;
}

/**
 * What an outcome means for the server. `answer`: the response it waits for. `tell`: it no longer
 * waits, so text has to say it, and the model has to be asked to speak. `text`: history that asks for
 * nothing. `wait`: an earlier call comes first. `drop`: it knows already, or took the question back.
 */
export type Verdict = 'answer' | 'tell' | 'text' | 'wait' | 'drop';

/** An id under which the server asked. */
interface Question {
  wireId: string | undefined;
  /** What stands for it in the ledger of what the server knows. */
  mark: string;
  /** The present session of the server waits for it. */
  waits: boolean;
}

interface Entry extends ToolCall {
  item: llm.FunctionCall;
  questions: Question[];
  state: 'open' | 'provisional' | 'continues' | 'over' | 'cancelled';
  held?: Outcome | undefined;
}

/** LiveKit's marks of tools that report progress and go on (`ctx.update`). */
const GOES_ON = '__livekit_agents_tool_non_blocking';
const LATER = /_(?:update_\d+|final)$/;

/** Every call that the server asked in this conversation. Each is answered or told, exactly once. */
export class CallLedger {
  readonly #entries = new Map<string, Entry>();
  readonly #mayContinue: (name: string) => boolean;

  /** @param mayContinue whether one call of this function may be answered several times */
  constructor(mayContinue: (name: string) => boolean = () => false) {
    this.#mayContinue = mayContinue;
  }

  /** Returns what stands for the question in the ledger of what the server knows. */
  asked(call: ToolCall, item: llm.FunctionCall): string {
    const questions = [{ wireId: call.wireId, mark: item.id, waits: true }];
    this.#entries.set(call.callId, { ...call, item, questions, state: 'open' });
    return item.id;
  }

  repeated(callId: string, wireId: string | undefined): string | undefined {
    const entry = this.#entries.get(callId);
    if (!entry) return undefined;
    const mark = `${entry.item.id} ${entry.questions.length}`;
    entry.questions.push({ wireId, mark, waits: true });
    return mark;
  }

  unasked(callId: string, wireIds: readonly (string | undefined)[]): void {
    const entry = this.#entries.get(callId);
    if (entry) entry.questions = entry.questions.filter(({ wireId }) => !wireIds.includes(wireId));
  }

  /** Returns whether it was open. */
  cancelled(callId: string): boolean {
    const entry = this.#entries.get(callId);
    if (entry?.state !== 'open') return false;
    entry.state = 'cancelled';
    entry.held = undefined;
    return true;
  }

  forgotten(callIds: readonly string[]): void {
    for (const id of callIds) {
      for (const question of this.#entries.get(id)?.questions ?? []) question.waits = false;
    }
  }

  /** A session that knows these marks: what it does not know it does not wait for. */
  reconnected(knows: (mark: string) => boolean): void {
    for (const { questions } of this.#entries.values()) {
      for (const question of questions) question.waits &&= knows(question.mark);
    }
  }

  /** Open calls that the present session of the server does not wait for. */
  get unknown(): string[] {
    return [...this.#entries.values()]
      .filter((entry) => entry.state === 'open' && !waits(entry))
      .map(({ callId }) => callId);
  }

  /** Its first outcome was only news of its progress. `waits`: for more, under the id of the server. */
  goesOn(callId: string): { waits: boolean } | undefined {
    const entry = this.#entries.get(callId);
    if (entry?.item.extra?.[GOES_ON] !== true) return undefined;
    if (entry.state === 'continues') return { waits: true };
    return entry.state === 'over' ? { waits: false } : undefined;
  }

  /** The truth about it has not been said. */
  isUnsettled(callId: string): boolean {
    const state = this.#entries.get(callId)?.state;
    return state === 'open' || state === 'provisional';
  }

  nameOf(callId: string): string | undefined {
    return this.#entries.get(callId)?.name;
  }

  /** Where ids are missing the server goes by name and order, so we do. */
  inOrder(items: readonly llm.FunctionCallOutput[]): llm.FunctionCallOutput[] {
    const order = new Map([...this.#entries.keys()].map((id, i) => [id, i]));
    const place = ({ callId }: llm.FunctionCallOutput): number => order.get(callId) ?? Infinity;
    return items.toSorted((a, b) => place(a) - place(b) || 0);
  }

  settle(outcome: Outcome): { verdict: Verdict; results: ToolResult[] } {
    const entry = this.#entries.get(outcome.item.callId);
    if (!entry) return this.#later(outcome);
    if (entry.state === 'provisional' && !outcome.provisional) {
      entry.state = 'over';
      return { verdict: 'tell', results: [] };
    }
    const better = entry.held?.provisional === true && !outcome.provisional;
    if (entry.state !== 'open' || (entry.held && !better)) return { verdict: 'drop', results: [] };
    if (!waits(entry)) {
      entry.state = outcome.provisional ? 'provisional' : 'over';
      return { verdict: 'tell', results: [] };
    }
    if (this.#comesLater(entry)) {
      entry.held = outcome;
      return { verdict: 'wait', results: [] };
    }
    const goesOn = entry.item.extra?.[GOES_ON] === true && this.#mayContinue(entry.name);
    const results = answer(entry, outcome, goesOn && !outcome.provisional ? true : undefined);
    return { verdict: 'answer', results };
  }

  /** Further news of a tool that goes on, under an id of LiveKit's own. It asks for the reply itself. */
  #later(outcome: Outcome): { verdict: Verdict; results: ToolResult[] } {
    const { callId } = outcome.item;
    const entry = LATER.test(callId) ? this.#entries.get(callId.replace(LATER, '')) : undefined;
    const news = { ...outcome, quiet: outcome.quiet ?? true };
    const asText = { verdict: outcome.quiet === false ? 'tell' : 'text', results: [] } as const;
    if (!entry || !waits(entry)) return { ...asText, results: [] };
    if (entry.state === 'open') return { verdict: 'answer', results: answer(entry, news) };
    if (entry.state !== 'continues') return { ...asText, results: [] };
    return { verdict: 'answer', results: answer(entry, news, !callId.endsWith('_final')) };
  }

  #comesLater(entry: Entry): boolean {
    if (!entry.questions.some(({ wireId }) => wireId === undefined)) return false;
    for (const other of this.#entries.values()) {
      if (other === entry) return false;
      const same = other.name === entry.name && other.wireId === undefined;
      if (same && other.state === 'open' && waits(other)) return true;
    }
    return false;
  }

  /** After any change: outcomes whose turn has come, and `freed` ones that the server waits for no more. */
  release(): { results: ToolResult[]; freed: Outcome[] } {
    const results: ToolResult[] = [];
    const freed: Outcome[] = [];
    for (const entry of this.#entries.values()) {
      const { held } = entry;
      if (!held || (waits(entry) && this.#comesLater(entry))) continue;
      results.push(...answer(entry, held));
      if (!waits(entry)) freed.push(held);
    }
    return { results, freed };
  }
}

function waits({ questions }: Entry): boolean {
  return questions.some((question) => question.waits);
}

/** One response for each id under which it was asked. */
function answer(
  entry: Entry,
  { item, quiet, provisional }: Outcome,
  willContinue?: boolean,
): ToolResult[] {
  entry.held = undefined;
  entry.state = provisional ? 'provisional' : willContinue ? 'continues' : 'over';
  const { callId, name } = entry;
  const { id: itemId, output, isError } = item;
  return entry.questions
    .filter((question) => question.waits)
    .map(({ wireId }) => ({
      ...{ wireId, callId, itemId, name, output, isError },
      ...(quiet && { quiet }),
      ...(willContinue !== undefined && { willContinue }),
    }));
}
