// SPDX-License-Identifier: Apache-2.0
import type { llm } from '@livekit/agents';
import { startCall, type Call, type CallOptions } from './call.js';
import type { Row } from './model_rows.js';

export { rows, type Row } from './model_rows.js';

/** A call with the model of a row. */
export function startRow({ name, backend }: Row, given: CallOptions = {}): Promise<Call> {
  const vertex = backend === 'vertex' && { vertexai: true, project: 'a-project' };
  return startCall({ ...given, options: { model: name, ...vertex, ...given.options } });
}

/** The generation that comes next. */
export async function nextGeneration({ log }: Call): Promise<llm.GenerationCreatedEvent> {
  const count = log.generations.length;
  await log.untilNamed('generation_created', count + 1);
  return log.generations[count]!;
}
