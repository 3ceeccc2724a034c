// SPDX-License-Identifier: Apache-2.0
import type { AnswerSpan, CallReport, ConnectionSpan, Interruption } from './report.js';
import { brief, duration } from './words.js';

/** One thing that happened. */
export interface Row {
  at: number;
  /** Undefined: at one moment, or not over. */
  to?: number | undefined;
  who: 'caller' | 'agent' | 'tool' | 'line' | 'app';
  text: string;
}

/** At one moment: what must have come first. */
const ORDER: Record<Row['who'], number> = { line: 0, app: 1, caller: 2, tool: 4, agent: 3 };
const BY = { caller: 'the caller', app: 'the app', reply: 'another reply' };
/** A line that is down for less is not worth a row: the connection has one. */
const DOWN_MS = 500;

/** The call in the order of time. */
export function storyOf(report: CallReport): Row[] {
  const cuts = new Map(report.interruptions.map((one) => [one.generationId, one]));
  const rows: Row[] = [
    ...report.connections.flatMap((span) => connectionRows(span, report.isTimed)),
    ...report.requests.map(requestRow),
    ...report.utterances.map(({ from, to, text }): Row => ({
      at: from,
      to,
      who: 'caller',
      text: said(text),
    })),
    ...report.answers.flatMap(
      (answer) => answerRow(answer, cuts.get(answer.generationId), report.isTimed) ?? [],
    ),
    ...toolRows(report),
    ...gapRows(report),
  ];
  return rows
    .map((row, index) => ({ row, index }))
    .sort((a, b) => a.row.at - b.row.at || ORDER[a.row.who] - ORDER[b.row.who] || a.index - b.index)
    .map(({ row }) => row);
}

function connectionRows(span: ConnectionSpan, isTimed: boolean): Row[] {
  const { connection, from, readyAt, to, restored, ended } = span;
  const rows: Row[] = [];
  if (readyAt !== undefined) {
    const took = isTimed ? ` after ${duration(readyAt - from)}` : '';
    const memory = restored ? ', resumed' : connection > 1 ? ', a fresh session' : '';
    rows.push({ at: readyAt, who: 'line', text: `connection ${connection} is up${took}${memory}` });
  }
  if (to !== undefined && ended !== undefined) {
    rows.push({ at: to, who: 'line', text: `connection ${connection} ended: ${ended}` });
  }
  return rows;
}

function requestRow({ at, what, text }: CallReport['requests'][number]): Row {
  if (what === 'interrupt') return { at, who: 'app', text: 'interrupts' };
  if (what === 'text') return { at, who: 'app', text: `sends text: ${said(text)}` };
  return {
    at,
    who: 'app',
    text: text === '' ? 'asks for a reply' : `asks for a reply: ${said(text)}`,
  };
}

const ENDS: Partial<Record<NonNullable<AnswerSpan['end']>, string>> = {
  stalled: 'broke off',
  lost: 'lost with the connection',
  closed: 'ended by the app',
};

function answerRow(
  answer: AnswerSpan,
  cut: Interruption | undefined,
  isTimed: boolean,
): Row | undefined {
  const { from, firstAudioAt, to, text, audioMs, latencyMs, end } = answer;
  // A generation that did nothing but call tools.
  if (text.trim() === '' && audioMs === 0 && end !== 'stalled' && end !== 'lost') return undefined;
  const notes = [
    ...(latencyMs === undefined ? [] : [`after ${duration(latencyMs)}`]),
    ...(audioMs > 0 ? [`${duration(audioMs)} of audio`] : []),
    ...(cut
      ? [
          `cut off by ${BY[cut.by]}${cut.spokenMs === undefined ? '' : ` ${duration(cut.spokenMs)} into it`}`,
        ]
      : []),
    ...(!cut && end && ENDS[end] ? [ENDS[end]] : []),
    ...(isTimed && end === undefined && to === undefined ? ['not over'] : []),
  ];
  const words = text.trim() === '' ? '(no transcript)' : said(text);
  return {
    at: firstAudioAt ?? from,
    to,
    who: 'agent',
    text: notes.length > 0 ? `${words} (${notes.join(', ')})` : words,
  };
}

function toolRows({ tools, isTimed }: CallReport): Row[] {
  return tools.map(({ from, to, name, args, outcome, output, isError }) => {
    const took = to !== undefined && isTimed ? ` after ${duration(to - from)}` : '';
    const result = isError ? `error: ${brief(output)}` : brief(output);
    const end =
      outcome === 'answered'
        ? `→ ${result === '' ? 'answered' : result}${took === '' ? '' : ` (${took.trim()})`}`
        : outcome === 'open'
          ? '→ no result'
          : `→ ${outcome}${took}`;
    return { at: from, to, who: 'tool', text: `${name}(${brief(args)}) ${end}` };
  });
}

function gapRows({ gaps }: CallReport): Row[] {
  const WORDS = {
    down: 'no connection for',
    unanswered: 'no answer for',
    stall: 'the answer broke off for',
  };
  return gaps
    .filter(({ from, to, kind }) => kind !== 'down' || to - from >= DOWN_MS)
    .map(({ from, to, kind }) => ({
      ...{ at: from, to, who: kind === 'down' ? ('line' as const) : ('agent' as const) },
      text: `--- ${WORDS[kind]} ${duration(to - from)} ---`,
    }));
}

function said(text: string): string {
  return `"${text.trim()}"`;
}
