// SPDX-License-Identifier: Apache-2.0
import { voice, type llm } from '@livekit/agents';
import type { AudioFrame } from '@livekit/rtc-node';
import { ReadableStream } from 'node:stream/web';

/** A microphone that is on and says nothing. */
class Mic extends voice.AudioInput {
  constructor() {
    super();
    this.multiStream.addInputStream(new ReadableStream<AudioFrame>());
  }
}

/** A loudspeaker that has always just finished. */
class Speaker extends voice.AudioOutput {
  constructor() {
    super(24_000, undefined, { pause: false });
  }

  override flush(): void {
    super.flush();
  }

  clearBuffer(): void {}
}

/** A whole AgentSession of the framework, without a room. */
export function agentSession(model: llm.RealtimeModel): voice.AgentSession {
  const session = new voice.AgentSession({
    llm: model,
    vad: null,
    turnHandling: { turnDetection: null },
    aecWarmupDuration: null,
    userAwayTimeout: null,
  });
  session.on(voice.AgentSessionEventTypes.Error, () => {});
  session.input.audio = new Mic();
  session.output.audio = new Speaker();
  return session;
}

export const agent = (instructions: string): voice.Agent => new voice.Agent({ instructions });
