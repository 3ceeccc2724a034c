// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Effect } from '../src/turn/effects.js';
import type { TurnRules } from '../src/turn/rules.js';
import { nextDeadline } from '../src/turn/state.js';
import { SETTLE_MS } from '../src/turn/times.js';
import { step } from '../src/turn/step.js';
import {
  audio,
  boundary,
  callsCancelled,
  closed,
  connectionBack,
  connectionLost,
  deepFreeze,
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
  toolSettled,
  turnCommitted,
  turnDiscarded,
  usage,
  userSaid,
} from './support/turn.js';

/** `ticks`: time passes as in the shell, with a tick at each deadline. */
interface Act {
  afterMs: number;
  ticks: boolean;
  input: Timeless;
}

interface Story {
  rules: TurnRules;
  acts: Act[];
}

const always = (...inputs: Timeless[]) => fc.constantFrom(...inputs);
const callId = fc.constantFrom('c1', 'c2', 'c3');
const replyId = fc.constantFrom('r0', 'r1', 'r2', 'r3', 'r4');
const words = fc.constantFrom('one ', ' two', 'three', '', ' ', '**four', '\n');

const fact: fc.Arbitrary<Timeless> = fc.oneof(
  { weight: 6, arbitrary: always(audio('a'), audio('b')) },
  { weight: 4, arbitrary: words.map(modelSaid) },
  { weight: 2, arbitrary: words.map(text) },
  { weight: 5, arbitrary: fc.tuple(words, fc.boolean()).map((said) => userSaid(...said)) },
  { weight: 3, arbitrary: fc.boolean().map(speaking) },
  { weight: 3, arbitrary: always(interrupted) },
  { weight: 3, arbitrary: always(generationComplete) },
  { weight: 6, arbitrary: always(boundary(), boundary('RESPONSE_REJECTED'), inProgress) },
  {
    weight: 3,
    arbitrary: fc
      .array(fc.record({ id: fc.option(callId, { nil: undefined }), name: callId }), {
        minLength: 1,
        maxLength: 3,
      })
      .map((asked) => ({
        type: 'calls' as const,
        calls: asked.map((call) => ({ ...call, args: {} })),
      })),
  },
  { weight: 1, arbitrary: fc.array(callId).map((ids) => callsCancelled(...ids)) },
  { weight: 2, arbitrary: fc.nat(9).map(usage) },
  {
    weight: 1,
    arbitrary: always(
      { type: 'thought', text: 'hm' },
      { type: 'code', part: {} },
      { type: 'citations' },
      { type: 'waitingForInput' },
      { type: 'unknown', member: 'x', value: 1 },
    ),
  },
);

const local: fc.Arbitrary<Timeless> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.option(words, { nil: undefined }).map((say) => replyRequested('', say)),
  },
  { weight: 4, arbitrary: replyId.map(replyWritten) },
  { weight: 2, arbitrary: replyId.map(replyAborted) },
  { weight: 3, arbitrary: fc.constantFrom('c1', 'c2', 'c3', 'c5').map(toolSettled) },
  { weight: 3, arbitrary: always(interruptRequested) },
  { weight: 2, arbitrary: always(turnCommitted) },
  { weight: 1, arbitrary: always(turnDiscarded) },
  { weight: 1, arbitrary: always(heardNothing) },
  { weight: 2, arbitrary: always({ type: 'callerLoud' }) },
  {
    weight: 1,
    arbitrary: always(connectionLost, connectionBack(true), connectionBack(false)),
  },
  { weight: 2, arbitrary: always(tick) },
);

/** Replies are numbered in the order of their requests, as the session does it. */
function numbered(acts: Act[]): Act[] {
  let replies = 0;
  return acts.map((act) =>
    act.input.type === 'replyRequested'
      ? { ...act, input: { ...act.input, replyId: `r${replies++}` } }
      : act,
  );
}

