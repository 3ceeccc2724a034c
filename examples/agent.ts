// SPDX-License-Identifier: Apache-2.0
//
// A LiveKit agent worker: npx tsx examples/agent.ts dev
// Needs LIVEKIT_URL, LIVEKIT_API_KEY, LIVEKIT_API_SECRET and GOOGLE_API_KEY.
import { cli, defineAgent, llm, ServerOptions, voice, type JobContext } from '@livekit/agents';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
// In your own project: from 'livekit-agents-plugin-gemini-live'
import { RealtimeModel } from '../src/index.js';

class Assistant extends voice.Agent {
  constructor() {
    super({
      instructions: 'You are a voice assistant. Answer briefly, in the language of the caller.',
      tools: {
        getWeather: llm.tool({
          description: 'The weather of a city, now.',
          parameters: z.object({ city: z.string() }),
          execute: async ({ city }) => `It is sunny in ${city}.`,
        }),
      },
    });
  }

  override async onEnter(): Promise<void> {
    this.session.generateReply({ instructions: 'Greet the caller and offer your help.' });
  }
}

export default defineAgent({
  entry: async (ctx: JobContext) => {
    const session = new voice.AgentSession({
      llm: new RealtimeModel({ voice: 'Puck' }),
      // The model finds out by itself who speaks when.
      vad: null,
      turnHandling: { turnDetection: null },
    });
    session.on(voice.AgentSessionEventTypes.Error, ({ error }) => console.error(error));
    await session.start({ agent: new Assistant(), room: ctx.room });
  },
});

// Each job runs in a process of its own, which imports this file.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  cli.runApp(
    new ServerOptions({ agent: fileURLToPath(import.meta.url), agentName: 'gemini-live' }),
  );
}
