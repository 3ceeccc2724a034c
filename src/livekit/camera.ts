// SPDX-License-Identifier: Apache-2.0
import type { VideoFrame, VideoRotation } from '@livekit/rtc-node';
import type { Clock } from '../clock.js';
import { wantsPictures } from '../turn/attention.js';
import type { TurnState } from '../turn/state.js';
import { jpegOfFrame, type JpegOptions } from './jpeg.js';
import { flawOf } from './pixels.js';

export interface CameraEvents {
  /** Shows a picture to the model. */
  picture(jpeg: Uint8Array): void;
  /** A frame is left out. */
  failed(why: string): void;
  state(): TurnState;
}

/**
 * Video frames → JPEG pictures, at most `fps` of them. The newest frame wins, and is sent when its time
 * has come even if no other follows: a shared screen may stand still. The first picture of each
 * connection is sent in any case, the others while the model has a use for them.
 */
export class Camera {
  readonly #options: JpegOptions;
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #on: CameraEvents;
  /** The newest frame that has not been encoded. */
  #frame: { frame: VideoFrame; rotation: VideoRotation | undefined } | undefined;
  /** The newest picture; `#isNew`: the model has not seen it. */
  #picture: Uint8Array | undefined;
  #isNew = false;
  /** No picture has been shown on this connection. */
  #isFirst = true;
  #wasOffline = false;
  #nextAt = 0;
  #encoding = false;
  #cancel: (() => void) | undefined;
  #closed = false;

  constructor(fps: number, options: JpegOptions, clock: Clock, on: CameraEvents) {
    this.#intervalMs = 1000 / fps;
    this.#options = options;
    this.#clock = clock;
    this.#on = on;
  }

  push(frame: VideoFrame, rotation?: VideoRotation): void {
    if (this.#closed) return;
    const flaw = flawOf(frame);
    if (flaw !== undefined) {
      this.#failed(flaw);
      return;
    }
    this.#frame = { frame, rotation };
    this.#encode();
  }

  /** Something may have happened: shows the newest picture if the model has a use for it now. */
  look(): void {
    if (!this.#picture) return;
    const state = this.#on.state();
    // What a lost connection was shown may be lost with it.
    if (state.offline && !this.#wasOffline) this.#isFirst = this.#isNew = true;
    this.#wasOffline = state.offline;
    if (!this.#isNew) return;
    const now = this.#clock.now();
    if (!this.#isFirst && !wantsPictures(state, now)) return;
    this.#isNew = this.#isFirst = false;
    this.#nextAt = now + this.#intervalMs;
    this.#on.picture(this.#picture);
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
    this.#frame = this.#picture = undefined;
  }

  /** Frames are encoded in idle times too, so that a question finds the picture ready. */
  #encode(): void {
    if (!this.#frame || this.#encoding || this.#cancel) return;
    const now = this.#clock.now();
    if (now < this.#nextAt) {
      this.#cancel = this.#clock.after(this.#nextAt - now, () => {
        this.#cancel = undefined;
        this.#encode();
      });
      return;
    }
    const { frame, rotation } = this.#frame;
    this.#frame = undefined;
    this.#nextAt = now + this.#intervalMs;
    this.#encoding = true;
    void jpegOfFrame(frame, this.#options, rotation)
      .then((jpeg) => this.#encoded(jpeg))
      .catch((error: unknown) => this.#failed(String(error)))
      .finally(() => {
        this.#encoding = false;
        this.#encode();
      });
  }

  #encoded(jpeg: Uint8Array | undefined): void {
    if (this.#closed) return;
    if (!jpeg) {
      this.#failed('it is too large even at low quality; choose smaller imageEncodeOptions');
      return;
    }
    this.#picture = jpeg;
    this.#isNew = true;
    this.look();
  }

  #failed(why: string): void {
    if (!this.#closed) this.#on.failed(why);
  }
}
