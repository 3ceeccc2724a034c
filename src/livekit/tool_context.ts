// SPDX-License-Identifier: Apache-2.0
import type { Tool } from '@google/genai';
import { llm } from '@livekit/agents';
import type { Capabilities } from '../models/capabilities.js';
import type { Settings } from '../options.js';
import { functionDeclarations, said, type ToolSpec } from '../protocol/tool_schema.js';
import { behaviorOf } from './tool_options.js';

export interface WireTools {
  tools: Tool[];
  warnings: string[];
}

type ToolSettings = Pick<Settings, 'capabilities' | 'geminiTools' | 'toolBehavior' | 'toolOptions'>;

/** Anything with this method is a built-in tool, whichever package its class comes from. */
interface BuiltIn {
  id: string;
  toToolConfig(): Tool;
}

function isBuiltIn(tool: llm.ProviderTool): tool is llm.ProviderTool & BuiltIn {
  return typeof (tool as Partial<BuiltIn>).toToolConfig === 'function';
}

/** LiveKit's tools → the wire's. A tool that cannot be expressed is left out and named. Never throws. */
export function wireTools(context: llm.ToolContext, settings: ToolSettings): WireTools {
  const { capabilities: row, geminiTools } = settings;
  const warnings: string[] = [];
  const tools: Tool[] = [];
  const specs: ToolSpec[] = [];
  for (const [name, tool] of row.functionCalling ? llm.sortedToolEntries(context) : []) {
    const behavior = behaviorOf(name, settings);
    try {
      const parameters = llm.toJsonSchema(tool.parameters, false);
      specs.push({
        name,
        description: tool.description,
        parameters: parameters as Record<string, unknown>,
        ...(row.toolBehaviors.includes(behavior) && { behavior }),
      });
    } catch (error) {
      warnings.push(
        `Tool '${name}' is left out: its parameters have no JSON schema (${said(error)}).`,
      );
    }
  }
  const { declarations, skipped } = functionDeclarations(specs, {
    jsonSchema: row.jsonSchemaTools,
  });
  for (const { name, path, why } of skipped) {
    warnings.push(`Tool '${name}' is left out: ${path}: ${why}`);
  }
  if (declarations.length > 0) tools.push({ functionDeclarations: declarations });
  tools.push(...builtIn(context, geminiTools, declarations.length > 0, row, warnings));
  if (!row.functionCalling && Object.keys(context.functionTools).length > 0) {
    warnings.push('This model calls no functions: the tools are left out.');
  }
  return { tools, warnings };
}

/** One tool of each kind: where the same kind is asked for twice, the agent's options win. */
function builtIn(
  context: llm.ToolContext,
  geminiTools: Settings['geminiTools'],
  besideFunctions: boolean,
  row: Capabilities,
  warnings: string[],
): Tool[] {
  const found = new Map<string, object>();
  const add = (config: object): void => {
    for (const [kind, options] of Object.entries(config)) {
      found.set(kind, { ...found.get(kind), ...(options as object) });
    }
  };
  add(geminiTools ?? {});
  for (const tool of context.providerTools) {
    try {
      // A copy: nothing of the app is shared, and what is not JSON fails here and not in setup.
      if (isBuiltIn(tool)) add(JSON.parse(JSON.stringify(tool.toToolConfig())) as object);
      else warnings.push(`Built-in tool '${tool.id}' is left out: it has no toToolConfig().`);
    } catch (error) {
      warnings.push(`Built-in tool '${tool.id}' is left out: ${said(error)}`);
    }
  }
  const kinds = [...found.keys()];
  const refused = kinds.filter((kind) => !row.providerTools.includes(kind as keyof Tool));
  if (refused.length > 0) warnings.push(`This model has no built-in ${refused.join(', ')}.`);
  const taken = kinds.filter((kind) => !refused.includes(kind));
  if (taken.length > 0 && besideFunctions && !row.mixedTools) {
    warnings.push(`This model takes ${taken.join(', ')} only without functions.`);
    return [];
  }
  return taken.map((kind) => ({ [kind]: found.get(kind) }));
}
