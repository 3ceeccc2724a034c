// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../clock.js';
import { excerpt } from '../protocol/parse.js';
import type { ProtocolError } from '../protocol/shapes.js';
import type { Teller } from './teller.js';

/** So many are told within each time of so many ms; the rest is counted. */
const MOST = 10;
const WITHIN_MS = 10_000;
/** The server names members as it likes. */
const LONGEST_NAME = 200;

/** Tells the app of messages that the server got wrong. Garbage at any rate costs nothing and floods nobody. */
export class ProtocolErrors {
  readonly #tell: Teller;
  readonly #clock: Clock;
  #since = -Infinity;
  #told = 0;
  #untold = 0;

  constructor(tell: Teller, clock: Clock) {
    this.#tell = tell;
    this.#clock = clock;
  }

  report(error: ProtocolError): void {
    const now = this.#clock.now();
    if (now >= this.#since + WITHIN_MS) {
      this.#since = now;
      this.#told = 0;
    }
    if (this.#told === MOST) {
      this.#untold += 1;
      return;
    }
    this.#told += 1;
    const { why, member } = error;
    const untold = this.#untold;
    this.#untold = 0;
    this.#tell.warnOnce(
      `The server broke the protocol (${why}): see gemini_report protocol_error.`,
    );
    const where = member !== undefined && { member: member.slice(0, LONGEST_NAME) };
    this.#tell.report('protocol_error', { why, ...where, text: excerpt(error), untold });
  }
}
