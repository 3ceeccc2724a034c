// SPDX-License-Identifier: Apache-2.0
/**
 * Audio with the looks of speech: a voice with overtones and some breath, in syllables, with pauses.
 * The same in every run; neither silence nor a constant, which some code is too quick with.
 */
export function speechSamples(rate: number, ms: number): Int16Array {
  const samples = new Int16Array((rate * ms) / 1000);
  let noise = 12_345;
  for (let i = 0; i < samples.length; i++) {
    const at = i / rate;
    noise = (Math.imul(noise, 1_103_515_245) + 12_345) >>> 0;
    const breath = noise / 2 ** 31 - 1;
    const syllable = Math.max(0, Math.sin(2 * Math.PI * 4 * at)) * (at % 2 < 1.3 ? 1 : 0);
    let voice = 0;
    for (let tone = 1; tone <= 5; tone++) voice += Math.sin(2 * Math.PI * 140 * tone * at) / tone;
    samples[i] = Math.round(syllable * (3_500 * voice + 800 * breath) + 60 * breath);
  }
  return samples;
}

/** The first bytes of a stamped chunk: a mark, and when it was written. Whole base64 quads. */
export const STAMP_BYTES = 12;
const MARK = 0x6d_61_72_6b;

export function stamp(atMs: number): Buffer {
  const bytes = Buffer.alloc(STAMP_BYTES);
  bytes.writeInt32LE(MARK, 0);
  bytes.writeDoubleLE(atMs, 4);
  return bytes;
}

/** When a chunk was written that begins with these samples; undefined without a stamp. */
export function stampOf(samples: Int16Array): number | undefined {
  if (samples.length < STAMP_BYTES / 2) return undefined;
  const bytes = Buffer.from(samples.buffer, samples.byteOffset, STAMP_BYTES);
  return bytes.readInt32LE(0) === MARK ? bytes.readDoubleLE(4) : undefined;
}
