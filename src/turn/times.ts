// SPDX-License-Identifier: Apache-2.0

// How long the machine waits for what, in ms. Estimates from reports and recordings (PROTOCOL.md).

/** Longest discarding after a cut; a model that never ends its turn must not stay mute. */
export const CUT_MS = 3_000;
/**
 * An answer that pauses longer has ended, and goes on as another one: LiveKit waits 10 s for the next
 * frame and then plays none of the rest, and a turn that never ends would hold its queue for ever.
 */
export const STALL_MS = 8_000;
/** For this long after an answer began, a transcript of the caller may be about what it answers. */
export const LATE_MS = 3_000;
/** A transcript this long without a further piece is whole, once the model answers. */
export const SETTLE_MS = 400;
/** A line that may be a repetition and does not go on is judged after this. */
export const REPEAT_MS = 1_000;
/** A transcript of the model that gets no audio within this time belongs to the message before. */
export const EARLY_MS = 2_000;
/** Speech of which nothing more is heard for this long has stopped. */
export const SPEECH_MS = 5_000;
/** The same where the server reports when speech ends, in case that report is lost. */
export const REPORTED_SPEECH_MS = 60_000;
/** After this long nobody wants to hear the rest of a sentence that was cut off. */
export const DOUBT_MS = 10_000;
/** Output of the turn before may trail a reply request for so long. */
export const REPLY_TAIL_MS = 1_000;
/** The server acknowledges a cancelled answer within this time, or it has not understood. */
export const CANCEL_MS = 3_000;
/** Longest discarding of an answer that the server goes on with, however much of it comes. */
export const LOCAL_CUT_MS = 30_000;
/** What begins later than this is no answer to the question before it. */
export const ANSWER_MS = 120_000;
/** Longest time that a blocking call holds caller audio back. */
export const BLOCKED_MS = 15_000;
/** Who was loud so recently may be in the middle of a sentence. */
export const LOUD_MS = 1_500;
/** A request that goes on after a boundary is over at the latest then, said or not. */
export const GOES_ON_MS = 60_000;
