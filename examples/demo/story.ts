// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import type { Scenario, ScenarioStep } from '../../src/testing/index.js';
import { readWav, resampled } from './wav.js';

const SPEECH = new URL('speech/', import.meta.url);

/** Something that somebody says. */
export interface Line {
  who: 'caller' | 'agent';
  text: string;
  /** The recording, at the rate asked for. */
  samples(rate: number): Int16Array;
}

/** The caller says something, and the agent answers. */
export interface Turn {
  says: Line;
  /** The caller does not wait for the end of what the agent is saying, but for so many ms of it. */
  cutsInAfterMs?: number;
  /** The network drops the connection so many ms after the caller has begun to speak. */
  dropAfterMs?: number;
  /** Said before the tool is called. */
  wait?: Line;
  /** The tool that is needed for the answer. */
  calls?: { name: string; args: Record<string, unknown> };
  answer: Line;
}

const LINES = new Map<string, Line>(
  readFileSync(new URL('lines.tsv', SPEECH), 'utf8')
    .trim()
    .split('\n')
    .map((row) => {
      const [name = '', who, text = ''] = row.split('\t');
      const samples = (rate: number): Int16Array =>
        resampled(readWav(new URL(`${name}.wav`, SPEECH)), rate);
      return [name, { who: who === 'agent' ? 'agent' : 'caller', text, samples }];
    }),
);

function line(name: string): Line {
  const found = LINES.get(name);
  if (!found) throw new Error(`There is no line '${name}' in lines.tsv.`);
  return found;
}

export const GREETING = line('greeting');

export const TURNS: readonly Turn[] = [
  { says: line('hours'), answer: line('hours-answer') },
  {
    says: line('order'),
    wait: line('order-wait'),
    calls: { name: 'lookUpOrder', args: { orderNumber: '427' } },
    answer: line('order-answer'),
  },
  { says: line('returns'), dropAfterMs: 700, answer: line('returns-answer') },
  { says: line('price'), cutsInAfterMs: 2_500, answer: line('price-answer') },
  { says: line('goodbye'), answer: line('goodbye-answer') },
];

/** All lines in the order in which they are spoken. */
export const SPOKEN: readonly Line[] = [
  GREETING,
  ...TURNS.flatMap(({ says, wait, answer }) => (wait ? [says, wait, answer] : [says, answer])),
];

/** The one answer that the caller cuts short. */
export const CUT_SHORT = TURNS[TURNS.findIndex(({ cutsInAfterMs }) => cutsInAfterMs) - 1]?.answer;

/** The model's part, for the fake server. */
export function scenario(): Scenario {
  const voiced = ({ text, samples }: Line) => ({ text, pcm: samples(24_000) });
  return {
    steps: [
      { on: 'reply', say: voiced(GREETING) },
      ...TURNS.map(({ says, wait, calls, answer }): ScenarioStep => {
        const heard = { on: 'speech', transcript: says.text } as const;
        if (!calls) return { ...heard, say: voiced(answer) };
        return {
          ...heard,
          ...(wait && { say: voiced(wait) }),
          call: calls,
          then: { say: voiced(answer) },
        };
      }),
    ],
  };
}
