// SPDX-License-Identifier: Apache-2.0
import { expect } from 'vitest';
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
        expect(this.#open, 'two generations at a time').toBeUndefined();
        this.#once(this.#generations, effect.generationId);
        this.#open = effect.generationId;
        this.#message = undefined;
        if (effect.replyId !== undefined) this.#settle(effect.replyId);
        break;
      case 'resumeSpeech':
        // A generation of its own, over at once.
        expect(this.#open).toBeUndefined();
        this.#once(this.#generations, effect.generationId);
        this.#once(this.#messages, effect.messageId);
        break;
      case 'closeGeneration':
        expect(effect.generationId).toBe(this.#open);
        this.#open = undefined;
        break;
      case 'openMessage':
        expect(this.#message, 'two messages in one generation').toBeUndefined();
        this.#once(this.#messages, effect.messageId);
        this.#message = effect.messageId;
        break;
      case 'playAudio':
      case 'writeText':
        expect(this.#message, 'output without a message').toBeDefined();
        break;
      case 'remember':
        this.#once(this.#remembered, effect.message.id);
        expect(effect.message.text.trim()).not.toBe('');
        break;
      case 'amend':
        expect(this.#remembered).toContain(effect.messageId);
        break;
      case 'transcribe':
        expect(this.#finals).not.toContain(effect.itemId);
        expect(effect.text.trim()).not.toBe('');
        if (effect.isFinal) this.#finals.add(effect.itemId);
        break;
      case 'startSpeech':
      case 'stopSpeech':
        expect(this.#speaks).toBe(effect.type === 'stopSpeech');
        this.#speaks = effect.type === 'startSpeech';
        break;
      case 'failReply':
        this.#settle(effect.replyId);
        break;
    }
  }

  /** After `closed`: nothing is left open. */
  ended(): void {
    expect(this.#open, 'a generation is left open').toBeUndefined();
    expect(this.#speaks, 'speech is left open').toBe(false);
    expect([...this.#settled].sort(), 'replies are left open').toEqual([...this.#asked].sort());
  }

  #settle(replyId: string): void {
    expect(this.#asked).toContain(replyId);
    this.#once(this.#settled, replyId);
  }

  #once(seen: Set<string>, id: string): void {
    expect(seen, 'an id that is used twice').not.toContain(id);
    seen.add(id);
  }

  /** Whatever the server said, the shell is given what it can work with. */
  #wellFormed(effect: Effect): void {
    if ('at' in effect) expect(Number.isFinite(effect.at)).toBe(true);
    const opens = effect.type === 'openGeneration' || effect.type === 'resumeSpeech';
    if ('generationId' in effect && !opens) {
      expect(effect.generationId, effect.type).toBe(this.#open);
    }
    switch (effect.type) {
      case 'playAudio':
        expect(typeof effect.data).toBe('string');
        expect(effect.rate >= 8_000 && effect.rate <= 192_000).toBe(true);
        break;
      case 'writeText':
      case 'amend':
        expect(typeof effect.text).toBe('string');
        break;
      case 'callTool': {
        const { callId, name, args } = effect.call;
        expect([typeof callId, typeof name, typeof args]).toEqual(['string', 'string', 'object']);
        expect(callId).not.toBe('');
        expect(JSON.stringify(args).startsWith('{')).toBe(true);
        break;
      }
      case 'cancelCalls':
        expect(effect.callIds.every((id) => typeof id === 'string')).toBe(true);
        break;
      case 'reportUsage':
        for (const count of numbersIn(countTokens(effect.usage, 'audio'))) {
          expect(Number.isFinite(count) && (count as number) >= 0).toBe(true);
        }
        break;
    }
  }
}

function numbersIn(value: object): unknown[] {
  return Object.values(value).flatMap((one: unknown) =>
    typeof one === 'object' && one !== null ? numbersIn(one) : [one],
  );
}
