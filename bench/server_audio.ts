// SPDX-License-Identifier: Apache-2.0
import { speechSamples, stamp } from './speech.js';

const RATE = 24_000;
const HEAD =
  '{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"audio/pcm;rate=24000","data":"';
const TAIL = '"}}]}}}';

/** Chunks of model audio as they cross the wire, each with the time at which it was written. */
export class Chunks {
  readonly #messages: Buffer[];
  #next = 0;

  constructor(chunkMs: number) {
    const count = (RATE * chunkMs) / 1000;
    const samples = speechSamples(RATE, 2_000);
    this.#messages = Array.from({ length: Math.floor(samples.length / count) }, (_, i) => {
      const { buffer } = samples.slice(i * count, (i + 1) * count);
      return Buffer.from(HEAD + Buffer.from(buffer).toString('base64') + TAIL);
    });
  }

  /** A message of its own: the network may still hold the one before. */
  next(atMs: number): Buffer {
    const message = Buffer.from(this.#messages[this.#next++ % this.#messages.length]!);
    message.write(stamp(atMs).toString('base64'), HEAD.length, 'latin1');
    return message;
  }
}

/** Bytes behind the base64 text of the audio of a client frame; 0 when there is none. */
export function audioBytes(frame: Buffer): number {
  const key = frame.indexOf('"data":"');
  if (key < 0) return 0;
  const begin = key + 8;
  const end = frame.indexOf(0x22, begin);
  const padding = frame[end - 1] !== 0x3d ? 0 : frame[end - 2] !== 0x3d ? 1 : 2;
  return ((end - begin) / 4) * 3 - padding;
}
