// SPDX-License-Identifier: Apache-2.0
import type { AudioFrame } from '@livekit/rtc-node';
import type { ReadableStream, ReadableStreamDefaultReader } from 'node:stream/web';
import type { Teller } from './teller.js';

/** Reads the frames of one stream at a time, and leaves a stream so that others can read on. */
export class InputStream {
  readonly #push: (frame: AudioFrame) => void;
  readonly #tell: Teller;
  #reader: ReadableStreamDefaultReader<AudioFrame> | undefined;

  /** @param push must not throw */
  constructor(push: (frame: AudioFrame) => void, tell: Teller) {
    this.#push = push;
    this.#tell = tell;
  }

  /** Reads this one from now on, in place of the one before. */
  read(stream: ReadableStream<AudioFrame>): void {
    this.close();
    if (stream.locked) {
      this.#tell.warn(
        'The stream of caller audio is read by somebody else: nothing of it is heard.',
      );
      return;
    }
    this.#reader = stream.getReader();
    void this.#pump(this.#reader);
  }

  /** Lets go of the stream; what is read later by others is theirs. */
  close(): void {
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.releaseLock();
  }

  async #pump(reader: ReadableStreamDefaultReader<AudioFrame>): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await reader.read();
        // Another stream has its place.
        if (this.#reader !== reader) return;
        if (done) break;
        this.#push(value);
      }
    } catch (error) {
      // Letting go of a stream rejects the read that waits for it.
      if (this.#reader !== reader) return;
      this.#tell.warn(`The stream of caller audio failed: ${String(error)}`);
    }
    this.close();
  }
}
