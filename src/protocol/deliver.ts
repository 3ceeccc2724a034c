// SPDX-License-Identifier: Apache-2.0
import type { Content } from '@google/genai';
import type { Capabilities } from '../models/capabilities.js';
import type { Command } from './encode.js';
import type { History } from './history.js';

/** Commands that bring new items to a running session, and what has to wait for the next seed. */
export interface Delivery {
  commands: Command[];
  held: number;
}

/** By which messages does the model learn of new turns in the middle of a session? */
export function deliver({ turns, itemIds }: History, row: Capabilities): Delivery {
  if (turns.length === 0) return { commands: [], held: 0 };
  if (row.midSessionContent === 'allowed') {
    return { commands: [{ type: 'content', turns, itemIds }], held: 0 };
  }
  // Only realtime text is left, and that is always the caller's and asks for an answer.
  const last = turns.at(-1);
  const text = last?.role === 'user' ? textOf(last) : '';
  if (!row.textInput || text === '') return { commands: [], held: turns.length };
  const command: Command = { type: 'text', text, itemIds };
  return { commands: [command], held: turns.length - 1 };
}

function textOf(turn: Content): string {
  return (turn.parts ?? []).flatMap((part) => part.text ?? []).join('\n');
}

/** By which message does a running session learn of new instructions? Undefined: by a new setup. */
export function instructionUpdate(text: string, row: Capabilities): Command | undefined {
  if (row.instructionUpdate === 'contextUpdate') return { type: 'context', instructions: text };
  if (row.instructionUpdate !== 'content') return undefined;
  // Other roles are refused or ignored there (livekit/agents#5041 and its Node plugin, 2026).
  return { type: 'content', turns: [{ role: 'model', parts: [{ text }] }], itemIds: [] };
}
