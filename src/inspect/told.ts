// SPDX-License-Identifier: Apache-2.0
import { verdictOf, type VerdictKind } from './kinds.js';
import { isObject } from './media.js';
import type { Verdict } from './report.js';
import type { Told } from './talk.js';
import { brief, duration } from './words.js';

type Detail = Record<string, unknown>;
type Said = readonly [kind: VerdictKind, what: string, more?: Parameters<typeof verdictOf>[3]];

const REPLY_FAILED: Record<string, string> = {
  timeout: 'the model was asked twice and did not begin to answer in time',
  superseded: 'too many replies were asked for while it waited',
  disconnected: 'the connection was gone for good',
  unsupported: 'this model does not reply on request',
};

const LATE: Said = ['tool_overdue', 'did not end in time'];
const OVERDUE: Record<string, Said> = {
  waiting: ['tool_overdue', 'was never run', { hint: 'LiveKit did not run it: it was interrupted, or the tool does not exist.' }],
  aborted: ['tool_overdue', 'was aborted, and gave no result', { grade: 'warning', hint: 'The caller interrupted while it ran; the model was told so.' }],
  returned: ['tool_overdue', 'had ended, and its result was not handed over', { grade: 'note', hint: 'LiveKit keeps results after an interruption; the model was told the result all the same.' }],
}; // prettier-ignore

const text = (value: unknown): string => `"${brief(value, 80)}"`;
const ms = (value: unknown): string => duration(Number(value));

/** What the app is told and is no trouble, or is told by other verdicts: unanswered, slow, waiting. */
const OTHERWISE = new Set([
  'thought', 'code', 'citations', 'waiting_for_input', 'tool_choice_emulated', 'health', 'unanswered',
  'slow_answer',
]); // prettier-ignore

/** Reports that mean trouble → what to say about them. */
const SAID: Record<string, (detail: Detail, whole: unknown) => Said | undefined> = {
  cancelled: ({ afterMs }) =>
    afterMs === undefined || afterMs === null
      ? ['cancel_ignored', 'The model did not stop when it was told to.']
      : undefined,
  empty_turn: ({ reason }) =>
    reason === undefined || reason === null
      ? ['empty_turn', 'The model ended its turn without a word.']
      : ['rejected_turn', `The service withheld an answer (${brief(reason)}).`],
  stalled: () => ['stalled', 'An answer broke off in the middle.'],
  silent_audio: () => ['silent_audio', 'An answer was nothing but silence.'],
  text_turn: (_, whole) => ['text_turn', `An answer came as text, and was not spoken: ${text(whole)}`],
  late_transcript: (_, whole) => ['late_transcript', `Words came after their audio: ${text(whole)}`],
  repeated_transcript: ({ text: said }) => ['repeated_transcript', `A line of the caller came twice: ${text(said)}`],
  repeated_sentence: ({ text: said }) => ['repeated_sentence', `The model said the same twice: ${text(said)}`],
  untranscribed_turn: () => ['untranscribed_turn', 'The caller was answered, and no transcript came.'],
  language_changed: ({ from, to }) => ['language_changed', `The language of the caller changed from ${brief(from)} to ${brief(to)}.`],
  unknown_frame: ({ member, value }) => ['unknown_frame', `The service sent something unknown: ${brief(member)} ${brief(value, 60)}`],
  capability_refused: ({ capability, reason }) => ['capability_refused', `The service refused a message that this model should take (${brief(capability)})${reason ? `: ${brief(reason)}` : '.'}`],
  reply_failed: ({ why }) => ['reply_failed', `A reply did not come: ${REPLY_FAILED[String(why)] ?? brief(why)}.`],
  caller_audio_lost: ({ ms: lost }) => ['caller_audio_lost', `${ms(lost)} of what the caller said were lost while a tool ran.`],
  tool_call_repeated: () => ['tool_repeated', 'The model asked for a call that was running already.'],
  tool_call_overdue: ({ name, phase }) => {
    const [kind, what, more] = OVERDUE[String(phase)] ?? LATE;
    return [kind, `The tool ${brief(name)} ${what}.`, more];
  },
  tool_choice_ignored: ({ toolChoice }) => ['tool_choice_ignored', `The tool choice ${brief(toolChoice)} was not followed.`],
  false_interruption: ({ resumedMs }) => ['false_interruption', `An answer was cut off by noise; ${ms(resumedMs)} of it were said after all.`],
  memory_lost: ({ promptTokens }) => ['memory_lost', `After a resume the model had forgotten the conversation (its prompt shrank to ${brief(promptTokens)} tokens).`],
  no_caller_audio: () => ['no_caller_audio', 'No audio of the caller came for ten seconds.'],
  protocol_error: ({ why, member, text: said, untold }) => ['protocol_error', `The service broke its protocol (${brief(why)}${member === undefined ? '' : `, ${brief(member)}`})${said === undefined ? '' : `: ${brief(said, 80)}`}${Number(untold) > 0 ? ` And ${Number(untold)} times before that.` : ''}`],
}; // prettier-ignore

/** A report as a verdict; undefined where it is no trouble, or another verdict tells it. */
export function verdictOfReport({ at, what, detail }: Told): Verdict | undefined {
  const say = SAID[what];
  if (!say || OTHERWISE.has(what)) return undefined;
  const said = say(isObject(detail) ? detail : {}, detail);
  return said && verdictOf(said[0], at, said[1], said[2]);
}

/** Reports that only time brings: without times nobody knows. */
const NEEDS_TIME = new Set(['unanswered', 'stalled', 'slow_answer', 'tool_call_overdue', 'cancelled', 'reply_failed']); // prettier-ignore
/** One thing, told twice: by the recorder, and by the replay. In ms. */
const SAME_MS = 1_000;

/**
 * What was reported, and what this version would report; the same only once.
 * @param recorded in the order of time, as `replayed`
 */
export function mergedReports(
  recorded: readonly Told[],
  replayed: readonly Told[],
  { isTimed, isComplete }: { isTimed: boolean; isComplete: boolean },
): Told[] {
  // Without its audio a recording does not replay exactly.
  const known = isComplete ? replayed.filter(({ what }) => isTimed || !NEEDS_TIME.has(what)) : [];
  const waiting = new Map<string, Told[]>();
  for (const one of recorded) {
    const list = waiting.get(one.what);
    if (list) list.push(one);
    else waiting.set(one.what, [one]);
  }
  const news = known.filter(({ what, at }) => {
    const list = waiting.get(what) ?? [];
    while (list[0] && list[0].at < at - SAME_MS) list.shift();
    if (!list[0] || list[0].at > at + SAME_MS) return true;
    list.shift();
    return false;
  });
  return [...recorded, ...news].sort((a, b) => a.at - b.at);
}
