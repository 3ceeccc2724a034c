// SPDX-License-Identifier: Apache-2.0
import { VideoBufferType, type VideoFrame } from '@livekit/rtc-node';
import type { Clock } from '../clock.js';
import type { ImageEncodeOptions } from '../options.js';

/** Video frames → JPEG pictures, at most `fps` of them; the newest wins, older ones are dropped. */
export class Camera {
  readonly #picture: (jpeg: Uint8Array) => void;
  readonly #failed: (error: unknown) => void;
  readonly #options: ImageEncodeOptions;
  readonly #clock: Clock;
  readonly #intervalMs: number;
  #nextAt = 0;
  #busy = false;

  constructor(
    fps: number,
    options: ImageEncodeOptions,
    clock: Clock,
    on: { picture: (jpeg: Uint8Array) => void; failed: (error: unknown) => void },
  ) {
    this.#intervalMs = 1000 / fps;
    this.#options = options;
    this.#clock = clock;
    this.#picture = on.picture;
    this.#failed = on.failed;
  }

  push(frame: VideoFrame): void {
    const now = this.#clock.now();
    if (this.#busy || now < this.#nextAt) return;
    this.#nextAt = now + this.#intervalMs;
    this.#busy = true;
    encodeJpeg(frame, this.#options)
      .then(this.#picture)
      .catch(this.#failed)
      .finally(() => {
        this.#busy = false;
      });
  }
}

async function encodeJpeg(frame: VideoFrame, options: ImageEncodeOptions): Promise<Uint8Array> {
  const { default: sharp } = await import('sharp');
  const { data, channels } = pixels(frame);
  const { width, height } = options.resizeOptions;
  return sharp(data, { raw: { width: frame.width, height: frame.height, channels } })
    .resize({ width, height, fit: 'inside', withoutEnlargement: true })
    .jpeg({ quality: options.quality })
    .toBuffer();
}

/** Where red, green and blue stand in the formats that the native converter does not take. */
const PACKED = new Map<VideoBufferType, readonly [red: number, green: number, blue: number]>([
  [VideoBufferType.ABGR, [3, 2, 1]],
  [VideoBufferType.ARGB, [1, 2, 3]],
  [VideoBufferType.BGRA, [2, 1, 0]],
]);

function pixels(frame: VideoFrame): { data: Uint8Array; channels: 3 | 4 } {
  if (frame.type === VideoBufferType.RGBA) return { data: frame.data, channels: 4 };
  if (frame.type === VideoBufferType.RGB24) return { data: frame.data, channels: 3 };
  const packed = PACKED.get(frame.type);
  if (!packed) return { data: frame.convert(VideoBufferType.RGBA).data, channels: 4 };
  const [red, green, blue] = packed;
  const data = new Uint8Array(frame.width * frame.height * 3);
  for (let from = 0, to = 0; to < data.length; from += 4) {
    data[to++] = frame.data[from + red] ?? 0;
    data[to++] = frame.data[from + green] ?? 0;
    data[to++] = frame.data[from + blue] ?? 0;
  }
  return { data, channels: 3 };
}
