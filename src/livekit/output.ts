// SPDX-License-Identifier: Apache-2.0
import { llm } from '@livekit/agents';
import type { Clock } from '../clock.js';
import type { Settings } from '../options.js';
import type { GenerationEnd, ReplyFailure } from '../turn/effects.js';
import { Generation, type Stage } from './generation.js';
import { KeptSpeech } from './kept_speech.js';
import { durationMs, Playout } from './playout.js';

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
  signal: AbortSignal | undefined;
  resolve(event: llm.GenerationCreatedEvent): void;
  reject(error: Error): void;
}

export interface OutputEvents {
  /** Hears of every generation. */
  created(event: llm.GenerationCreatedEvent): void;
  /** The caller hears a gap in an answer, because its audio came so many ms too late. */
  underrun(ms: number): void;
}

/** The generations that LiveKit reads, and the replies it waits for. Every one of them ends. */
export class Output {
  readonly #on: OutputEvents;
  readonly #stage: Stage;
  readonly #generations = new Map<string, Generation>();
  readonly #replies = new Map<string, Waiting>();

  constructor(settings: Settings, clock: Clock, on: OutputEvents) {
    this.#on = on;
    this.#stage = {
      clock,
      playout: new Playout(settings.playoutBuffer, (ms) => on.underrun(ms)),
      kept: settings.falseInterruption ? new KeptSpeech() : undefined,
    };
  }

  /** A promise that settles with `open` or `fail`. */
  reply(replyId: string, signal?: AbortSignal): Promise<llm.GenerationCreatedEvent> {
    return new Promise((resolve, reject) =>
      this.#replies.set(replyId, { signal, resolve, reject }),
    );
  }

  /** It was aborted, and the machine has not heard of that yet. */
  isAborted(replyId: string): boolean {
    return this.#replies.get(replyId)?.signal?.aborted === true;
  }

  open(id: string, replyId: string | undefined): void {
    const generation = new Generation(id, this.#stage);
    this.#generations.set(id, generation);
    const waiting = replyId === undefined ? undefined : this.#replies.get(replyId);
    const event = generation.event(waiting !== undefined);
    if (replyId !== undefined) this.#replies.delete(replyId);
    waiting?.resolve(event);
    this.#on.created(event);
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
  close(id: string, end: GenerationEnd): boolean {
    const generation = this.#generations.get(id);
    generation?.close(end !== 'interrupted' && end !== 'closed');
    this.#generations.delete(id);
    return generation?.wasSilent ?? false;
  }

  /** @param ms of the message were played; undefined: an app stopped it, and it is not resumed */
  played(messageId: string, ms: number | undefined): void {
    this.#stage.kept?.heard(messageId, ms);
  }

  forget(): void {
    this.#stage.kept?.forget();
  }

  /** Says what nobody heard, as a generation of its own; what that was. */
  resume(id: string, messageId: string): { ms: number; text: string } {
    const rest = { ms: 0, text: '' };
    const pieces = this.#stage.kept?.take() ?? [];
    if (pieces.length === 0) return rest;
    this.open(id, undefined);
    const generation = this.#generations.get(id);
    generation?.openMessage(messageId, 'audio');
    for (const piece of pieces) {
      if (typeof piece === 'string') {
        rest.text += piece;
        generation?.writeText(piece);
      } else {
        rest.ms += durationMs(piece);
        generation?.playFrame(piece);
      }
    }
    this.close(id, 'complete');
    return rest;
  }
}
