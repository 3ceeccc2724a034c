// SPDX-License-Identifier: Apache-2.0
import { llm } from '@livekit/agents';
import { modelNames, resolve, type Backend, type Capabilities } from '../../src/index.js';
import { startCall, type Call, type CallOptions } from './call.js';

/** A model as one backend offers it. */
export interface Row {
  name: string;
  backend: Backend;
  capabilities: Capabilities;
}

/** Every row that can be dialled, at the time of the call. */
export function rows(): Row[] {
  return modelNames().flatMap((name) =>
    (['gemini', 'vertex'] as const).flatMap((backend) => {
      const { capabilities } = resolve(name, backend);
      const offered = capabilities.backends.includes(backend) && capabilities.status !== 'retired';
      return offered ? [{ name, backend, capabilities }] : [];
    }),
  );
}

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
