// SPDX-License-Identifier: Apache-2.0
import { llm } from '@livekit/agents';
import type { RealtimeSession } from '../../src/index.js';
import type { Clock } from '../../src/clock.js';

/** A tool that runs until the script gives its result. */
interface Run {
  call: llm.FunctionCall;
  finish: (output: string) => void;
  /** Settles when the output could be handed over; false: LiveKit had aborted the tool. */
  done: Promise<boolean>;
}

/** What is being played, as a loudspeaker would. */
interface Playing {
  messageId: string;
  text: string;
  begunAt: number;
  ms: number;
  /** All of it was received, or it was cut off. */
  ended: Promise<void>;
}

/**
 * The part of LiveKit in a call: it reads each generation, plays its audio, runs its tools and hands
 * their results back in the chat context, and interrupts when the caller speaks. Its ids count and its
 * time is the clock's, so that two runs write the same.
 */
export class Framework {
  readonly #session: RealtimeSession;
  readonly #clock: Clock;
  readonly #runs: Run[] = [];
  /** By the id of the call. */
  readonly #ending = new Map<string, Promise<string>>();
  #playing: Playing | undefined;
  #outputs = 0;

  constructor(session: RealtimeSession, clock: Clock) {
    this.#session = session;
    this.#clock = clock;
    session.on('generation_created', (event: llm.GenerationCreatedEvent) => void this.#read(event));
    session.on('input_speech_started', () => void this.#interrupt());
    session.on('error', () => {});
  }

  /** Tools that run for the script to end them. */
  toolsNamed(names: readonly string[]): llm.ToolContext {
    const parameters = {
      type: 'object' as const,
      properties: { city: { type: 'string' as const } },
      required: ['city'],
    };
    const tools = names.map((name) =>
      llm.tool({
        ...{ name, description: `Tells the ${name} of a city.`, parameters },
        execute: (_args, { toolCallId, abortSignal }) => this.#wait(toolCallId, abortSignal),
      }),
    );
    return new llm.ToolContext(tools);
  }

  /** Ends tools, and hands their outputs over together. Named by what they were called with. */
  async results(...results: [city: string, output: string][]): Promise<void> {
    const context = this.#session.chatCtx.copy();
    for (const [city, output] of results) {
      const run = this.#runs.find(({ call }) => call.args.includes(`"${city}"`));
      if (!run) throw new Error(`Nothing was called with ${city}.`);
      this.#runs.splice(this.#runs.indexOf(run), 1);
      run.finish(output);
      if (!(await run.done)) continue;
      const { callId, name } = run.call;
      const id = `output_${++this.#outputs}`;
      const createdAt = this.#clock.now();
      const item = { id, createdAt, callId, name, output, isError: false };
      context.items.push(llm.FunctionCallOutput.create(item));
    }
    await this.#session.updateChatCtx(context);
  }

  async #read(event: llm.GenerationCreatedEvent): Promise<void> {
    const calls = (async () => {
      for await (const call of event.functionStream) this.#run(call);
    })();
    for await (const message of event.messageStream) {
      await this.#play(message);
    }
    await calls;
  }

  #play({ messageId, textStream, audioStream }: llm.MessageGeneration): Promise<void> {
    const begunAt = this.#clock.now();
    const playing: Playing = { messageId, text: '', begunAt, ms: 0, ended: Promise.resolve() };
    this.#playing = playing;
    const text = (async () => {
      for await (const piece of textStream) {
        playing.text += typeof piece === 'string' ? piece : piece.text;
      }
    })();
    const audio = (async () => {
      for await (const { samplesPerChannel, sampleRate } of audioStream) {
        playing.ms += (samplesPerChannel / sampleRate) * 1000;
      }
    })();
    playing.ended = Promise.all([text, audio]).then(() => {});
    return playing.ended;
  }

  #run(call: llm.FunctionCall): void {
    const found = this.#session.tools.getFunctionTool(call.name) as llm.FunctionTool | undefined;
    if (!found) return;
    let finish!: (output: string) => void;
    this.#ending.set(call.callId, new Promise((resolve) => (finish = resolve)));
    const abortSignal = new AbortController().signal;
    const options = { toolCallId: call.callId, abortSignal, ctx: {} as never };
    const done = found.execute(JSON.parse(call.args) as never, options).then(
      () => true,
      () => false,
    );
    this.#runs.push({ call, finish, done });
  }

  async #wait(callId: string, aborted: AbortSignal | undefined): Promise<string> {
    const given = this.#ending.get(callId) as Promise<string>;
    const stopped = new Promise<never>((_resolve, reject) => {
      aborted?.addEventListener('abort', () => reject(new Error('aborted')));
    });
    return Promise.race([given, stopped]);
  }

  /** What LiveKit does at once, and what it says of what was heard once the message has ended. */
  async #interrupt(): Promise<void> {
    void this.#session.interrupt();
    const playing = this.#playing;
    this.#playing = undefined;
    if (!playing) return;
    const heardMs = this.#clock.now() - playing.begunAt;
    await playing.ended;
    if (heardMs >= playing.ms) return;
    const { messageId, text, ms } = playing;
    const audioTranscript = text.slice(0, Math.round((text.length * heardMs) / ms));
    void this.#session.truncate({ messageId, audioEndMs: heardMs, audioTranscript });
  }
}
