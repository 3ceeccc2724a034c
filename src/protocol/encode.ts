// SPDX-License-Identifier: Apache-2.0
import type {
  Content,
  FunctionResponse,
  FunctionResponsePart,
  FunctionResponseScheduling,
  Tool,
} from '@google/genai';
import type { Capabilities } from '../models/capabilities.js';
import type { ClientFrame, ContextUpdate } from './frames.js';

/** What a function call came to. */
export interface ToolResult {
  /** The id the server gave the call; undefined where it gave none (Vertex AI). */
  readonly wireId: string | undefined;
  readonly callId: string;
  /** The history item that carries it. */
  readonly itemId: string;
  readonly name: string;
  readonly output: unknown;
  readonly isError: boolean;
  readonly scheduling?: `${FunctionResponseScheduling}` | undefined;
  /** Nobody wants to hear about it. */
  readonly quiet?: boolean | undefined;
  /** More follows under the same id; false: this was the last. */
  readonly willContinue?: boolean | undefined;
  /** Media beside the output, for models that see it there. */
  readonly parts?: readonly FunctionResponsePart[] | undefined;
}

/** What the caller typed, with the items that say it. */
export interface Words {
  text: string;
  itemIds: readonly string[];
}

/** What we want to tell the server, in the imperative; `encode` finds the words of the model. */
export type Command =
  | { type: 'content'; turns: Content[]; itemIds: readonly string[] }
  | { type: 'seed'; turns: Content[]; itemIds: readonly string[] }
  | { type: 'cancel' }
  | {
      type: 'reply';
      replyId: string;
      instructions: string | undefined;
      asked: boolean;
      /** Where realtime text asks: what the caller typed. */
      words?: Words | undefined;
    }
  | { type: 'toolResults'; results: readonly ToolResult[] }
  | { type: 'context'; instructions?: string; tools?: readonly Tool[] }
  | { type: 'audio'; pcm: Uint8Array }
  | { type: 'video'; data: Uint8Array; mimeType: string }
  | { type: 'activityStart' }
  | { type: 'activityEnd' }
  | { type: 'audioStreamEnd' };

/** The history items that a command brings. */
export function itemsOf(command: Command): readonly string[] {
  if (command.type === 'toolResults') return command.results.map(({ itemId }) => itemId);
  if (command.type === 'reply') return command.words?.itemIds ?? [];
  return 'itemIds' in command ? command.itemIds : [];
}

/** Native input rate of every live model, in Hz (Gemini API live guide). */
export const INPUT_RATE = 16000;

const AUDIO_HEAD = '{"realtimeInput":{"audio":{"data":"';
const AUDIO_TAIL = `","mimeType":"audio/pcm;rate=${INPUT_RATE}"}}}`;

/** A user turn with nothing in it, for models that answer only a user. */
const PLACEHOLDER: Content = { role: 'user', parts: [{ text: '.' }] };

/** Command → the text of one frame. */
export function encode(command: Command, capabilities: Capabilities): string {
  if (command.type === 'audio') {
    const { buffer, byteOffset, byteLength } = command.pcm;
    return AUDIO_HEAD + Buffer.from(buffer, byteOffset, byteLength).toString('base64') + AUDIO_TAIL;
  }
  return JSON.stringify(clientFrame(command, capabilities));
}

function clientFrame(command: Exclude<Command, { type: 'audio' }>, row: Capabilities): ClientFrame {
  switch (command.type) {
    case 'content':
      return { clientContent: { turns: command.turns, turnComplete: false } };
    case 'seed':
      // A declared history is committed without calling the model; an undeclared one must not be.
      return row.seeding === 'historyConfig'
        ? { clientContent: { turns: command.turns, turnComplete: true } }
        : { clientContent: { turns: endingWithUser(command.turns), turnComplete: false } };
    case 'reply':
      return replyFrame(command, row);
    case 'cancel':
      // Content interrupts whatever is being generated; without turns it adds nothing.
      return { clientContent: { turnComplete: false } };
    case 'toolResults':
      return { toolResponse: { functionResponses: command.results.map((r) => response(r, row)) } };
    case 'context':
      return { contextUpdate: contextUpdate(command.instructions, command.tools) };
    case 'video': {
      const data = Buffer.from(command.data).toString('base64');
      return { realtimeInput: { video: { data, mimeType: command.mimeType } } };
    }
    case 'activityStart':
      return { realtimeInput: { activityStart: {} } };
    case 'activityEnd':
      return { realtimeInput: { activityEnd: {} } };
    case 'audioStreamEnd':
      return { realtimeInput: { audioStreamEnd: true } };
  }
}

/** Where a history is ordinary content, its last turn must be the user's (pipecat PR#4355). */
function endingWithUser(turns: Content[]): Content[] {
  return turns.at(-1)?.role === 'model' ? [...turns, PLACEHOLDER] : turns;
}

/**
 * Asks for an answer. Instructions travel as the model's own words, never the caller's; where only
 * realtime text is left they are framed as direction, behind what the caller typed.
 * `asked`: a user turn was sent just before and waits for its answer.
 */
function replyFrame(
  { instructions, asked, words }: Extract<Command, { type: 'reply' }>,
  row: Capabilities,
): ClientFrame {
  if (row.replyRequest === 'realtimeText') {
    const direction = instructions
      ? `[Direction for your next reply, not spoken by the caller: ${instructions}]`
      : asked
        ? '[Please answer.]'
        : '[Please continue.]';
    const said = words ? [words.text, ...(instructions ? [direction] : [])] : [direction];
    return { realtimeInput: { text: said.join('\n') } };
  }
  const turns: Content[] = instructions ? [{ role: 'model', parts: [{ text: instructions }] }] : [];
  // A placeholder is answered by an empty turn on newer models (agents-js plugin notes, 2026).
  if (row.replyRequest === 'placeholderTurn' && (instructions || !asked)) turns.push(PLACEHOLDER);
  return {
    clientContent: turns.length > 0 ? { turns, turnComplete: true } : { turnComplete: true },
  };
}

function response(result: ToolResult, row: Capabilities): FunctionResponse {
  const scheduling =
    result.scheduling && row.toolScheduling.includes(result.scheduling)
      ? result.scheduling
      : undefined;
  return {
    ...(result.wireId !== undefined && { id: result.wireId }),
    name: result.name,
    response: result.isError ? { error: result.output } : { output: informative(result.output) },
    ...(scheduling && { scheduling: scheduling as FunctionResponseScheduling }),
    ...(result.willContinue !== undefined &&
      row.toolWillContinue && { willContinue: result.willContinue }),
    ...(row.toolResultParts && result.parts && { parts: [...result.parts] }),
  };
}

/** Models call again for a result that says nothing (Vertex AI migration guide, 2026-09). */
function informative(output: unknown): unknown {
  if (output === '' || output === undefined) return 'done';
  return output === '""' || output === 'null' || output === '{}' || output === '[]'
    ? `done; the result is empty: ${output}`
    : output;
}

function contextUpdate(
  instructions: string | undefined,
  tools: readonly Tool[] | undefined,
): ContextUpdate {
  return {
    ...(instructions !== undefined && {
      systemInstruction: { parts: [{ text: instructions }] },
    }),
    ...(tools && { tools: { tools: [...tools] } }),
  };
}
