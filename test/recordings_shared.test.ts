// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Fact, facts } from '../src/protocol/facts.js';
import type { ServerFrame } from '../src/protocol/frames.js';
import { parseRecording, type Recording } from '../src/recording/parse.js';
import { replay } from '../src/replay/replay.js';
import type { Effect, Remembered, ToolCall } from '../src/turn/effects.js';
import type { TurnState } from '../src/turn/state.js';

// Frames of the live service, recorded by others. They lie beside the repository, not in it.
const FOLDER = fileURLToPath(new URL('../../shared/recordings', import.meta.url));
const isThere = existsSync(FOLDER);

const read = (name: string): Recording =>
  parseRecording(readFileSync(`${FOLDER}/${name}.jsonl`, 'utf8'));

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
    const recording = isThere ? read(name) : undefined;
    const incoming = (recording?.lines ?? []).flatMap((line) =>
      line.dir === 'in' ? [line.frame as Record<string, any>] : [],
    );
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
      const steps = recording ? replay(recording, { gapMs }) : [];
      const effects = steps.flatMap((one) => one.effects);
      const of = <T extends Effect['type']>(type: T): Extract<Effect, { type: T }>[] =>
        effects.filter((effect) => effect.type === type) as Extract<Effect, { type: T }>[];
      const state = (): TurnState => steps.at(-1)?.state as TurnState;

      it('closes every generation that it opens, one at a time', () => {
        const order = effects.flatMap((effect) => {
          if (effect.type === 'openGeneration') return [`open ${effect.generationId}`];
          return effect.type === 'closeGeneration' ? [`close ${effect.generationId}`] : [];
        });
        const opened = of('openGeneration').map(({ generationId }) => generationId);
        expect(opened).toHaveLength(expected.said.length + expected.calls.length);
        expect(order).toEqual(opened.flatMap((id) => [`open ${id}`, `close ${id}`]));
        expect(state().turn.is).toBe('idle');
        const ends = of('closeGeneration').map(({ end }) => end);
        expect(ends).toEqual([
          ...expected.calls.map(() => 'calling'),
          ...expected.said.map(() => 'complete'),
        ]);
      });

      it('answers the reply that was asked for', () => {
        expect(of('failReply')).toEqual([]);
        expect(state().replies).toEqual([]);
        const answered = of('openGeneration').map(({ replyId }) => replyId);
        expect(answered.filter((id) => id !== undefined)).toEqual(['asked1']);
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
        expect(state().calls).toEqual([]);
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
