// SPDX-License-Identifier: Apache-2.0

/** So many samples tell a voice from a silence, and cost less than decoding all of them. */
const PROBES = 16;
/** Four characters are three bytes: one sample and a half. */
const GROUP = 8;
/** Nothing is quieter: one bit of sixteen. */
const SILENCE_DB = -90;

const CODES = new Uint8Array(128);
'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  .split('')
  .forEach((char, value) => (CODES[char.charCodeAt(0)] = value));
CODES['-'.charCodeAt(0)] = 62;
CODES['_'.charCodeAt(0)] = 63;

/** Length of what a base64 text between two places holds, in bytes. */
export function mediaBytes(text: string, start: number, end: number): number {
  let length = end - start;
  while (length > 0 && text.charCodeAt(start + length - 1) === 61 /* = */) length -= 1;
  return Math.floor((length * 3) / 4);
}

/** Level of 16 bit little-endian samples in base64, in dB of full scale, by some of them. */
export function levelDb(text: string, start: number, end: number): number {
  const groups = Math.floor((end - start) / GROUP);
  const stride = Math.max(1, Math.floor(groups / PROBES)) * GROUP;
  let sum = 0;
  let count = 0;
  for (let at = start; at + GROUP <= end; at += stride) {
    const sample = sampleAt(text, at);
    sum += sample * sample;
    count += 1;
  }
  if (sum === 0) return SILENCE_DB;
  return Math.max(SILENCE_DB, Math.round(10 * Math.log10(sum / count / 2 ** 30)));
}

/** The first sample of a group. */
function sampleAt(text: string, at: number): number {
  const second = code(text, at + 1);
  const low = ((code(text, at) << 2) | (second >> 4)) & 0xff;
  const high = ((second << 4) | (code(text, at + 2) >> 2)) & 0xff;
  return (((high << 8) | low) << 16) >> 16;
}

function code(text: string, at: number): number {
  return CODES[text.charCodeAt(at) & 127] ?? 0;
}
