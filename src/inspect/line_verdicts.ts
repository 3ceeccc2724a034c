// SPDX-License-Identifier: Apache-2.0
import { verdictOf, type VerdictKind } from './kinds.js';
import type { Verdict } from './report.js';
import type { Found } from './verdicts.js';
import type { Failed, Outage } from './wire.js';
import { duration } from './words.js';

/** A line that is down for longer is noticed by everybody, in ms. */
const DEAD_MS = 2_000;
/** A refusal and the end of its connection are one thing, in ms. */
const SAME_MS = 500;

/** For good. */
const FAILED: Record<string, VerdictKind> = {
  auth: 'key_refused',
  model: 'model_refused',
  setup: 'setup_refused',
  quota: 'quota_used_up',
};
/** For now. */
const LOST: Record<string, VerdictKind> = {
  resume: 'handle_refused',
  context: 'context_full',
  quota: 'quota_used_up',
};

/** What went wrong with the connections. @param told what reports say already */
export function lineVerdicts({ report, wire }: Found, told: readonly Verdict[]): Verdict[] {
  const refused = told.filter(({ kind }) => kind === 'capability_refused');
  const found = wire.outages.flatMap((outage) => {
    const isTold = refused.some(({ at }) => Math.abs(at - outage.from) <= SAME_MS);
    return outageVerdicts(outage, isTold);
  });
  const isUp = report.connections.some(({ readyAt }) => readyAt !== undefined);
  // Without a line about it, somebody has to say it.
  if (isUp || found.length > 0 || report.connections.length === 0) return found;
  const tried = report.isTimed ? ` in ${duration(report.durationMs)}` : '';
  return [verdictOf('never_connected', 0, `No setup was answered${tried}.`)];
}

function outageVerdicts(outage: Outage, isTold: boolean): Verdict[] {
  const { from, to, failures, exchanged, goAway, isOver } = outage;
  const downMs = to - from;
  const final = failures.find(({ isFinal }) => isFinal);
  if (final) return [finalVerdict(final, failures.length)];
  // A handle that was refused, or a quota, may show only at the second dial.
  const telling = failures.find(({ kind }) => LOST[kind] !== undefined) ?? failures[0];
  if (!telling)
    return exchanged !== undefined && (downMs > DEAD_MS || !isOver) ? [slowExchange(outage)] : [];
  if (isTold && failures.length === 1 && downMs <= DEAD_MS) return [];
  const kind =
    LOST[telling.kind] ?? (goAway && exchanged === undefined ? 'goaway_missed' : 'line_lost');
  const own = kind === 'line_lost' || kind === 'quota_used_up';
  return [
    verdictOf(kind, from, `${telling.message} ${lasted(outage)}`, {
      ...(downMs > DEAD_MS && { grade: 'error' }),
      ...(own && { hint: telling.hint }),
    }),
  ];
}

function slowExchange(outage: Outage): Verdict {
  const what = `The connection was exchanged. ${lasted(outage)}`;
  return verdictOf('line_lost', outage.from, what, { grade: 'error' });
}

function lasted({ from, to, failures, isOver, wasUp }: Outage): string {
  const tries = failures.length > 1 ? ` (${failures.length} failures)` : '';
  if (!isOver) return `No connection from then on, for ${duration(to - from)}${tries}.`;
  const again = wasUp ? 'The line was down for' : 'It took';
  return `${again} ${duration(to - from)}${tries}.`;
}

function finalVerdict({ at, kind, message, hint }: Failed, failures: number): Verdict {
  const tries = failures > 1 ? ` It had failed ${failures} times in a row.` : '';
  return verdictOf(FAILED[kind] ?? 'connection_failed', at, `${message}${tries}`, { hint });
}
