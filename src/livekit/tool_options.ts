// SPDX-License-Identifier: Apache-2.0
import type { Settings } from '../options.js';
import type { ToolResult } from '../protocol/encode.js';

/** Does the model wait for this function? */
function blocks(name: string, { toolOptions, toolBehavior }: Settings): boolean {
  return `${toolOptions?.[name]?.behavior ?? toolBehavior}` === 'BLOCKING';
}

/** A blocking call has no schedule: the field closes the connection (livekit/agents#3853). */
function scheduling(result: ToolResult, settings: Settings): ToolResult['scheduling'] {
  if (blocks(result.name, settings)) return undefined;
  const silences = settings.capabilities.toolScheduling.includes('SILENT');
  if (result.quiet && silences) return 'SILENT';
  return settings.toolOptions?.[result.name]?.scheduling ?? settings.toolResponseScheduling;
}

export function withScheduling(results: readonly ToolResult[], settings: Settings): ToolResult[] {
  return results.map((result) => ({ ...result, scheduling: scheduling(result, settings) }));
}

/**
 * May one call be answered several times? Only where the later answers can be silent: LiveKit asks for
 * the reply to them itself, and two replies to one result are one too many.
 */
export function mayContinue(name: string, settings: Settings): boolean {
  const { toolWillContinue, toolScheduling } = settings.capabilities;
  return toolWillContinue && toolScheduling.includes('SILENT') && !blocks(name, settings);
}
