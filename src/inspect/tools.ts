// SPDX-License-Identifier: Apache-2.0
import type { Effect } from '../turn/effects.js';
import type { ToolSpan } from './report.js';

/** The calls of a conversation. */
export class Tools {
  readonly spans: ToolSpan[] = [];
  /** Every id under which the server asked for it. */
  readonly wireIds = new Map<ToolSpan, (string | undefined)[]>();
  readonly #byId = new Map<string, ToolSpan>();
  readonly #isTimed: boolean;

  constructor(isTimed: boolean) {
    this.#isTimed = isTimed;
  }

  effect(effect: Effect, t: number): void {
    switch (effect.type) {
      case 'callTool':
        this.#called(effect.call, t);
        break;
      case 'repeatCall':
        this.#idsOf(effect.callId)?.push(effect.wireId);
        break;
      case 'answerCall':
        // A tool that has returned was not late: LiveKit kept its result.
        if (this.#isTimed && effect.phase !== 'returned') this.#ended(effect.callId, 'overdue', t);
        break;
      case 'cancelCalls':
        for (const callId of effect.callIds) this.#ended(callId, 'cancelled', t);
    }
  }

  nameOf(callId: string): string | undefined {
    return this.#byId.get(callId)?.name;
  }

  settled(callId: string, t: number): void {
    this.#ended(callId, 'answered', t);
  }

  #called(
    { callId, wireId, name, args }: Extract<Effect, { type: 'callTool' }>['call'],
    t: number,
  ): void {
    const span: ToolSpan = {
      ...{ from: t, to: undefined, callId, name, args, outcome: 'open' },
      ...{ output: undefined, isError: false },
    };
    this.spans.push(span);
    this.wireIds.set(span, [wireId]);
    this.#byId.set(callId, span);
  }

  #idsOf(callId: string): (string | undefined)[] | undefined {
    const span = this.#byId.get(callId);
    return span && this.wireIds.get(span);
  }

  #ended(callId: string, outcome: ToolSpan['outcome'], t: number): void {
    const span = this.#byId.get(callId);
    if (!span || span.outcome !== 'open') return;
    span.outcome = outcome;
    span.to = t;
  }
}
