// SPDX-License-Identifier: Apache-2.0
import { VideoRotation, type VideoFrame } from '@livekit/rtc-node';
import type { Sharp } from 'sharp';
import { flawOf, rgb, type OpenImage, type Size } from './pixels.js';

/**
 * Most bytes of a picture. At one a second this is an uplink of 5.6 Mbit/s (as base64), and while it
 * leaves the socket, the caller's voice waits.
 */
export const MOST_BYTES = 512 * 1024;
/** Qualities that are tried, as shares of the one asked for. */
const TRIES = [1, 0.6, 0.3];

/** How a picture is to look; bounds are in pixels, and keep its aspect ratio. */
export interface JpegOptions {
  width?: number | undefined;
  height?: number | undefined;
  /** 1 (smallest) to 100 (best). */
  quality: number;
}

/**
 * A frame as JPEG, encoded in the threads of `sharp`; undefined if even a poor one is above
 * `MOST_BYTES`. `rotation` is what makes it upright. Rejects for a frame with a flaw.
 */
export async function jpegOfFrame(
  frame: VideoFrame,
  options: JpegOptions,
  rotation: VideoRotation = VideoRotation.VIDEO_ROTATION_0,
): Promise<Uint8Array | undefined> {
  const flaw = flawOf(frame);
  if (flaw !== undefined) throw new Error(flaw);
  const open = await encoder();
  const angle = ANGLES[rotation] ?? 0;
  const size = inside(frame, angle % 180 === 0 ? options : turned(options));
  const pixels = await rgb(frame, size, open);
  return squeezed(open(pixels, { raw: { ...size, channels: 3 } }).rotate(angle), options.quality);
}

/** The same for a picture in a file format; transparent parts become white. */
export async function jpegOfFile(
  file: Uint8Array,
  options: JpegOptions,
): Promise<Uint8Array | undefined> {
  const { width, height, quality } = options;
  const open = await encoder();
  const image = open(file)
    .rotate() // As its EXIF data say, which the JPEG will not have.
    .resize({ width, height, fit: 'inside', withoutEnlargement: true })
    .flatten({ background: 'white' });
  return squeezed(image, quality);
}

const ANGLES: Readonly<Record<VideoRotation, number>> = {
  [VideoRotation.VIDEO_ROTATION_0]: 0,
  [VideoRotation.VIDEO_ROTATION_90]: 90,
  [VideoRotation.VIDEO_ROTATION_180]: 180,
  [VideoRotation.VIDEO_ROTATION_270]: 270,
};

/** Loaded with the first picture: most calls have none. */
async function encoder(): Promise<OpenImage> {
  return (await import('sharp')).default;
}

const turned = ({ width, height, quality }: JpegOptions): JpegOptions => ({
  width: height,
  height: width,
  quality,
});

function inside({ width, height }: Size, box: JpegOptions): Size {
  const scale = Math.min(1, (box.width ?? width) / width, (box.height ?? height) / height);
  const scaled = (side: number): number => Math.max(1, Math.round(side * scale));
  return { width: scaled(width), height: scaled(height) };
}

async function squeezed(image: Sharp, quality: number): Promise<Uint8Array | undefined> {
  for (const share of TRIES) {
    const jpeg = await image
      .clone()
      .jpeg({ quality: Math.ceil(quality * share) })
      .toBuffer();
    if (jpeg.byteLength <= MOST_BYTES) return jpeg;
  }
  return undefined;
}
