// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import {
  asked,
  audio,
  BLOCKING,
  boundary,
  calls,
  callsCancelled,
  closed,
  connectionBack,
  connectionLost,
  generationComplete,
  inProgress,
  interrupted,
  interruptRequested,
  modelSaid,
  replyAborted,
  replyRequested,
  replyWritten,
  RULES,
  speaking,
  T0,
  Talk,
  text,
  toolSettled,
  turnCommitted,
  usage,
  userSaid,
} from './support/turn.js';

/** Reports so far as [prompt tokens, which generation (counted from 1), or undefined]. */
function reports(talk: Talk): [number | undefined, number | undefined][] {
  const ids = talk.all('openGeneration').map(({ generationId }) => generationId);
  return talk.all('reportUsage').map(({ usage: { promptTokenCount }, generation }) => {
    return [promptTokenCount, generation && ids.indexOf(generation.id) + 1];
  });
}

describe('a usage report', () => {
  it('that comes before the answer waits for it, and the newest of its answer is told first', () => {
    const talk = new Talk();
    talk.put(...asked('r1'), usage(1));
    expect(reports(talk)).toEqual([]);
    talk.put(audio(), generationComplete);
    expect(reports(talk)).toEqual([]);
    talk.put(usage(2), boundary());
    expect(reports(talk)).toEqual([[2, 1], [1, 1]]); // prettier-ignore
  });

  it('is of the coming answer, not of the one before', () => {
    const talk = new Talk();
    talk.put(audio(), usage(1), boundary());
    talk.put(userSaid('And now?'), usage(2), audio(), boundary());
    expect(reports(talk)).toEqual([[1, 1], [2, 2]]); // prettier-ignore
  });

  it('that comes in its own frame after the boundary is of the answer that has ended', () => {
    const talk = new Talk();
    talk.put(...asked('r1'), audio(), generationComplete, boundary(), usage(1));
    expect(reports(talk)).toEqual([[1, 1]]);
  });

  it('of an answer that is still being given waits for its end', () => {
    const talk = new Talk();
    talk.put(audio(), usage(1));
    talk.wait(500);
    talk.put(audio());
    expect(reports(talk)).toEqual([]);
    talk.put(boundary());
    expect(talk.all('reportUsage')).toMatchObject([{ generation: { endedAt: T0 + 500 } }]);
  });

  it('of an interrupted answer is its own, though the caller has spoken before the boundary', () => {
    const talk = new Talk();
    talk.put(audio(), interrupted, userSaid('Stop.'), usage(1), boundary());
    talk.put(audio(), boundary(), usage(2));
    expect(reports(talk)).toEqual([[1, 1], [2, 2]]); // prettier-ignore
    expect(talk.all('reportUsage')[0]!.generation!.interrupted).toBe(true);
  });

  it('of a turn that brought nothing is told alone at its boundary', () => {
    const talk = new Talk();
    talk.put(audio(), boundary(), usage(1));
    talk.put(userSaid('Hello?'), usage(2), boundary());
    expect(reports(talk)).toEqual([[1, 1], [2, undefined]]); // prettier-ignore
  });

  it('of a reply that was aborted before it began is told alone', () => {
    const talk = new Talk();
    talk.put(audio(), boundary(), usage(1));
    talk.put(...asked('r1'), replyAborted('r1'), usage(2), boundary());
    expect(reports(talk)).toEqual([[1, 1], [2, undefined]]); // prettier-ignore
  });

  it('after an empty turn that nobody asks about again waits no longer', () => {
    const talk = new Talk();
    talk.put(userSaid('Hm.'), boundary(), usage(1));
    expect(reports(talk)).toHaveLength(1);
  });

  it.each([
    ['the connection is lost', connectionLost],
    ['the session is closed', closed],
  ])('that waits when %s is told alone', (_name, end) => {
    const talk = new Talk();
    talk.put(...asked('r1'), usage(1), end, connectionBack(false));
    expect(reports(talk)).toEqual([[1, undefined]]);
  });

  it('goes on waiting while the request goes on', () => {
    const talk = new Talk({ ...RULES, endsAtIdle: true });
    talk.put(...asked('r1'), usage(1), inProgress);
    expect(reports(talk)).toEqual([]);
    talk.put(audio(), usage(2), inProgress, usage(3));
    expect(reports(talk)).toEqual([[2, 1], [1, 1], [3, 1]]); // prettier-ignore
    talk.put(boundary());
  });

  it('that follows the boundary is of the turn before, though the next question is there already', () => {
    const talk = new Talk({ ...RULES, usageAfterBoundary: true });
    talk.put(audio(), generationComplete, ...asked('r1'), interrupted, boundary(), usage(1));
    expect(reports(talk)).toEqual([[1, 1]]);
    talk.put(audio(), boundary(), usage(2), ...asked('r2'));
    talk.put(boundary(), replyWritten('r2'), usage(3));
    expect(reports(talk).slice(1)).toEqual([[2, 2], [3, undefined]]); // prettier-ignore
    talk.put(audio(), boundary(), usage(4));
    expect(reports(talk).at(-1)).toEqual([4, 3]);
  });

  it('left over from an answer whose boundary never came is told when the next begins', () => {
    const talk = new Talk(BLOCKING);
    talk.put(calls('c1'), usage(1));
    talk.wait(400);
    expect(reports(talk)).toEqual([]);
    talk.put(toolSettled('c1'), usage(2), audio());
    expect(reports(talk)).toEqual([[1, 1]]);
    talk.put(boundary());
    expect(reports(talk)).toEqual([[1, 1], [2, 2]]); // prettier-ignore
  });

  it('of text that is handed over at the boundary is of that answer', () => {
    const talk = new Talk();
    talk.put(...asked('r1'), text('Hi.'), usage(1), boundary());
    expect(reports(talk)).toEqual([[1, 1]]);
  });
});

