// SPDX-License-Identifier: Apache-2.0
import { voice } from '@livekit/agents';
import { setTimeout as sleep } from 'node:timers/promises';
import { Bookshop } from './bookshop.js';
import { Loudspeaker, Microphone } from './headless.js';
import type { Journal } from './journal.js';
import type { Service } from './service.js';
import { TURNS, type Turn } from './story.js';
import { type Stopwatch, type Tape } from './tape.js';

/** The caller waits this long before speaking again. */
const PAUSE_MS = 700;
/** A real model may go on after a short pause. */
const REAL_PAUSE_MS = 1_500;
const PATIENCE_MS = 20_000;

/** The call of the story, from the first ring to the hang-up. */
export class Call {
  readonly service: Service;
  readonly journal: Journal;
  readonly session: voice.AgentSession;
  readonly microphone: Microphone;
  readonly loudspeaker: Loudspeaker;
  /** Audio of the caller until the agent hung up, in ms. */
  sentMs = 0;
  /** How long it took to close the session. */
  closeMs = Infinity;
  readonly #rate: number;

  constructor(service: Service, journal: Journal, clock: Stopwatch, tape: Tape) {
    this.service = service;
    this.journal = journal;
    this.#rate = tape.rate;
    this.microphone = new Microphone(clock, tape);
    this.loudspeaker = new Loudspeaker(clock, tape);
    this.session = new voice.AgentSession({
      llm: service.model,
      // The model detects speech and its end: nothing else shall.
      vad: null,
      turnHandling: { turnDetection: null },
      // There is no echo here; the default would mute the caller while the agent first speaks.
      aecWarmupDuration: null,
      userAwayTimeout: null,
    });
    // In place of a room.
    this.session.input.audio = this.microphone;
    this.session.output.audio = this.loudspeaker;
    this.session.output.transcription = this.loudspeaker.captions;
    journal.follow(this.session, this);
  }

  async run(): Promise<void> {
    this.microphone.start();
    try {
      await this.session.start({ agent: new Bookshop(), record: false });
      await this.#answered(0, false);
      for (const [i, turn] of TURNS.entries()) await this.#take(turn, TURNS[i + 1]);
      this.sentMs = this.microphone.sentMs;
      this.journal.note('the agent hangs up');
    } finally {
      const closing = performance.now();
      await this.session.close();
      this.closeMs = performance.now() - closing;
      this.microphone.stop();
    }
  }

  async #take(turn: Turn, next: Turn | undefined): Promise<void> {
    const { loudspeaker, microphone } = this;
    const before = loudspeaker.playbacks.length;
    if (turn.dropAfterMs !== undefined) this.#dropLater(turn.dropAfterMs);
    await microphone.say(turn.says.samples(this.#rate));
    if (next?.cutsInAfterMs === undefined) {
      await this.#answered(before, turn.calls !== undefined);
      return;
    }
    await this.#until(() => loudspeaker.playbacks.length > before);
    await sleep(next.cutsInAfterMs);
  }

  /** Only the fake service can be told to lose its connection. */
  #dropLater(ms: number): void {
    setTimeout(() => this.service.server?.current?.drop(), ms);
  }

  /** Waits until the agent has said more than `before`, and is done. */
  async #answered(before: number, withTool: boolean): Promise<void> {
    const pauseMs = this.service.server ? PAUSE_MS : REAL_PAUSE_MS;
    let quietSince: number | undefined;
    await this.#until(() => {
      if (!this.#isDone(before, withTool)) quietSince = undefined;
      else quietSince ??= performance.now();
      return quietSince !== undefined && performance.now() - quietSince >= pauseMs;
    });
  }

  #isDone(before: number, withTool: boolean): boolean {
    const { loudspeaker, session } = this;
    const last = loudspeaker.playbacks.at(-1);
    if (!last || loudspeaker.playbacks.length <= before) return false;
    if (loudspeaker.isPlaying || session.agentState !== 'listening') return false;
    const tool = this.journal.all('tool').at(-1);
    return !withTool || (tool !== undefined && last.startMs > tool.atMs);
  }

  async #until(isSo: () => boolean): Promise<void> {
    const end = performance.now() + PATIENCE_MS;
    while (!isSo()) {
      if (this.journal.all('closed').length > 0) throw new Error('the session was closed early');
      if (performance.now() > end) throw new Error(`no answer within ${PATIENCE_MS / 1000} s`);
      await sleep(10);
    }
  }
}
