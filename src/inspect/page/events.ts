// SPDX-License-Identifier: Apache-2.0
import type { PageMeta } from '../page_data.js';
import type {
  AnswerSpan,
  ConnectionSpan,
  Gap,
  Interruption,
  Request,
  ToolSpan,
  Verdict,
} from '../report.js';
import { duration } from './time.js';

export type EventKind =
  'connection' | 'utterance' | 'answer' | 'tool' | 'request' | 'interruption' | 'gap' | 'verdict';

/** Something that happened, for the list, the lanes and the tooltip. */
export interface CallEvent {
  kind: EventKind;
  from: number;
  /** The end of the recording, where it was not over. */
  to: number;
  /** What it is, in a few words. */
  title: string;
  /** What was said, or why. */
  text: string;
  facts: readonly (readonly [name: string, value: string])[];
  tone: 'plain' | 'good' | 'note' | 'warning' | 'error';
  /** An answer: when it was asked for. */
  askedAt: number | undefined;
  /** As the report has it. */
  raw: unknown;
}

type Report = PageMeta['report'];
type Facts = (readonly [string, string] | undefined)[];
type Draft = Omit<CallEvent, 'facts' | 'askedAt' | 'tone'> & {
  facts?: Facts;
  askedAt?: number | undefined;
  tone?: CallEvent['tone'];
};

/** Everything the report tells of, by time. */
export function eventsOf(report: Report): CallEvent[] {
  const end = report.durationMs;
  const drafts: Draft[] = [
    ...report.connections.map((one) => connection(one, end)),
    ...report.utterances.map((raw) => {
      const to = raw.to ?? end;
      const facts: Facts = [['lasted', duration(to - raw.from)]];
      return {
        kind: 'utterance',
        from: raw.from,
        to,
        title: 'Caller',
        text: raw.text,
        facts,
        raw,
      } as const;
    }),
    ...report.answers.map((one) => answer(one, end)),
    ...report.tools.map((one) => tool(one, end)),
    ...report.requests.map(request),
    ...report.interruptions.map(interruption),
    ...report.gaps.map(gap),
    ...report.verdicts.map(verdict),
  ];
  return drafts
    .map(({ facts = [], askedAt, tone = 'plain', ...rest }) => ({
      ...rest,
      ...{ askedAt, tone },
      facts: facts.filter((fact) => fact !== undefined),
    }))
    .sort((a, b) => a.from - b.from);
}

const fact = (name: string, ms: number | undefined): readonly [string, string] | undefined =>
  ms === undefined || ms === null ? undefined : [name, duration(ms)];

function connection(raw: ConnectionSpan, end: number): Draft {
  const to = raw.to ?? end;
  const isReady = raw.readyAt !== undefined;
  return {
    ...{ kind: 'connection', from: raw.from, to, raw },
    title: `Connection ${raw.connection}${raw.restored ? ' (resumed)' : ''}`,
    text: raw.ended ?? (raw.to === undefined ? 'open to the end of the recording' : ''),
    tone: isReady && (raw.isPlanned || raw.to === undefined) ? 'good' : 'error',
    facts: [
      fact('lasted', to - raw.from),
      isReady ? fact('setup', (raw.readyAt ?? 0) - raw.from) : ['setup', 'never answered'],
      ['session', raw.restored ? 'resumed' : 'fresh'],
      raw.ended === undefined ? undefined : ['ended', raw.ended],
    ],
  };
}

function answer(raw: AnswerSpan, end: number): Draft {
  const to = raw.to ?? end;
  const failed = raw.end === 'stalled' || raw.end === 'lost';
  return {
    ...{ kind: 'answer', from: raw.from, to, raw },
    askedAt: raw.askedAt ?? waited(raw),
    title: `Agent${raw.latencyMs === undefined ? '' : `, after ${duration(raw.latencyMs)}`}`,
    text: raw.text,
    tone: failed ? 'error' : raw.end === 'interrupted' ? 'warning' : 'plain',
    facts: [
      fact('first audio after', raw.latencyMs),
      fact('speech', raw.audioMs),
      ['end', raw.end ?? 'open when the recording ended'],
      raw.replyId === undefined ? undefined : ['asked for by the app', raw.replyId],
      ['generation', raw.generationId],
    ],
  };
}

/** Without a request, the wait began when the caller stopped. */
function waited({ firstAudioAt, latencyMs }: AnswerSpan): number | undefined {
  if (firstAudioAt === undefined || latencyMs === undefined) return undefined;
  return firstAudioAt - latencyMs;
}

const OUTCOMES = {
  answered: 'good',
  cancelled: 'warning',
  overdue: 'error',
  open: 'note',
} as const;

function tool(raw: ToolSpan, end: number): Draft {
  const to = raw.to ?? end;
  return {
    ...{ kind: 'tool', from: raw.from, to, raw },
    title: `${raw.name}()`,
    text: `${JSON.stringify(raw.args ?? {})} → ${JSON.stringify(raw.output) ?? raw.outcome}`,
    tone: raw.isError ? 'error' : OUTCOMES[raw.outcome],
    facts: [
      ['outcome', raw.isError ? 'failed' : raw.outcome],
      fact('took', to - raw.from),
      ['call', raw.callId],
    ],
  };
}

function interruption(raw: Interruption): Draft {
  const by = { caller: 'the caller', app: 'the app', reply: 'a new reply' }[raw.by];
  const spoken = raw.spokenMs === undefined ? '' : `${duration(raw.spokenMs)} of the answer heard`;
  return {
    ...{ kind: 'interruption', from: raw.at, to: raw.at, raw, tone: 'warning' },
    title: `Interrupted by ${by}`,
    text: spoken,
    facts: [
      fact('heard before', raw.spokenMs),
      raw.generationId === undefined ? undefined : ['generation', raw.generationId],
    ],
  };
}

const REQUESTS = {
  reply: 'Reply asked for',
  interrupt: 'Interruption asked for',
  text: 'Text sent',
} as const;

function request(raw: Request): Draft {
  const { at, what, text } = raw;
  return { kind: 'request', from: at, to: at, title: REQUESTS[what], text, tone: 'note', raw };
}

const GAPS = { down: 'Line down', unanswered: 'Nobody answered', stall: 'Answer stalled' } as const;

function gap(raw: Gap): Draft {
  const facts: Facts = [fact('lasted', raw.to - raw.from)];
  const text = duration(raw.to - raw.from);
  return {
    kind: 'gap',
    from: raw.from,
    to: raw.to,
    title: GAPS[raw.kind],
    text,
    tone: 'error',
    facts,
    raw,
  };
}

function verdict(raw: Verdict): Draft {
  const base = { kind: 'verdict', from: raw.at, to: raw.at, raw, tone: raw.grade } as const;
  return {
    ...base,
    title: raw.what,
    text: raw.hint,
    facts: [['grade', `${raw.grade} (${raw.kind})`]],
  };
}
