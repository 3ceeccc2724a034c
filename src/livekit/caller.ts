// SPDX-License-Identifier: Apache-2.0
import type { AudioFrame, VideoFrame, VideoRotation } from '@livekit/rtc-node';
import type { Clock } from '../clock.js';
import type { Settings } from '../options.js';
import type { Command } from '../protocol/encode.js';
import type { TurnState } from '../turn/state.js';
import { Activity } from './activity.js';
import { Camera } from './camera.js';
import { InputWatch, type InputWatchEvents } from './input_watch.js';
import { Microphone } from './microphone.js';

/** Whoever goes on speaking is reported no more often than this, in ms. */
const LOUD_MS = 500;

export interface CallerEvents {
  send(command: Command): void;
  /** Forgets unsent audio; true when the server knows of an open activity. */
  takeBack(): boolean;
  /** The caller's turn was committed by hand. */
  committed(): void;
  /** The caller's turn was taken back by hand, after the server had heard of it. */
  discarded(): void;
  /** The microphone carries more than noise. */
  loud(): void;
  /** For ten seconds no audio has come. */
  missing(): void;
  /** What is happening in the conversation. */
  state(): TurnState;
  warnOnce(text: string): void;
}

/** What comes from the caller: audio, pictures, and turns that are marked by hand. */
export class Caller implements InputWatchEvents {
  readonly #clock: Clock;
  readonly #on: CallerEvents;
  readonly #activity: Activity | undefined;
  readonly #watch: InputWatch;
  readonly #microphone: Microphone;
  readonly #settings: Settings;
  /** From the first picture on. */
  #camera: Camera | undefined;
  /** Audio was sent, and its end was not. */
  #streaming = false;
  #loudAt: number | undefined;

  /** @param byHand the app or the framework marks the caller's turns */
  constructor(settings: Settings, byHand: boolean, clock: Clock, on: CallerEvents) {
    this.#settings = settings;
    this.#clock = clock;
    this.#on = on;
    this.#activity = byHand ? this.#createActivity() : undefined;
    this.#watch = new InputWatch(clock, this);
    this.#microphone = new Microphone((pcm, loud) => this.#heard(pcm, loud), this.#watch);
  }

  #createCamera(): Camera {
    const { capabilities, imageEncodeOptions } = this.#settings;
    const { quality, resizeOptions } = imageEncodeOptions;
    const { width, height } = resizeOptions;
    const on = this.#on;
    return new Camera(capabilities.videoFps, { width, height, quality }, this.#clock, {
      picture: (data) => on.send({ type: 'video', data, mimeType: 'image/jpeg' }),
      failed: (why) => on.warnOnce(`A video frame is left out: ${why}.`),
      state: () => on.state(),
    });
  }

  #createActivity(): Activity {
    const expired = (nothing: boolean): void => (nothing ? this.clear() : this.commit());
    const on = this.#on;
    return new Activity(this.#clock, {
      send: (command) => on.send(command),
      takeBack: () => on.takeBack(),
      committed: () => on.committed(),
      discarded: () => on.discarded(),
      expired,
    });
  }

  /** The server must know of an open activity. */
  get activityIsOpen(): boolean {
    return this.#activity?.isOpen === true;
  }

  /** Never throws, whatever an app takes for a frame. */
  pushAudio(frame: AudioFrame): void {
    try {
      this.#microphone.push(frame);
    } catch (error) {
      this.#on.warnOnce(`Caller audio could not be used: ${String(error)}`);
    }
  }

  /** Never throws, whatever an app takes for a frame. */
  pushVideo(frame: VideoFrame, rotation?: VideoRotation): void {
    if (!this.#settings.capabilities.video) {
      this.#on.warnOnce(
        `${this.#settings.model} takes no video: frames are not sent. Choose a model with video: docs/models.md.`,
      );
      return;
    }
    try {
      this.#camera ??= this.#createCamera();
      this.#camera.push(frame, rotation);
    } catch (error) {
      this.#on.warnOnce(`A video frame is left out: ${String(error)}.`);
    }
  }

  /** Something may have happened, or is about to: the model shall see what is in front of the caller. */
  look(): void {
    this.#camera?.look();
  }

  startActivity(): void {
    this.#activity?.start();
  }

  /** The agent was interrupted from outside: maybe a push-to-talk button went down. */
  interrupted(): void {
    if (!this.#activity?.mayBePressed) return;
    this.#microphone.clear();
    this.#activity.press();
  }

  replyRequested(): void {
    this.#activity?.release();
  }

  /** The caller's turn is over: marks its end (by hand), or flushes what the microphone holds. */
  commit(): void {
    this.#microphone.flush();
    if (this.#activity) this.#activity.commit();
    else if (this.#streaming) this.#on.send({ type: 'audioStreamEnd' });
    this.#streaming = false;
  }

  /** Forgets what was not committed. */
  clear(): void {
    this.#microphone.clear();
    if (this.#activity) this.#activity.cancel();
    else this.#on.takeBack();
  }

  lull(): void {
    this.#microphone.send();
  }

  paused(): void {
    if (!this.#activity || this.#activity.isOpen) this.commit();
  }

  missing(): void {
    this.#on.missing();
  }

  /** The agent has spoken: by now a caller should have been heard. */
  answerEnded(): void {
    this.#watch.answerEnded();
  }

  close(): void {
    if (this.activityIsOpen) this.#microphone.flush();
    this.#activity?.close();
    this.#microphone.close();
    this.#camera?.close();
  }

  #heard(pcm: Uint8Array, loud: boolean): void {
    if (loud) this.#wasLoud();
    if (this.#activity) {
      this.#activity.audio(pcm, loud);
      return;
    }
    this.#streaming = true;
    this.#on.send({ type: 'audio', pcm });
  }

  #wasLoud(): void {
    const now = this.#clock.now();
    if (this.#loudAt !== undefined && now < this.#loudAt + LOUD_MS) return;
    this.#loudAt = now;
    this.#on.loud();
  }
}
