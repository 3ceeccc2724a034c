// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../clock.js';
import type { OpenSocket } from '../connection/socket.js';
import type { Recorder } from '../recording/recorder.js';
import type { Refusals } from './refusals.js';

/** The world, as tests may replace it. */
export interface Environment {
  clock: Clock;
  random: () => number;
  openSocket: OpenSocket;
  /** What services have refused so far. */
  refusals: Refusals;
  /** Makes the ids of a session differ from those of another: a handoff puts both into one history. */
  prefix: string;
  /** Undefined where nothing is recorded. */
  recorder: Recorder | undefined;
}
