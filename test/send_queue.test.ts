// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Command } from '../src/protocol/encode.js';
import { SendQueue, type Gates } from '../src/send_queue/send_queue.js';
import { carryOver, SURVIVAL, type Fate } from '../src/send_queue/survival.js';

type Kind = Command['type'];

const OPEN: Gates = { audio: false, replies: false };
const BYTES_PER_MS = 32;

const audio = (ms: number, mark = 0): Command => ({
  type: 'audio',
  pcm: new Uint8Array(ms * BYTES_PER_MS).fill(mark),
});
const content = (id: string): Command => ({ type: 'content', turns: [], itemIds: [id] });
const reply = (replyId: string): Command => ({
  type: 'reply',
  replyId,
  instructions: undefined,
  asked: false,
});
const video = (mark: number): Command => ({
  type: 'video',
  data: Uint8Array.of(mark),
  mimeType: 'image/jpeg',
});
const results = (callId: string): Command => ({
  type: 'toolResults',
  results: [
    { wireId: callId, callId, itemId: `item-${callId}`, name: 'f', output: 1, isError: false },
  ],
});
const start: Command = { type: 'activityStart' };
const end: Command = { type: 'activityEnd' };
const flush: Command = { type: 'audioStreamEnd' };

/** One of each. */
const SAMPLES: Record<Kind, Command> = {
  seed: { type: 'seed', turns: [], itemIds: ['a'] },
  content: content('b'),
  reply: reply('r1'),
  cancel: { type: 'cancel' },
  context: { type: 'context', instructions: 'Be brief.' },
  toolResults: results('c1'),
  audio: audio(10),
  video: video(1),
  activityStart: start,
  activityEnd: end,
  audioStreamEnd: flush,
};
const KINDS = Object.keys(SAMPLES) as Kind[];
const REALTIME: readonly Kind[] = [
  'audio',
  'video',
  'activityStart',
  'activityEnd',
  'audioStreamEnd',
];

function filled(commands: readonly Command[], maxAudioMs = 1_000): SendQueue {
  const queue = new SendQueue(maxAudioMs);
  for (const command of commands) queue.push(command);
  return queue;
}

function drained(queue: SendQueue, gates: Gates = OPEN): Command[] {
  const taken: Command[] = [];
  for (let next = queue.take(gates); next; next = queue.take(gates)) taken.push(next);
  return taken;
}

const kinds = (commands: readonly Command[]): Kind[] => commands.map(({ type }) => type);
const queuedMs = (queue: SendQueue): number =>
  queue.commands.reduce(
    (sum, command) => sum + (command.type === 'audio' ? command.pcm.length / BYTES_PER_MS : 0),
    0,
  );

describe('two lines', () => {
  it('each keeps its order, and content goes ahead of realtime input', () => {
    const commands = [
      audio(1),
      content('a'),
      start,
      results('c'),
      flush,
      reply('r'),
      end,
      content('b'),
    ];
    expect(drained(filled(commands))).toEqual([
      content('a'),
      results('c'),
      reply('r'),
      content('b'),
      audio(1),
      start,
      flush,
      end,
    ]);
  });

  it.each(KINDS)('%s stands in its line', (kind) => {
    const queue = filled([audio(1), content('a'), SAMPLES[kind]]);
    const ahead = REALTIME.includes(kind) ? ['content', 'audio', kind] : ['content', kind, 'audio'];
    expect(kinds(drained(queue))).toEqual(ahead);
  });

  it('an empty queue gives nothing', () => {
    expect(new SendQueue(100).take(OPEN)).toBeUndefined();
    expect(new SendQueue(100).commands).toEqual([]);
  });

  it('shows what waits without handing it out', () => {
    const queue = filled([audio(1), content('a')]);
    expect(kinds(queue.commands)).toEqual(['content', 'audio']);
    expect(kinds(queue.commands)).toEqual(['content', 'audio']);
  });
});

describe('gates', () => {
  it('hold audio and all that came with it, but not content', () => {
    const queue = filled([start, audio(1), end, flush, content('a'), results('c')]);
    expect(kinds(drained(queue, { audio: true, replies: false }))).toEqual([
      'content',
      'toolResults',
    ]);
    expect(kinds(drained(queue))).toEqual([
      'activityStart',
      'audio',
      'activityEnd',
      'audioStreamEnd',
    ]);
  });

  it('hold a reply request and the content behind it, but neither what is ahead nor audio', () => {
    const queue = filled([content('a'), reply('r'), content('b'), audio(1)]);
    expect(drained(queue, { audio: false, replies: true })).toEqual([content('a'), audio(1)]);
    expect(drained(queue)).toEqual([reply('r'), content('b')]);
  });

  it('may both be shut', () => {
    const queue = filled([reply('r'), audio(1)]);
    expect(drained(queue, { audio: true, replies: true })).toEqual([]);
    expect(drained(queue)).toHaveLength(2);
  });
});

