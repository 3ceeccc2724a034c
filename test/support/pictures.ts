// SPDX-License-Identifier: Apache-2.0
import { VideoBufferType as Type, VideoFrame } from '@livekit/rtc-node';
import sharp from 'sharp';

export type Colour = readonly [red: number, green: number, blue: number];

/** No exchange of two channels leaves it as it is. */
export const ORANGE: Colour = [240, 120, 30];
export const RED: Colour = [220, 20, 20];
export const GREEN: Colour = [20, 200, 20];
export const BLUE: Colour = [30, 30, 220];

interface Shape {
  width?: number;
  height?: number;
  type?: Type;
  alpha?: number;
}

/** A frame of one colour. */
export function frameOf(colour: Colour, shape: Shape = {}): VideoFrame {
  const { width = 64, height = 48, type = Type.RGB24, alpha = 255 } = shape;
  const bytes = PACKED[type]?.([...colour], alpha);
  const data = bytes
    ? repeated(bytes, width * height)
    : Buffer.concat(planes(colour, width, height, type));
  return new VideoFrame(new Uint8Array(data), width, height, type);
}

/** JPEG and 8 bits of YUV move a colour a little. */
export const isNear = (got: number[], wanted: Colour): boolean =>
  got.every((value, i) => Math.abs(value - (wanted[i] ?? 0)) < 12);

export interface Decoded {
  width: number;
  height: number;
  at(x: number, y: number): number[];
}

export async function decoded(file: Uint8Array | undefined): Promise<Decoded> {
  if (!file) throw new Error('There is no picture.');
  const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number): number[] => {
    const start = info.channels * (y * info.width + x);
    return [...data.subarray(start, start + 3)];
  };
  return { width: info.width, height: info.height, at };
}

/** What no encoder can make small. */
export function noise(width: number, height: number): VideoFrame {
  const data = new Uint8Array(width * height * 3);
  let seed = 1;
  for (let i = 0; i < data.length; i++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    data[i] = seed >>> 24;
  }
  return new VideoFrame(data, width, height, Type.RGB24);
}

const PACKED: Partial<Record<Type, (c: number[], alpha: number) => number[]>> = {
  [Type.RGB24]: (c) => c,
  [Type.RGBA]: (c, alpha) => [...c, alpha],
  [Type.BGRA]: (c, alpha) => [...c.toReversed(), alpha],
  [Type.ARGB]: (c, alpha) => [alpha, ...c],
  [Type.ABGR]: (c, alpha) => [alpha, ...c.toReversed()],
};

function planes([r, g, b]: Colour, width: number, height: number, type: Type): Uint8Array[] {
  // BT.601, limited range.
  const y = 16 + 0.257 * r + 0.504 * g + 0.098 * b;
  const u = 128 - 0.148 * r - 0.291 * g + 0.439 * b;
  const v = 128 + 0.439 * r - 0.368 * g - 0.071 * b;
  const pixels = width * height;
  const across = type === Type.I444 ? width : Math.ceil(width / 2);
  const down = type === Type.I444 || type === Type.I422 ? height : Math.ceil(height / 2);
  const plane = (value: number, count = across * down) => repeated([value], count);
  if (type === Type.NV12) return [plane(y, pixels), repeated([u, v], across * down)];
  const all = [plane(y, pixels), plane(u), plane(v)];
  if (type === Type.I420A) all.push(plane(255, pixels));
  if (type !== Type.I010) return all;
  return all.map(
    (bytes) => new Uint8Array(new Uint16Array(bytes).map((value) => value << 2).buffer),
  );
}

function repeated(bytes: number[], count: number): Uint8Array {
  const data = new Uint8Array(bytes.length * count);
  for (let i = 0; i < data.length; i++) data[i] = Math.round(bytes[i % bytes.length] ?? 0);
  return data;
}
