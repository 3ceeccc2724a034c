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
  const rgba = frame.convert(VideoBufferType.RGBA);
  const { width, height } = options.resizeOptions;
  return sharp(rgba.data, { raw: { width: rgba.width, height: rgba.height, channels: 4 } })
    .resize({ width, height, fit: 'inside', withoutEnlargement: true })
    .jpeg({ quality: options.quality })
    .toBuffer();
}
