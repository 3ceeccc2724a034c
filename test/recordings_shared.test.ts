// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { turnRules } from '../src/livekit/rules.js';
import { type Fact, facts } from '../src/protocol/facts.js';
import type { ServerFrame } from '../src/protocol/frames.js';
import type { Effect, Remembered, ToolCall } from '../src/turn/effects.js';
import type { TurnRules } from '../src/turn/rules.js';
import { type Input, type TurnState, initialState, nextDeadline } from '../src/turn/state.js';
import { step } from '../src/turn/step.js';
import { validate } from '../src/validate.js';

// Frames of the live service, recorded by others. They lie beside the repository, not in it.
const FOLDER = fileURLToPath(new URL('../../shared/recordings', import.meta.url));
const isThere = existsSync(FOLDER);

interface Recording {
  model: string;
  lines: { dir: 'in' | 'out'; frame: Record<string, any> }[];
}

function read(name: string): Recording {
  const [head, ...lines] = readFileSync(`${FOLDER}/${name}.jsonl`, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
  return { model: head.note.model as string, lines };
}

/** What each recording holds, counted in its text, and what shall come of it. */
const RECORDINGS: Record<
  string,
  { facts: Partial<Record<Fact['type'], number>>; said: string[]; calls: string[] }
> = {
  google_ws__message_history_seeding: {
    facts: { thought: 1, modelSaid: 7, audio: 55, generationComplete: 1, boundary: 1, usage: 1 },
    said: ['Your name is Alice, and your favorite color is teal.'],
    calls: [],
  },
  google_ws__text_in_audio_out_turn: {
    facts: { thought: 1, modelSaid: 1, audio: 1, generationComplete: 1, boundary: 1, usage: 1 },
    said: ['Hello there.'],
    calls: [],
  },
  google_ws__tool_call_round: {
    facts: { calls: 1, modelSaid: 7, audio: 52, generationComplete: 1, boundary: 1, usage: 1 },
    said: ['I have recorded a reading of 5 with the note "steady."'],
    calls: ['record_reading {"zqx_measurement":5,"qbf_note":"steady"}'],
  },
  'parity_ws__history_seeding_parity-google-current': {
    // Its recorders kept no audio.
    facts: { modelSaid: 1, generationComplete: 1, boundary: 1, usage: 1 },
    said: ['Your name is Alice and your favorite color is teal.'],
    calls: [],
  },
  'parity_ws__text_tool_round_parity-gateway-google': {
    facts: { calls: 1, modelSaid: 2, audio: 11, generationComplete: 2, boundary: 2, usage: 2 },
    said: ['It is foggy and 12 degrees in London.'],
    calls: ['get_weather {"city":"London"}'],
  },
};

/** Members that facts() may leave as unknown: none so far. */
const LISTED_AS_UNKNOWN: string[] = [];

type Untimed<I> = I extends unknown ? Omit<I, 'at'> : never;

/** The turn machine on a recording, with the framework's part played as it would play it. */
class Replay {
  readonly effects: Effect[] = [];
  readonly #rules: TurnRules;
  #state: TurnState = initialState('r');
  #at = 1_000_000;

  constructor({ model, lines }: Recording, gapMs: number) {
    const vertexai = model.startsWith('publishers/');
    const where = vertexai ? { project: 'p' } : { apiKey: 'a-key' };
    const { settings } = validate({ model, vertexai, ...where }, {}, '2026-11-20');
    this.#rules = turnRules(settings);
    for (const { dir, frame } of lines) {
      this.#wait(gapMs);
      if (dir === 'in') for (const fact of facts(frame)) this.#input(fact);
      else this.#sent(frame);
    }
    for (let turns = 0; turns < 20 && this.#tick(); turns += 1);
  }

  get state(): TurnState {
    return this.#state;
  }

  of<T extends Effect['type']>(type: T): Extract<Effect, { type: T }>[] {
    return this.effects.filter((effect) => effect.type === type) as Extract<Effect, { type: T }>[];
  }

  /** The recorded client asked for an answer, or had the result of a tool. */
  #sent(frame: Record<string, any>): void {
    if (frame['client_content']?.turnComplete) {
      this.#input({ type: 'replyRequested', replyId: 'asked', instructions: undefined });
      this.#input({ type: 'replyWritten', replyId: 'asked' });
    }
    for (const { id } of frame['tool_response']?.functionResponses ?? []) {
      // The framework hands results over once the generation that asked has ended.
      while (this.#state.turn.is === 'open' && this.#tick());
      this.#input({ type: 'toolSettled', callId: id as string });
    }
  }

  #wait(ms: number): void {
    const until = this.#at + ms;
    for (let due = this.#due(); due !== undefined && due <= until; due = this.#due()) this.#tick();
    this.#at = until;
  }

  #due(): number | undefined {
    return nextDeadline(this.#state, this.#rules);
  }

  /** Goes to the next deadline. */
  #tick(): boolean {
    const due = this.#due();
    if (due === undefined) return false;
    this.#at = Math.max(this.#at, due);
    this.#input({ type: 'tick' });
    return true;
  }

  #input(input: Untimed<Input>): void {
    const next = step(this.#state, { ...input, at: this.#at }, this.#rules);
    this.#state = next.state;
    this.effects.push(...next.effects);
  }
}

describe.skipIf(!isThere)('frames of the live service (recordings beside the repository)', () => {
  it('each recording is listed here', () => {
    const names = readdirSync(FOLDER).filter((name) => name.endsWith('.jsonl'));
    expect(names.sort()).toEqual(
      Object.keys(RECORDINGS)
        .map((name) => `${name}.jsonl`)
        .sort(),
    );
  });

  describe.each(Object.entries(RECORDINGS))('%s', (name, expected) => {
    const recording = isThere ? read(name) : { model: '', lines: [] };
    const incoming = recording.lines.filter(({ dir }) => dir === 'in').map(({ frame }) => frame);
    const raw = JSON.stringify(incoming);
    const count = (pattern: RegExp) => raw.match(pattern)?.length ?? 0;
    /** All texts of outputTranscription, and all audio, found without facts(). */
    const words = incoming
      .map((frame) => (frame['serverContent']?.outputTranscription?.text as string) ?? '')
      .join('');
    const audio = [...raw.matchAll(/"data":"([^"]+)"/g)].map(([, data]) => data);

    it('is understood to the last member', () => {
      const found = incoming.flatMap((frame) => facts(frame as ServerFrame));
      const counts: Record<string, number> = {};
      for (const { type } of found) counts[type] = (counts[type] ?? 0) + 1;
      expect(counts).toEqual(expected.facts);
      const unknown = found.flatMap((fact) => (fact.type === 'unknown' ? [fact.member] : []));
      expect(unknown).toEqual(LISTED_AS_UNKNOWN);
      expect(counts['audio'] ?? 0).toBe(count(/"inlineData"/g));
      expect(counts['boundary'] ?? 0).toBe(count(/"turnComplete":true/g));
      expect(counts['usage'] ?? 0).toBe(count(/"usageMetadata"/g));
      expect(found.flatMap((fact) => (fact.type === 'modelSaid' ? [fact.text] : [])).join('')).toBe(
        words,
      );
    });

    it('has the sampling rate of the live models', () => {
      const rates = incoming.flatMap((frame) =>
        facts(frame as ServerFrame).flatMap((fact) => (fact.type === 'audio' ? [fact.rate] : [])),
      );
      expect(new Set([...rates, 24000])).toEqual(new Set([24000]));
    });

    describe.each([5, 250])('replayed with %d ms between frames', (gapMs) => {
      const replay = isThere ? new Replay(recording, gapMs) : undefined;
      const of = <T extends Effect['type']>(type: T) => (replay as Replay).of(type);

      it('closes every generation that it opens, one at a time', () => {
        const order = (replay as Replay).effects.flatMap((effect) => {
          if (effect.type === 'openGeneration') return [`open ${effect.generationId}`];
          return effect.type === 'closeGeneration' ? [`close ${effect.generationId}`] : [];
        });
        const opened = of('openGeneration').map(({ generationId }) => generationId);
        expect(opened).toHaveLength(expected.said.length + expected.calls.length);
        expect(order).toEqual(opened.flatMap((id) => [`open ${id}`, `close ${id}`]));
        expect((replay as Replay).state.turn.is).toBe('idle');
        const ends = of('closeGeneration').map(({ end }) => end);
        expect(ends).toEqual([
          ...expected.calls.map(() => 'calling'),
          ...expected.said.map(() => 'complete'),
        ]);
      });

      it('answers the reply that was asked for', () => {
        expect(of('failReply')).toEqual([]);
        expect((replay as Replay).state.replies).toEqual([]);
        const answered = of('openGeneration').map(({ replyId }) => replyId);
        expect(answered.filter((id) => id !== undefined)).toEqual(['asked']);
      });

      it('loses no word', () => {
        expect(
          of('writeText')
            .map(({ text }) => text)
            .join(''),
        ).toBe(words);
        expect(words.trim()).toBe(expected.said.join(''));
        expect(of('amend')).toEqual([]);
        const remembered = of('remember').map(({ message }) => message);
        const kept = remembered.map(({ role, text, interrupted }: Remembered) => {
          return { role, text, interrupted };
        });
        expect(kept).toEqual(
          expected.said.map((text) => ({ role: 'assistant', text, interrupted: false })),
        );
      });

      it('loses no sound', () => {
        expect(of('playAudio').map(({ data }) => data)).toEqual(audio);
        expect(of('openMessage').map(({ modality }) => modality)).toEqual(
          expected.said.map(() => (audio.length > 0 ? 'audio' : 'text')),
        );
      });

      it('surfaces every call once, and has none left', () => {
        const asked = of('callTool').map(({ call }) => call);
        expect(asked.map(({ name, args }: ToolCall) => `${name} ${JSON.stringify(args)}`)).toEqual(
          expected.calls,
        );
        const ids = [...raw.matchAll(/"id":"([^"]+)"/g)].map(([, id]) => id);
        expect(asked.map(({ wireId }) => wireId)).toEqual(ids);
        expect((replay as Replay).state.calls).toEqual([]);
      });

      it('reports tokens and thoughts, and nothing odd', () => {
        expect(of('reportUsage')).toHaveLength(expected.facts.usage ?? 0);
        expect(of('reportUsage').every(({ generation }) => generation !== undefined)).toBe(true);
        const reports = of('report').map(({ what }) => what);
        // Where its recorders left no audio at all, only text is there to hand over.
        const only = expected.facts.audio === undefined ? ['text_turn'] : [];
        expect(reports).toEqual([...Array(expected.facts.thought ?? 0).fill('thought'), ...only]);
        expect(of('startSpeech')).toEqual([]);
      });
    });
  });
});
