// SPDX-License-Identifier: Apache-2.0
import { llm, voice } from '@livekit/agents';

/** How a tool ended, as far as it concerns the model. */
export interface Ended {
  output: string;
  isError: boolean;
  /** LiveKit gives no output for it: `StopResponse`, or a value that cannot be written down. */
  isWithheld: boolean;
  /** `StopResponse`, or nothing returned: no reply is wanted. */
  quiet: boolean;
}

/** Hears how the tools fare that LiveKit runs; it says nothing when it drops a call. */
export interface ToolWatcher {
  /** Returns the signal that the tool is given. */
  began(callId: string, signal: AbortSignal | undefined): AbortSignal;
  /** Undefined: it hands the call over to another agent, which LiveKit has to do. */
  ended(callId: string, ended: Ended | undefined): void;
}

type Execute = llm.FunctionTool['execute'];

/**
 * A copy of the tools whose calls are watched. LiveKit looks a tool up by name when it runs it, so
 * everything else about the copy, identity of the tools included, stays as it was.
 */
export function watched(tools: llm.ToolContext, watcher: ToolWatcher): llm.ToolContext {
  const copy = tools.copy();
  copy.getFunctionTool = (name) => {
    const tool = tools.getFunctionTool(name) as llm.FunctionTool | undefined;
    return tool && { ...tool, execute: watchedRun(tool, watcher) };
  };
  return copy;
}

function watchedRun(tool: llm.FunctionTool, watcher: ToolWatcher): Execute {
  return async (args, options) => {
    const { toolCallId } = options;
    const abortSignal = watcher.began(toolCallId, options.abortSignal);
    try {
      const value: unknown = await tool.execute(args, { ...options, abortSignal });
      watcher.ended(toolCallId, endedWith(value));
      return value;
    } catch (error) {
      watcher.ended(toolCallId, endedWith(toError(error)));
      throw error;
    }
  };
}

/** In the words that LiveKit would use. */
function endedWith(value: unknown): Ended | undefined {
  if (value instanceof voice.StopResponse) return ended('', { isWithheld: true, quiet: true });
  if (value instanceof llm.ToolError) return ended(value.message, { isError: true });
  if (value instanceof Error) return ended('An internal error occurred', { isError: true });
  if (isHandoff(value)) return undefined;
  if (value === undefined) return ended('', { quiet: true });
  if (!isPlain(value)) {
    const output = 'The function ran, but its result cannot be shown.';
    return ended(output, { isError: true, isWithheld: true });
  }
  return ended(JSON.stringify(value), {});
}

const ended = (output: string, more: Partial<Ended>): Ended => ({
  ...{ output, isError: false, isWithheld: false, quiet: false },
  ...more,
});

const toError = (error: unknown): Error =>
  error instanceof Error ? error : new Error(String(error));

function isHandoff(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'agent' in value
    ? value.agent instanceof voice.Agent
    : false;
}

/** What LiveKit can write down; it takes no functions, symbols, big integers and bare objects. */
function isPlain(value: unknown, inside: readonly unknown[] = []): boolean {
  if (value === undefined || value === null) return true;
  if (['string', 'number', 'boolean'].includes(typeof value)) return true;
  if (!(value instanceof Object) || typeof value === 'function' || inside.includes(value)) {
    return false;
  }
  const members =
    value instanceof Set || value instanceof Map ? [...value.values()] : Object.values(value);
  return members.every((member) => isPlain(member, [...inside, value]));
}
