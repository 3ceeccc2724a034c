// SPDX-License-Identifier: Apache-2.0
import { modelNames, resolve, type Backend, type Capabilities } from '../../src/index.js';

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
