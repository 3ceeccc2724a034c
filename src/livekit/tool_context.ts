// SPDX-License-Identifier: Apache-2.0
import type { Behavior, Tool } from '@google/genai';
import { llm } from '@livekit/agents';
import type { Capabilities } from '../models/capabilities.js';
import { functionDeclarations, type ToolSpec } from '../protocol/tool_schema.js';
import type { LLMTools } from '../options.js';

export interface WireTools {
  tools: Tool[];
  warnings: string[];
}

/** Anything with this method is a built-in tool, whichever package its class comes from. */
interface BuiltIn {
  id: string;
  toToolConfig(): Tool;
}

function isBuiltIn(tool: llm.ProviderTool): tool is llm.ProviderTool & BuiltIn {
  return typeof (tool as Partial<BuiltIn>).toToolConfig === 'function';
}

/** LiveKit's tools → the wire's. A tool that cannot be expressed is left out and named. */
export function wireTools(
  context: llm.ToolContext,
  geminiTools: LLMTools | undefined,
  behavior: Behavior,
  row: Capabilities,
): WireTools {
  const warnings: string[] = [];
  const tools: Tool[] = [];
  const specs: ToolSpec[] = [];
  for (const [name, tool] of row.functionCalling ? llm.sortedToolEntries(context) : []) {
    const explicit = row.toolBehaviors.includes(behavior);
    try {
      const parameters = llm.toJsonSchema(tool.parameters, false);
      specs.push({
        name,
        description: tool.description,
        parameters: parameters as Record<string, unknown>,
        ...(explicit && { behavior }),
      });
    } catch (error) {
      warnings.push(
        `Tool '${name}' is left out: its parameters have no JSON schema (${String(error)}).`,
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

function builtIn(
  context: llm.ToolContext,
  geminiTools: LLMTools | undefined,
  besideFunctions: boolean,
  row: Capabilities,
  warnings: string[],
): Tool[] {
  const configs: Tool[] = geminiTools ? [geminiTools] : [];
  for (const tool of context.providerTools) {
    if (isBuiltIn(tool)) configs.push(tool.toToolConfig());
    else warnings.push(`Built-in tool '${tool.id}' is left out: it has no toToolConfig().`);
  }
  return configs.filter((config) => {
    const kinds = Object.keys(config) as (keyof Tool)[];
    const refused = kinds.filter((kind) => !row.providerTools.includes(kind));
    if (refused.length > 0) warnings.push(`This model has no built-in ${refused.join(', ')}.`);
    const mixed = besideFunctions && !row.mixedTools;
    if (mixed) warnings.push(`This model takes ${kinds.join(', ')} only without functions.`);
    return refused.length === 0 && !mixed;
  });
}
