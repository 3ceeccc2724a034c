// SPDX-License-Identifier: Apache-2.0
import type { Piece } from './server_frames.js';
import type { Timers } from './timers.js';

/** How a turn of the model ended. */
export type TurnEnd = 'complete' | 'interrupted' | 'lost';

/** What a turn does to the world. */
export interface TurnOutlets {
  /** Sends one piece of content. */
  say(piece: Piece): void;
  /** Sends the boundary: turnComplete and usage. `spokenMs`: audio sent in this turn. */
  boundary(spokenMs: number): void;
}

export interface TurnPlan {
  readonly pieces: readonly Piece[];
  /** Audio ms sent per ms of server time; Infinity: everything at once. */
  readonly rate: number;
  /** Wait for the assumed end of playback before the boundary? */
  readonly playback: boolean;
  /** False: the turn stays open after its content, without generationComplete and boundary. */
  readonly completes: boolean;
  /** The open turn that this one continues. */
  readonly continues: ModelTurn | undefined;
}

const GENERATION_COMPLETE: Piece = {
  content: { generationComplete: true },
  audioMs: 0,
  said: '',
};

/**
 * One turn of the model on its way: content, generationComplete, then the boundary when the client
 * has had the time to play everything (that delay is documented; it is seconds long).
 */
export class ModelTurn {
  readonly ended: Promise<TurnEnd>;
  /** Audio sent so far, in ms. */
  spokenMs: number;
  #plan: TurnPlan;
  #outlets: TurnOutlets;
  #timers: Timers;
  #next = 0;
  /** Moment of the first piece: each is due by it, so that a late timer is caught up. */
  #begunAt: number | undefined;
  #pacedMs = 0;
  #cancelTimer = () => {};
  #settle!: (end: TurnEnd) => void;
  #over = false;

  constructor(plan: TurnPlan, outlets: TurnOutlets, timers: Timers) {
    this.#plan = plan;
    this.#outlets = outlets;
    this.#timers = timers;
    this.spokenMs = plan.continues?.spokenMs ?? 0;
    this.ended = new Promise((resolve) => (this.#settle = resolve));
  }

  /** Not ended yet? Also true between generationComplete and the boundary. */
  get running(): boolean {
    return !this.#over;
  }

  /** All content is sent, and there will be no boundary until somebody asks for it? */
  get leftOpen(): boolean {
    return this.running && !this.#plan.completes && this.#next >= this.#plan.pieces.length;
  }

  play(): void {
    const { pieces, rate, completes } = this.#plan;
    this.#begunAt ??= this.#timers.now();
    for (; this.#next < pieces.length && !this.#over; this.#next += 1) {
      const piece = pieces[this.#next] as Piece;
      this.#outlets.say(piece);
      this.spokenMs += piece.audioMs;
      if (piece.audioMs > 0 && rate !== Infinity) {
        this.#next += 1;
        this.#pacedMs += piece.audioMs / rate;
        const due = this.#begunAt + this.#pacedMs - this.#timers.now();
        this.#cancelTimer = this.#timers.after(Math.max(0, due), () => this.play());
        return;
      }
    }
    if (this.#over) return;
    if (!completes) return this.#settle('complete');
    this.#outlets.say(GENERATION_COMPLETE);
    const sendingMs = rate === Infinity ? 0 : this.spokenMs / rate;
    const playbackMs = this.#plan.playback ? Math.max(0, this.spokenMs - sendingMs) : 0;
    if (playbackMs === 0) return this.complete();
    this.#cancelTimer = this.#timers.after(playbackMs, () => this.complete());
  }

  /** Sends the boundary now. */
  complete(): void {
    if (this.#over) return;
    this.#outlets.boundary(this.spokenMs);
    this.#end('complete');
  }

  /** Nothing more is sent; what that means on the wire is the caller's to say. */
  stop(end: TurnEnd): void {
    if (!this.#over) this.#end(end);
  }

  #end(end: TurnEnd): void {
    this.#over = true;
    this.#cancelTimer();
    this.#settle(end);
  }
}
