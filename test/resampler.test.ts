// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createKernel, fastKernel, plainKernel } from '../src/audio/kernel.js';
import { KERNEL_WASM } from '../src/audio/kernel_wasm.js';
import { Resampler, ResamplerCore } from '../src/audio/resampler.js';
import { compileKernel } from '../scripts/kernel.mjs';

const TO = 16_000;
const RATES = [8_000, 11_025, 12_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000];
/** Rates that share hardly any divisor with 16 kHz. */
const ODD_RATES = [7_919, 22_051, 47_999];
const LOUD = 30_000;
const dB = (ratio: number): number => 20 * Math.log10(ratio);

function resampler(from: number, to = TO, core?: ResamplerCore) {
  const out: number[] = [];
  const inner = new Resampler(from, to, (samples) => out.push(...samples), core);
  return { out, inner };
}

/** All that comes of the samples, given in pieces of so many. */
function resampled(samples: Int16Array, from: number, pieces: number[], to = TO): number[] {
  const { out, inner } = resampler(from, to);
  let at = 0;
  for (let i = 0; at < samples.length; i++) {
    const length = pieces[i % pieces.length] ?? 1;
    inner.push(samples.subarray(at, at + length));
    at += length;
  }
  inner.flush();
  return out;
}

function tone(frequency: number, rate: number): Int16Array {
  return Int16Array.from({ length: rate / 4 }, (_, i) =>
    Math.round(LOUD * Math.sin((2 * Math.PI * frequency * i) / rate)),
  );
}

/** Amplitude of a tone in the middle of what came of it, and the root mean square of the rest. */
function heard(samples: number[], frequency: number): { tone: number; rest: number } {
  const middle = samples.slice(samples.length / 4, (samples.length * 3) / 4);
  const angle = (i: number): number => (2 * Math.PI * frequency * i) / TO;
  let [ss, cc, sc, s, c] = [0, 0, 0, 0, 0];
  middle.forEach((sample, i) => {
    const [sin, cos] = [Math.sin(angle(i)), Math.cos(angle(i))];
    ss += sin * sin;
    cc += cos * cos;
    sc += sin * cos;
    s += sample * sin;
    c += sample * cos;
  });
  const scale = ss * cc - sc * sc;
  const [a, b] = [(s * cc - c * sc) / scale, (c * ss - s * sc) / scale];
  const power = middle.reduce(
    (sum, sample, i) => sum + (sample - a * Math.sin(angle(i)) - b * Math.cos(angle(i))) ** 2,
    0,
  );
  return { tone: Math.hypot(a, b), rest: Math.sqrt(power / middle.length) };
}

const level = (samples: number[]): number => {
  const middle = samples.slice(samples.length / 4, (samples.length * 3) / 4);
  return Math.sqrt(middle.reduce((sum, sample) => sum + sample ** 2, 0) / middle.length);
};

