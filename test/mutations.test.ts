// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { durationMs } from '../src/connection/rotation.js';
import { Unacknowledged } from '../src/connection/acknowledged.js';
import { verdict } from '../src/protocol/close_codes.js';
import { type Fact, facts } from '../src/protocol/facts.js';
import type { ServerFrame } from '../src/protocol/frames.js';
import { excerpt, parseServerFrame } from '../src/protocol/parse.js';
import type { ProtocolErrorKind } from '../src/protocol/shapes.js';
import type { TurnRules } from '../src/turn/rules.js';
import { nextDeadline } from '../src/turn/state.js';
import { type Json, streams } from './support/corpus.js';
import { Invariants, must } from './support/invariants.js';
import { Chance, copyOf, type Message, mutated, ODD, put, split } from './support/mutations.js';
import {
  closed,
  connectionBack,
  connectionLost,
  interruptRequested,
  replyAborted,
  replyRequested,
  replyWritten,
  RULES,
  Talk,
  type Timeless,
  toolIs,
  toolSettled,
  turnCommitted,
  turnDiscarded,
} from './support/turn.js';

const SEED = 20_261_120;
const LEAST_FRAMES = 12_000;
const KINDS = new Set<ProtocolErrorKind>([
  ...(['not_json', 'not_an_object', 'wrong_type', 'missing', 'too_deep', 'too_many'] as const),
]);
const ALL = streams();
/** One frame for each mixture of members. */
const DISTINCT = [
  ...new Map(
    ALL.flatMap((stream) => stream.frames).map((frame) => [
      Object.keys({ ...frame, ...(frame['serverContent'] as Json) }).join(),
      frame,
    ]),
  ).values(),
];

/** As the socket hands a message over. */
const textOf = (message: Message): string => message.toString('utf8');

/** The connection's part, then the conversation's. */
function read(message: Message, seen: Map<string, number>): Fact[] {
  const { frame, errors } = parseServerFrame(textOf(message));
  for (const error of errors) {
    must(KINDS.has(error.why), error.why);
    must(excerpt(error).length <= 201, 'a long excerpt');
    seen.set(error.why, (seen.get(error.why) ?? 0) + 1);
  }
  must(frame !== undefined || errors.length === 1, 'a message that is neither read nor told');
  if (!frame) return [];
  const { goAway, sessionResumptionUpdate: update } = frame;
  must(durationMs(goAway?.timeLeft) >= 0, 'no duration');
  new Unacknowledged().consumed(update?.lastConsumedClientMessageIndex);
  must(typeof (update?.newHandle ?? '') === 'string', 'no handle');
  return facts(frame);
}

function rulesOf(chance: Chance): TurnRules {
  const flag = (): boolean => chance.happens(0.5);
  return {
    ...RULES,
    ...{ textOutput: chance.happens(0.15), blockingCalls: flag(), endsAtIdle: flag() },
    ...{ usageAfterBoundary: flag(), transcribes: flag(), ownVoice: chance.happens(0.2) },
    ...{ suppressRepeats: chance.happens(0.3), wordsMayWait: flag(), turnsByHand: flag() },
    ...{ forgetsInterruptedCalls: flag(), cancels: flag(), toolTimeoutMs: 60_000 },
    repeats: chance.pick(['merge', 'mergeBlocking', 'each'] as const),
    falseInterruption: flag() ? { afterMs: 2_000 } : null,
    firstTurnShieldMs: chance.pick([0, 5_000]),
    watchdog: flag() ? { answerMs: 8_000, steps: ['nudge', 'resume', 'fresh'] } : null,
  };
}

/** One conversation with a server that gets everything wrong. */
class Ordeal {
  readonly #chance: Chance;
  readonly #talk: Talk;
  readonly #watch = new Invariants();
  #seen = 0;
  #replies = 0;

  constructor(chance: Chance) {
    this.#chance = chance;
    this.#talk = new Talk(rulesOf(chance));
  }

  says(found: readonly Fact[]): void {
    for (const fact of found) this.#put(fact);
    if (this.#chance.happens(0.2)) this.#put(...this.#here());
    this.#wait(this.#chance.pick([0, 0, 5, 40, 200, 450, 3_100, 9_000]));
  }

  ends(): void {
    this.#put(closed);
    this.#watch.ended();
    expect(this.#talk.state).toMatchObject({ calls: [], replies: [], turn: { is: 'idle' } });
    this.#wait(200_000);
    expect(this.#talk.all('openGeneration')).toHaveLength(this.#talk.all('closeGeneration').length);
  }

  #put(...inputs: Timeless[]): void {
    this.#talk.put(...inputs);
    this.#look();
  }

  #wait(ms: number): void {
    this.#talk.wait(ms);
    this.#look();
  }

  #look(): void {
    const { effects, state, rules } = this.#talk;
    while (this.#seen < effects.length) this.#watch.take(effects[this.#seen++]!);
    must(!Number.isNaN(nextDeadline(state, rules)), 'no deadline');
  }

  /** What the framework, the app and the network do meanwhile. */
  #here(): Timeless[] {
    const chance = this.#chance;
    const call = this.#talk.state.calls[0]?.callId ?? 'none';
    return chance.pick<() => Timeless[]>([
      () => {
        const id = `r${++this.#replies}`;
        this.#watch.asked(id);
        return [replyRequested(id), ...(chance.happens(0.7) ? [replyWritten(id)] : [])];
      },
      () => [replyAborted(`r${this.#replies}`)],
      () => [toolIs(call, chance.pick(['running', 'returned', 'aborted'] as const))],
      () => [toolSettled(call)],
      () => [interruptRequested],
      () => [turnCommitted],
      () => [turnDiscarded],
      () => [{ type: 'callerLoud' }],
      () => [connectionLost, connectionBack(chance.happens(0.5))],
    ])();
  }
}

