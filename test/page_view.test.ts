// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commandOf } from '../src/inspect/page/keys.js';
import { frameRow, hitAt, nearestRow, rowBefore } from '../src/inspect/page/hit.js';
import { tokensOf, MOST_CHARS } from '../src/inspect/page/json.js';
import { laneAt, layOut, rowAt } from '../src/inspect/page/lanes.js';
import { modelOf } from '../src/inspect/page/model.js';
import { Pyramid } from '../src/inspect/page/pyramid.js';
import { findEvents, findRows, neighbour } from '../src/inspect/page/search.js';
import { Bars, firstIndex } from '../src/inspect/page/spans.js';
import { summaryOf } from '../src/inspect/page/summary.js';
import { clockTime, duration, ticks } from '../src/inspect/page/time.js';
import { clamped, panned, showing, spanOf, tOf, xOf, zoomed } from '../src/inspect/page/view.js';
import { VirtualList } from '../src/inspect/page/virtual.js';
import { ROW_KINDS, type PageMeta } from '../src/inspect/page_data.js';
import { CallMaker } from './support/made_up_call.js';

const HOUR = 3_600_000;

describe('the visible window', () => {
  const views = fc
    .tuple(
      fc.double({ min: 0, max: HOUR, noNaN: true }),
      fc.double({ min: 20, max: HOUR, noNaN: true }),
    )
    .map(([from, span]) => clamped({ from, to: from + span }, HOUR));

  it('keeps the moment under the pointer when it is zoomed, and never leaves the call', () => {
    fc.assert(
      fc.property(
        views,
        fc.double({ min: 0.05, max: 20, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (view, factor, share) => {
          const at = view.from + share * spanOf(view);
          const next = zoomed(view, factor, at, HOUR);
          expect(next.from).toBeGreaterThanOrEqual(0);
          expect(next.to).toBeLessThanOrEqual(HOUR + 1e-6);
          const isAtEdge = next.from < 1e-6 || next.to > HOUR - 1e-6;
          if (!isAtEdge) expect(xOf(at, next, 1000)).toBeCloseTo(share * 1000, 3);
        },
      ),
    );
  });

  it('keeps its span when it is panned, also against the ends', () => {
    fc.assert(
      fc.property(views, fc.double({ min: -2 * HOUR, max: 2 * HOUR, noNaN: true }), (view, by) => {
        expect(spanOf(panned(view, by, HOUR))).toBeCloseTo(spanOf(view), 3);
      }),
    );
  });

  it('moves only as far as it must to show something', () => {
    const view = { from: 1000, to: 2000 };
    expect(showing(view, 1400, 1500, HOUR)).toBe(view);
    expect(showing(view, 5000, 5000, HOUR)).toEqual({ from: 4500, to: 5500 });
    const wide = showing(view, 5000, 9000, HOUR);
    expect(wide.from).toBeLessThan(5000);
    expect(wide.to).toBeGreaterThan(9000);
  });

  it('places moments and finds them again', () => {
    expect(
      tOf(xOf(1234, { from: 1000, to: 2000 }, 640), { from: 1000, to: 2000 }, 640),
    ).toBeCloseTo(1234);
  });
});

describe('times', () => {
  it.each([
    [0, 1000, '0:00'],
    [61_234, 1000, '1:01'],
    [61_234, 100, '1:01.2'],
    [61_234, 1, '1:01.234'],
    [59_999, 1000, '1:00'],
    [3_723_000, 60_000, '1:02:03'],
  ])('%i ms at steps of %i ms is %s', (ms, step, text) => expect(clockTime(ms, step)).toBe(text));

  it.each([
    [12.4, '12 ms'],
    [3210, '3.2 s'],
    [125_000, '2 min 5 s'],
    [3_720_000, '1 h 2 min'],
  ])('%d ms take %s', (ms, text) => expect(duration(ms)).toBe(text));

  it('ticks are round, inside the window, and no nearer than asked', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 20, max: 48 * HOUR }),
        fc.integer({ min: 200, max: 3000 }),
        (span, width) => {
          const view = { from: 777, to: 777 + span };
          const { major, step } = ticks(view, width);
          expect((step / span) * width).toBeGreaterThanOrEqual(96);
          for (const t of major) {
            expect(t).toBeGreaterThanOrEqual(view.from);
            expect(t).toBeLessThanOrEqual(view.to);
            expect(Math.abs(t / step - Math.round(t / step))).toBeLessThan(1e-9);
          }
        },
      ),
    );
  });
});

