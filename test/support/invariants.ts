// SPDX-License-Identifier: Apache-2.0
import { countTokens } from '../../src/protocol/tokens.js';
import type { Effect } from '../../src/turn/effects.js';

/** Watches the effects of a conversation; throws at the first one that must not be. */
export class Invariants {
  #open: string | undefined;
  #message: string | undefined;
  readonly #generations = new Set<string>();
  readonly #messages = new Set<string>();
  readonly #remembered = new Set<string>();
  readonly #finals = new Set<string>();
  readonly #asked = new Set<string>();
  readonly #settled = new Set<string>();
  #speaks = false;

  asked(replyId: string): void {
    this.#asked.add(replyId);
  }

  take(effect: Effect): void {
    this.#wellFormed(effect);
    switch (effect.type) {
      case 'openGeneration':
        must(this.#open === undefined, 'two generations at a time');
        this.#once(this.#generations, effect.generationId);
        this.#open = effect.generationId;
        this.#message = undefined;
        if (effect.replyId !== undefined) this.#settle(effect.replyId);
        break;
      case 'resumeSpeech':
        // A generation of its own, over at once.
        must(this.#open === undefined, 'speech is resumed in an answer');
        this.#once(this.#generations, effect.generationId);
        this.#once(this.#messages, effect.messageId);
        break;
      case 'closeGeneration':
        this.#open = undefined;
        break;
      case 'openMessage':
        must(this.#message === undefined, 'two messages in one generation');
        this.#once(this.#messages, effect.messageId);
        this.#message = effect.messageId;
        break;
      case 'playAudio':
      case 'writeText':
        must(this.#message !== undefined, 'output without a message');
        break;
      case 'remember':
        this.#once(this.#remembered, effect.message.id);
        must(effect.message.text.trim() !== '', 'an empty message');
        break;
      case 'amend':
        must(this.#remembered.has(effect.messageId), 'what is not there is amended');
        break;
      case 'transcribe':
        must(!this.#finals.has(effect.itemId), 'a line goes on after its end');
        must(effect.text.trim() !== '', 'an empty line');
        if (effect.isFinal) this.#finals.add(effect.itemId);
        break;
      case 'startSpeech':
      case 'stopSpeech':
        must(this.#speaks === (effect.type === 'stopSpeech'), 'speech begins or ends twice');
        this.#speaks = effect.type === 'startSpeech';
        break;
      case 'failReply':
        this.#settle(effect.replyId);
        break;
    }
  }

  /** After `closed`: nothing is left open. */
  ended(): void {
    must(this.#open === undefined, 'a generation is left open');
    must(!this.#speaks, 'speech is left open');
    must(this.#settled.size === this.#asked.size, 'replies are left open');
  }

  #settle(replyId: string): void {
    must(this.#asked.has(replyId), 'a reply that nobody asked for');
    this.#once(this.#settled, replyId);
  }

  #once(seen: Set<string>, id: string): void {
    must(!seen.has(id), 'an id that is used twice');
    seen.add(id);
  }

  /** Whatever the server said, the shell is given what it can work with. */
  #wellFormed(effect: Effect): void {
    if ('at' in effect) must(Number.isFinite(effect.at), 'no time');
    const opens = effect.type === 'openGeneration' || effect.type === 'resumeSpeech';
    if ('generationId' in effect && !opens) {
      must(effect.generationId === this.#open, `${effect.type} of another generation`);
    }
    switch (effect.type) {
      case 'playAudio':
        must(typeof effect.data === 'string', 'no audio');
        must(effect.rate >= 8_000 && effect.rate <= 192_000, 'no rate');
        break;
      case 'writeText':
      case 'amend':
        must(typeof effect.text === 'string', 'no text');
        break;
      case 'callTool': {
        const { callId, name, args } = effect.call;
        must(typeof callId === 'string' && callId !== '', 'a call without an id');
        must(typeof name === 'string', 'a call without a name');
        must(JSON.stringify(args).startsWith('{'), 'a call without arguments');
        break;
      }
      case 'cancelCalls':
        must(
          effect.callIds.every((id) => typeof id === 'string'),
          'no call',
        );
        break;
      case 'reportUsage':
        for (const count of numbersIn(countTokens(effect.usage, 'audio'))) {
          must(Number.isFinite(count) && (count as number) >= 0, 'no count');
        }
        break;
    }
  }
}

/** Looked at a hundred thousand times: `expect` would take most of the time. */
export function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

function numbersIn(value: object): unknown[] {
  return Object.values(value).flatMap((one: unknown) =>
    typeof one === 'object' && one !== null ? numbersIn(one) : [one],
  );
}
