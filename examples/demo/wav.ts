// SPDX-License-Identifier: Apache-2.0
import { AudioFrame, AudioResampler } from '@livekit/rtc-node';
import { readFileSync, writeFileSync } from 'node:fs';

/** Sound: 16-bit samples, one array a channel. */
export interface Sound {
  rate: number;
  channels: Int16Array[];
}

const HEADER = 44;

/** Reads a WAV file of 16-bit PCM. */
export function readWav(path: string | URL): Sound {
  const file = readFileSync(path);
  const format = chunk(file, 'fmt ');
  const data = chunk(file, 'data');
  if (format.readUInt16LE(0) !== 1 || format.readUInt16LE(14) !== 16) {
    throw new Error(`${String(path)} is not 16-bit PCM.`);
  }
  const count = format.readUInt16LE(2);
  const length = Math.floor(data.length / 2 / count);
  const channels = Array.from({ length: count }, (_, channel) =>
    Int16Array.from({ length }, (_sample, i) => data.readInt16LE((i * count + channel) * 2)),
  );
  return { rate: format.readUInt32LE(4), channels };
}

/** Writes a WAV file of 16-bit PCM; all channels have the same length. */
export function writeWav(path: string | URL, { rate, channels }: Sound): void {
  const count = channels.length;
  const length = channels[0]?.length ?? 0;
  const file = Buffer.alloc(HEADER + length * count * 2);
  file.write('RIFF', 0);
  file.writeUInt32LE(file.length - 8, 4);
  file.write('WAVEfmt ', 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(count, 22);
  file.writeUInt32LE(rate, 24);
  file.writeUInt32LE(rate * count * 2, 28);
  file.writeUInt16LE(count * 2, 32);
  file.writeUInt16LE(16, 34);
  file.write('data', 36);
  file.writeUInt32LE(length * count * 2, 40);
  for (const [channel, samples] of channels.entries()) {
    samples.forEach((sample, i) => file.writeInt16LE(sample, HEADER + (i * count + channel) * 2));
  }
  writeFileSync(path, file);
}

/** The first channel at another rate. */
export function resampled({ rate, channels }: Sound, to: number): Int16Array {
  const samples = channels[0] ?? new Int16Array();
  if (rate === to) return samples;
  const resampler = new AudioResampler(rate, to, 1);
  const frames = [
    ...resampler.push(new AudioFrame(samples, rate, 1, samples.length)),
    ...resampler.flush(),
  ];
  resampler.close();
  return Int16Array.from(frames.flatMap(({ data }) => [...data]));
}

/** Loudness of a stretch of one channel, in dB of full scale (RMS); -Infinity for silence. */
export function loudness(sound: Sound, channel: number, fromMs: number, toMs: number): number {
  const at = (ms: number): number => Math.round((ms * sound.rate) / 1000);
  const part = sound.channels[channel]?.subarray(at(fromMs), at(toMs)) ?? new Int16Array();
  const energy = part.reduce((sum, sample) => sum + sample * sample, 0);
  return 20 * Math.log10(Math.sqrt(energy / Math.max(1, part.length)) / 32_768);
}

function chunk(file: Buffer, name: string): Buffer {
  for (let at = 12; at + 8 <= file.length;) {
    const size = file.readUInt32LE(at + 4);
    if (file.toString('latin1', at, at + 4) === name) return file.subarray(at + 8, at + 8 + size);
    at += 8 + size + (size % 2);
  }
  throw new Error(`No chunk '${name}' in the WAV file.`);
}