describe('the time to the first audio', () => {
  /** Of the newest answer that is over; -1 where LiveKit is told of none. */
  const waited = (talk: Talk): number => {
    talk.put(usage(1), boundary());
    const { askedAt, firstAudioAt } = talk.all('reportUsage').at(-1)!.generation!;
    return askedAt === undefined || firstAudioAt === undefined ? -1 : firstAudioAt - askedAt;
  };
  const answered = (talk: Talk, afterMs: number): number => {
    talk.wait(afterMs);
    talk.put(audio());
    return waited(talk);
  };

  it('runs from the last words, not from the first', () => {
    const talk = new Talk();
    talk.put(userSaid('Tell'));
    talk.wait(3_000);
    talk.put(userSaid(' me.'));
    expect(answered(talk, 700)).toBe(700);
  });

  it('runs from the reported end; a transcript that comes after it changes nothing', () => {
    const talk = new Talk();
    talk.put(speaking(true));
    talk.wait(4_000);
    talk.put(userSaid('Tell me.'), speaking(false));
    talk.wait(300);
    talk.put(userSaid(' Please.'));
    expect(answered(talk, 400)).toBe(700);
  });

  it('runs from the end of the second sentence, when the caller goes on after a reported end', () => {
    const talk = new Talk();
    talk.put(speaking(true), speaking(false), userSaid('Tell me.'));
    talk.wait(1_000);
    talk.put(speaking(true));
    talk.wait(1_000);
    talk.put(userSaid(' Please.'), speaking(false));
    expect(answered(talk, 500)).toBe(500);
  });

  it.each([
    ['a written request', [replyRequested('r1'), replyWritten('r1')]],
    ['a committed turn', [turnCommitted]],
    ['a barge-in', [audio(), interrupted, userSaid('Stop.'), boundary()]],
  ])('runs from %s', (_name, inputs) => {
    const talk = new Talk();
    talk.put(...inputs);
    expect(answered(talk, 600)).toBe(600);
  });

  it('runs from the result of a blocking tool', () => {
    const talk = new Talk(BLOCKING);
    talk.put(userSaid('Weather?'));
    talk.wait(500);
    talk.put(calls('c1'));
    talk.wait(5_000);
    talk.put(toolSettled('c1'));
    expect(answered(talk, 800)).toBe(800);
  });

  it('runs from the end of what was being said when the result came', () => {
    const talk = new Talk();
    talk.put(calls('c1'), audio());
    talk.put(toolSettled('c1'));
    talk.wait(6_000);
    talk.put(generationComplete, boundary());
    expect(answered(talk, 300)).toBe(300);
  });

  it('does not run from an end of speech that is reported in the middle of an answer', () => {
    const talk = new Talk();
    talk.put(speaking(true), userSaid('Hi.'), audio());
    talk.wait(3_000);
    talk.put(audio(), speaking(false), boundary());
    expect(answered(talk, 700)).toBe(-1);
  });

  it('is not shortened by asking again', () => {
    const talk = new Talk();
    talk.put(userSaid('Hello?'));
    talk.wait(8_000);
    talk.put(replyWritten(''));
    expect(answered(talk, 1_000)).toBe(9_000);
  });

  it('is absent without a question, without audio, and for what is no answer to it any more', () => {
    expect(answered(new Talk(), 700)).toBe(-1);
    const silent = new Talk();
    silent.put(userSaid('Weather?'), calls('c1'), callsCancelled('c1'));
    expect(waited(silent)).toBe(-1);
    const late = new Talk();
    late.put(userSaid('Never mind.'));
    expect(answered(late, 120_001)).toBe(-1);
    const refused = new Talk();
    refused.put(userSaid('Hm.'), boundary());
    expect(answered(refused, 60_000)).toBe(-1);
  });

  it('counts nothing twice when an answer is cut and another one begins', () => {
    const talk = new Talk();
    talk.put(userSaid('Hi.'));
    talk.wait(500);
    talk.put(audio(), interruptRequested, boundary());
    expect(answered(talk, 5_000)).toBe(-1);
  });
});

describe('a slow answer', () => {
  const told = (slowAnswerMs: number | null, afterMs: number): unknown[] => {
    const talk = new Talk({ ...RULES, slowAnswerMs });
    talk.put(userSaid('Well?'), modelSaid('Well.'));
    talk.wait(afterMs);
    talk.put(audio(), audio(), boundary());
    return talk.all('report').filter(({ what }) => what === 'slow_answer');
  };

  it('is reported once, with its time, when it is slower than allowed', () => {
    expect(told(1_000, 1_001)).toMatchObject([{ detail: { waitedMs: 1_001 } }]);
    expect(told(1_000, 1_000)).toEqual([]);
    expect(told(null, 60_000)).toEqual([]);
  });
});
