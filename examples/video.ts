// SPDX-License-Identifier: Apache-2.0
//
// An agent that sees the caller's camera or shared screen: npx tsx examples/video.ts dev
// Needs LIVEKIT_URL, LIVEKIT_API_KEY, LIVEKIT_API_SECRET and GOOGLE_API_KEY.
import { MediaResolution, TurnCoverage } from '@google/genai';
import { cli, defineAgent, ServerOptions, voice, type JobContext } from '@livekit/agents';
import { fileURLToPath } from 'node:url';
// In your own project: from 'livekit-agents-plugin-gemini-live'
import { RealtimeModel, shareVideo } from '../src/index.js';

export default defineAgent({
  entry: async (ctx: JobContext) => {
    const session = new voice.AgentSession({
      llm: new RealtimeModel({
        // A turn is billed for the pictures sent while the caller speaks, not for all before it.
        realtimeInputConfig: { turnCoverage: TurnCoverage.TURN_INCLUDES_ONLY_ACTIVITY },
        // 64 tokens a picture instead of 258; leave it out where small print matters.
        mediaResolution: MediaResolution.MEDIA_RESOLUTION_LOW,
      }),
      vad: null,
      turnHandling: { turnDetection: null },
    });
    session.on(voice.AgentSessionEventTypes.Error, ({ error }) => console.error(error));
    await session.start({
      agent: new voice.Agent({
        instructions: 'Help the caller with what they show you. Be brief.',
      }),
      room: ctx.room,
    });
    shareVideo({ session, room: ctx.room });
  },
});

// Each job runs in a process of its own, which imports this file.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  cli.runApp(
    new ServerOptions({ agent: fileURLToPath(import.meta.url), agentName: 'gemini-live-video' }),
  );
}
