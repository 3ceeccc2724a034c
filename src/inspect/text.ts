// SPDX-License-Identifier: Apache-2.0
import type { CallReport, Verdict } from './report.js';
import { storyOf } from './story.js';
import { clock, duration, plural } from './words.js';

/** What a piece of the text is; the command line gives it a colour, or none. */
export type Paint = (style: 'error' | 'warning' | 'note' | 'dim' | 'bold', text: string) => string;

export interface TextOptions {
  /** What happened before and after is left out, in ms. @default all of it */
  from?: number;
  to?: number;
  /** Columns. @default 100 */
  width?: number;
  /** @default none */
  paint?: Paint;
}

type Wanted = Required<TextOptions>;

/** So many verdicts of one kind are shown one by one. */
const EACH = 3;
const BACKENDS: Record<string, string> = { gemini: 'Gemini API', vertex: 'Vertex AI' };

/** A report for somebody who was not there: the call in numbers, what went wrong, and the story. */
export function textOf(report: CallReport, options: TextOptions = {}): string[] {
  const wanted: Wanted = {
    ...{ from: 0, to: Infinity, width: 100, paint: (_style: unknown, text: string) => text },
    ...options,
  };
  const { from, to, paint, width } = wanted;
  const story = storyOf(report)
    .filter((row) => (row.to ?? row.at) >= from && row.at <= to)
    .flatMap(({ at, who, text }) => {
      const time = report.isTimed ? clock(at) : '';
      const style = who === 'caller' || who === 'agent' ? 'bold' : 'dim';
      const rows = wrapped(text, width - 19);
      return rows.map((row, index) =>
        index === 0
          ? `${paint('dim', time.padStart(9))}  ${paint(style, who.padEnd(6))}  ${row}`
          : `${' '.repeat(19)}${row}`,
      );
    });
  const part =
    from > 0 || to < Infinity
      ? ` (${clock(from)} to ${clock(Math.min(to, report.durationMs))})`
      : '';
  return [
    ...headOf(report, wanted),
    '',
    ...verdictRows(report, wanted),
    '',
    paint('bold', `The call${part}`),
    ...(story.length > 0 ? story : ['  Nothing happened.']),
  ];
}

function headOf(report: CallReport, { paint, width }: Wanted): string[] {
  const { head, durationMs, isTimed } = report;
  const { model = 'unknown model', backend, startedAt, library, synthetic, witness } = head;
  const when = startedAt ? ` of ${startedAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')}` : '';
  const title = [
    `${synthetic ? 'Synthetic call' : 'Call'}${when}`,
    isTimed ? duration(durationMs) : 'times unknown',
  ];
  const who = [model, BACKENDS[backend ?? ''] ?? backend, library].filter(Boolean).join(', ');
  const rows = [
    paint('bold', title.join(', ')),
    who,
    countsOf(report),
    latencyRow(report),
    audioRow(report),
    tokensRow(report),
  ];
  if (typeof witness === 'string') rows.push(`shape seen in: ${witness}`);
  return rows.flatMap((row) => (row === undefined ? [] : wrapped(row, width)));
}

function countsOf({ connections, answers, utterances, tools, interruptions }: CallReport): string {
  return [
    plural(connections.length, 'connection'),
    plural(utterances.length, 'line') + ' of the caller',
    plural(answers.length, 'answer'),
    plural(tools.length, 'tool call'),
    plural(interruptions.length, 'interruption'),
  ].join(', ');
}

function latencyRow({ latency: { count, p50, p95, max } }: CallReport): string | undefined {
  if (count === 0 || p50 === null || p95 === null || max === null) return undefined;
  if (count === 1) return `to the first audio: ${duration(max)}`;
  const p95Too = count < 20 ? '' : ` ${duration(p95)} at p95,`;
  return `to the first audio: ${duration(p50)} typically (p50),${p95Too} ${duration(max)} at most, of ${plural(count, 'answer')}`;
}

function audioRow({ levels, head }: CallReport): string | undefined {
  if (head.audio === 'none') return undefined;
  const sum = (points: CallReport['levels']['caller']): string =>
    duration(points.reduce((total, { ms }) => total + ms, 0));
  return `audio: ${sum(levels.caller)} of the caller, ${sum(levels.agent)} of the agent`;
}

function tokensRow({ tokens: { turns, input, output, costUsd } }: CallReport): string {
  if (turns === 0) return 'tokens: none were reported';
  const cost = costUsd === null ? 'price unknown' : `$${costUsd.toFixed(costUsd < 1 ? 4 : 2)}`;
  const count = (tokens: number): string => tokens.toLocaleString('en-US');
  return `tokens: ${count(input)} in, ${count(output)} out in ${plural(turns, 'turn')}, ${cost}`;
}

function verdictRows(
  { verdicts, isTimed }: CallReport,
  { from, to, paint, width }: Wanted,
): string[] {
  const shown = verdicts.filter(({ at }) => at >= from && at <= to);
  if (shown.length === 0) return [paint('bold', 'Nothing went wrong that can be seen here.')];
  const counts = (['error', 'warning', 'note'] as const)
    .map((grade) => [grade, shown.filter((verdict) => verdict.grade === grade).length] as const)
    .filter(([, count]) => count > 0)
    .map(([grade, count]) => plural(count, grade));
  const rows = grouped(shown).flatMap((group) => groupRows(group, { isTimed, paint, width }));
  const isTrouble = shown.some(({ grade }) => grade !== 'note');
  const title = isTrouble ? 'What went wrong' : 'Nothing went wrong that can be seen here';
  return [paint('bold', `${title}: ${counts.join(', ')}`), ...rows];
}

/** Of one kind and grade, where the first of them stands. */
function grouped(verdicts: readonly Verdict[]): Verdict[][] {
  const groups = new Map<string, Verdict[]>();
  for (const verdict of verdicts) {
    const key = `${verdict.grade} ${verdict.kind} ${verdict.hint}`;
    const group = groups.get(key);
    if (group) group.push(verdict);
    else groups.set(key, [verdict]);
  }
  return [...groups.values()];
}

function groupRows(
  group: readonly Verdict[],
  { isTimed, paint, width }: Pick<Wanted, 'paint' | 'width'> & { isTimed: boolean },
): string[] {
  const row = ({ grade, at, what }: Verdict): string[] => {
    const time = isTimed ? clock(at) : '';
    return wrapped(what, width - 19).map((text, index) =>
      index === 0
        ? `${paint('dim', time.padStart(9))}  ${paint(grade, grade.padEnd(7))} ${text}`
        : `${' '.repeat(19)}${text}`,
    );
  };
  const rest = group.length - EACH;
  const last = group.at(-1);
  const until = isTimed && last ? `, until ${clock(last.at)}` : '';
  const more = rest > 0 ? [`${' '.repeat(19)}… and ${rest} more like these${until}.`] : [];
  const hint = wrapped(`→ ${group[0]?.hint ?? ''}`, width - 19).map(
    (text) => `${' '.repeat(19)}${paint('dim', text)}`,
  );
  return [...group.slice(0, EACH).flatMap(row), ...more, ...hint];
}

/** Lines of at most so many characters, broken between words. */
export function wrapped(text: string, width: number): string[] {
  const rows: string[] = [];
  let row = '';
  for (const word of text.split(/\s+/)) {
    if (row !== '' && row.length + 1 + word.length > width) {
      rows.push(row);
      row = '';
    }
    row = row === '' ? word : `${row} ${word}`;
  }
  return row === '' && rows.length > 0 ? rows : [...rows, row];
}
