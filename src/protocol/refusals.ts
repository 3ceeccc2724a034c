// SPDX-License-Identifier: Apache-2.0
import type { Capabilities } from '../models/capabilities.js';
import type { Command } from './encode.js';

/** Cells of a row that the service proved wrong, and what stands there from now on. */
export type Downgrade = Partial<Capabilities>;

/** One thing that a service may refuse though the row says yes. */
export interface Refusable {
  /** The field of the row. */
  capability: keyof Capabilities;
  /** How the reason of a close may name it, in lower case. */
  named: readonly string[];
  /** Does a frame of this command rest on it? */
  restsOnIt(command: Command, row: Capabilities): boolean;
  /** The other route. */
  fallback(row: Capabilities): Downgrade;
}

/**
 * Command kind → the capability it rests on → what that falls back to. Where several frames may be
 * meant, the one least proven in the field is blamed, so the order counts: a wrong guess costs one
 * more connection, and the next one is blamed then.
 */
export const REFUSABLE: readonly Refusable[] = [
  {
    capability: 'cancel',
    named: ['clientcontent', 'client_content'],
    restsOnIt: ({ type }) => type === 'cancel',
    fallback: () => ({ cancel: 'none' }),
  },
  {
    capability: 'instructionUpdate',
    named: ['contextupdate', 'context_update'],
    restsOnIt: ({ type }) => type === 'context',
    fallback: ({ instructionUpdate, toolUpdate }) => ({
      ...(instructionUpdate === 'contextUpdate' && { instructionUpdate: 'reconnect' }),
      ...(toolUpdate === 'contextUpdate' && { toolUpdate: 'reconnect' }),
    }),
  },
  {
    capability: 'toolWillContinue',
    named: ['willcontinue', 'will_continue'],
    restsOnIt: (command, { toolWillContinue }) =>
      toolWillContinue && hasResult(command, 'willContinue'),
    fallback: () => ({ toolWillContinue: false }),
  },
  {
    capability: 'toolScheduling',
    named: ['scheduling'],
    restsOnIt: (command, { toolScheduling }) =>
      toolScheduling.length > 0 && hasResult(command, 'scheduling'),
    fallback: () => ({ toolScheduling: [] }),
  },
  {
    capability: 'midSessionContent',
    named: ['clientcontent', 'client_content'],
    restsOnIt: ({ type }, { midSessionContent, replyRequest }) =>
      midSessionContent === 'allowed' &&
      (type === 'content' || (type === 'reply' && replyRequest !== 'realtimeText')),
    // As such models were in spring 2026 (livekit/agents PR#5262).
    fallback: ({ instructionUpdate }) => ({
      midSessionContent: 'initialHistory',
      replyRequest: 'realtimeText',
      ...(instructionUpdate === 'content' && { instructionUpdate: 'reconnect' }),
    }),
  },
];

function hasResult(command: Command, field: string): boolean {
  return (
    command.type === 'toolResults' &&
    command.results.some((result) => (result as unknown as Record<string, unknown>)[field])
  );
}

/** What may have been refused, given what was written just before. */
export function blamed(suspects: readonly Refusable[], reason: string): Refusable | undefined {
  const words = reason.toLowerCase();
  const inOrder = REFUSABLE.filter((each) => suspects.includes(each));
  return inOrder.find(({ named }) => named.some((name) => words.includes(name))) ?? inOrder[0];
}
