// SPDX-License-Identifier: Apache-2.0
import type { Blob, Content, Part } from '@google/genai';
import type { llm } from '@livekit/agents';
import type { Capabilities } from '../models/capabilities.js';

/** A history in the shape a model takes. */
export interface History {
  turns: Content[];
  /** Ids of the items that the turns carry. */
  itemIds: string[];
}

/** A picture as it can be sent; undefined if it cannot. */
export type Pictures = (image: llm.ImageContent) => Blob | undefined;

/**
 * Chat items → turns with explicit roles. Calls and their outputs become text: function parts in a
 * history are refused (1007; pydantic-ai, pipecat). Handoffs and config updates carry nothing.
 */
export function history(
  items: readonly llm.ChatItem[],
  capabilities: Capabilities,
  pictures: Pictures = inlinePicture,
): History {
  const found: History = { turns: [], itemIds: [] };
  const calls = new Map<string, llm.FunctionCall>();
  for (const item of items) {
    if (item.type === 'function_call') {
      calls.set(item.callId, item);
      found.itemIds.push(item.id);
    } else if (item.type === 'function_call_output') {
      append(found, item.id, 'user', [{ text: toolText(item, calls.get(item.callId)) }]);
    } else if (item.type === 'message') {
      message(found, item, capabilities.video ? pictures : () => undefined);
    }
  }
  return found;
}

function message(found: History, item: llm.ChatMessage, pictures: Pictures): void {
  if (isDirection(item)) return;
  const parts = item.content.flatMap((content) => part(content, pictures));
  if (parts.length > 0) append(found, item.id, item.role === 'user' ? 'user' : 'model', parts);
}

function part(content: llm.ChatContent, pictures: Pictures): Part[] {
  if (typeof content === 'string') return content === '' ? [] : [{ text: content }];
  if (content.type === 'audio_content') {
    return content.transcript ? [{ text: content.transcript }] : [];
  }
  const inlineData = content.type === 'image_content' ? pictures(content) : undefined;
  return inlineData ? [{ inlineData }] : [];
}

/** A picture that can travel as it is. */
export function inlinePicture({ image }: llm.ImageContent): Blob | undefined {
  const url = typeof image === 'string' ? image : '';
  const [, mimeType, data] = /^data:(image\/(?:jpeg|png));base64,(.+)$/s.exec(url) ?? [];
  return mimeType && data ? { mimeType, data } : undefined;
}

/** Neighbours of one role share a turn. */
function append(found: History, id: string, role: 'user' | 'model', parts: Part[]): void {
  const last = found.turns.at(-1);
  if (last?.role === role) last.parts?.push(...parts);
  else found.turns.push({ role, parts });
  found.itemIds.push(id);
}

/** What stands for instructions in a history. */
export function directions(items: readonly llm.ChatItem[]): string[] {
  return items.flatMap((item) =>
    item.type === 'message' && isDirection(item) && item.textContent ? [item.textContent] : [],
  );
}

function isDirection({ role }: llm.ChatMessage): boolean {
  return role === 'system' || role === 'developer';
}

/** The items that a summary may stand for: all but the newest messages of caller and agent. */
export function older(items: readonly llm.ChatItem[], keepTurns: number): llm.ChatItem[] {
  const said = items.filter((item) => item.type === 'message' && !isDirection(item));
  const first = said.at(-keepTurns);
  const end = keepTurns === 0 || !first ? items.length : items.indexOf(first);
  const before = said.length > keepTurns ? items.slice(0, end) : [];
  return before.filter((item) =>
    item.type === 'message' ? !isDirection(item) : item.type.startsWith('function_call'),
  );
}

/** Begins a history with a summary of what came before it. */
export function summarized(found: History, text: string, itemIds: ReadonlySet<string>): History {
  const told: History = { turns: [], itemIds: [...itemIds] };
  const parts = [{ text: `[Summary of the conversation so far: ${text}]` }];
  const [first, ...others] = found.turns;
  told.turns =
    first?.role === 'user'
      ? [{ ...first, parts: [...parts, ...(first.parts ?? [])] }, ...others]
      : [{ role: 'user', parts }, ...found.turns];
  told.itemIds.push(...found.itemIds);
  return told;
}

/** The newest turns that fit into so many characters; of the last one, the end that does. */
export function newest(found: History, mostCharacters: number): History {
  const turns = [...found.turns];
  let size = turns.reduce((sum, turn) => sum + sizeOf(turn), 0);
  while (turns.length > 1 && size > mostCharacters) size -= sizeOf(turns.shift() as Content);
  const [only] = turns;
  return { ...found, turns: only && size > mostCharacters ? [endOf(only, mostCharacters)] : turns };
}

/** One enormous result may be what filled the context: sent whole it would fill the next one too. */
function endOf(turn: Content, mostCharacters: number): Content {
  const parts: Part[] = [];
  let left = Math.max(1, Math.floor(mostCharacters));
  for (const part of (turn.parts ?? []).toReversed()) {
    if (left === 0) break;
    const text = part.text?.slice(-left);
    left -= text?.length ?? 0;
    parts.unshift(text === undefined ? part : { ...part, text });
  }
  return { ...turn, parts };
}

function sizeOf(turn: Content): number {
  return (turn.parts ?? []).reduce((sum, { text }) => sum + (text?.length ?? 0), 0);
}

/** A finished call as a sentence the model can read. */
export function toolText(output: llm.FunctionCallOutput, call?: llm.FunctionCall): string {
  const name = output.name || call?.name || 'a function';
  const asked = call ? `${name}(${call.args})` : name;
  return `[${asked} ${output.isError ? 'failed with' : 'returned'} ${output.output || 'nothing'}]`;
}
