// SPDX-License-Identifier: Apache-2.0
import { AudioFrame } from '@livekit/rtc-node';
import { speechSamples } from './speech.js';

export const FRAME_MS = 20;

/** Two seconds of speech-like frames; to be pushed over and over. */
export function micFrames(rate: number): AudioFrame[] {
  const count = (rate * FRAME_MS) / 1000;
  const samples = speechSamples(rate, 2_000);
  return Array.from({ length: samples.length / count }, (_, i) => {
    const data = samples.slice(i * count, (i + 1) * count);
    return new AudioFrame(data, rate, 1, count);
  });
}

export const durationMs = ({ samplesPerChannel, sampleRate }: AudioFrame): number =>
  (samplesPerChannel / sampleRate) * 1000;