describe('audio', () => {
  it('is bounded: the oldest goes first, and is counted', () => {
    const queue = filled([audio(40, 1), audio(40, 2), audio(40, 3)], 100);
    expect(drained(queue)).toEqual([audio(40, 2), audio(40, 3)]);
    expect(queue.droppedMs).toBe(40);
  });

  it('may fill its room to the last byte', () => {
    const queue = filled([audio(50), audio(50)], 100);
    expect(queue.droppedMs).toBe(0);
    queue.push({ type: 'audio', pcm: new Uint8Array(1) });
    expect(queue.droppedMs).toBe(50);
  });

  it('one chunk longer than the room is dropped itself', () => {
    const queue = filled([audio(20, 1), audio(150, 2)], 100);
    expect(queue.commands).toEqual([]);
    expect(queue.droppedMs).toBe(170);
  });

  it('what was taken makes room', () => {
    const queue = filled([audio(100)], 100);
    queue.take(OPEN);
    queue.push(audio(100));
    expect(queue.droppedMs).toBe(0);
    expect(queuedMs(queue)).toBe(100);
  });

  it('what was put back takes room', () => {
    const queue = filled([audio(60, 1)], 100);
    const taken = queue.take(OPEN) as Command;
    queue.untake(taken);
    queue.push(audio(60, 2));
    expect(drained(queue)).toEqual([audio(60, 2)]);
    expect(queue.droppedMs).toBe(60);
  });

  it('what was not retained makes room', () => {
    const queue = filled([audio(60, 1), start], 100);
    queue.retain(({ type }) => type !== 'audio');
    queue.push(audio(100, 2));
    expect(kinds(queue.commands)).toEqual(['activityStart', 'audio']);
    expect(queue.droppedMs).toBe(0);
  });

  it('the marks around dropped audio stay', () => {
    const queue = filled([start, audio(80, 1), end, start, audio(80, 2), end], 100);
    expect(drained(queue)).toEqual([start, end, start, audio(80, 2), end]);
  });

  /** Text stands for a mark with a name. */
  const pushes = fc.array(
    fc.oneof(
      fc.integer({ min: 1, max: 60 }).map((ms) => ({ ms })),
      fc.constant({ mark: true }),
    ),
    { maxLength: 80 },
  );

  it('marks are never dropped and never overtake their audio, whatever is shed', () => {
    fc.assert(
      fc.property(pushes, fc.integer({ min: 1, max: 200 }), (given, maxAudioMs) => {
        const commands = given.map((each, index) =>
          'ms' in each ? { ...audio(each.ms), index } : { ...start, index },
        );
        const queue = filled(commands, maxAudioMs);
        const kept = drained(queue) as unknown as typeof commands;
        const indexes = kept.map(({ index }) => index);
        // In the order of their pushes: nothing overtakes anything.
        expect(indexes).toEqual([...indexes].sort((a, b) => a - b));
        const marks = (list: typeof commands) =>
          list.filter(({ type }) => type === 'activityStart');
        expect(marks(kept)).toEqual(marks(commands));
        // Of the audio, the newest is left, within the bound, and the rest is counted.
        const sounds = (list: typeof commands) => list.filter(({ type }) => type === 'audio');
        const left = sounds(kept);
        expect(left).toEqual(sounds(commands).slice(sounds(commands).length - left.length));
        const ms = (list: typeof commands) =>
          list.reduce((sum, each) => sum + ('pcm' in each ? each.pcm.length / BYTES_PER_MS : 0), 0);
        expect(ms(left)).toBeLessThanOrEqual(maxAudioMs);
        expect(queue.droppedMs).toBe(ms(commands) - ms(left));
        // No more is shed than had to be.
        const next = sounds(commands).at(-left.length - 1);
        if (next) expect(ms([next]) + ms(left)).toBeGreaterThan(maxAudioMs);
      }),
    );
  });

  it('whatever is done to the queue, the bound holds and every millisecond is accounted for', () => {
    const moves = fc.array(
      fc.oneof(
        fc.integer({ min: 1, max: 60 }).map((ms) => ({ push: ms })),
        fc.constantFrom('take' as const, 'untake' as const, 'clear' as const),
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(moves, (list) => {
        const queue = new SendQueue(100);
        let [pushed, taken, cleared] = [0, 0, 0];
        let last: Command | undefined;
        for (const move of list) {
          if (move === 'take') {
            last = queue.take(OPEN);
            if (last?.type === 'audio') taken += last.pcm.length / BYTES_PER_MS;
          } else if (move === 'untake') {
            if (last?.type !== 'audio') continue;
            queue.untake(last);
            taken -= last.pcm.length / BYTES_PER_MS;
            last = undefined;
          } else if (move === 'clear') {
            cleared += queuedMs(queue);
            queue.retain(({ type }) => type !== 'audio');
            last = undefined;
          } else {
            queue.push(audio(move.push));
            pushed += move.push;
            last = undefined;
            expect(queuedMs(queue)).toBeLessThanOrEqual(100);
          }
          expect(queuedMs(queue) + taken + cleared + queue.droppedMs).toBe(pushed);
        }
      }),
    );
  });
});

describe('video', () => {
  it('only the newest frame is left, at its place among the rest', () => {
    const queue = filled([video(1), audio(1), video(2), end, video(3)]);
    expect(drained(queue)).toEqual([audio(1), end, video(3)]);
  });

  it('a frame that has left is not missed', () => {
    const queue = filled([video(1)]);
    expect(queue.take(OPEN)).toEqual(video(1));
    queue.push(video(2));
    expect(drained(queue)).toEqual([video(2)]);
  });
});

describe('putting back and throwing away', () => {
  it.each(KINDS)('%s returns to the head of its line', (kind) => {
    const queue = filled([content('z'), audio(1, 9)]);
    const before = queue.commands;
    queue.untake(SAMPLES[kind]);
    const expected = REALTIME.includes(kind)
      ? [before[0], SAMPLES[kind], before[1]]
      : [SAMPLES[kind], ...before];
    expect(queue.commands).toEqual(expected);
  });

  it('retain keeps order in both lines', () => {
    const queue = filled([content('a'), reply('r'), content('b'), start, audio(1), end]);
    queue.retain(({ type }) => type !== 'reply' && type !== 'audio');
    expect(drained(queue)).toEqual([content('a'), content('b'), start, end]);
  });
});

describe('survival', () => {
  const EXPECTED: Record<Kind, [resumed: Fate, fresh: Fate]> = {
    // The next connection carries these by itself: in its seed, its delta, its setup.
    seed: ['rebuilt', 'rebuilt'],
    content: ['rebuilt', 'rebuilt'],
    context: ['rebuilt', 'rebuilt'],
    // The turn machine asks again.
    reply: ['rebuilt', 'rebuilt'],
    // What it would cancel ended with its connection.
    cancel: ['rebuilt', 'rebuilt'],
    // A fresh session never asked: it reads the result as text.
    toolResults: ['keep', 'folded'],
    audio: ['keep', 'keep'],
    video: ['keep', 'keep'],
    activityStart: ['keep', 'keep'],
    activityEnd: ['keep', 'keep'],
    audioStreamEnd: ['keep', 'keep'],
  };

  it('has a row for every command', () => {
    expect(Object.keys(SURVIVAL).sort()).toEqual([...KINDS].sort());
  });

  const cells = KINDS.flatMap((kind) => [
    [kind, 'resumed', EXPECTED[kind][0]] as const,
    [kind, 'fresh', EXPECTED[kind][1]] as const,
  ]);

  it.each(cells)('%s, %s: %s', (kind, next, fate) => {
    const queue = filled([SAMPLES[kind]]);
    const folded = carryOver(queue, next);
    expect(queue.commands).toEqual(fate === 'keep' ? [SAMPLES[kind]] : []);
    const command = SAMPLES[kind];
    expect(folded).toEqual(
      fate === 'folded' && command.type === 'toolResults' ? command.results : [],
    );
  });

  it('folds all results, in order', () => {
    const queue = filled([results('c1'), content('a'), results('c2')]);
    const callIds = carryOver(queue, 'fresh').map(({ callId }) => callId);
    expect(callIds).toEqual(['c1', 'c2']);
    expect(queue.commands).toEqual([]);
  });

  it('keeps the order of what is kept', () => {
    const commands = [start, audio(1), content('a'), results('c1'), end, reply('r'), video(1)];
    const queue = filled(commands);
    carryOver(queue, 'resumed');
    expect(queue.commands).toEqual([results('c1'), start, audio(1), end, video(1)]);
  });
});
