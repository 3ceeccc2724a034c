// SPDX-License-Identifier: Apache-2.0
import { VAD, VADEventType, VADStream, type VADEvent } from '@livekit/agents';
import type { AudioFrame } from '@livekit/rtc-node';

/** Speech begins after so many ms that are loud without a gap, and ends after so many quiet ones. */
const START_MS = 60;
export const END_MS = 260;
const LOUD = 1_000;

/** A voice activity detector that takes whatever is loud for speech. Its time is audio, no clock. */
export class EnergyVad extends VAD {
  readonly label = 'test.EnergyVad';

  constructor() {
    super({ updateInterval: 20 });
  }

  override get minSilenceDuration(): number {
    return END_MS;
  }

  override stream(): VADStream {
    return new EnergyVadStream(this);
  }
}

class EnergyVadStream extends VADStream {
  #heardMs = 0;
  #speechMs = 0;
  #silenceMs = 0;
  #speaking = false;

  constructor(vad: VAD) {
    super(vad);
    void this.#run();
  }

  async #run(): Promise<void> {
    for (;;) {
      const { done, value } = await this.inputReader.read();
      if (done) return;
      if (typeof value === 'symbol') {
        this.#speaking = false;
        this.#speechMs = 0;
        this.#silenceMs = 0;
      } else {
        this.#take(value);
      }
    }
  }

  #take(frame: AudioFrame): void {
    const ms = (frame.samplesPerChannel * 1_000) / frame.sampleRate;
    const loud = frame.data.some((sample) => Math.abs(sample) > LOUD);
    this.#heardMs += ms;
    this.#silenceMs = loud ? 0 : this.#silenceMs + ms;
    this.#speechMs = loud || this.#speaking ? this.#speechMs + ms : 0;
    if (!this.#speaking && this.#speechMs >= START_MS) {
      this.#speaking = true;
      this.#tell(VADEventType.START_OF_SPEECH, frame, loud);
    }
    this.#tell(VADEventType.INFERENCE_DONE, frame, loud);
    if (!this.#speaking || this.#silenceMs < END_MS) return;
    this.#speaking = false;
    this.#tell(VADEventType.END_OF_SPEECH, frame, loud);
    this.#speechMs = 0;
  }

  #tell(type: VADEventType, frame: AudioFrame, loud: boolean): void {
    const event: VADEvent = {
      type,
      samplesIndex: Math.round(this.#heardMs * 16),
      timestamp: Date.now(),
      speechDuration: this.#speechMs,
      silenceDuration: this.#silenceMs,
      frames: [frame],
      probability: loud ? 1 : 0,
      inferenceDuration: 0,
      speaking: this.#speaking,
      rawAccumulatedSilence: this.#silenceMs,
      rawAccumulatedSpeech: loud ? this.#speechMs : 0,
    };
    this.sendVADEvent(event);
  }
}
