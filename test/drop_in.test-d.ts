// SPDX-License-Identifier: Apache-2.0
// Never run: these are claims for the compiler, that code written against the official plugin
// compiles against this one.
import type { EventEmitter } from 'node:events';
import { Modality } from '@google/genai';
import { llm, voice } from '@livekit/agents';
import * as google from '@livekit/agents-plugin-google';
import type { VideoFrame } from '@livekit/rtc-node';
import * as ours from '../src/index.js';

/** Compiles where the value will do for the type. */
declare function fits<To>(value: To): void;
/** A value of the type. */
declare function some<T>(): T;

type TheirModel = google.realtime.RealtimeModel;
type OurModel = ours.realtime.RealtimeModel;
type TheirSession = ReturnType<TheirModel['session']>;
type OurSession = ReturnType<OurModel['session']>;
type TheirOptions = NonNullable<ConstructorParameters<typeof google.realtime.RealtimeModel>[0]>;
type OurOptions = NonNullable<ConstructorParameters<typeof ours.realtime.RealtimeModel>[0]>;

// --- types that an app may name ---

fits<OurOptions>(some<TheirOptions>());
fits<ours.realtime.RealtimeModelOptions>(some<OurOptions>());
fits<keyof OurOptions>(some<keyof TheirOptions>());
fits<OurOptions['voice']>(some<google.realtime.Voice>());
fits<OurOptions['model']>(some<google.realtime.LiveAPIModels>());
fits<ours.realtime.Voice>(some<google.realtime.Voice>());
fits<ours.realtime.LiveAPIModels>(some<google.realtime.LiveAPIModels>());
fits<ours.LLMTools>(some<google.LLMTools>());
fits<google.LLMTools>(some<ours.LLMTools>());
fits<ours.FileSearchOptions>(some<google.FileSearchOptions>());
fits<ours.VertexRAGRetrievalOptions>(some<google.VertexRAGRetrievalOptions>());

// What they may send, we can say; the one kind that we add is no member of theirs.
fits<google.realtime.ClientEvents['type']>(
  some<Exclude<ours.realtime.ClientEvents, { type: 'context_update' }>['type']>(),
);
fits<ours.realtime.ClientEvents>(some<google.realtime.ClientEvents>());

// --- what an app does with a model and a session ---

/** Names of members that cannot be used as theirs are. */
type Misfits<Theirs, Ours> = {
  [K in keyof Theirs]-?: K extends keyof Ours
    ? Theirs[K] extends (...args: infer TheirArguments) => infer TheirResult
      ? Ours[K] extends (...args: infer OurArguments) => infer OurResult
        ? [TheirArguments, OurResult] extends [OurArguments, TheirResult]
          ? never
          : K
        : K
      : Ours[K] extends Theirs[K]
        ? never
        : K
    : K;
}[keyof Theirs];

// `_options` is internal there. `on` and its kin return the session, and that is of another class.
fits<'_options' | 'session'>(some<Misfits<TheirModel, OurModel>>());
fits<keyof EventEmitter>(some<Misfits<TheirSession, OurSession>>());
fits<never>(some<Misfits<llm.RealtimeModel, OurModel>>());
fits<never>(some<Misfits<llm.RealtimeSession, OurSession>>());

// That check can fail.
fits<'a' | 'b' | 'c' | 'd'>(
  some<
    Misfits<
      { a(): string; b(x: string): void; c: string; d: 1; e(): void },
      { a(): number; b(x: number): void; c: number; e(x?: string): void }
    >
  >(),
);
// @ts-expect-error: and so can this one
fits<never>(some<Misfits<{ a: 1 }, { a: 2 }>>());

export async function anApp(frame: VideoFrame, signal: AbortSignal): Promise<void> {
  for (const { realtime } of [ours, ours.beta]) {
    const model = new realtime.RealtimeModel({
      model: 'gemini-2.5-flash-native-audio-preview-12-2025',
      voice: 'Puck',
      modalities: [Modality.AUDIO],
      toolBehavior: google.realtime.Behavior.BLOCKING,
      toolResponseScheduling: google.realtime.FunctionResponseScheduling.WHEN_IDLE,
      inputAudioTranscription: null,
      connOptions: { maxRetry: 1, retryIntervalMs: 1, timeoutMs: 1 },
    });
    fits<llm.RealtimeModel>(model);
    model.updateOptions({ voice: 'a new one', toolBehavior: realtime.Behavior.NON_BLOCKING });

    const session = model.session();
    fits<llm.RealtimeSession>(session);
    fits<boolean>(session.manualActivityDetection);
    session.updateOptions({ temperature: 1, toolChoice: 'none' });
    // The framework takes a choice back with null.
    session.updateOptions({ toolChoice: null });
    session.pushVideo(frame);
    session.startUserActivity();
    const generation = await session.generateReply('Say hello.', { signal });
    fits<llm.GenerationCreatedEvent>(generation);
    await session.truncate({ messageId: generation.responseId ?? '', audioEndMs: 1 });
    await session.interrupt();
    await session.commitAudio();
    await session.clearAudio();
    await session.close();
    await model.close();

    void new voice.AgentSession({ llm: model });
    void new voice.Agent({
      instructions: '',
      llm: model,
      // Classes of either package stand side by side.
      tools: [new google.GoogleSearch(), new ours.URLContext(), new ours.GoogleMaps({})],
    });
  }
}

fits<ours.GeminiTool>(some<google.GeminiTool>());
fits<google.GeminiTool>(some<ours.GeminiTool>());
fits<google.GoogleSearch>(new ours.GoogleSearch());
fits<ConstructorParameters<typeof ours.GoogleSearch>>(
  some<ConstructorParameters<typeof google.GoogleSearch>>(),
);
fits<ConstructorParameters<typeof ours.FileSearch>>(
  some<ConstructorParameters<typeof google.FileSearch>>(),
);
fits<ConstructorParameters<typeof ours.VertexRAGRetrieval>>(
  some<ConstructorParameters<typeof google.VertexRAGRetrieval>>(),
);

/** A tool of an app's own, on either base class. */
export class OnOurs extends ours.GeminiTool {
  toToolConfig() {
    return { googleSearch: {} };
  }
}
fits<google.GeminiTool>(new OnOurs({ id: 'mine' }));
void new llm.ToolContext([new OnOurs({ id: 'mine' }), some<google.GeminiTool>()]);

// A wrong name is still a mistake where names are known …
// @ts-expect-error: no such voice
fits<ours.realtime.Voice>('puck');
// … and an unknown option is one everywhere.
// @ts-expect-error: no such option
void new ours.realtime.RealtimeModel({ apiKey: 'k', temprature: 1 });
