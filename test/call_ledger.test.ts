// SPDX-License-Identifier: Apache-2.0
import { llm } from '@livekit/agents';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ToolResult } from '../src/protocol/encode.js';
import { CallLedger, type Outcome } from '../src/livekit/call_ledger.js';
import { Conversation } from '../src/livekit/conversation.js';
import { resolve } from '../src/models/resolve.js';

/** What may happen to a call; `n` says which of them, or which session the server remembers. */
interface Act {
  do: 'ask' | 'askWithoutId' | 'repeat' | 'cancel' | 'forget' | 'early' | 'result' | 'drop';
  n: number;
}

const acts = fc.array(
  fc.record({
    do: fc.constantFrom<Act['do'][]>(
      ...([
        'ask',
        'askWithoutId',
        'repeat',
        'cancel',
        'forget',
        'early',
        'result',
        'drop',
      ] as const),
    ),
    n: fc.nat(5),
  }),
  { maxLength: 40 },
);

/** The world around a ledger: what the server asked, and what it was told. */
class World {
  readonly ledger = new CallLedger();
  readonly ids: string[] = [];
  readonly marks: string[] = [];
  readonly cancelled = new Set<string>();
  /** Responses by call and question, and outcomes told as text, by call. */
  readonly answers: string[] = [];
  readonly told: string[] = [];
  readonly early = new Set<string>();
  readonly settled = new Set<string>();

  play({ do: what, n }: Act): void {
    const id = this.ids[n];
    if (what === 'ask' || what === 'askWithoutId') this.#ask(what === 'ask', n % 2);
    else if (what === 'drop') this.#drop(n);
    else if (id === undefined) return;
    else if (what === 'repeat') this.#repeat(id);
    else if (what === 'forget') this.ledger.forgotten([id]);
    else if (what === 'cancel') {
      if (this.ledger.cancelled(id)) this.cancelled.add(id);
    } else if (what === 'early') this.#settle(id, true);
    else this.#settle(id, false);
    this.#release();
  }

  end(): void {
    for (const id of this.ids) this.#settle(id, false);
    this.#release();
  }

  #release(): void {
    const { results, freed } = this.ledger.release();
    this.#answered(results);
    this.told.push(...freed.map(({ item }) => item.callId));
  }

  #answered(results: readonly ToolResult[]): void {
    for (const result of results) {
      this.answers.push(`${result.callId} ${result.wireId} ${String(result.output)}`);
    }
  }

  #ask(hasId: boolean, kind: number): void {
    const callId = `c${this.ids.length}`;
    const item = llm.FunctionCall.create({ callId, name: `f${kind}`, args: '{}' });
    const call = { callId, wireId: hasId ? callId : undefined, name: `f${kind}`, args: {} };
    this.ids.push(callId);
    this.marks.push(this.ledger.asked(call, item));
  }

  #repeat(id: string): void {
    if (this.settled.has(id) || this.early.has(id) || this.cancelled.has(id)) return;
    const mark = this.ledger.repeated(id, `${id} again ${this.marks.length}`);
    if (mark !== undefined) this.marks.push(mark);
  }

  /** The next session knows what was asked up to some moment. */
  #drop(n: number): void {
    const known = new Set(this.marks.slice(0, n));
    this.ledger.reconnected((mark) => known.has(mark));
  }

  #settle(callId: string, provisional: boolean): void {
    if (
      provisional ? this.early.has(callId) || this.settled.has(callId) : this.settled.has(callId)
    ) {
      return;
    }
    (provisional ? this.early : this.settled).add(callId);
    const output = provisional ? 'early' : 'truth';
    const item = llm.FunctionCallOutput.create({ callId, name: 'f', output, isError: false });
    const outcome: Outcome = { item, provisional };
    const { verdict, results } = this.ledger.settle(outcome);
    this.#answered(results);
    if (verdict === 'tell') this.told.push(callId);
  }
}

test('whatever happens, each call is answered or told exactly once', () => {
  fc.assert(
    fc.property(acts, (all) => {
      const world = new World();
      for (const act of all) world.play(act);
      world.end();
      // No question is answered twice.
      expect(new Set(world.answers.filter((one) => !one.includes('undefined'))).size).toBe(
        world.answers.filter((one) => !one.includes('undefined')).length,
      );
      const perId = world.answers.map((one) => one.split(' ').slice(0, -1).join(' '));
      expect(new Set(perId).size).toBe(perId.length);
      for (const id of world.ids) {
        const answered = world.answers.some((one) => one.startsWith(`${id} `));
        const told = world.told.filter((one) => one === id).length;
        if (world.cancelled.has(id)) {
          expect([answered, told]).toEqual([false, 0]);
          continue;
        }
        const early = world.answers.some(
          (one) => one.startsWith(`${id} `) && one.endsWith('early'),
        );
        // An early answer leaves the truth to be told; without the server it is told both times.
        if (answered) expect(told).toBe(early ? 1 : 0);
        else expect(told).toBeGreaterThanOrEqual(1);
        expect(told).toBeLessThanOrEqual(world.early.has(id) ? 2 : 1);
      }
      expect(world.ledger.unknown).toEqual([]);
    }),
    { numRuns: 2_000 },
  );
});

test('a tool that goes on answers its call again and again, and then no more', () => {
  const ledger = new CallLedger(() => true);
  const item = llm.FunctionCall.create({ callId: 'c', name: 'f', args: '{}' });
  ledger.asked({ callId: 'c', wireId: 'c', name: 'f', args: {} }, item);
  item.extra.__livekit_agents_tool_non_blocking = true;
  const settle = (callId: string) =>
    ledger.settle({
      item: llm.FunctionCallOutput.create({ callId, name: 'f', output: callId, isError: false }),
    });
  expect(settle('c').results).toMatchObject([{ wireId: 'c', willContinue: true }]);
  expect(settle('c_update_1').results).toMatchObject([
    { wireId: 'c', willContinue: true, quiet: true },
  ]);
  expect(settle('c_final').results).toMatchObject([
    { wireId: 'c', willContinue: false, quiet: true },
  ]);
  expect(settle('c_update_2')).toEqual({ verdict: 'text', results: [] });
  expect(settle('other_final')).toEqual({ verdict: 'text', results: [] });
});

test.each(['first', 'second'] as const)(
  'a result that waits for an earlier call: the server forgets the %s',
  (which) => {
    const row = resolve('gemini-live-2.5-flash-native-audio', 'vertex').capabilities;
    const conversation = new Conversation();
    for (const callId of ['first', 'second']) {
      conversation.called({ callId, wireId: undefined, name: 'f', args: {} }, 0);
    }
    const output = { callId: 'second', name: 'f', output: 'snow', isError: false };
    const held = conversation.answered({ item: llm.FunctionCallOutput.create(output) });
    expect([held.results, held.told]).toEqual([[], []]);
    conversation.calls.forgotten([which]);
    const { results, told } = conversation.released();
    const unseen = JSON.stringify(conversation.unseen(new Set(), row).turns);
    if (which === 'first') {
      expect([results, told]).toMatchObject([[{ output: 'snow' }], []]);
      expect(unseen).not.toContain('snow');
    } else {
      expect([results, told]).toEqual([[], ['second']]);
      expect(unseen).toContain('snow');
    }
  },
);
