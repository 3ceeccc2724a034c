// SPDX-License-Identifier: Apache-2.0
import type { Backend, Capabilities } from '../../models/capabilities.js';
import { type JsonObject, snake } from '../json.js';

/** What the server makes of a broken rule. */
export interface Verdict {
  /** The close code, or null where the service only ignores the frame and the server notes it. */
  readonly code: number | null;
  /** The close reason; cut to 123 bytes on the wire. */
  readonly reason: string;
}

/** A function call that waits for its response. */
export interface OpenCall {
  readonly id: string;
  readonly name: string;
  readonly blocking: boolean;
}

/**
 * `held`: the client has not closed its earlier socket. `lost`: that socket is gone, but the server
 * has not noticed, for which nobody can be blamed.
 */
export type ResumeState = 'free' | 'held' | 'lost' | 'unknown' | 'otherModel';

/** Everything a rule may look at. A rule changes nothing. */
export interface RuleContext {
  readonly backend: Backend;
  /** From the path of the URL, e.g. `v1beta`. */
  readonly apiVersion: string;
  /** How the client proved who it is. */
  readonly credential: 'key' | 'token' | 'bearer';
  /** `new`: nothing received. `settingUp`: setup received, setupComplete not sent. */
  readonly phase: 'new' | 'settingUp' | 'open';
  /** The model that setup names, without its path. */
  readonly modelId: string;
  /** Does the table of models name it? */
  readonly modelKnown: boolean;
  /** The row of that model on this backend, with the overrides of the server's options. */
  readonly row: Capabilities;
  /** The setup that is in force. Empty before setup. */
  readonly setup: JsonObject;
  /** `historyConfig` was set and the history is not committed yet. */
  readonly seeding: boolean;
  /** The conversation has begun: history committed, or input received. */
  readonly begun: boolean;
  /** Between activityStart and activityEnd. */
  readonly activityOpen: boolean;
  readonly openCalls: readonly OpenCall[];
  /** What would become of a resume with this handle. */
  readonly resume: (handle: string) => ResumeState;
}

/** One thing that the service does not forgive. */
export interface Rule {
  /** Short, in the imperative: what a correct client does. */
  readonly name: string;
  /** The public document, report or measurement that says so. */
  readonly source: string;
  /** Undefined: the frame keeps the rule. */
  check(frame: JsonObject, context: RuleContext): Verdict | undefined;
}

export const INVALID_ARGUMENT = 'Request contains an invalid argument.';

/** 1007, with the service's least helpful and most frequent reason. */
export function invalid(reason: string = INVALID_ARGUMENT): Verdict {
  return { code: 1007, reason };
}

/** 1007 for a field that this API version or backend does not have, or not so. `at`: e.g. `setup.tools[0]`. */
export function unknownName(name: string, at: string, why = 'Cannot find field.'): Verdict {
  const where = at === '' ? '' : ` at '${at}'`;
  return invalid(`Invalid JSON payload received. Unknown name "${name}"${where}: ${why}`);
}

/** 1007 for a field whose value has the wrong type. */
export function invalidValue(at: string, type: string, value: unknown): Verdict {
  return invalid(`Invalid value at '${at}' (${type}), ${JSON.stringify(value) ?? 'null'}`);
}

/** The rule is broken, but the service says nothing. */
export function noted(reason: string): Verdict {
  return { code: null, reason };
}

/** A path as the service prints it. */
export function path(...steps: (string | number)[]): string {
  return steps.reduce<string>((line, step) => {
    if (typeof step === 'number') return `${line}[${step}]`;
    return line === '' ? snake(step) : `${line}.${snake(step)}`;
  }, '');
}