const story: fc.Arbitrary<Story> = fc.record({
  rules: fc.record({
    textOutput: fc.boolean(),
    blockingCalls: fc.boolean(),
    endsAtIdle: fc.boolean(),
    usageAfterBoundary: fc.boolean(),
    blockingCallTailMs: fc.constantFrom(1, 400),
    replyTimeoutMs: fc.constantFrom(1, 10_000),
    suppressRepeats: fc.boolean(),
    transcribes: fc.boolean(),
    watchdog: fc.constantFrom<NonNullable<TurnRules['watchdog']> | null>(
      null,
      { answerMs: 8_000, steps: ['nudge', 'resume', 'fresh'] },
      { answerMs: 1, steps: ['fresh', 'nudge'] },
    ),
  }),
  acts: fc
    .array(
      fc.record({
        afterMs: fc.constantFrom(0, 0, 0, 1, 50, 399, 400, 2_000, 3_000, 9_000, 70_000),
        ticks: fc.boolean(),
        input: fc.oneof({ weight: 3, arbitrary: fact }, { weight: 2, arbitrary: local }),
      }),
      { maxLength: 60 },
    )
    .map(numbered),
});

type Seen = (talk: Talk, news: Effect[], input: Timeless) => void;

/** Plays a story; `seen` hears of every step with the effects it asked for. */
function play({ rules, acts }: Story, seen: Seen = () => {}): Talk {
  const talk = new Talk(rules);
  for (const { afterMs, ticks, input } of acts) {
    const before = talk.effects.length;
    if (ticks) talk.wait(afterMs);
    else talk.now += afterMs;
    talk.put(input);
    seen(talk, talk.effects.slice(before), input);
  }
  return talk;
}

const ended = ({ rules, acts }: Story): Story => ({
  rules,
  acts: [...acts, { afterMs: 0, ticks: false, input: closed }],
});

const RUNS = { numRuns: 1_000 };
const check = (name: string, property: fc.IProperty<[Story]>) =>
  it(name, { timeout: 60_000 }, () => fc.assert(property, RUNS));

