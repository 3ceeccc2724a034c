// SPDX-License-Identifier: Apache-2.0
import { VideoBufferType, type VideoFrame } from '@livekit/rtc-node';
import type { Sharp, SharpOptions } from 'sharp';

/** The encoder, as whoever has loaded it hands it on. */
export type OpenImage = (input: Uint8Array, options?: SharpOptions) => Sharp;

export interface Size {
  width: number;
  height: number;
}

/** Bytes of a pixel, which of them is the first colour, and whether that is blue. */
const PACKED = new Map<VideoBufferType, { bytes: 3 | 4; first: 0 | 1; bgr: boolean }>([
  [VideoBufferType.RGB24, { bytes: 3, first: 0, bgr: false }],
  [VideoBufferType.RGBA, { bytes: 4, first: 0, bgr: false }],
  [VideoBufferType.BGRA, { bytes: 4, first: 0, bgr: true }],
  [VideoBufferType.ARGB, { bytes: 4, first: 1, bgr: false }],
  [VideoBufferType.ABGR, { bytes: 4, first: 1, bgr: true }],
]);

interface Planar {
  /** Pixels that share a colour, across and down. */
  across: 1 | 2;
  down: 1 | 2;
  /** Both colours stand in one plane, by turns. */
  interleaved?: boolean;
  /** Samples of 10 bits in two bytes. */
  deep?: boolean;
}

/** Brightness first, then the two colours; what follows (I420A: alpha) is not read. */
const PLANAR = new Map<VideoBufferType, Planar>([
  [VideoBufferType.I420, { across: 2, down: 2 }],
  [VideoBufferType.I420A, { across: 2, down: 2 }],
  [VideoBufferType.I422, { across: 2, down: 1 }],
  [VideoBufferType.I444, { across: 1, down: 1 }],
  [VideoBufferType.I010, { across: 2, down: 2, deep: true }],
  [VideoBufferType.NV12, { across: 2, down: 2, interleaved: true }],
]);

/** Why a frame cannot become a picture; undefined if it can. */
export function flawOf({ data, width, height, type }: VideoFrame): string | undefined {
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0)) {
    return 'it has no pixels';
  }
  const packed = PACKED.get(type);
  const planar = PLANAR.get(type);
  if (!packed && !planar) return `its buffer type ${type} is unknown`;
  const { across, down, deep } = planar ?? { across: 1, down: 1, deep: false };
  const colours = 2 * Math.ceil(width / across) * Math.ceil(height / down);
  const bytes = packed ? width * height * packed.bytes : width * height + colours;
  return data.byteLength < (deep ? 2 * bytes : bytes) ? 'it has less data than pixels' : undefined;
}

/**
 * A frame without a flaw → red, green, blue, scaled. Not by `VideoFrame.convert()`: it takes neither
 * packed nor every planar type, and ends the process on some (rtc-node 0.13.35).
 */
export function rgb(frame: VideoFrame, to: Size, open: OpenImage): Promise<Uint8Array> {
  const planar = PLANAR.get(frame.type);
  return planar ? rgbOfPlanes(frame, planar, to, open) : rgbOfPixels(frame, to, open);
}

async function rgbOfPixels(frame: VideoFrame, to: Size, open: OpenImage): Promise<Uint8Array> {
  const { width, height } = frame;
  const { bytes, first, bgr } = PACKED.get(frame.type) ?? { bytes: 3, first: 0, bgr: false };
  let data = frame.data;
  if (bytes === 4) {
    // Whoever never filled alpha in would get black: scaling multiplies by it.
    const shifted = first === 0 ? data : Buffer.concat([data.subarray(1), Buffer.alloc(1)]);
    const raw = { width, height, channels: bytes };
    data = await open(shifted.subarray(0, width * height * bytes), { raw })
      .removeAlpha()
      .raw()
      .toBuffer();
  }
  const pixels = data.subarray(0, width * height * 3);
  const image = open(pixels, { raw: { width, height, channels: 3 } });
  const scaled = image.resize(to.width, to.height, { fit: 'fill' });
  const reds = bgr ? scaled.recomb([[0, 0, 1], [0, 1, 0], [1, 0, 0]]) : scaled; // prettier-ignore
  return reds.raw().toBuffer();
}

async function rgbOfPlanes(
  frame: VideoFrame,
  planar: Planar,
  to: Size,
  open: OpenImage,
): Promise<Uint8Array> {
  const { width, height } = frame;
  const chroma = {
    width: Math.ceil(width / planar.across),
    height: Math.ceil(height / planar.down),
  };
  const pixels = width * height;
  const colours = chroma.width * chroma.height;
  const data = planar.deep ? narrowed(frame.data, pixels + 2 * colours) : frame.data;
  const [u, v] = planar.interleaved
    ? everyOther(data.subarray(pixels, pixels + 2 * colours))
    : [data.subarray(pixels, pixels + colours), data.subarray(pixels + colours)];
  const scaled = (plane: Uint8Array, size: Size): Promise<Uint8Array> =>
    open(plane.subarray(0, size.width * size.height), { raw: { ...size, channels: 1 } })
      .resize(to.width, to.height, { fit: 'fill' })
      .toColourspace('b-w')
      .raw()
      .toBuffer();
  const planes = [scaled(data, frame), scaled(u, chroma), scaled(v, chroma)] as const;
  return merged(...(await Promise.all(planes)));
}

/** BT.601, limited range: what WebRTC carries. */
function merged(luma: Uint8Array, u: Uint8Array, v: Uint8Array): Uint8Array {
  const pixels = new Uint8ClampedArray(luma.length * 3);
  for (let i = 0, to = 0; i < luma.length; i++) {
    const y = 1.164 * ((luma[i] ?? 0) - 16);
    const blue = (u[i] ?? 0) - 128;
    const red = (v[i] ?? 0) - 128;
    pixels[to++] = y + 1.596 * red;
    pixels[to++] = y - 0.392 * blue - 0.813 * red;
    pixels[to++] = y + 2.017 * blue;
  }
  return new Uint8Array(pixels.buffer);
}

function narrowed(data: Uint8Array, samples: number): Uint8Array {
  const bytes = new Uint8Array(samples);
  for (let i = 0; i < samples; i++) {
    bytes[i] = ((data[2 * i] ?? 0) | ((data[2 * i + 1] ?? 0) << 8)) >> 2;
  }
  return bytes;
}

function everyOther(pairs: Uint8Array): [Uint8Array, Uint8Array] {
  const even = new Uint8Array(pairs.length / 2);
  const odd = new Uint8Array(pairs.length / 2);
  for (let i = 0; i < even.length; i++) {
    even[i] = pairs[2 * i] ?? 0;
    odd[i] = pairs[2 * i + 1] ?? 0;
  }
  return [even, odd];
}
