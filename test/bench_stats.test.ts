// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { timesBetter, type Summary } from '../bench/goals.js';
import { audioBytes, Chunks } from '../bench/server_audio.js';
import { stampOf } from '../bench/speech.js';
import {
  addedLatency,
  inTurn,
  largest,
  median,
  medianRatio,
  quantile,
  sampleAges,
} from '../bench/stats.js';

describe('the arithmetic of the benchmark', () => {
  it('a quantile lies between its neighbours in proportion, in any order', () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([10, 0], 0.99)).toBeCloseTo(9.9);
    expect(median([7])).toBe(7);
    expect(median([])).toBeNaN();
  });

  it('subjects take turns: A B, B A', () => {
    expect([0, 1, 2].flatMap((repetition) => inTurn(['A', 'B'], repetition)).join('')).toBe(
      'ABBAAB',
    );
  });

  it('ratios are made within a repetition, so that a slow one does not count', () => {
    // The second repetition ran at half the speed: the ratio of the medians would be 2.25.
    expect(medianRatio([20, 40, 30], [10, 20, 15])).toBe(2);
    expect(medianRatio([20, 45, 30], [10, 20, 15])).toBe(2);
  });

  it('a repetition without two positive numbers gives no ratio', () => {
    expect(medianRatio([20, undefined, 30], [10, 10, 0])).toBe(2);
    expect(medianRatio([1, -5], [undefined, 50])).toBeNaN();
  });

  it('a sample is on its way since the frame that brings it', () => {
    // Frames of 2 ms from 1000 on; two of them make a chunk, which arrives 1 ms after the second.
    const arrivals = [
      { atMs: 1_005, audioMs: 4 },
      { atMs: 1_009, audioMs: 8 },
    ];
    expect(sampleAges(arrivals, 1_000, 2)).toEqual([3, 3, 1, 1, 3, 3, 1, 1]);
    expect(sampleAges(arrivals, 1_000, 2, 4)).toEqual([3, 3, 1, 1]);
  });

  it('latency is added after the frame that holds the last sample', () => {
    const arrivals = [
      { atMs: 1_061, audioMs: 50 },
      { atMs: 1_102, audioMs: 100 },
    ];
    expect(addedLatency(arrivals, 1_000, 20)).toEqual([1, 2]);
    // What a resampler keeps back makes a message wait for a later frame, and counts.
    expect(addedLatency([{ atMs: 1_081, audioMs: 60 }], 1_000, 20)).toEqual([21]);
  });

  it('finds the largest count that holds, in few tries', async () => {
    const asked: number[] = [];
    const upTo = (limit: number) => async (count: number) => {
      asked.push(count);
      return count <= limit;
    };
    expect(await largest(upTo(130), { first: 25, most: 1_000, tries: 9 })).toBe(125);
    expect(asked).toEqual([25, 50, 100, 200, 150, 125, 138]);
    expect(await largest(upTo(5_000), { first: 25, most: 60, tries: 9 })).toBe(60);
    expect(await largest(upTo(0), { first: 25, most: 60, tries: 3 })).toBe(0);
  });

  it('a goal without numbers is open, not met', () => {
    const summary: Summary = { values: {}, better: NaN, overFloor: NaN, alone: false };
    expect(timesBetter(2).met(summary)).toBeUndefined();
    expect(timesBetter(2).met({ ...summary, better: 2.1 })).toBe(true);
    expect(timesBetter(2).met({ ...summary, better: 1.9 })).toBe(false);
    expect(timesBetter(2).met({ ...summary, alone: true })).toBe(true);
  });
});

describe('audio of the benchmark server', () => {
  it('a chunk carries the time at which it was written, and is as long as it says', () => {
    const message = new Chunks(40).next(1234.5).toString();
    const { serverContent } = JSON.parse(message) as {
      serverContent: { modelTurn: { parts: { inlineData: { data: string } }[] } };
    };
    const bytes = Buffer.from(serverContent.modelTurn.parts[0]!.inlineData.data, 'base64');
    const samples = new Int16Array(new Uint8Array(bytes).buffer);
    expect(samples.length).toBe(960);
    expect(stampOf(samples)).toBe(1234.5);
    expect(stampOf(samples.subarray(8))).toBeUndefined();
  });

  it('knows the length of audio without decoding it', () => {
    for (const length of [0, 1, 2, 3, 640, 1_601]) {
      const data = Buffer.alloc(length, 7).toString('base64');
      const frame = JSON.stringify({ realtimeInput: { audio: { mimeType: 'audio/pcm', data } } });
      expect(audioBytes(Buffer.from(frame))).toBe(length);
    }
    expect(audioBytes(Buffer.from('{"setup":{}}'))).toBe(0);
  });
});
