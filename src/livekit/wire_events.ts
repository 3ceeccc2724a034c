// SPDX-License-Identifier: Apache-2.0
import type { ClientFrame, ServerFrame } from '../protocol/frames.js';
import { scrub } from '../protocol/scrub.js';
import { isObject } from '../protocol/shapes.js';
import type { Teller } from './teller.js';

const BLOT = '***';

/**
 * `gemini_server_event` and `gemini_client_event`: each frame as it crossed the wire, media included.
 * Resumption handles, keys and tokens are blotted out. Costs nothing while nobody listens.
 */
export function tellFrame(tell: Teller, dir: 'in' | 'out', text: string): void {
  const event = dir === 'in' ? 'gemini_server_event' : 'gemini_client_event';
  if (!tell.hears(event)) return;
  const clean = cleaned(text);
  if (!clean) return;
  const resumption = clean.setup?.sessionResumption;
  if (resumption?.handle) resumption.handle = BLOT;
  const update = clean.sessionResumptionUpdate;
  if (update?.newHandle) update.newHandle = BLOT;
  tell.emit(event, clean);
}

/** Undefined: no object, or nested so deeply that nobody could read it. */
function cleaned(text: string): (ServerFrame & ClientFrame) | undefined {
  try {
    const clean = scrubbed(JSON.parse(text));
    return isObject(clean) ? clean : undefined;
  } catch {
    return undefined;
  }
}

/** Value by value; base64 of media is no place for a key, and far too long to look for one. */
function scrubbed(value: unknown): unknown {
  if (typeof value === 'string') return scrub(value);
  if (Array.isArray(value)) return value.map(scrubbed);
  if (typeof value !== 'object' || value === null) return value;
  const isMedia = 'mimeType' in value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key,
      isMedia && key === 'data' ? one : scrubbed(one),
    ]),
  );
}
