// SPDX-License-Identifier: Apache-2.0

/** The JSON around the first string named `data`: the same in all frames of a stream of audio. */
export interface Envelope {
  head: string;
  tail: string;
}

export function envelope(text: string): Envelope | undefined {
  let at = text.indexOf('"data"') + 6;
  while (text[at] === ' ' || text[at] === ':') at += 1;
  const end = text[at] === '"' ? text.indexOf('"', at + 1) : -1;
  return end < 0 ? undefined : { head: text.slice(0, at + 1), tail: text.slice(end) };
}

/** Where its string ends in another text with this envelope; -1: the text has another one. */
export function dataEnd(text: string, { head, tail }: Envelope): number {
  // `startsWith` takes ten times as long, and this is done for every chunk of audio.
  if (text.slice(0, head.length) !== head) return -1;
  const end = text.indexOf('"', head.length);
  return end === text.length - tail.length && text.endsWith(tail) ? end : -1;
}