describe('whatever happens', () => {
  check(
    'every generation that opens closes exactly once, and one at a time is open',
    fc.property(story, (told) => {
      let open: string | undefined;
      const closedIds: string[] = [];
      const talk = play(ended(told));
      for (const effect of talk.effects) {
        if (effect.type === 'openGeneration') {
          expect(open).toBeUndefined();
          open = effect.generationId;
          expect(closedIds).not.toContain(open);
        } else if (effect.type === 'closeGeneration') {
          expect(effect.generationId).toBe(open);
          closedIds.push(effect.generationId);
          open = undefined;
        }
      }
      expect(open).toBeUndefined();
      expect(closedIds).toHaveLength(talk.all('openGeneration').length);
    }),
  );

  check(
    'only an open generation is fed, and its message is announced first, once',
    fc.property(story, (told) => {
      let open: string | undefined;
      let message: string | undefined;
      for (const effect of play(ended(told)).effects) {
        if (effect.type === 'openGeneration') [open, message] = [effect.generationId, undefined];
        else if (effect.type === 'closeGeneration') open = undefined;
        else if ('generationId' in effect) expect(effect.generationId).toBe(open);
        if (effect.type === 'openMessage') {
          expect(message).toBeUndefined();
          message = effect.messageId;
        }
        if (effect.type === 'playAudio' || effect.type === 'writeText') {
          expect(message).toBeDefined();
        }
      }
    }),
  );

  check(
    'the starts and ends of speech alternate, and no speech is left open',
    fc.property(story, (told) => {
      const marks = play(ended(told)).effects.flatMap(({ type }) =>
        type === 'startSpeech' || type === 'stopSpeech' ? [type] : [],
      );
      marks.forEach((mark, i) => expect(mark).toBe(i % 2 === 0 ? 'startSpeech' : 'stopSpeech'));
      expect(marks.length % 2).toBe(0);
    }),
  );

  check(
    'speech is never going on when a generation opens',
    fc.property(story, (told) => {
      let going = false;
      for (const { type } of play(told).effects) {
        if (type === 'startSpeech') going = true;
        if (type === 'stopSpeech') going = false;
        if (type === 'openGeneration') expect(going).toBe(false);
      }
    }),
  );

  check(
    'a line of the caller is final once at most, is never empty, and is silent afterwards',
    fc.property(story, (told) => {
      const done = new Set<string>();
      for (const { itemId, text, isFinal } of play(ended(told)).all('transcribe')) {
        expect(done).not.toContain(itemId);
        expect(text.trim()).not.toBe('');
        if (isFinal) done.add(itemId);
      }
    }),
  );

  check(
    'no word of the caller is lost or doubled, save what was transcribed again in silence',
    fc.property(story, (told) => {
      const heard = told.acts.flatMap(({ input }) =>
        input.type === 'userSaid' && !input.interim ? [input.text] : [],
      );
      const solid = (parts: string[]) => parts.join('').replaceAll(/\s/g, '');
      const talk = play(ended(told));
      const lines = talk.effects.flatMap((effect) => {
        if (effect.type === 'transcribe') return effect.isFinal ? [effect.text] : [];
        const again = effect.type === 'report' && effect.what === 'repeated_transcript';
        return again ? [effect.detail.text] : [];
      });
      expect(solid(lines)).toBe(solid(heard));
      const kept = talk.history.flatMap(([role, line]) => (role === 'user' ? [line] : []));
      expect(kept).toEqual(talk.finals);
    }),
  );

  check(
    'a line of the caller is its pieces, and keeps its time',
    fc.property(story, (told) => {
      const pieces = new Map<string, string>();
      const began = new Map<string, number>();
      for (const line of play(ended(told)).all('transcribe')) {
        const { itemId, news, startedAt } = line;
        expect(began.get(itemId) ?? startedAt).toBe(startedAt);
        began.set(itemId, startedAt);
        if (news?.interim === false) pieces.set(itemId, (pieces.get(itemId) ?? '') + news.text);
        if (line.isFinal) expect(line.text).toBe(pieces.get(itemId)?.trim());
      }
    }),
  );

  check(
    'only the line before is taken for a repetition, and only after silence',
    fc.property(story, (told) => {
      let [last, spoke] = ['', true];
      play(ended(told), (talk, news, input) => {
        if (input.type === 'callerLoud') spoke = true;
        for (const effect of news) {
          if (effect.type === 'report' && effect.what === 'repeated_transcript') {
            expect(effect.detail.text.replaceAll(/[\s*]/g, '')).toBe(last);
            expect(spoke).toBe(false);
          }
          if (effect.type === 'transcribe' && effect.isFinal) {
            last = effect.text.replaceAll(/[\s*]/g, '');
            spoke = (talk.state.loudAt ?? Infinity) > (talk.state.lastLine?.endedAt ?? 0);
          }
        }
      });
    }),
  );

  it('a sentence of the caller is one line, whatever is called or ends in the middle of it', () => {
    const between = fc.oneof(
      words.map((said) => userSaid(`${said}x`)),
      fact.filter(({ type }) => ['calls', 'generationComplete', 'usage'].includes(type)),
      always(boundary(), boundary('RESPONSE_REJECTED'), toolSettled('c1'), tick),
    );
    const act = fc.record({ afterMs: fc.integer({ min: 0, max: 300 }), input: between });
    const sentence = fc.tuple(fc.array(act, { maxLength: 30 }), fc.boolean());
    fc.assert(
      fc.property(sentence, ([acts, blockingCalls]) => {
        const talk = new Talk({ ...RULES, blockingCalls });
        talk.put(userSaid('so'));
        let [quietMs, all] = [0, 'so'];
        for (const { afterMs, input } of acts) {
          if (quietMs + afterMs >= SETTLE_MS) continue;
          talk.wait(afterMs);
          talk.put(input);
          quietMs = input.type === 'userSaid' ? 0 : quietMs + afterMs;
          if (input.type === 'userSaid') all += input.text;
        }
        talk.wait(10_000);
        expect(talk.finals).toEqual([all.trim()]);
        expect(talk.history).toContainEqual(['user', all.trim()]);
        expect(new Set(talk.all('transcribe').map(({ itemId }) => itemId)).size).toBe(1);
      }),
      RUNS,
    );
  });

  check(
    'no word of the model is doubled',
    fc.property(story, (told) => {
      const letters = (parts: string[], one: string) => parts.join('').split(one).length - 1;
      const said = told.acts.flatMap(({ input }) =>
        input.type === 'modelSaid' || input.type === 'text' ? [input.text] : [],
      );
      const talk = play(ended(told));
      const kept = talk.history.flatMap(([role, line]) => (role === 'assistant' ? [line] : []));
      for (const word of ['one', 'two', 'three', 'four']) {
        expect(letters(kept, word)).toBeLessThanOrEqual(letters(said, word));
        expect(letters(talk.written, word)).toBeLessThanOrEqual(letters(said, word));
      }
    }),
  );

  check(
    'every reply settles exactly once',
    fc.property(story, (told) => {
      const asked = told.acts.flatMap(({ input }) =>
        input.type === 'replyRequested' ? [input.replyId] : [],
      );
      const settled = play(ended(told)).effects.flatMap((effect) => {
        if (effect.type === 'failReply') return [effect.replyId];
        return effect.type === 'openGeneration' ? (effect.replyId ?? []) : [];
      });
      expect(settled.toSorted()).toEqual(asked.toSorted());
    }),
  );

  check(
    'a reply is answered only after its request was written, or was on its way already',
    fc.property(story, (told) => {
      const ready = new Set<string>();
      play(told, (_talk, news, input) => {
        if (input.type === 'connectionLost') ready.clear();
        if (input.type === 'replyWritten') ready.add(input.replyId);
        if (input.type === 'replyRequested') ready.add(input.replyId);
        for (const effect of news) {
          // Asked for again after an empty turn.
          if (effect.type === 'requestReply' && input.type === 'boundary') {
            ready.delete(effect.replyId);
          }
          if (effect.type !== 'openGeneration' || effect.replyId === undefined) continue;
          expect(ready).toContain(effect.replyId);
        }
      });
    }),
  );

  check(
    'a call surfaces once while it is pending',
    fc.property(story, (told) => {
      const pending = new Set<string>();
      play(told, (talk, news) => {
        for (const effect of news) {
          if (effect.type === 'callTool') {
            expect(pending).not.toContain(effect.call.callId);
            pending.add(effect.call.callId);
          }
          if (effect.type === 'cancelCalls') {
            for (const id of effect.callIds) expect(pending.delete(id)).toBe(true);
          }
        }
        for (const id of pending) {
          if (!talk.state.calls.some((call) => call.callId === id)) pending.delete(id);
        }
      });
    }),
  );

  check(
    'an item enters the history once, and only what is there is amended',
    fc.property(story, (told) => {
      const ids: string[] = [];
      for (const effect of play(ended(told)).effects) {
        if (effect.type === 'remember') {
          expect(effect.message.text.trim()).not.toBe('');
          ids.push(effect.message.id);
        }
        if (effect.type === 'amend') expect(ids).toContain(effect.messageId);
      }
      expect(new Set(ids).size).toBe(ids.length);
    }),
  );

  check(
    'token usage is reported once each, and of an ended generation, until the end at the latest',
    fc.property(story, (told) => {
      const acts = told.acts.map((act, i) =>
        act.input.type === 'usage' ? { ...act, input: usage(i) } : act,
      );
      const sent = acts.flatMap(({ input }, i) => (input.type === 'usage' ? [i] : []));
      const reports = play(ended({ ...told, acts })).all('reportUsage');
      const counts = reports.map(({ usage: { promptTokenCount = -1 } }) => promptTokenCount);
      expect(counts.toSorted((a, b) => a - b)).toEqual(sent);
      for (const { generation } of reports) {
        if (generation) expect(generation.endedAt).toBeDefined();
      }
    }),
  );

  check(
    'a deadline that a tick has met is gone: no busy loop',
    fc.property(story, (told) => {
      play(told, ({ state, now, rules }) => {
        const due = nextDeadline(state, rules);
        if (due === undefined) return;
        const at = Math.max(due, now);
        const next = nextDeadline(step(state, { type: 'tick', at }, rules).state, rules);
        if (next !== undefined) expect(next).toBeGreaterThan(at);
      });
    }),
  );

  check(
    'the same story is told the same way',
    fc.property(story, (told) => {
      expect(play(ended(told)).effects).toEqual(play(ended(told)).effects);
    }),
  );

  check(
    'nothing is left after the end, and nothing waits for time',
    fc.property(story, (told) => {
      const { state, rules } = play(ended(told));
      expect(nextDeadline(state, rules)).toBeUndefined();
      expect(state).toMatchObject({ turn: { is: 'idle' }, replies: [], calls: [] });
    }),
  );
});

