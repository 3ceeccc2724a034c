// SPDX-License-Identifier: Apache-2.0
/** What the server process is told, and what it tells. */

/** How the server answers. */
export interface Plan {
  /** How long the upgrade takes, and the way from setup to setupComplete, in ms. */
  upgradeMs: number;
  setupMs: number;
  /** Accepts permessage-deflate from whoever offers it. */
  deflate: boolean;
  /** Keeps when each audio message arrived. */
  record: boolean;
  /** The answer to each turn: so many chunks of so many ms of audio … */
  chunks: number;
  chunkMs: number;
  /** … so many at a time, and so long between them, in ms. */
  batch: number;
  everyMs: number;
}

export const PLAN: Plan = {
  upgradeMs: 0,
  setupMs: 0,
  deflate: false,
  record: false,
  chunks: 0,
  chunkMs: 40,
  batch: 4,
  everyMs: 1,
};

/** A connection as the server has seen it. All times are those of `now()`. */
export interface Seen {
  /** Its number is part of the instructions; undefined without them. */
  caller: number | undefined;
  openedMs: number;
  setupMs: number | undefined;
  /** `setupComplete` was written. */
  readyMs: number | undefined;
  isOpen: boolean;
  firstAudioMs: number | undefined;
  audioMessages: number;
  audioMs: number;
  /** Answers begun, and chunks of them that were written. */
  answers: number;
  chunks: number;
}

export type Command =
  | { do: 'plan'; plan: Plan }
  /** All connections since the last `forget`. */
  | { do: 'look' }
  /** Ends what is open, and forgets all connections. */
  | { do: 'forget' }
  /** Forgets what was recorded and counted of audio, and nothing else. */
  | { do: 'clear' }
  /** When audio of each caller arrived, and how much had arrived by then: [ms, ms, ms, ms, …]. */
  | { do: 'arrivals' }
  /** Ends the open connection of a caller: with a close code, or without a word. */
  | { do: 'break'; caller: number; code?: number }
  /** CPU of the server so far. */
  | { do: 'cpu' };

export interface Replies {
  plan: true;
  look: Seen[];
  forget: true;
  clear: true;
  arrivals: Record<number, number[]>;
  /** When it was ended. */
  break: number;
  cpu: { usedMs: number; atMs: number };
}
