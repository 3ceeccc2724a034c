// SPDX-License-Identifier: Apache-2.0
import type { Recording } from '../recording/parse.js';
import { callerVerdicts } from './caller_verdicts.js';
import type { Unanswered } from './gaps.js';
import { verdictOf } from './kinds.js';
import { lineVerdicts } from './line_verdicts.js';
import type { CallReport, Verdict } from './report.js';
import type { Talk } from './talk.js';
import { mergedReports, verdictOfReport } from './told.js';
import type { Wire } from './wire.js';
import { brief, duration, plural } from './words.js';

export interface Found {
  report: Omit<CallReport, 'verdicts'>;
  talk: Talk;
  wire: Wire;
  unanswered: readonly Unanswered[];
  recording: Recording;
}

/** Longer than this the caller wonders whether somebody is there, in ms. */
const SLOW_MS = 4_000;
/** So long a tool may take before the silence is heard, in ms. */
const SLOW_TOOL_MS = 5_000;
/** A call that was asked for just before the end is nobody's fault, in ms. */
const LAST_MOMENT_MS = 2_000;
const GRADES = { error: 0, warning: 1, note: 2 };

/** What went wrong, and when; the gravest first, then by time. */
export function verdictsOf(found: Found): Verdict[] {
  const { talk, wire, report } = found;
  const isComplete = !(wire.isOurs && report.head.audio === 'none');
  const { isTimed } = report;
  const reports = mergedReports(wire.reports, talk.reports, { isTimed, isComplete });
  const told = reports.flatMap((one) => verdictOfReport(one) ?? []);
  const all = [
    ...lineVerdicts(found, told),
    ...told,
    ...answerVerdicts(found),
    ...callerVerdicts(found),
    ...toolVerdicts(found, told),
    ...recordingVerdicts(found),
  ];
  const verdicts = all.filter((verdict) => !isTold(verdict, all));
  return verdicts.sort((a, b) => GRADES[a.grade] - GRADES[b.grade] || a.at - b.at);
}

/** Another verdict says the same, and says more. */
function isTold({ kind, at }: Verdict, all: readonly Verdict[]): boolean {
  const is = (other: Verdict['kind'], withinMs: number): boolean =>
    all.some((one) => one.kind === other && Math.abs(one.at - at) <= withinMs);
  switch (kind) {
    case 'no_caller_audio':
      return is('caller_never_heard', Infinity);
    case 'reply_failed':
      return FINAL.some((final) => is(final, 1_000));
    default:
      return false;
  }
}

const FINAL = [
  'connection_failed',
  'key_refused',
  'model_refused',
  'setup_refused',
  'quota_used_up',
] as const;

const STEPS: Record<string, string> = {
  nudge: 'asked again',
  resume: 'exchanged the connection',
  fresh: 'began a fresh session',
  none: 'could do nothing',
};

function answerVerdicts({ report, talk, unanswered }: Found): Verdict[] {
  const silent = unanswered.map(({ from, to, steps, isOver }) => {
    const done = steps.map((step) => STEPS[step] ?? step).join(', then ');
    const waited = isOver
      ? `${duration(to - from)} without an answer`
      : `No answer came in ${duration(to - from)}`;
    return verdictOf('unanswered', from, `${waited}${done ? `; the session ${done}` : ''}.`);
  });
  const slow = report.answers.flatMap(({ firstAudioAt, from, latencyMs }) => {
    const at = firstAudioAt ?? from;
    if (latencyMs === undefined || latencyMs <= SLOW_MS) return [];
    if (unanswered.some(({ to, isOver }) => isOver && to === at)) return [];
    return [verdictOf('slow_answer', at, `An answer took ${duration(latencyMs)} to begin.`)];
  });
  return [...silent, ...slow, ...breakVerdicts(talk)];
}

/** Answers that broke off and went on; those that did not are reported as stalled. */
function breakVerdicts({ breaks, answers }: Talk): Verdict[] {
  return answers.flatMap(({ firstAudioAt, playedUntil, end, from, to }) => {
    if (firstAudioAt === undefined || playedUntil === undefined) return [];
    const own = breaks.filter(
      (one) => one.from >= from && one.to <= playedUntil && !(end === 'stalled' && one.to === to),
    );
    const [first] = own;
    if (!first) return [];
    const sum = own.reduce((total, one) => total + one.to - one.from, 0);
    const times = own.length === 1 ? 'once' : `${own.length} times`;
    return [
      verdictOf(
        'choppy',
        first.from,
        `An answer broke off ${times} and went on, ${duration(sum)} in all.`,
      ),
    ];
  });
}

function toolVerdicts({ report, wire }: Found, told: readonly Verdict[]): Verdict[] {
  const { durationMs, isTimed } = report;
  return report.tools.flatMap(({ name, from, to, outcome, isError, output }) => {
    const tookMs = (to ?? durationMs) - from;
    switch (outcome) {
      case 'cancelled':
        return [
          verdictOf(
            'tool_cancelled',
            to ?? from,
            `The call of ${name} was cancelled after ${duration(tookMs)}.`,
          ),
        ];
      case 'overdue':
        return told.some(({ kind }) => kind === 'tool_overdue')
          ? []
          : [verdictOf('tool_overdue', to ?? from, `The tool ${name} did not end in time.`)];
      case 'open': {
        if (isTimed && tookMs < LAST_MOMENT_MS) return [];
        const when = wire.isEnded ? 'when the call ended' : 'when the recording ended';
        const since = isTimed ? `, ${duration(tookMs)} after it was asked for` : '';
        return [
          verdictOf('tool_unanswered', from, `The tool ${name} had no result ${when}${since}.`),
        ];
      }
      case 'answered':
        if (isError)
          return [
            verdictOf('tool_failed', to ?? from, `The tool ${name} failed: ${brief(output, 80)}`),
          ];
        if (!isTimed || tookMs < SLOW_TOOL_MS) return [];
        return [verdictOf('tool_slow', from, `The tool ${name} took ${duration(tookMs)}.`)];
    }
  });
}

function recordingVerdicts({ report, wire, recording }: Found): Verdict[] {
  const { head, isTimed, problems, durationMs } = report;
  const found: Verdict[] = wire.dropped.map(({ at, lines }) =>
    verdictOf(
      'recording_incomplete',
      at,
      `${plural(lines, 'line')} of the recording are missing here.`,
    ),
  );
  if (problems.length > 0) {
    const [first = '', ...more] = problems;
    const others = more.length > 0 ? ` (and ${more.length} more)` : '';
    found.push(verdictOf('recording_damaged', 0, `A line cannot be read: ${first}${others}`));
  }
  if (!isTimed) found.push(verdictOf('no_times', 0, 'The recording has no times.'));
  if (head.audio === 'none') found.push(verdictOf('no_audio', 0, 'The recording has no audio.'));
  if (!wire.isOurs) return found;
  const first = recording.lines.find(({ dir }) => dir === 'in' || dir === 'out');
  const isBegun = first?.dir === 'out' && (first.frame as { setup?: unknown } | null)?.setup;
  if (!isBegun)
    found.push(
      verdictOf('recording_partial', 0, 'The recording begins in the middle of the call.'),
    );
  if (!wire.isEnded)
    found.push(verdictOf('recording_cut', durationMs, 'The recording ends before the call does.'));
  return found;
}
