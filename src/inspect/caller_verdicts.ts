// SPDX-License-Identifier: Apache-2.0
import { verdictOf } from './kinds.js';
import { isObject } from './media.js';
import type { Verdict } from './report.js';
import type { Found } from './verdicts.js';
import { duration } from './words.js';

/** A caller is heard within this time, in ms. */
const HEARD_MS = 10_000;
/** Nobody speaks so softly, in dB of full scale. */
const SILENCE_DB = -60;
/** So many interruptions within so many ms are no conversation. */
const STORM = 4;
const STORM_MS = 20_000;
/** Of the sum that `health` tells, less is rounding. */
const ROUNDING_MS = 100;

/** What went wrong on the caller's side. */
export function callerVerdicts(found: Found): Verdict[] {
  return [...heard(found), ...lost(found), ...storms(found)];
}

function heard({ report, wire }: Found): Verdict[] {
  const { isTimed, durationMs, connections, levels, utterances, requests, head } = report;
  const readyAt = connections.find(({ readyAt: at }) => at !== undefined)?.readyAt;
  if (!isTimed || readyAt === undefined || head.audio === 'none') return [];
  const isTyped = utterances.length > 0 || requests.some(({ what }) => what === 'text');
  const listenedMs = durationMs - readyAt;
  if (isTyped || listenedMs < HEARD_MS) return [];
  const caller = levels.caller;
  const saidSo = wire.reports.some(({ what }) => what === 'no_caller_audio');
  if (caller.length === 0) {
    // A session that only speaks is no trouble, unless somebody waited for the caller.
    if (!saidSo && !wire.isOurs) return [];
    return [
      verdictOf(
        'caller_never_heard',
        readyAt,
        `In ${duration(listenedMs)} no audio of the caller was sent.`,
      ),
    ];
  }
  const ms = caller.reduce((sum, point) => sum + point.ms, 0);
  const isSilent = caller.every(({ db }) => db !== undefined && db < SILENCE_DB);
  if (!isSilent || ms < HEARD_MS) return [];
  return [
    verdictOf(
      'caller_silent',
      caller[0]?.t ?? 0,
      `All of the caller's audio is silence (${duration(ms)}).`,
    ),
  ];
}

/** What reports did not tell of: audio that a gap was too long for. */
function lost({ wire }: Found): Verdict[] {
  const health = wire.reports.findLast(({ what }) => what === 'health');
  const { droppedAudioMs } = isObject(health?.detail) ? health.detail : {};
  const told = wire.reports
    .filter(({ what }) => what === 'caller_audio_lost')
    .reduce((sum, { detail }) => sum + Number(isObject(detail) ? detail['ms'] : 0), 0);
  const rest = Number(droppedAudioMs ?? 0) - told;
  if (!(rest > ROUNDING_MS)) return [];
  const at = wire.outages.find(({ from, to }) => to - from > 0)?.from ?? 0;
  return [
    verdictOf(
      'caller_audio_lost',
      at,
      `${duration(rest)} of what the caller said could not be sent in time.`,
    ),
  ];
}

function storms({ report }: Found): Verdict[] {
  if (!report.isTimed) return [];
  const times = report.interruptions.filter(({ by }) => by === 'caller').map(({ at }) => at);
  const found: Verdict[] = [];
  for (let first = 0; first < times.length;) {
    const from = times[first] ?? 0;
    let last = first;
    // It goes on as long as each one has so many within the time before it.
    while (
      last + 1 < times.length &&
      (times[last + 1] ?? 0) - (times[Math.max(first, last - STORM + 2)] ?? 0) <= STORM_MS
    )
      last += 1;
    const count = last - first + 1;
    if (count >= STORM) {
      const what = `The caller interrupted ${count} times within ${duration((times[last] ?? 0) - from)}.`;
      found.push(verdictOf('interruption_storm', from, what));
    }
    first = count >= STORM ? last + 1 : first + 1;
  }
  return found;
}
