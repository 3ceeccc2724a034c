// SPDX-License-Identifier: Apache-2.0
import type { Capabilities } from '../models/capabilities.js';
import type { Command, Words } from './encode.js';
import type { History } from './history.js';

/** How a running session learns of new items. */
export interface Delivery {
  commands: Command[];
  /** The caller's typed words: they leave with the reply request, in the one frame that asks. */
  words: Words | undefined;
  /** Only a fresh session, seeded anew, can learn of them. */
  held: boolean;
}

/** By which messages does the model learn of new turns in the middle of a session? */
export function deliver({ turns, itemIds }: History, row: Capabilities): Delivery {
  const [turn, ...others] = turns;
  if (!turn) return { commands: [], words: undefined, held: false };
  if (row.midSessionContent === 'allowed') {
    return { commands: [{ type: 'content', turns, itemIds }], words: undefined, held: false };
  }
  // Realtime text is always the caller's, and each of it asks for an answer.
  const texts = (turn.parts ?? []).map((part) => part.text);
  const isWords = turn.role === 'user' && others.length === 0 && !texts.includes(undefined);
  if (row.replyRequest !== 'realtimeText' || !isWords) {
    return { commands: [], words: undefined, held: row.seeding !== 'none' };
  }
  return { commands: [], words: { text: texts.join('\n'), itemIds }, held: false };
}

/**
 * By which message does a running session learn of new instructions? Undefined: by a new setup.
 * `before`: what it was told last.
 */
export function instructionUpdate(
  text: string,
  before: string,
  row: Capabilities,
): Command | undefined {
  if (row.instructionUpdate === 'contextUpdate') return { type: 'context', instructions: text };
  if (row.instructionUpdate !== 'content' || row.midSessionContent !== 'allowed') return undefined;
  // A content turn adds to what is there: only what is new has to be said.
  const added = before !== '' && text.startsWith(before) ? text.slice(before.length).trim() : text;
  if (added === '') return undefined;
  // Other roles are refused or ignored there (livekit/agents#5041 and its Node plugin, 2026).
  return { type: 'content', turns: [{ role: 'model', parts: [{ text: added }] }], itemIds: [] };
}