describe('from wherever it has come to, the model is heard', () => {
  const speaks = (talk: Talk): void => {
    const before = talk.all('playAudio').length;
    talk.put(audio('hear me'));
    expect(talk.all('playAudio')).toHaveLength(before + 1);
  };

  /** Who takes a turn back does not want to hear the answer. */
  const wanted = story.map(({ rules, acts }) => ({
    rules,
    acts: acts.filter(({ input }) => input.type !== 'turnDiscarded'),
  }));

  check(
    'in the turn after a boundary',
    fc.property(wanted, (told) => {
      const talk = play(told);
      talk.put(boundary());
      speaks(talk);
    }),
  );

  check(
    'when the server has been silent for 3 s',
    fc.property(wanted, (told) => {
      const talk = play(told);
      talk.wait(3_000);
      speaks(talk);
    }),
  );

  check(
    'when a turn that was taken back has had its time, or another one is committed',
    fc.property(story, (told) => {
      for (const committed of [true, false]) {
        const talk = play(told);
        if (committed) talk.put(boundary(), turnCommitted);
        else talk.wait(10_000);
        speaks(talk);
      }
    }),
  );

  check(
    'when the caller has spoken up anew',
    fc.property(wanted, (told) => {
      const talk = play(told);
      talk.put(speaking(true), userSaid('listen'));
      speaks(talk);
    }),
  );

  check(
    'on a new connection',
    fc.property(story, (told) => {
      for (const restored of [true, false]) {
        const talk = play(told);
        talk.put(connectionLost, connectionBack(restored));
        speaks(talk);
      }
    }),
  );

  check(
    'and in a long silence everything comes to its end',
    fc.property(story, (told) => {
      const talk = play(told);
      talk.wait(130_000);
      const { turn, utterance, early, owedUntil, unwantedUntil, owed, replies, calls } = talk.state;
      expect(turn.is).not.toBe('open');
      expect(turn.is).not.toBe('cut');
      expect({ utterance, early, owedUntil, unwantedUntil }).toEqual({});
      expect(replies.filter(({ writtenAt }) => writtenAt !== undefined)).toEqual([]);
      // A tool that runs suspends the watch, and so does a connection that is gone.
      if (calls.length === 0 && owed?.dueAt !== undefined) expect(owed).toBeUndefined();
    }),
  );
});

it('frozen states are really frozen, or the tests above prove nothing', () => {
  const talk = new Talk();
  talk.put(...[audio(), replyRequested('r1')]);
  expect(() => Object.assign(talk.state.turn, { is: 'idle' })).toThrow(TypeError);
  expect(() => Object.assign(talk.state.replies[0]!, { writtenAt: 1 })).toThrow(TypeError);
  expect(deepFreeze({ a: { b: 1 } })).toEqual({ a: { b: 1 } });
});
