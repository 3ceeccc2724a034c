// SPDX-License-Identifier: Apache-2.0
import type { ConnectionOptions } from '../connection/connection.js';
import { dialTarget } from '../connection/endpoint.js';
import type { Settings } from '../options.js';
import type { Environment } from './environment.js';

/** @param dialling a dial begins; its setup waits for this */
export function connectionOptions(
  { endpoint, connOptions, sessionResumption, capabilities }: Settings,
  { clock, random, openSocket }: Environment,
  dialling: (resuming: boolean) => Promise<void>,
): ConnectionOptions {
  // Each by its name: V8 gives each copy of a spread a hidden class of its own.
  return {
    maxRetry: connOptions.maxRetry,
    retryIntervalMs: connOptions.retryIntervalMs,
    timeoutMs: connOptions.timeoutMs,
    clock,
    random,
    openSocket,
    target: async (resuming) => {
      const [found] = await Promise.all([dialTarget(endpoint), dialling(resuming)]);
      return found;
    },
    handle: sessionResumption?.handle,
    resumable: sessionResumption !== null && capabilities.handle !== 'none',
    transparent: sessionResumption?.transparent === true,
  };
}
