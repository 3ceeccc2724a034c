// SPDX-License-Identifier: Apache-2.0

/** Counts what of the caller was lost while audio had to wait for a tool. */
export class AudioHold {
  /** Dropped before, in ms; undefined while nothing is held. */
  #before: number | undefined;

  /**
   * @param droppedMs all that was ever dropped
   * @returns ms that were lost, when the wait is over; else 0
   */
  update(holds: boolean, droppedMs: number): number {
    const before = this.#before;
    this.#before = holds ? (before ?? droppedMs) : undefined;
    return holds || before === undefined ? 0 : droppedMs - before;
  }
}
