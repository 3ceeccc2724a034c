// SPDX-License-Identifier: Apache-2.0
import { llm } from '@livekit/agents';
import type { ReplyFailure } from '../turn/effects.js';
import { Generation } from './generation.js';

/** What a rejected reply says. */
const WHY: Record<ReplyFailure, string> = {
  timeout: 'The model was asked twice and did not begin to answer in time (replyTimeoutMs).',
  aborted: 'The reply was aborted.',
  superseded: 'Too many replies were asked for while it waited; newer ones took its place.',
  disconnected: 'The connection is gone for good; see the error event.',
  closed: 'The session was closed.',
  unsupported: 'This model does not reply on request; it only works on what it hears.',
};

interface Waiting {
  resolve(event: llm.GenerationCreatedEvent): void;
  reject(error: Error): void;
}

/** The generations that LiveKit reads, and the replies it waits for. Every one of them ends. */
export class Output {
  readonly #created: (event: llm.GenerationCreatedEvent) => void;
  readonly #generations = new Map<string, Generation>();
  readonly #replies = new Map<string, Waiting>();

  /** @param created hears of every generation */
  constructor(created: (event: llm.GenerationCreatedEvent) => void) {
    this.#created = created;
  }

  /** A promise that settles with `open` or `fail`. */
  reply(replyId: string): Promise<llm.GenerationCreatedEvent> {
    return new Promise((resolve, reject) => this.#replies.set(replyId, { resolve, reject }));
  }

  open(id: string, replyId: string | undefined): void {
    const generation = new Generation(id);
    this.#generations.set(id, generation);
    const waiting = replyId === undefined ? undefined : this.#replies.get(replyId);
    const event = generation.event(waiting !== undefined);
    if (replyId !== undefined) this.#replies.delete(replyId);
    waiting?.resolve(event);
    this.#created(event);
  }

  /** Returns what the rejection says. */
  fail(replyId: string, why: ReplyFailure): string {
    this.#replies.get(replyId)?.reject(new llm.RealtimeError(WHY[why]));
    this.#replies.delete(replyId);
    return WHY[why];
  }

  generation(id: string): Generation | undefined {
    return this.#generations.get(id);
  }

  /** Returns whether there was audio and nothing to hear in it. */
  close(id: string): boolean {
    const generation = this.#generations.get(id);
    generation?.close();
    this.#generations.delete(id);
    return generation?.wasSilent ?? false;
  }
}
