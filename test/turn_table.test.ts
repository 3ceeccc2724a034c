// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { TurnRules } from '../src/turn/rules.js';
import { nextDeadline, type Input, type TurnState } from '../src/turn/state.js';
import {
  asked,
  audio,
  boundary,
  calls,
  callsCancelled,
  closed,
  connectionBack,
  connectionLost,
  generationComplete,
  heardNothing,
  inProgress,
  interrupted,
  interruptRequested,
  modelSaid,
  replyAborted,
  replyRequested,
  replyWritten,
  RULES,
  speaking,
  Talk,
  text,
  tick,
  type Timeless,
  toolIs,
  toolSettled,
  turnCommitted,
  turnDiscarded,
  usage,
  userSaid,
} from './support/turn.js';

/** How the machine comes into the state of a column. */
const COLUMNS: Record<string, Timeless[]> = {
  idle: [],
  open: [audio(), modelSaid('Oh.')],
  drained: [audio(), modelSaid('Oh.'), generationComplete],
  cut: [audio(), modelSaid('Oh.'), interruptRequested],
};

/** One row of the table in PROTOCOL.md: what its label means. */
interface Row {
  input: Timeless;
  /** What happened before the state of the column was entered. */
  before?: Timeless[];
  /** What happened in it. */
  given?: Timeless[];
  /** The input comes so long after the last of these; or at the deadline of the state, if any. */
  afterMs?: number | 'deadline';
  rules?: Partial<TurnRules>;
}

const called = [calls('c1'), boundary()];

const ROWS: Record<string, Row> = {
  audio: { input: audio() },
  'audio, the caller has spoken': { given: [userSaid('Hi.')], input: audio() },
  modelSaid: { input: modelSaid('Hi.') },
  text: { input: text('Hi.') },
  'text, TEXT session': { rules: { textOutput: true }, input: text('Hi.') },
  thought: { input: { type: 'thought', text: 'Hm.' } },
  code: { input: { type: 'code', part: { executableCode: {} } } },
  citations: { input: { type: 'citations', grounding: {} } },
  calls: { input: calls('c1') },
  'calls, blocking': { rules: { blockingCalls: true }, input: calls('c1') },
  callsCancelled: { before: called, input: callsCancelled('c1') },
  userSaid: { input: userSaid('Hi.') },
  'userSaid, 3 s later': { afterMs: 2_900, input: userSaid('Hi.') },
  'voiceActivity, begins': { input: speaking(true) },
  'voiceActivity, ends': { given: [speaking(true)], input: speaking(false) },
  interrupted: { input: interrupted },
  'interrupted, reply written': { given: asked('r1'), input: interrupted },
  generationComplete: { input: generationComplete },
  'generationComplete, only text came': { given: [text('Hi.')], input: generationComplete },
  boundary: { input: boundary() },
  'boundary, with a reason': { input: boundary('RESPONSE_REJECTED') },
  'boundary, reply written': { given: asked('r1'), input: boundary() },
  'boundary, usage waits': { given: [...asked('r1'), usage(1)], input: boundary() },
  'boundary, IN_PROGRESS': { rules: { endsAtIdle: true }, input: inProgress },
  usage: { input: usage(1) },
  'usage, reply written': { given: asked('r1'), input: usage(1) },
  waitingForInput: { input: { type: 'waitingForInput' } },
  unknown: { input: { type: 'unknown', member: 'x', value: 1 } },
  replyRequested: { input: replyRequested('r1') },
  'replyRequested, turn committed': { given: [turnCommitted], input: replyRequested('r1') },
  replyWritten: { given: [replyRequested('r1')], input: replyWritten('r1') },
  'replyAborted, reply written': { given: asked('r1'), input: replyAborted('r1') },
  interruptRequested: { input: interruptRequested },
  'interruptRequested, falseInterruption': {
    rules: { falseInterruption: { afterMs: 2_000 } },
    input: interruptRequested,
  },
  turnCommitted: { input: turnCommitted },
  turnDiscarded: { input: turnDiscarded },
  "audio, the caller's turn was discarded": { given: [turnDiscarded], input: audio() },
  callerLoud: { input: { type: 'callerLoud' } },
  toolSettled: { before: called, input: toolSettled('c1') },
  toolIs: { before: called, input: toolIs('c1', 'running') },
  heardNothing: { input: heardNothing },
  connectionLost: { input: connectionLost },
  'connectionBack, reply requested': { given: [replyRequested('r1')], input: connectionBack(true) },
  'closed, reply requested': { given: [replyRequested('r1')], input: closed },
  'tick, at the deadline': { afterMs: 'deadline', input: tick },
  'tick, after a false interruption': {
    rules: { falseInterruption: { afterMs: 2_000 } },
    given: [interrupted],
    afterMs: 'deadline',
    input: tick,
  },
  'tick, after a blocking call': {
    rules: { blockingCalls: true },
    given: [calls('c1')],
    afterMs: 'deadline',
    input: tick,
  },
};

