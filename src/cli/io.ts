// SPDX-License-Identifier: Apache-2.0

/** Where a command writes: one line at a time, without its end. */
export interface Io {
  out(line: string): void;
  err(line: string): void;
  /** Somebody looks at it: colours may be used. @default false */
  isTerminal?: boolean;
}

/** A command, given what stands behind its name; resolves with the exit code. */
export type Command = (args: readonly string[], io: Io) => Promise<number>;

/** 0: done. 1: what was looked at is wrong, or cannot be read. 2: the command was not understood. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

/** Something the user can mend; `hint` says how. */
export class UsageError extends Error {}