describe.each([...RATES, ...ODD_RATES])('%i Hz to 16 kHz', (from) => {
  const nyquist = Math.min(from, TO) / 2;
  const frame = [Math.round(from / 50)];

  test('speech passes unchanged: within 0.02 dB up to 0.88 of what the lower rate can carry', () => {
    for (const share of [0.03, 0.25, 0.5, 0.75, 0.88]) {
      const frequency = share * nyquist;
      const { tone: amplitude } = heard(resampled(tone(frequency, from), from, frame), frequency);
      expect(Math.abs(dB(amplitude / LOUD)), `${frequency} Hz`).toBeLessThan(0.02);
    }
  });

  test('what is added to a tone is below that of the native resampler: 92 dB', () => {
    const frequency = 0.37 * nyquist;
    const { tone: amplitude, rest } = heard(
      resampled(tone(frequency, from), from, frame),
      frequency,
    );
    expect(dB(amplitude / Math.SQRT2 / Math.max(rest, 1e-3))).toBeGreaterThan(92);
  });

  test.skipIf(from <= TO)('what 16 kHz cannot carry is gone: 90 dB from 8.5 kHz on', () => {
    for (const frequency of [8_500, 9_000, 10_000, 0.98 * (from / 2)]) {
      if (frequency >= from / 2) continue;
      const left = level(resampled(tone(frequency, from), from, frame));
      expect(dB(Math.max(left, 1e-3) / (LOUD / Math.SQRT2)), `${frequency} Hz`).toBeLessThan(-90);
    }
  });

  test('the pieces in which audio comes make no difference, and nothing is lost', () => {
    const samples = fc.array(fc.integer({ min: -32_768, max: 32_767 }), { maxLength: 3_000 });
    const pieces = fc.array(fc.integer({ min: 1, max: 1_500 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(samples, pieces, (given, lengths) => {
        const audio = Int16Array.from(given);
        const whole = resampled(audio, from, [audio.length || 1]);
        expect(resampled(audio, from, lengths)).toEqual(whole);
        expect(whole).toHaveLength(Math.ceil((audio.length * TO) / from));
      }),
      { numRuns: 30 },
    );
  });

  test('less than 5 ms are held back, and a minute later no more', () => {
    const { out, inner } = resampler(from);
    const silence = new Int16Array(Math.round(from / 7));
    for (let pushed = 1; pushed <= 420; pushed++) {
      inner.push(silence);
      const heldMs = ((pushed * silence.length) / from) * 1_000 - out.length / 16;
      expect(heldMs).toBeGreaterThanOrEqual(0);
      expect(heldMs).toBeLessThan(5);
    }
  });

  test('after its end, or when it is cleared, it begins anew', () => {
    const audio = tone(300, from).subarray(0, 1_001);
    const { out, inner } = resampler(from);
    inner.push(audio);
    inner.flush();
    const first = out.splice(0);
    inner.push(audio.subarray(0, 500));
    inner.clear();
    out.length = 0;
    inner.push(audio);
    inner.flush();
    expect(out).toEqual(first);
  });
});

test('it goes up as well: 16 kHz to 48 kHz and back is what it was', () => {
  const there = Int16Array.from(resampled(tone(1_000, TO), TO, [320], 48_000));
  const { tone: amplitude, rest } = heard(resampled(there, 48_000, [960]), 1_000);
  expect(Math.abs(dB(amplitude / LOUD))).toBeLessThan(0.02);
  expect(dB(amplitude / rest)).toBeGreaterThan(85);
});

test('the loudest square wave is cut off at full scale, and does not wrap around', () => {
  const square = Int16Array.from({ length: 4_800 }, (_, i) => (i % 48 < 24 ? 32_767 : -32_768));
  const out = resampled(square, 48_000, [960]);
  expect(Math.max(...out)).toBe(32_767);
  expect(Math.min(...out)).toBe(-32_768);
  // Far from the edges nothing may have the wrong sign.
  for (let i = 4; i < 1_596; i += 8) expect(Math.sign(out[i] ?? 0)).toBe(i % 16 < 8 ? 1 : -1);
});

test.each([0, -1, NaN, 44_100.5, 1e9])('%d Hz is refused with a reason', (rate) => {
  expect(() => resampler(rate)).toThrow(/Hz is no rate of audio/);
});

describe('the kernel', () => {
  test('is what its source says', async () => {
    expect(KERNEL_WASM).toBe(await compileKernel());
  });

  test('without WebAssembly the same comes out, to the bit', () => {
    const audio = Int16Array.from({ length: 2_000 }, (_, i) => Math.round(9_000 * Math.sin(i * i)));
    for (const from of [24_000, 44_100, 47_999]) {
      const [fast, plain] = [fastKernel(), plainKernel()].map((kernel) => {
        const { out, inner } = resampler(from, TO, new ResamplerCore(kernel));
        inner.push(audio);
        inner.flush();
        return out;
      });
      expect(plain).toEqual(fast);
    }
  });

  test('where WebAssembly is missing the plain one is used', () => {
    const { WebAssembly } = globalThis as Record<string, unknown>;
    Reflect.deleteProperty(globalThis, 'WebAssembly');
    try {
      expect(() => resampler(24_000, TO, new ResamplerCore(createKernel()))).not.toThrow();
    } finally {
      Object.assign(globalThis, { WebAssembly });
    }
  });
});
