// SPDX-License-Identifier: Apache-2.0
export interface Token {
  kind: 'key' | 'string' | 'number' | 'word' | 'mark';
  text: string;
}

/** More would make the panel slow; who needs it has the recording. */
export const MOST_CHARS = 200_000;

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d[\d.eE+-]*)|(true|false|null)|([^"\d\-a-z]+|.)/gs;

/** Pretty-printed JSON in pieces to colour. */
export function tokensOf(value: unknown): Token[] {
  const text = JSON.stringify(value, null, 2) ?? 'undefined';
  const shown = text.length > MOST_CHARS ? text.slice(0, MOST_CHARS) : text;
  const tokens: Token[] = [];
  for (const [all, string, colon, number, word] of shown.matchAll(TOKEN)) {
    if (string !== undefined) tokens.push({ kind: colon ? 'key' : 'string', text: string });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word });
    else tokens.push({ kind: 'mark', text: all });
    if (colon !== undefined) tokens.push({ kind: 'mark', text: colon });
  }
  const left = text.length - shown.length;
  if (left > 0) tokens.push({ kind: 'mark', text: `\n… ${left} more characters` });
  return tokens;
}
