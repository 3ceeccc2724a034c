// SPDX-License-Identifier: Apache-2.0
import { audioMs } from '../replay/members.js';
import { firstDifference, kindsOf, sameKinds } from '../replay/compare.js';
import { withMedia } from '../recording/sound.js';
import type { ReplayDifference } from './replay_report.js';
import { isUncompared, type ConnectionScript, type ScriptStep } from './replay_script.js';
import type { Timers } from './timers.js';

/** What a replay does to a connection. */
export interface Stage {
  play(frame: unknown): void;
  close(code: number, reason: string): void;
  drop(): void;
}

export interface ReplayTerms {
  match: 'exact' | 'kind';
  /** For a frame of the client, beyond its recorded time. In ms of real time. */
  waitMs: number;
  /** So much caller audio may be missing, or come on top. */
  audioToleranceMs: number;
}

/** Audio that has been sent comes within so many ms of real time, unless it was not sent. */
const AUDIO_LATE_MS = 300;

type ClientStep = Extract<ScriptStep, { is: 'client' }>;

/** Plays one recorded connection: the server's steps at their times, but never before the client's. */
export class ReplayConnection {
  readonly connection: number;
  readonly #steps: readonly ScriptStep[];
  readonly #terms: ReplayTerms;
  readonly #timers: Timers;
  readonly #note: (difference: ReplayDifference) => void;
  readonly #stage: Stage;
  /** Frames of the client that have not come, in order. */
  #open: ClientStep[];
  /** Those before which a later one came, and what that was. */
  readonly #overtaken = new Map<ClientStep, string>();
  #lastKinds = '';
  #audioMs = 0;
  /** Caller audio that did not come, and is not waited for again. */
  #forgivenMs = 0;
  #next = 0;
  /** When the step before was due, in real time, and its recorded time. */
  #anchor: number;
  #t: number;
  #cancel = (): void => {};
  #isOver = false;

  constructor(
    { connection, steps }: ConnectionScript,
    stage: Stage,
    terms: ReplayTerms,
    timers: Timers,
    note: (difference: ReplayDifference) => void,
  ) {
    this.connection = connection;
    this.#steps = steps;
    this.#stage = stage;
    this.#terms = terms;
    this.#timers = timers;
    this.#note = note;
    this.#open = steps.filter((step) => step.is === 'client');
    this.#anchor = timers.realNow();
    this.#t = steps[0]?.t ?? 0;
    this.#advance();
  }

  /** A frame of the client. */
  received(frame: unknown): void {
    const ms = audioMs(frame, 'out');
    if (ms !== undefined) this.#audioMs += ms;
    else if (!isUncompared(frame)) this.#compare(frame);
    this.#advance();
  }

  /** The connection is over, whoever ended it: what is left cannot be played. */
  ended(): void {
    if (this.#isOver) return;
    this.#end();
    const left = this.#steps.slice(this.#next);
    if (left[0]?.is === 'leave') return;
    for (const step of this.#open) this.#differs('missing', step, 'the connection ended before it');
    const unplayed = left.filter(({ is }) => is === 'server' || is === 'close');
    const [first] = unplayed;
    if (!first) return;
    const count = `${unplayed.length} of the server's steps, this is the first`;
    this.#differs('unused', first, `${count}; the client ended the connection before`);
  }

  /** Nothing more will happen: what has not come is missing. */
  finish(): void {
    this.#checkAudio();
    this.ended();
  }

  #end(): void {
    this.#isOver = true;
    this.#cancel();
  }

  #advance(): void {
    this.#cancel();
    for (
      let step = this.#steps[this.#next];
      step && !this.#isOver;
      step = this.#steps[this.#next]
    ) {
      const now = this.#timers.realNow();
      const due = this.#anchor + (step.t - this.#t) / this.#timers.speed;
      const wait = this.#isMine(step) ? due - now : this.#hasCome(step) ? 0 : Infinity;
      if (wait > 0) {
        this.#wait(step, Math.min(wait, Math.max(0, due - now) + this.#patience(step)));
        return;
      }
      this.#pass(step, this.#isMine(step) ? due : Math.max(due, now));
      this.#perform(step);
    }
  }

