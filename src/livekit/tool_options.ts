// SPDX-License-Identifier: Apache-2.0
import type { Behavior, FunctionResponseScheduling } from '@google/genai';
import type { Settings, ToolOptions } from '../options.js';
import type { ToolResult } from '../protocol/encode.js';

/** What the app said about one tool; the name may be any that the server sends. */
function optionsOf(name: string, { toolOptions }: Pick<Settings, 'toolOptions'>): ToolOptions {
  return (Object.hasOwn(toolOptions, name) && toolOptions[name]) || {};
}

type OfTools = Pick<Settings, 'toolOptions' | 'toolBehavior'>;

/** The behavior that a tool is declared with. */
export function behaviorOf(name: string, settings: OfTools): `${Behavior}` {
  return optionsOf(name, settings).behavior ?? settings.toolBehavior;
}

/** Does a call of this tool hold the model's turn until it is answered? */
export function isBlocking(name: string, settings: OfTools): boolean {
  return behaviorOf(name, settings) === 'BLOCKING';
}

/** When the model speaks about a result. A blocking call has no schedule: 1007 (livekit/agents#3853). */
function schedulingOf(
  name: string,
  settings: OfTools & Pick<Settings, 'toolResponseScheduling'>,
): `${FunctionResponseScheduling}` | undefined {
  if (isBlocking(name, settings)) return undefined;
  return optionsOf(name, settings).scheduling ?? settings.toolResponseScheduling;
}

function scheduled(result: ToolResult, settings: Settings): ToolResult {
  const scheduling = schedulingOf(result.name, settings);
  const silences = settings.capabilities.toolScheduling.includes('SILENT');
  const isSilent = result.quiet && silences && !isBlocking(result.name, settings);
  return { ...result, scheduling: isSilent ? 'SILENT' : scheduling };
}

export function withScheduling(results: readonly ToolResult[], settings: Settings): ToolResult[] {
  return results.map((result) => scheduled(result, settings));
}

/**
 * May one call be answered several times? Only where the later answers can be silent: LiveKit asks for
 * the reply to them itself, and two replies to one result are one too many.
 */
export function mayContinue(name: string, settings: Settings): boolean {
  const { toolWillContinue, toolScheduling } = settings.capabilities;
  return toolWillContinue && toolScheduling.includes('SILENT') && !isBlocking(name, settings);
}