describe('levels at any scale', () => {
  it('a peak is never lost, however far away', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5000 }),
        fc.nat(),
        fc.integer({ min: 1, max: 300 }),
        (count, place, width) => {
          const cells = new Uint8Array(count).fill(2);
          cells[place % count] = 90;
          const { peak } = new Pyramid(cells, 20).columns({ from: 0, to: count * 20 }, width);
          // A window narrower than its cells looks between them.
          if (width <= count) expect(Math.max(...peak)).toBe(90);
        },
      ),
    );
  });

  it('shows cells as they are from near, and nothing where there is nothing', () => {
    const pyramid = new Pyramid(Uint8Array.from([0, 50, 60, 0, 0, 0, 70, 0]), 20);
    expect([...pyramid.columns({ from: 0, to: 160 }, 8).peak]).toEqual([0, 50, 60, 0, 0, 0, 70, 0]);
    expect(pyramid.at(45)).toBe(60);
    expect(pyramid.at(100_000)).toBe(0);
    expect(pyramid.columns({ from: 60, to: 120 }, 3).peak).toEqual(new Uint8Array(3));
  });
});

describe('bars', () => {
  const spans = fc.array(
    fc.record({ from: fc.integer({ min: 0, max: 1000 }), long: fc.integer({ min: 0, max: 300 }) }),
    { maxLength: 40 },
  );

  it('of a window are those that touch it', () => {
    fc.assert(
      fc.property(
        spans,
        fc.integer({ min: 0, max: 1000 }),
        fc.integer({ min: 0, max: 300 }),
        (list, from, long) => {
          const bars = new Bars(
            list.map((span, index) => ({ from: span.from, to: span.from + span.long, index })),
            3,
          );
          const within = bars.within(from, from + long).map(({ index }) => index);
          for (const { index, from: begin, to } of bars.all) {
            if (begin <= from + long && to >= from) expect(within).toContain(index);
            if (begin > from + long) expect(within).not.toContain(index);
          }
        },
      ),
    );
  });

  it('that overlap stand in rows of their own, and a pointer finds thin ones', () => {
    const bars = new Bars(
      [
        { from: 0, to: 100, index: 0 },
        { from: 50, to: 51, index: 1 },
        { from: 120, to: 130, index: 2 },
      ],
      3,
    );
    expect(bars.rows).toBe(2);
    expect(bars.all.map(({ row }) => row)).toEqual([0, 1, 0]);
    expect(bars.at(45, 1, 10)?.index).toBe(1);
    expect(bars.at(45, 1, 1)).toBeUndefined();
    expect(bars.at(45, 0, 0)?.index).toBe(0);
  });

  it('are found by halves', () => {
    const sorted = [1, 3, 3, 9];
    expect(firstIndex(sorted.length, (index) => (sorted[index] ?? 0) >= 3)).toBe(1);
    expect(firstIndex(sorted.length, () => false)).toBe(4);
  });
});

const { report } = new CallMaker(5).make(300_000);
const { levels: _levels, queue: _queue, ...rest } = report;
const meta: PageMeta = {
  title: 't',
  report: rest,
  levels: { stepMs: 20, caller: 0, agent: 0 },
  blocks: [],
};

