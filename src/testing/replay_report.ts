// SPDX-License-Identifier: Apache-2.0
import { told } from '../replay/members.js';

/** One thing in which a client, or the course of a replay, is not what the recording says. */
export interface ReplayDifference {
  /**
   * `different`: the same kind of frame says something else. `missing`: it never came. `unexpected`: nothing
   * like it is recorded there. `order`: it came after a frame that is recorded behind it. `unused`: the
   * server could not play it any more. `connection`: a dial or its end.
   */
  readonly kind: 'different' | 'missing' | 'unexpected' | 'order' | 'unused' | 'connection';
  /** Counts the dials from 1. */
  readonly connection: number;
  /** Line of the recording, counted from 1; for an unexpected frame: the next one of the client. */
  readonly line: number | undefined;
  /** Recorded time of that line, in ms. */
  readonly t: number | undefined;
  readonly recorded: unknown;
  readonly received: unknown;
  /** What it is about, in words: the first difference, or how long it was waited for. */
  readonly detail: string;
}

const TITLE: Record<ReplayDifference['kind'], string> = {
  different: 'another frame came',
  missing: 'a frame is missing',
  unexpected: 'a frame that is not recorded',
  order: 'a frame came too late',
  unused: 'not played',
  connection: 'the connection',
};

/** All differences as text, with what an author needs to find the step. */
export function reportOf(differences: readonly ReplayDifference[]): string {
  const things = differences.length === 1 ? 'difference' : 'differences';
  const all = differences.map(differenceTold).join('\n');
  return `The replay is not what was recorded (${differences.length} ${things}):\n${all}`;
}

function differenceTold(one: ReplayDifference): string {
  const place = [
    ...(one.line === undefined ? [] : [`line ${one.line}`]),
    ...(one.t === undefined ? [] : [`${(one.t / 1000).toFixed(3)} s`]),
    `connection ${one.connection}`,
  ].join(', ');
  const dir = one.kind === 'unused' ? 'in' : 'out';
  return [
    `- ${place}: ${TITLE[one.kind]}: ${one.detail}`,
    ...(one.recorded === undefined ? [] : [`    recorded: ${told(one.recorded, dir)}`]),
    ...(one.received === undefined ? [] : [`    received: ${told(one.received, 'out')}`]),
  ].join('\n');
}
