// SPDX-License-Identifier: Apache-2.0
import type { Command, ToolResult } from '../protocol/encode.js';
import type { SendQueue } from './send_queue.js';

/**
 * What becomes of an unsent command when its connection ends. `keep`: sent on the next one, in order.
 * `rebuilt`: dropped here because the next connection carries it anyway (setup, seed, delta, or the
 * turn machine asks again). `folded`: told as history text, because the server forgot the question.
 */
export type Fate = 'keep' | 'rebuilt' | 'folded';

/** Command × how the next connection begins. */
export const SURVIVAL: Readonly<Record<Command['type'], { resumed: Fate; fresh: Fate }>> = {
  seed: { resumed: 'rebuilt', fresh: 'rebuilt' },
  content: { resumed: 'rebuilt', fresh: 'rebuilt' },
  reply: { resumed: 'rebuilt', fresh: 'rebuilt' },
  cancel: { resumed: 'rebuilt', fresh: 'rebuilt' },
  context: { resumed: 'rebuilt', fresh: 'rebuilt' },
  toolResults: { resumed: 'keep', fresh: 'folded' },
  audio: { resumed: 'keep', fresh: 'keep' },
  video: { resumed: 'keep', fresh: 'keep' },
  activityStart: { resumed: 'keep', fresh: 'keep' },
  activityEnd: { resumed: 'keep', fresh: 'keep' },
  audioStreamEnd: { resumed: 'keep', fresh: 'keep' },
};

/** Applies the table to a queue; returns the tool results that became history. */
export function carryOver(queue: SendQueue, next: 'resumed' | 'fresh'): ToolResult[] {
  const folded = queue.commands.flatMap((command) =>
    command.type === 'toolResults' && SURVIVAL.toolResults[next] === 'folded'
      ? command.results
      : [],
  );
  queue.retain((command) => SURVIVAL[command.type][next] === 'keep');
  return folded;
}
