// SPDX-License-Identifier: Apache-2.0
import type { WatchdogStep } from './owed.js';

/** What the machine has to know of the model and the session. */
export interface TurnRules {
  /** Text parts are the answer, not a side channel (TEXT sessions). */
  textOutput: boolean;
  /** Do function calls hold the model's turn until they are answered? */
  blockingCalls: boolean;
  /** Does a request go on after a boundary that says IN_PROGRESS? */
  endsAtIdle: boolean;
  /** Silence after a blocking call, in ms, that counts as the end of its output. */
  blockingCallTailMs: number;
  /** Longest wait for a reply, in ms from the write of its request. */
  replyTimeoutMs: number;
  /** What to do about answers that do not come; absent: nothing. */
  watchdog?: { answerMs: number; steps: readonly WatchdogStep[] } | null | undefined;
  /** Can an answer be cancelled by a message? */
  cancels?: boolean;
  /** Caller audio is held until the first answer is over, for so many ms at most; 0: not. */
  firstTurnShieldMs?: number;
  /** Identical calls while the first waits: run once (always, or where it blocks), or each. */
  repeats?: 'merge' | 'mergeBlocking' | 'each';
  /** Longest run of a tool, in ms, before its call is answered without it; absent or null: no limit. */
  toolTimeoutMs?: number | null;
  /** What is different for single tools. */
  tools?: Readonly<Record<string, { blocking?: boolean; deadlineMs?: number | null | undefined }>>;
  /** Does an interruption make the server forget blocking calls, without a word? */
  forgetsInterruptedCalls?: boolean;
  /** The caller's words alone ask for nothing: turns are marked by hand, or silence is allowed. */
  wordsMayWait?: boolean;
  /** The framework or the app marks the caller's turns: it knows who speaks, and is not told. */
  turnsByHand?: boolean;
  /** What was cut off is spoken on when nobody said anything for so long; absent: it is lost. */
  falseInterruption?: { afterMs: number } | null | undefined;
  /** The transcript is handed over as text, and the audio to nobody. */
  ownVoice?: boolean;
  /** The caller's words are transcribed. */
  transcribes?: boolean;
  /** A sentence that the model says twice in a row is played once. */
  suppressRepeats?: boolean;
  /** Does the usage report of a turn follow its boundary? */
  usageAfterBoundary?: boolean;
  /** An answer that took longer to begin is reported, in ms; absent: none is. */
  slowAnswerMs?: number | null;
}
