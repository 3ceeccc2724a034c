// SPDX-License-Identifier: Apache-2.0
import type { Command } from '../protocol/encode.js';

/** 16 kHz, 16 bit, mono. */
const BYTES_PER_MS = 32;

const REALTIME = new Set<Command['type']>([
  'audio',
  'video',
  'activityStart',
  'activityEnd',
  'audioStreamEnd',
]);

/** What may not leave just now. */
export interface Gates {
  /** Caller audio waits: the model refuses it while a blocking call is pending. */
  audio: boolean;
  /** Reply requests wait: the connection is about to be exchanged. */
  replies: boolean;
}

/**
 * What we still owe the server: two first-in-first-out lines, because the protocol has exactly two
 * orders. Audio is bounded in time (oldest dropped first), marks are never dropped and never overtake
 * their audio, video keeps the newest frame.
 */
export class SendQueue {
  #content: Command[] = [];
  #realtime: Command[] = [];
  #audioBytes = 0;
  #droppedBytes = 0;
  readonly #maxAudioBytes: number;

  /** @param maxAudioMs most unsent caller audio, in ms */
  constructor(maxAudioMs: number) {
    this.#maxAudioBytes = maxAudioMs * BYTES_PER_MS;
  }

  /** Caller audio dropped so far, in ms. */
  get droppedMs(): number {
    return this.#droppedBytes / BYTES_PER_MS;
  }

  get isEmpty(): boolean {
    return this.#content.length === 0 && this.#realtime.length === 0;
  }

  get depth(): number {
    return this.#content.length + this.#realtime.length;
  }

  /** Caller audio that waits, in ms. */
  get audioMs(): number {
    return this.#audioBytes / BYTES_PER_MS;
  }

  get commands(): readonly Command[] {
    return [...this.#content, ...this.#realtime];
  }

  push(command: Command): void {
    if (!REALTIME.has(command.type)) {
      this.#content.push(command);
      return;
    }
    if (command.type === 'video') {
      this.#realtime = this.#realtime.filter((queued) => queued.type !== 'video');
    }
    this.#realtime.push(command);
    if (command.type !== 'audio') return;
    this.#audioBytes += command.pcm.byteLength;
    while (this.#audioBytes > this.#maxAudioBytes) this.#dropOldestAudio();
  }

  /** The next command that may leave, removed from its line. */
  take(gates: Gates): Command | undefined {
    const held = gates.replies && this.#content[0]?.type === 'reply';
    // The server waits for results; audio that overtook them would cost the connection.
    const next = held ? this.#content.findIndex(({ type }) => type === 'toolResults') : 0;
    if (next >= 0 && this.#content.length > 0) return this.#content.splice(next, 1)[0];
    const realtime = this.#realtime[0];
    if (!realtime || gates.audio) return undefined;
    if (realtime.type === 'audio') this.#audioBytes -= realtime.pcm.byteLength;
    return this.#realtime.shift();
  }

  /** Puts back what `take` gave out but nobody could write. */
  untake(command: Command): void {
    if (!REALTIME.has(command.type)) {
      this.#content.unshift(command);
      return;
    }
    this.#realtime.unshift(command);
    if (command.type === 'audio') this.#audioBytes += command.pcm.byteLength;
  }

  /** Keeps what `keep` says, in order. */
  retain(keep: (command: Command) => boolean): void {
    this.#content = this.#content.filter(keep);
    this.#realtime = this.#realtime.filter(keep);
    this.#audioBytes = this.#realtime.reduce(
      (sum, command) => sum + (command.type === 'audio' ? command.pcm.byteLength : 0),
      0,
    );
  }

  #dropOldestAudio(): void {
    const oldest = this.#realtime.findIndex((command) => command.type === 'audio');
    const [dropped] = this.#realtime.splice(oldest, 1);
    if (dropped?.type !== 'audio') return;
    this.#audioBytes -= dropped.pcm.byteLength;
    this.#droppedBytes += dropped.pcm.byteLength;
  }
}
