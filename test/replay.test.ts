// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Machine } from '../src/livekit/machine.js';
import { facts } from '../src/protocol/facts.js';
import type { ServerFrame } from '../src/protocol/frames.js';
import { parseRecording } from '../src/recording/parse.js';
import { Recorder } from '../src/recording/recorder.js';
import { replay } from '../src/replay/replay.js';
import { traceOf } from '../src/replay/trace.js';
import type { Effect } from '../src/turn/effects.js';
import {
  RULES,
  BLOCKING,
  interruptRequested,
  replyRequested,
  replyWritten,
  toolSettled,
  turnCommitted,
  type Timeless,
} from './support/turn.js';
import { ManualClock } from './support/manual_clock.js';

const content = (serverContent: NonNullable<ServerFrame['serverContent']>): ServerFrame => ({
  serverContent,
});
const audio = { inlineData: { data: 'AAECAAECAAECAAECAAEC', mimeType: 'audio/pcm;rate=24000' } };

/** One thing that happens: a frame, something local, or time. */
type Event = { frame: ServerFrame } | { input: Timeless } | { waitMs: number };

const frames = fc.constantFrom<ServerFrame>(
  content({ modelTurn: { parts: [audio] } }),
  content({ modelTurn: { parts: [audio, audio] }, outputTranscription: { text: 'Hello. ' } }),
  content({ inputTranscription: { text: 'Hm?' } }),
  content({ interrupted: true }),
  content({ interrupted: true, turnComplete: true }),
  content({ generationComplete: true }),
  content({ turnComplete: true }),
  { ...content({ turnComplete: true }), usageMetadata: { promptTokenCount: 7 } },
  { toolCall: { functionCalls: [{ id: 'c1', name: 'pay', args: {} }] } },
  {
    ...content({ modelTurn: { parts: [audio] }, outputTranscription: { text: 'One moment.' } }),
    toolCall: { functionCalls: [{ id: 'c2', name: 'pay', args: {} }, { name: 'look' }] },
  },
  { toolCallCancellation: { ids: ['c1'] } },
  { setupComplete: {} },
);
const inputs = fc.constantFrom<Timeless>(
  replyRequested('r1'), replyRequested('r2', 'Go on.'), replyWritten('r1'), interruptRequested,
  turnCommitted, toolSettled('x_1'), { type: 'callerLoud' }, { type: 'connectionLost' },
  { type: 'connectionBack', restored: true },
); // prettier-ignore
const events = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: frames.map((frame): Event => ({ frame })) },
    { weight: 2, arbitrary: inputs.map((input): Event => ({ input })) },
    { weight: 1, arbitrary: fc.nat(3_000).map((waitMs): Event => ({ waitMs })) },
  ),
  { maxLength: 60 },
);

describe('a recording of ours replays exactly', () => {
  it('whatever happens, also what happens in the middle of a frame', () => {
    fc.assert(
      fc.property(events, fc.boolean(), fc.boolean(), (all, blocking, cutsIn) => {
        const clock = new ManualClock();
        const rules = blocking ? BLOCKING : RULES;
        const lines: string[] = [];
        const recorder = new Recorder(
          { to: (line) => lines.push(line), audio: 'full' },
          {
            ...{ head: { format: 1, session: 'x_' }, rules: () => rules, clock, unique: 'u' },
            ...{ secrets: [], failed: () => {} },
          },
        );
        const done: Effect[] = [];
        const machine: Machine = new Machine({ prefix: 'x_', clock, recorder }, rules, {
          settled: () => {},
          perform(effect) {
            done.push(effect);
            // What the shell does at once.
            if (effect.type === 'openMessage' && cutsIn) {
              // An app that stops the answer at its first sound, in the middle of a frame.
              machine.input({ type: 'interruptRequested' });
            } else if (effect.type === 'callTool') {
              machine.input({ type: 'toolIs', callId: effect.call.callId, phase: 'running' });
            } else if (effect.type === 'startSpeech') {
              machine.input({ type: 'interruptRequested', reaction: true });
            } else if (effect.type === 'requestReply') {
              machine.input({ type: 'replyWritten', replyId: effect.replyId });
            }
          },
        });
        const take = (frame: ServerFrame): void => {
          recorder.frame('in', JSON.stringify(frame));
          for (const fact of facts(frame)) machine.input(fact);
        };
        recorder.dialling();
        take({ setupComplete: {} });
        for (const event of all) {
          if ('frame' in event) take(event.frame);
          else if ('input' in event) machine.input(event.input);
          else clock.advance(event.waitMs);
        }
        machine.input({ type: 'closed', why: 'closed' });
        machine.stop();
        const recording = parseRecording(lines.join('\n'));
        const replayed = replay(recording);
        // What is parsed says the same when it is written and parsed again.
        const head = JSON.stringify({ dir: 'note', note: recording.head });
        const again = [head, ...recording.lines.map((line) => JSON.stringify(line))].join('\n');
        expect(parseRecording(again)).toEqual(recording);
        expect(traceOf(parseRecording(again))).toBe(traceOf(recording));
        const effects = replayed.flatMap((step) => step.effects);
        expect(JSON.stringify(effects)).toBe(JSON.stringify(done));
        expect(replayed.at(-1)?.state).toEqual(machine.state);
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});

describe('what replays', () => {
  const line = (rest: object): string => JSON.stringify({ t: 0, connection: 1, ...rest });
  const up = line({ dir: 'in', frame: { setupComplete: {} } });
  const spoken = line({ dir: 'in', frame: content({ modelTurn: { parts: [audio] } }) });

  it('leaves out frames before setupComplete, and what is no frame', () => {
    const lines = [spoken, line({ dir: 'in', frame: 'garbage' }), up, spoken];
    const tick = line({ dir: 'local', input: { type: 'tick' } });
    const steps = replay(parseRecording([...lines, tick].join('\n')));
    expect(steps.map(({ input }) => input.type)).toEqual(['audio', 'tick']);
  });

  it('follows rules that changed, and rules that are given', () => {
    const calling = { toolCall: { functionCalls: [{ id: 'c', name: 'pay', args: {} }] } };
    const end = line({ dir: 'local', input: { type: 'tick' }, t: 1 });
    const text = (blockingCalls: boolean): string =>
      [
        line({ dir: 'note', note: { format: 1, rules: RULES } }),
        ...[up, line({ dir: 'note', note: { rules: { ...RULES, blockingCalls } } })],
        ...[line({ dir: 'in', frame: calling }), end],
      ].join('\n');
    const blocks = (recorded: boolean, given?: boolean): boolean | undefined =>
      replay(parseRecording(text(recorded)), {
        ...(given !== undefined && { rules: { blockingCalls: given } }),
      }).at(-1)?.state.calls[0]?.blocking;
    expect([blocks(false), blocks(true), blocks(true, false)]).toEqual([false, true, false]);
  });

  it('of a file that was cut off is what there is', () => {
    const cut = [up, spoken, spoken.slice(0, 40)].join('\n');
    const recording = parseRecording(cut);
    expect(recording.problems).toEqual(['line 3: no JSON (cut off?)']);
    expect(replay(recording).filter(({ input }) => input.type === 'audio')).toHaveLength(1);
  });

  it.each([
    ['', 'it is empty'],
    ['hello', 'line 1: no JSON'],
    ['{"dir":"sideways"}', 'unknown dir "sideways"'],
    ['[1]', 'line 1: unknown dir'],
    ['{"dir":"note","note":{"format":99}}', 'format 99'],
  ])('is no recording: %j', (text, why) => {
    expect(() => parseRecording(text)).toThrow(why);
  });
});