  #pass(step: ScriptStep, at: number): void {
    this.#anchor = at;
    this.#t = step.t;
    this.#next += 1;
  }

  #isMine({ is }: ScriptStep): boolean {
    return is === 'server' || is === 'close';
  }

  #hasCome(step: ScriptStep): boolean {
    if (step.is === 'client') return !this.#open.includes(step);
    if (step.is !== 'audio') return false;
    return this.#audioMs + this.#forgivenMs >= step.totalMs;
  }

  /** A little less audio is no reason to hold the call up. */
  #patience(step: ScriptStep): number {
    const { waitMs, audioToleranceMs } = this.#terms;
    const isEnough = step.is === 'audio' && step.totalMs - this.#audioMs <= audioToleranceMs;
    return isEnough ? Math.min(waitMs, AUDIO_LATE_MS) : waitMs;
  }

  #wait(step: ScriptStep, ms: number): void {
    this.#cancel = this.#timers.afterReal(ms, () => {
      if (!this.#isMine(step) && !this.#hasCome(step)) this.#giveUp(step);
      this.#advance();
    });
  }

  /** It did not come: said once, and the replay goes on. */
  #giveUp(step: ScriptStep): void {
    const waited = `not within ${this.#terms.waitMs} ms of its time`;
    if (step.is === 'client') this.#open = this.#open.filter((one) => one !== step);
    if (step.is === 'leave') {
      this.#differs('connection', step, `the client did not end it (${step.why}), ${waited}`);
    } else if (step.is === 'audio') {
      const ms = Math.round(this.#audioMs);
      const detail = `${ms} ms of caller audio came instead of ${Math.round(step.totalMs)} ms, ${waited}`;
      const lacksMs = step.totalMs - this.#audioMs;
      if (lacksMs > this.#terms.audioToleranceMs) this.#differs('missing', step, detail);
      this.#forgivenMs = lacksMs;
    } else {
      this.#differs('missing', step, waited);
    }
    this.#pass(step, this.#timers.realNow());
  }

  #perform(step: ScriptStep): void {
    if (step.is === 'server') {
      this.#stage.play(withMedia(step.frame));
      return;
    }
    if (step.is !== 'close') return;
    this.#checkAudio();
    this.#end();
    if (step.code === 1006) this.#stage.drop();
    else this.#stage.close(step.code, step.reason);
  }

  #compare(frame: unknown): void {
    const [next] = this.#open;
    const { match } = this.#terms;
    const same = this.#open.find(({ frame: recorded }) =>
      match === 'exact'
        ? firstDifference(recorded, frame) === undefined
        : sameKinds(recorded, frame),
    );
    const kinds = kindsOf(frame);
    // Another client may say in two frames what this one says in one.
    if (match === 'kind' && same !== next && kinds === this.#lastKinds) return;
    this.#lastKinds = kinds;
    if (same) {
      for (const step of this.#open.slice(0, this.#open.indexOf(same))) {
        this.#overtaken.set(step, kinds);
      }
      this.#open = this.#open.filter((step) => step !== same);
      const other = this.#overtaken.get(same);
      if (other !== undefined) this.#differs('order', same, `after ${other}`, frame);
    } else if (next && sameKinds(next.frame, frame)) {
      this.#open = this.#open.slice(1);
      this.#differs('different', next, firstDifference(next.frame, frame) ?? '', frame);
    } else {
      this.#unexpected(next, frame);
    }
  }

  #unexpected(next: ClientStep | undefined, frame: unknown): void {
    const detail = next
      ? `the client's next one is recorded in line ${next.number}`
      : 'the client sends none any more in the recording';
    this.#differs('unexpected', next, detail, frame);
  }

  /** More audio than was recorded is a difference, too. */
  #checkAudio(): void {
    const last = this.#steps.findLast((step) => step.is === 'audio');
    const totalMs = last?.totalMs ?? 0;
    if (this.#audioMs <= totalMs + this.#terms.audioToleranceMs) return;
    const ms = [this.#audioMs, totalMs].map(Math.round);
    this.#differs('unexpected', last, `${ms[0]} ms of caller audio instead of ${ms[1]} ms`);
  }

  #differs(
    kind: ReplayDifference['kind'],
    step: ScriptStep | undefined,
    detail: string,
    received?: unknown,
  ): void {
    const recorded = step && 'frame' in step ? step.frame : undefined;
    const { connection } = this;
    const place = { connection, line: step?.number, t: step?.t };
    this.#note({ kind, ...place, recorded, received, detail });
  }
}
