// SPDX-License-Identifier: Apache-2.0
import type { WireUsage } from '../../src/protocol/frames.js';
import { terse } from '../../src/replay/terse.js';
import type { Effect } from '../../src/turn/effects.js';
import type { TurnRules } from '../../src/turn/rules.js';
import {
  initialState,
  nextDeadline,
  type CallPhase,
  type Input,
  type TurnState,
} from '../../src/turn/state.js';
import { step } from '../../src/turn/step.js';

/** An input without its time. */
export type Timeless = Input extends infer One
  ? One extends { at: number }
    ? Omit<One, 'at'>
    : never
  : never;

/** Some day on which nothing happens. */
export const T0 = Date.UTC(2026, 10, 20);

/** A model that speaks, and goes on speaking while its calls run. */
export const RULES: TurnRules = {
  textOutput: false,
  blockingCalls: false,
  endsAtIdle: false,
  blockingCallTailMs: 400,
  replyTimeoutMs: 10_000,
};

export const BLOCKING: TurnRules = { ...RULES, blockingCalls: true };

export const audio = (data = 'AAAA'): Timeless => ({ type: 'audio', data, rate: 24_000 });
export const modelSaid = (text: string): Timeless => ({ type: 'modelSaid', text });
export const text = (said: string): Timeless => ({ type: 'text', text: said });
export const userSaid = (said: string, interim = false): Timeless => ({
  type: 'userSaid',
  text: said,
  interim,
});
export const speaking = (yes: boolean): Timeless => ({ type: 'voiceActivity', speaking: yes });
export const interrupted: Timeless = { type: 'interrupted' };
export const generationComplete: Timeless = { type: 'generationComplete' };
export const boundary = (reason?: string): Timeless => ({
  type: 'boundary',
  reason,
  inProgress: false,
});
export const inProgress: Timeless = { type: 'boundary', inProgress: true };
export const interruptRequested: Timeless = { type: 'interruptRequested' };
export const turnCommitted: Timeless = { type: 'turnCommitted' };
export const turnDiscarded: Timeless = { type: 'turnDiscarded' };
export const connectionLost: Timeless = { type: 'connectionLost' };
export const tick: Timeless = { type: 'tick' };

/** Calls of one message; undefined is a call without an id. */
export const calls = (...ids: (string | undefined)[]): Timeless => ({
  type: 'calls',
  calls: ids.map((id) => ({ id, name: 'weather', args: { city: 'Oslo' } })),
});
export const toolSettled = (callId: string): Timeless => ({ type: 'toolSettled', callId });
export const toolIs = (callId: string, phase: CallPhase): Timeless => ({
  type: 'toolIs',
  callId,
  phase,
});
export const callsCancelled = (...ids: string[]): Timeless => ({ type: 'callsCancelled', ids });
export const usage = (promptTokenCount: number): Timeless => ({
  type: 'usage',
  usage: { promptTokenCount } satisfies WireUsage,
});
export const connectionBack = (restored: boolean): Timeless => ({
  type: 'connectionBack',
  restored,
});
export const heardNothing: Timeless = { type: 'heardNothing' };
export const closed: Timeless = { type: 'closed', why: 'closed' };

export const replyRequested = (replyId: string, instructions?: string): Timeless => ({
  type: 'replyRequested',
  replyId,
  instructions,
});
export const replyWritten = (replyId: string): Timeless => ({ type: 'replyWritten', replyId });
export const replyAborted = (replyId: string): Timeless => ({ type: 'replyAborted', replyId });
/** A reply that was asked for and whose request is on the wire. */
export const asked = (replyId: string): Timeless[] => [
  replyRequested(replyId),
  replyWritten(replyId),
];

/** Runs the machine by hand. Every state is frozen: a step that changes its input throws. */
export class Talk {
  readonly effects: Effect[] = [];
  now = T0;
  state: TurnState = deepFreeze(initialState('t_'));

  constructor(readonly rules: TurnRules = RULES) {}

  get is(): TurnState['turn']['is'] {
    return this.state.turn.is;
  }

  /** Puts inputs in at the present time; what they ask for, tersely. */
  put(...inputs: Timeless[]): string {
    const effects = inputs.flatMap((input) => {
      const given = deepFreeze({ ...input, at: this.now });
      const next = step(this.state, given, this.rules);
      this.state = deepFreeze(next.state);
      return next.effects;
    });
    this.effects.push(...effects);
    return effects.map(terse).join(' ');
  }

  /** Lets time pass, with a tick at each deadline as the shell does it. */
  wait(ms: number): string {
    const until = this.now + ms;
    const said: string[] = [];
    for (let ticks = 0; ; ticks++) {
      const due = nextDeadline(this.state, this.rules);
      if (due === undefined || due > until) break;
      if (ticks > 1_000) throw new Error('a deadline that does not pass');
      this.now = Math.max(this.now, due);
      said.push(this.put(tick));
    }
    this.now = until;
    return said.filter((one) => one !== '').join(' ');
  }

  all<T extends Effect['type']>(type: T): Extract<Effect, { type: T }>[] {
    return this.effects.filter(
      (effect): effect is Extract<Effect, { type: T }> => effect.type === type,
    );
  }

  /** The local history as the effects tell it. */
  get history(): [role: string, text: string][] {
    const lines = new Map<string, [string, string]>();
    for (const effect of this.effects) {
      if (effect.type === 'remember') {
        lines.set(effect.message.id, [effect.message.role, effect.message.text]);
      } else if (effect.type === 'amend') {
        const line = lines.get(effect.messageId);
        if (line) line[1] += effect.text;
      }
    }
    return [...lines.values()];
  }

  /** What LiveKit was given to speak or show, one text for each message. */
  get written(): string[] {
    const messages: string[] = [];
    for (const effect of this.effects) {
      if (effect.type === 'openMessage') messages.push('');
      else if (effect.type === 'writeText') messages.push((messages.pop() ?? '') + effect.text);
    }
    return messages;
  }

  /** Final lines of the caller. */
  get finals(): string[] {
    return this.all('transcribe').flatMap(({ isFinal, text }) => (isFinal ? [text] : []));
  }

  /** Everything so far, tersely. */
  get told(): string {
    return this.effects.map(terse).join(' ');
  }
}

export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const member of Object.values(value)) deepFreeze(member);
  return value;
}
