// SPDX-License-Identifier: Apache-2.0
import type { Gap } from './report.js';
import type { Talk, Told } from './talk.js';
import type { Wire } from './wire.js';

/** A caller who pauses longer has said what there was to say, in ms. */
const SPEAKING_MS = 1_500;

/** A caller who waited, and what was done about it. */
export interface Unanswered extends Gap {
  steps: readonly string[];
  /** An answer came at last. */
  isOver: boolean;
}

/** When nobody was heard although somebody was waited for, or the line was down. */
export function gapsOf(
  talk: Talk,
  wire: Wire,
  end: number,
): { gaps: Gap[]; unanswered: Unanswered[] } {
  const begun = talk.answers.map(({ firstAudioAt, from }) => firstAudioAt ?? from);
  const unanswered = unansweredOf(reportsOf(talk, wire), talk.questions, begun, end);
  const gaps: Gap[] = [
    ...wire.outages.map(({ from, to }): Gap => ({ from, to, kind: 'down' })),
    ...unanswered.map(({ from, to }): Gap => ({ from, to, kind: 'unanswered' })),
    ...talk.breaks.filter(({ from, to }) => to > from),
  ];
  return { gaps: gaps.sort((a, b) => a.from - b.from), unanswered };
}

function reportsOf(talk: Talk, wire: Wire): Told[] {
  const recorded = wire.reports.filter(({ what }) => what === 'unanswered');
  if (recorded.length > 0) return recorded;
  return talk.reports.filter(({ what }) => what === 'unanswered');
}

function unansweredOf(
  reports: readonly Told[],
  questions: readonly number[],
  begun: readonly number[],
  end: number,
): Unanswered[] {
  const found: (Unanswered & { steps: string[] })[] = [];
  for (const { at, detail } of reports) {
    const { step } = (detail ?? {}) as { step?: string };
    const last = found.at(-1);
    if (last && at < last.to) {
      if (step) last.steps.push(step);
      continue;
    }
    const before = begun.findLast((answer) => answer < at) ?? -1;
    const from = askedAt(questions.filter((asked) => asked > before && asked < at)) ?? at;
    const next = begun.find((answer) => answer >= at);
    const to = next ?? end;
    found.push({
      ...{ from, to, kind: 'unanswered', steps: step ? [step] : [], isOver: next !== undefined },
    });
  }
  return found;
}

/** When the first question was out; who repeats it has been waiting since then. */
function askedAt(questions: readonly number[]): number | undefined {
  const pause = questions.findIndex(
    (asked, index) => index > 0 && asked > (questions[index - 1] ?? 0) + SPEAKING_MS,
  );
  return pause < 0 ? questions.at(-1) : questions[pause - 1];
}
