// SPDX-License-Identifier: Apache-2.0
import { readMark } from '../recording/format.js';
import { isObject, membersOf, quoted } from './members.js';

/** Words that a recording replaced by their length or hash, and secrets by a name. */
const REPLACED = /^<\d+ characters(?: #[0-9a-f]{8})?>$|\bsecret-\d+/;
/** The resource may be another one; the model is the last part. */
const PATH = /^.*\//;

/** Do both say the same kinds of things, whatever the words? */
export function sameKinds(recorded: unknown, now: unknown): boolean {
  return kindsOf(recorded) === kindsOf(now);
}

/** What a frame of the client is called, e.g. `toolResponse pay`. */
export function kindsOf(frame: unknown): string {
  return membersOf(frame, 'out')
    .map(({ kind }) => kind)
    .join(' + ');
}

/**
 * Where two frames of a client first differ, in words; undefined: nowhere. Media and handles are the
 * same whatever they are, and so are words and secrets that the recording replaced.
 */
export function firstDifference(recorded: unknown, now: unknown, path = ''): string | undefined {
  if (typeof recorded === 'string' && typeof now === 'string') {
    return sameText(recorded, now, path) ? undefined : told(path, recorded, now);
  }
  const both = [recorded, now];
  if (!both.every(isObject) && !both.every(Array.isArray)) {
    return recorded === now ? undefined : told(path, recorded, now);
  }
  const [before, after] = both as [Record<string, unknown>, Record<string, unknown>];
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const at = Array.isArray(before) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
    const found = firstDifference(before[key], after[key], at);
    if (found !== undefined) return found;
  }
  return undefined;
}

function sameText(recorded: string, now: string, path: string): boolean {
  if (recorded === now || REPLACED.test(recorded) || readMark(recorded)) return true;
  if (path.endsWith('.handle')) return true;
  return path === 'setup.model' && recorded.replace(PATH, '') === now.replace(PATH, '');
}

function told(path: string, recorded: unknown, now: unknown): string {
  const words = (value: unknown): string => (value === undefined ? 'nothing' : quoted(value, 200));
  return `${path}: recorded ${words(recorded)}, now ${words(now)}`;
}
