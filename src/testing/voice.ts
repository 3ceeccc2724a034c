// SPDX-License-Identifier: Apache-2.0

/** Rate of all model speech, in Hz (Live API guide). */
export const OUTPUT_RATE = 24_000;

/** How long a voice takes for a text, in ms: 60 a character, at least 240, at most 20 s. */
export function speakingMs(text: string): number {
  return Math.min(20_000, Math.max(240, text.length * 60));
}

/**
 * Something that resembles speech to a level meter or a voice activity detector: a gliding tone with
 * overtones, about four syllables a second, with short pauses between words.
 */
export function speechLike(ms: number, rate: number = OUTPUT_RATE): Int16Array {
  const pcm = new Int16Array(Math.round((rate * ms) / 1000));
  // Everything in it returns after a second, so a second is made and then repeated.
  for (let i = 0; i < Math.min(rate, pcm.length); i += 1) {
    const t = i / rate;
    const pitch = 140 * t + 6 * Math.sin(2 * Math.PI * t);
    const tone =
      Math.sin(2 * Math.PI * pitch) +
      0.5 * Math.sin(4 * Math.PI * pitch) +
      0.25 * Math.sin(10 * Math.PI * pitch);
    const syllable = Math.abs(Math.sin(Math.PI * 4 * t));
    pcm[i] = Math.round(6000 * (0.15 + 0.85 * syllable) * tone);
  }
  for (let at = rate; at < pcm.length; at += rate) pcm.copyWithin(at, 0, rate);
  return pcm;
}

/** Samples → base64 of 16-bit little-endian PCM. */
export function pcmBase64(pcm: Int16Array): string {
  return Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength).toString('base64');
}

/** Base64 of 16-bit little-endian PCM → samples. */
export function pcmSamples(data: string): Int16Array {
  const bytes = Buffer.from(data, 'base64');
  const pcm = new Int16Array(Math.floor(bytes.length / 2));
  for (let i = 0; i < pcm.length; i += 1) pcm[i] = bytes.readInt16LE(i * 2);
  return pcm;
}

/** The rate in an audio mime type, in Hz; 16 kHz where it is not said. */
export function rateOf(mimeType: string): number {
  return Number(/rate=(\d+)/.exec(mimeType)?.[1] ?? 16_000);
}
