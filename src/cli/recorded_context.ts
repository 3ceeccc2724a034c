// SPDX-License-Identifier: Apache-2.0
import { llm } from '@livekit/agents';
import type { Recording } from '../recording/parse.js';
import { isObject } from '../replay/members.js';

type Json = Record<string, unknown>;

/** Chat contexts as they were handed over: recorded are all ids, and the items that were new. */
export class RecordedContexts {
  readonly #items = new Map<string, Json>();
  /** Content that no recording holds. */
  leftOut = 0;

  /** @param mine the items of the session: a call has another id in each run */
  context({ ids, items }: Json, mine: readonly llm.ChatItem[]): llm.ChatContext {
    for (const item of listOf(items)) this.#items.set(textOf(item['id']), item);
    const known: Json[] = (Array.isArray(ids) ? (ids as unknown[]) : []).flatMap<Json>(
      (id) => this.#items.get(textOf(id)) ?? [],
    );
    return new llm.ChatContext(known.flatMap((item) => this.#item(item, mine) ?? []));
  }

  #item(json: Json, mine: readonly llm.ChatItem[]): llm.ChatItem | undefined {
    switch (json['type']) {
      case 'message':
        return new llm.ChatMessage({ ...json, content: this.#content(json['content']) } as never);
      case 'function_call': {
        const isSame = (item: llm.ChatItem): boolean =>
          item.type === 'function_call' && item.callId === json['callId'];
        return mine.find(isSame) ?? llm.FunctionCall.create(json as never);
      }
      case 'function_call_output':
        return llm.FunctionCallOutput.create({ isError: false, ...json } as never);
      default:
        return undefined;
    }
  }

  #content(content: unknown): string[] {
    const all = Array.isArray(content) ? (content as unknown[]) : [content];
    const texts = all.filter((one) => typeof one === 'string');
    this.leftOut += all.length - texts.length;
    return texts;
  }
}

/** The tools of a call of `updateTools`: their declarations stand in the frames after it. */
export function recordedTools(
  { lines }: Recording,
  names: unknown,
  index: number,
): { tools: llm.ToolContext; missing: string[] } {
  const wanted = (Array.isArray(names) ? names : []).map(textOf);
  const declared = new Map<string, Json>();
  // The first frame after the call, else the last one before it.
  for (const line of [...lines.slice(index), ...lines.slice(0, index).reverse()]) {
    if (line.dir !== 'out' || !isObject(line.frame)) continue;
    for (const one of declarations(line.frame)) {
      const name = textOf(one['name']);
      if (!declared.has(name)) declared.set(name, one);
    }
    if (wanted.every((name) => declared.has(name))) break;
  }
  const tools = wanted.flatMap((name) => {
    const one = declared.get(name);
    return one ? [toolOf(name, one)] : [];
  });
  return {
    tools: new llm.ToolContext(tools),
    missing: wanted.filter((name) => !declared.has(name)),
  };
}

function declarations({ setup, contextUpdate }: Json): Json[] {
  const update = isObject(contextUpdate) ? contextUpdate['tools'] : undefined;
  const tools = isObject(setup) ? setup['tools'] : isObject(update) ? update['tools'] : [];
  return listOf(tools).flatMap((tool) => listOf(tool['functionDeclarations']));
}

/** Nobody runs it: its results are recorded. */
function toolOf(name: string, declaration: Json): llm.FunctionTool {
  const { description = '', parametersJsonSchema, parameters } = declaration;
  const schema = parametersJsonSchema ?? inLowerCase(parameters) ?? NOTHING;
  return llm.tool({
    name,
    description: textOf(description),
    parameters: schema as never,
    execute: () => Promise.resolve(''),
  }) as unknown as llm.FunctionTool;
}

const NOTHING = { type: 'object', properties: {} };

/** The service writes types in capitals, JSON Schema does not. */
function inLowerCase(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(inLowerCase);
  if (!isObject(schema)) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [
      key,
      key === 'type' && typeof value === 'string' ? value.toLowerCase() : inLowerCase(value),
    ]),
  );
}

function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