describe('lanes', () => {
  it('lie below each other without holes; labels go above them where there is no room beside', () => {
    for (const width of [390, 1280]) {
      const layout = layOut({ tool: 3 }, width);
      layout.lanes.forEach((lane, index) => {
        const before = layout.lanes[index - 1];
        if (before) expect(lane.y).toBeGreaterThanOrEqual(before.y + before.height);
        expect(laneAt(layout, lane.y + 1)).toBe(lane);
      });
      expect(layout.gutter === 0).toBe(width === 390);
    }
    const tools = layOut({ tool: 3 }, 1280).lanes.find(({ id }) => id === 'tool')!;
    expect([0, 20, 1000].map((y) => rowAt(tools, tools.y + y))).toEqual([0, 1, 2]);
    expect(layOut({ request: 0 }, 1280).lanes.map(({ id }) => id)).not.toContain('request');
  });

  it('a place on the picture is what is drawn there', () => {
    const model = modelOf(meta);
    const layout = layOut({}, 1280);
    const view = { from: 0, to: 20_000 };
    const answer = layout.lanes.find(({ id }) => id === 'answer')!;
    const [first] = report.answers;
    const x = layout.gutter + xOf((first!.from + first!.to!) / 2, view, 1280 - layout.gutter);
    const { selection } = hitAt(model, layout, view, 1280, x, answer.y + 5);
    expect(model.events[selection!.index]?.raw).toBe(first);
    expect(hitAt(model, layout, view, 1280, 20, answer.y + 5).selection).toBeUndefined();
  });

  it('a frame near the pointer is found in its own row, before audio', () => {
    const kindOf = (name: (typeof ROW_KINDS)[number]): number => ROW_KINDS.indexOf(name);
    const times = Uint32Array.from([100, 200, 201, 300]);
    const kinds = Uint8Array.from(['in', 'audio in', 'in', 'local'] as const, kindOf);
    expect(nearestRow({ times, kinds }, 199, 50, 0)).toBe(2);
    expect(nearestRow({ times, kinds }, 199, 50, 1)).toBeUndefined();
    expect(frameRow(kindOf('call'))).toBe(2);
    expect(rowBefore({ times }, 250)).toBe(2);
    expect(rowBefore({ times }, 0)).toBe(0);
    expect(rowBefore({ times: new Uint32Array() }, 0)).toBeUndefined();
  });
});

describe('events', () => {
  it('are all that the report tells of, by time', () => {
    const { events } = modelOf(meta);
    const { connections, answers, utterances, tools, requests, interruptions, gaps, verdicts } =
      rest;
    const lists = [
      connections,
      answers,
      utterances,
      tools,
      requests,
      interruptions,
      gaps,
      verdicts,
    ];
    expect(events.length).toBe(lists.flat().length);
    expect(events.map(({ from }) => from)).toEqual(
      events.map(({ from }) => from).sort((a, b) => a - b),
    );
    for (const { raw } of events)
      expect(lists.some((list) => (list as unknown[]).includes(raw))).toBe(true);
  });
});

describe('search', () => {
  it('finds words whatever their case, and nothing for nothing', () => {
    const { events } = modelOf(meta);
    const found = findEvents(events, ' thursday ');
    expect(found.length).toBeGreaterThan(0);
    for (const index of found)
      expect(`${events[index]?.title} ${events[index]?.text}`).toContain('Thursday');
    expect(findEvents(events, '  ')).toEqual([]);
  });

  it('finds what JSON writes otherwise', () => {
    const rows = ['{"text":"a"}', JSON.stringify({ text: 'say "Hi"\nnow' })];
    expect(findRows(rows, '"hi"', 10)).toEqual([11]);
    expect(findRows(rows, 'hi"\nnow', 10)).toEqual([11]);
  });

  it('goes round', () => {
    const list = [2, 5, 9];
    expect([undefined, 2, 3, 9].map((at) => neighbour(list, at, 1))).toEqual([2, 5, 5, 2]);
    expect([undefined, 2, 6].map((at) => neighbour(list, at, -1))).toEqual([9, 9, 5]);
    expect(neighbour([], 1, 1)).toBeUndefined();
  });
});