describe('a server that gets everything wrong', () => {
  it(
    `breaks no promise of the state machine in ${LEAST_FRAMES} messages`,
    { timeout: 60_000 },
    () => {
      const seen = new Map<string, number>();
      let frames = 0;
      for (let round = 0; frames < LEAST_FRAMES; round++) {
        const chance = new Chance(SEED + round);
        const ordeal = new Ordeal(chance);
        let last: Message = '';
        try {
          for (let i = 0; i < 4; i++) {
            for (const message of mutated(chance.pick(ALL).frames, chance)) {
              last = message;
              frames += 1;
              ordeal.says(read(message, seen));
            }
          }
          ordeal.ends();
        } catch (error) {
          const what = `seed ${SEED + round}, after ${textOf(last).slice(0, 500)}: ${String(error)}`;
          throw new Error(what, { cause: error });
        }
      }
      // The mutations reach what they are meant to reach.
      for (const why of KINDS)
        if (why !== 'too_many') expect(seen.get(why), why).toBeGreaterThan(20);
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    },
  );

  it(
    'is read for the rest of a frame, whichever member of it is wrong',
    { timeout: 60_000 },
    () => {
      let tried = 0;
      for (const frame of DISTINCT) {
        for (const [path, without] of members(frame)) {
          for (const odd of ODD.filter((value) => hasNoUse(path, value))) {
            const wrong = copyOf(frame);
            put(
              {
                holder: path.length > 1 ? (wrong['serverContent'] as Json) : wrong,
                key: path.at(-1)!,
              },
              odd,
            );
            expect(
              factsOf(wrong),
              `${path.join('.')}: ${JSON.stringify(odd).slice(0, 80)}`,
            ).toEqual(factsOf(without));
            tried += 1;
          }
        }
      }
      expect(tried).toBeGreaterThan(1_000);
    },
  );

  it('is heard with every part of an answer that is not wrong', () => {
    const part = (data: string): Json => ({ inlineData: { mimeType: 'audio/pcm', data } });
    const of = (...parts: unknown[]): Fact[] =>
      factsOf({ serverContent: { modelTurn: { parts } } });
    for (const odd of ODD.filter((value) => !isPlain(value))) {
      expect(of(part('AAAA'), odd, part('BBBB'))).toEqual(of(part('AAAA'), part('BBBB')));
    }
  });

  it('closes with whatever words: each has a verdict', () => {
    const chance = new Chance(SEED);
    for (let i = 0; i < 2_000; i++) {
      const reason = Buffer.from(
        Array.from({ length: chance.below(124) }, () => chance.below(256)),
      ).toString('utf8');
      const code = chance.pick([undefined, 0, -1, 1000, 1007, 1008, 1011, 3999, 4999, 65_535, NaN]);
      const phase = chance.pick(['upgrade', 'setup', 'session'] as const);
      const said = verdict({ code, reason, phase, resuming: chance.happens(0.5) });
      expect(['resume', 'fresh', 'stop']).toContain(said.next);
      expect(said.message).not.toBe('');
    }
  });
});

describe('a recorded call', () => {
  it.each(ALL)('is the same when each member comes in a frame of its own: $name', ({ frames }) => {
    const bundled = frames.map(factsOf);
    const apart = frames.map((frame) => sorted(split(frame).flatMap(factsOf)));
    // Members of one boundary, and of one citation, belong together.
    const joint = new Set<Fact['type']>(['boundary', 'citations']);
    const alone = (found: Fact[]): Fact[] => found.filter(({ type }) => !joint.has(type));
    expect(apart.map(alone)).toEqual(bundled.map((found) => alone(sorted(found))));
  });
});

const factsOf = (frame: Json): Fact[] =>
  facts(parseServerFrame(JSON.stringify(frame)).frame as ServerFrame);

const sorted = (found: readonly Fact[]): Fact[] =>
  found.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

/** The members of a frame and of its content, each with the frame as it is without. */
function members(frame: Json): [path: string[], without: Json][] {
  const content = frame['serverContent'] as Json | undefined;
  const without = (path: string[]): Json => {
    const rest = copyOf(frame);
    const holder = path.length > 1 ? (rest['serverContent'] as Json) : rest;
    delete holder[path.at(-1)!];
    return rest;
  };
  const paths = [
    ...Object.keys(frame).map((key) => [key]),
    ...Object.keys(content ?? {}).map((key) => ['serverContent', key]),
  ];
  return paths.map((path) => [path, without(path)]);
}

const isPlain = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A value that this member cannot have. All of them are objects, flags or words. */
function hasNoUse([top, inner]: string[], value: unknown): boolean {
  if (top === 'somethingNew') return false;
  if (inner === undefined) return top !== 'setupComplete' && !isPlain(value);
  if (/^(turnCompleteReason|interactionStatus|speechState)$/.test(inner)) {
    return typeof value !== 'string';
  }
  const isFlag = /^(interrupted|turnComplete|generationComplete|waitingForInput)$/.test(inner);
  return isFlag ? typeof value !== 'boolean' : !isPlain(value);
}
