// SPDX-License-Identifier: Apache-2.0
import { llm } from '@livekit/agents';
import type { RealtimeSession } from '../../src/index.js';
import type { Dice } from './chaos_world.js';

/** What LiveKit and the app do with a session, and what they see of it. */
export class Client {
  /** Tools take their time; else they answer at once. */
  hold = true;
  /** Replies that were asked for and have not settled. */
  unsettled = 0;
  readonly problems: string[] = [];
  /** Ids of calls that the service took back. */
  readonly cancelled = new Set<string>();
  /** Ids of calls whose results were handed back. */
  readonly answered = new Set<string>();
  instructions = 'Be v0.';
  readonly #session: RealtimeSession;
  readonly #dice: Dice;
  readonly #trace: (line: string) => void;
  readonly #generations = new Set<string>();
  readonly #open = new Set<string>();
  readonly #finals = new Set<string>();
  readonly #heard = new Set<string>();
  #running: llm.FunctionCall[] = [];
  #speaking = false;
  #count = 0;

  constructor(session: RealtimeSession, dice: Dice, trace: (line: string) => void) {
    this.#session = session;
    this.#dice = dice;
    this.#trace = trace;
    session.on('generation_created', (event: llm.GenerationCreatedEvent) => this.#read(event));
    session.on('input_speech_started', () => this.#speech(true));
    session.on('input_speech_stopped', () => this.#speech(false));
    session.on('input_audio_transcription_completed', (event: llm.InputTranscriptionCompleted) =>
      this.#transcribed(event),
    );
    session.on('error', ({ recoverable, error }: { recoverable: boolean; error: Error }) => {
      trace(`  error ${error.message}`);
      if (!recoverable) this.problems.push(`the session failed: ${error.message}`);
    });
    session.on('gemini_connection', (event: object) => trace(`  up ${JSON.stringify(event)}`));
    session.on('gemini_report', ({ what }: { what: string }) => trace(`  report ${what}`));
  }

  /** What has not come to its end. */
  unrest(): string[] {
    const silent = [...this.#heard].filter((id) => !this.#finals.has(id));
    return [
      ...(this.unsettled > 0 ? [`${this.unsettled} replies`] : []),
      ...[...this.#open].map((id) => `generation ${id}`),
      ...this.#running.map(({ callId }) => `call ${callId}`),
      ...(this.#speaking ? ['speech'] : []),
      ...silent.map((id) => `no final of ${id}`),
    ];
  }

  get running(): number {
    return this.#running.length;
  }

  token(kind: 'u' | 'a' | 'c' | 't'): string {
    return `[${kind}${++this.#count}]`;
  }

  reply(instructions: string | undefined): void {
    const abort = new AbortController();
    this.unsettled += 1;
    const settled = (how: string) => (): void => {
      this.unsettled -= 1;
      this.#trace(`  reply ${how}`);
    };
    this.#session
      .generateReply(instructions, { signal: abort.signal })
      .then(settled('came'), settled('failed'));
    if (this.#dice.chance(0.1)) setImmediate(() => abort.abort());
  }

  /** Hands back results, all at once or one after the other. */
  answer(count: number): void {
    for (const call of this.#running.splice(0, count)) this.#answer([call]);
  }

  answerTogether(): void {
    this.#answer(this.#running.splice(0));
  }

  #answer(calls: readonly llm.FunctionCall[]): void {
    const context = this.#session.chatCtx;
    for (const { callId, name } of calls) {
      this.answered.add(callId);
      const output = `${this.token('t')} done`;
      this.#trace(`  result ${output} of ${callId}`);
      context.insert(llm.FunctionCallOutput.create({ callId, name, output, isError: false }));
    }
    void this.#session.updateChatCtx(context);
  }

  #read(event: llm.GenerationCreatedEvent): void {
    const { responseId: id = '' } = event;
    if (this.#generations.has(id)) this.problems.push(`generation ${id} came twice`);
    this.#generations.add(id);
    this.#open.add(id);
    this.#trace(`  generation ${id}`);
    void this.#listen(event).then((calls) => {
      this.#open.delete(id);
      this.#running.push(...calls);
      this.#trace(`  ended ${id}${calls.map(({ callId }) => ` calling ${callId}`).join('')}`);
      if (!this.hold) this.answerTogether();
    });
  }

  async #listen(generation: llm.GenerationCreatedEvent): Promise<llm.FunctionCall[]> {
    const calls: llm.FunctionCall[] = [];
    const called = (async () => {
      for await (const call of generation.functionStream) calls.push(call);
    })();
    for await (const { textStream, audioStream } of generation.messageStream) {
      const read = (async () => {
        for await (const _text of textStream);
      })();
      for await (const _frame of audioStream);
      await read;
    }
    await called;
    return calls;
  }

  #speech(on: boolean): void {
    if (this.#speaking === on) this.problems.push(`speech ${on ? 'started' : 'stopped'} twice`);
    this.#speaking = on;
  }

  #transcribed({ itemId, isFinal, transcript }: llm.InputTranscriptionCompleted): void {
    this.#heard.add(itemId);
    if (!isFinal) return;
    if (this.#finals.has(itemId)) this.problems.push(`two finals of ${itemId}`);
    if (transcript.trim() === '') this.problems.push(`an empty final of ${itemId}`);
    this.#finals.add(itemId);
    this.#trace(`  final ${transcript}`);
  }
}