describe('a frame in a line', () => {
  it.each([
    [
      { dir: 'in', frame: { serverContent: { turnComplete: true } } },
      '← serverContent.turnComplete ',
    ],
    [
      { dir: 'in', frame: { serverContent: { outputTranscription: { text: 'Hi' } } } },
      '← serverContent.outputTranscription Hi',
    ],
    [
      { dir: 'in', frame: { serverContent: { interrupted: true, turnComplete: true } } },
      '← serverContent.interrupted + turnComplete "interrupted":true,"turnComplete":true',
    ],
    [{ dir: 'out', frame: 'nonsense' }, '→ no JSON object "nonsense"'],
    [{ dir: 'out', frame: {} }, '→ empty '],
    [
      { dir: 'out', audio: { frames: 50, ms: 1000, peakDb: -20 } },
      '→ audio 50 frames, 1.0 s, peak -20 dB',
    ],
    [{ dir: 'local', input: { type: 'tick' } }, '· tick '],
    [{ dir: 'call', call: 'interrupt', args: {} }, '· interrupt() '],
    [{ dir: 'connection', event: { is: 'lost', code: 1011 } }, '· lost "code":1011'],
    [{ dir: 'report', what: 'stalled' }, '· report stalled '],
    [{ dir: 'queue', commands: 3, audioMs: 60 }, '· queue 3 waiting, 60 ms of audio'],
  ])('%j', (line, expected) => {
    const { arrow, what, text } = summaryOf(JSON.stringify(line));
    expect(`${arrow} ${what} ${text}`).toBe(expected);
  });

  it('is shown as it is where it cannot be read', () => {
    expect(summaryOf('{"cut')).toEqual({ arrow: '·', what: 'unreadable', text: '{"cut' });
  });
});

describe('JSON to read', () => {
  it('loses and adds nothing', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = tokensOf(value)
          .map((token) => token.text)
          .join('');
        expect(text).toBe(JSON.stringify(value, null, 2));
      }),
    );
  });

  it('tells keys from values', () => {
    const kinds = tokensOf({ a: 'b', c: -1.5e-7, d: null }).filter(({ kind }) => kind !== 'mark');
    expect(kinds.map(({ kind, text }) => `${kind} ${text}`)).toEqual([
      'key "a"', 'string "b"', 'key "c"', 'number -1.5e-7', 'key "d"', 'word null',
    ]); // prettier-ignore
  });

  it('ends where it would be too long', () => {
    const text = tokensOf('x'.repeat(MOST_CHARS * 2))
      .map((token) => token.text)
      .join('');
    expect(text.length).toBeLessThan(MOST_CHARS + 100);
    expect(text).toMatch(/… \d+ more characters$/);
  });
});

describe('a long list', () => {
  it('shows every entry once somewhere, also when it is higher than an element may be', () => {
    for (const count of [10, 5_000, 2_000_000]) {
      const list = new VirtualList(count, 26, 260);
      expect(list.height).toBeLessThanOrEqual(8_000_000);
      for (const index of [0, count >> 1, count - 1]) {
        const { first, visible } = list.at(list.showing(index, 0));
        expect(index).toBeGreaterThanOrEqual(first);
        expect(index).toBeLessThan(first + visible);
      }
    }
  });
});

describe('keys', () => {
  const key = (name: string, more = {}) =>
    commandOf({ key: name, shift: false, control: false, alt: false, where: 'page', ...more });

  it('pan, zoom, search and help', () => {
    expect(['ArrowLeft', '+', '-', 'Home', '/', '?', 'Escape'].map((name) => key(name))).toEqual([
      'left', 'zoomIn', 'zoomOut', 'begin', 'search', 'help', 'close',
    ]); // prettier-ignore
    expect(key('ArrowRight', { shift: true })).toBe('pageRight');
    expect(key('f', { control: true })).toBe('search');
  });

  it('are left to the browser where they are its own', () => {
    expect(key('n', { where: 'text' })).toBeUndefined();
    expect(key('f', { control: true, where: 'text' })).toBeUndefined();
    expect(key('Enter', { where: 'control' })).toBeUndefined();
    expect(key('+', { control: true })).toBeUndefined();
    expect(key('ArrowLeft', { alt: true })).toBeUndefined();
    expect(key('constructor')).toBeUndefined();
  });

  it('in the search field go from match to match', () => {
    expect(key('Enter', { where: 'text' })).toBe('next');
    expect(key('Enter', { where: 'text', shift: true })).toBe('previous');
  });
});
