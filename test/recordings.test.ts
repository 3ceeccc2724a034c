// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { wantedRecordings } from '../scripts/recordings/wanted.js';
import { modelNames } from '../src/index.js';
import { FORMAT } from '../src/recording/format.js';
import { parseRecording } from '../src/testing/index.js';
import { traceOf } from '../src/replay/trace.js';
import { PROMISES } from './support/recorded_promises.js';
import { Recorded } from './support/recorded_call.js';

// How they are made and what they say of themselves: test/recordings/README.md.
const FOLDER = fileURLToPath(new URL('./recordings/', import.meta.url));

const paths = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' });
const recordings = paths.filter((path) => path.endsWith('.jsonl')).sort();
const goldenOf = (path: string): string => path.replace(/jsonl$/, 'golden.txt');
const read = (path: string): string => readFileSync(FOLDER + path, 'utf8');

describe.each(recordings)('%s', (path) => {
  const text = read(path);
  const recording = parseRecording(text);
  const call = new Recorded(recording);

  it('can be read to the last line', () => {
    expect(recording.problems).toEqual([]);
    expect(recording.isTimed).toBe(true);
  });

  it('says of what and of whom it is', () => {
    const first = JSON.parse(text.slice(0, text.indexOf('\n')));
    const { format, model, backend, synthetic, witness } = recording.head;
    expect(first.note).toEqual(recording.head);
    expect(format).toBe(FORMAT);
    expect(modelNames()).toContain(model);
    expect(dirname(path)).toBe(backend === 'vertex' ? `${model}@vertex` : model);
    expect(synthetic).toBeTypeOf('boolean');
    expect(witness).toMatch(/\S/);
  });

  it('comes to what its golden trace says', () => {
    const trace = traceOf(recording);
    const golden = goldenOf(path);
    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(FOLDER + golden, trace);
    if (!existsSync(FOLDER + golden)) throw new Error(`${golden}: run with UPDATE_GOLDEN=1.`);
    expect(trace).toBe(read(golden));
  });

  it.runIf(recording.head.synthetic)('leaves nothing open', () => {
    const order = call.effects.flatMap((effect) => {
      if (effect.type === 'openGeneration') return [`open ${effect.generationId}`];
      return effect.type === 'closeGeneration' ? [`close ${effect.generationId}`] : [];
    });
    const opened = call.of('openGeneration').map(({ generationId }) => generationId);
    expect(order).toEqual(opened.flatMap((id) => [`open ${id}`, `close ${id}`]));
    // The end of a session settles everything; here nothing is left for it.
    const end = call.steps.findIndex(({ input }) => input.type === 'closed');
    const state = call.steps[(end < 0 ? call.steps.length : end) - 1]?.state;
    // A translation has no boundaries.
    const is = call.setups[0]?.['generationConfig'].translationConfig ? 'drained' : 'idle';
    expect(state).toMatchObject({ turn: { is }, replies: [], calls: [] });
    expect(call.ends).not.toContain('closed');
    expect(call.of('failReply')).toEqual([]);
  });

  it.runIf(recording.head.synthetic)('reports now what was reported then', () => {
    const told = call.of('report').map(({ what }) => what);
    const own = new Set(told);
    expect(told).toEqual(call.reports.filter((what) => own.has(what as never)));
  });

  const promise = PROMISES[basename(path, '.jsonl')];
  it.runIf(promise)('keeps what its name promises', () => promise?.(call));
});

describe('the recordings', () => {
  it('are those that the scenarios and the table ask for (npm run fixtures)', () => {
    const made = recordings.filter((path) => parseRecording(read(path)).head.synthetic);
    const wanted = wantedRecordings().map(({ path }) => path);
    expect(made).toEqual(wanted.sort());
  });

  it('have a promise for each scenario', () => {
    const names = new Set(wantedRecordings().map(({ path }) => basename(path, '.jsonl')));
    expect(Object.keys(PROMISES).sort()).toEqual([...names].sort());
  });

  it('have no golden trace without a recording', () => {
    const golden = paths.filter((path) => path.endsWith('.golden.txt')).sort();
    expect(golden).toEqual(recordings.map(goldenOf).sort());
  });
});