/** Every type of input there is; the compiler keeps this complete. */
const TYPES: Record<Input['type'], true> = {
  audio: true, modelSaid: true, text: true, thought: true, code: true, citations: true,
  calls: true, callsCancelled: true, userSaid: true, voiceActivity: true, interrupted: true,
  generationComplete: true, boundary: true, usage: true, waitingForInput: true, unknown: true,
  replyRequested: true, replyWritten: true, replyAborted: true, interruptRequested: true,
  turnCommitted: true, turnDiscarded: true, callerLoud: true, toolSettled: true, heardNothing: true,
  toolIs: true,
  connectionLost: true, connectionBack: true, closed: true, tick: true,
}; // prettier-ignore

/** A state in the notation of PROTOCOL.md. */
function name({ turn }: TurnState): string {
  switch (turn.is) {
    case 'idle':
      return 'idle';
    case 'open':
      return turn.generation.calling ? 'open*' : 'open';
    case 'drained':
      return turn.complete ? 'drained' : 'drained*';
    case 'cut':
      return turn.heard ? 'cut*' : 'cut';
  }
}

/** What the code does in one cell, in the notation of PROTOCOL.md. */
function cell(row: Row, start: readonly Timeless[]): string {
  const talk = new Talk({ ...RULES, ...row.rules });
  for (const input of [...(row.before ?? []), ...start, ...(row.given ?? [])]) {
    talk.put(input);
    talk.now += 50;
  }
  const due = nextDeadline(talk.state, talk.rules);
  if (row.afterMs === 'deadline') talk.now = due ?? talk.now;
  else talk.now += row.afterMs ?? 0;
  const effects = talk.put(row.input);
  return effects === '' ? name(talk.state) : `${name(talk.state)}: ${effects}`;
}

/** The table under the heading, without its first two lines; cells are trimmed. */
function tableIn(markdown: string, heading: string): { head: string[]; rows: string[][] } {
  const sections = markdown.split(/^#+ /m);
  const section = sections.find((part) => part.split('\n', 1)[0]?.endsWith(heading)) ?? '';
  const lines = section.split('\n').filter((line) => line.startsWith('|'));
  const [head = [], , ...rows] = lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((one) => one.replaceAll('`', '').trim()),
  );
  return { head, rows };
}

const protocol = readFileSync(new URL('../PROTOCOL.md', import.meta.url), 'utf8');
const { head, rows } = tableIn(protocol, 'The state table');

describe('the state table of PROTOCOL.md', () => {
  it('has a row for every type of input, and only rows that are checked', () => {
    expect(head).toEqual(['input', ...Object.keys(COLUMNS)]);
    expect(rows.map(([label]) => label)).toEqual(Object.keys(ROWS));
    for (const [label, { input }] of Object.entries(ROWS)) {
      expect(label.split(',')[0]).toBe(input.type);
    }
    const covered = new Set(Object.values(ROWS).map(({ input }) => input.type));
    expect([...covered].toSorted()).toEqual(Object.keys(TYPES).toSorted());
  });

  it('begins each column in the state that its head names', () => {
    for (const [column, start] of Object.entries(COLUMNS)) {
      const talk = new Talk();
      talk.put(...start);
      expect(name(talk.state)).toBe(column);
    }
  });

  for (const [label = '', ...cells] of rows) {
    it.each(cells.map((one, i) => [head[i + 1] ?? '', one] as const))(
      `${label} in %s: %s`,
      (column, expected) => {
        expect(cell(ROWS[label]!, COLUMNS[column]!)).toBe(expected);
      },
    );
  }
});
