// SPDX-License-Identifier: Apache-2.0
import type { Verdict } from './report.js';

type Kind = readonly [grade: Verdict['grade'], hint: string];

const kinds = <K extends string>(table: Record<K, Kind>): Record<K, Kind> => table;

/** Everything that can go wrong, how grave it is, and what it means or what to do about it. */
// prettier-ignore
export const KINDS = kinds({
  // The line.
  never_connected: ['error', 'The service was never reached. Check network, proxy, endpoint and key.'],
  connection_failed: ['error', 'The session ended with it. Raise connOptions.maxRetry if the line may come back later.'],
  key_refused: ['error', 'Check that the key or token exists, is not expired or restricted, and belongs to this project.'],
  model_refused: ['error', 'Check the name of the model against the list of the service, and API version, project and region.'],
  setup_refused: ['error', 'Compare options and tools with what this model accepts; change or drop the field.'],
  line_lost: ['warning', 'It is connected again by itself. If this repeats, look at network and proxy.'],
  goaway_missed: ['warning', 'The service had announced the end, and no quiet moment came before it.'],
  handle_refused: ['warning', 'A fresh session began from the local history; what was not in it is forgotten.'],
  context_full: ['warning', 'A fresh session began from recent history. contextWindowCompression avoids this.'],
  quota_used_up: ['error', 'Run fewer sessions or raise the quota of the project.'],
  capability_refused: ['warning', 'It goes by another route from now on. Correct the option `capabilities` to spare the reconnect.'],
  memory_lost: ['error', 'A fresh session is told the history. What the caller said just before may have to be asked again.'],

  // Answers.
  unanswered: ['error', 'The caller heard nothing. Look at what was sent just before; `watchdog` says how soon it is asked again.'],
  slow_answer: ['warning', 'Look for thinking, a long context, a slow tool before it, or a region far away.'],
  reply_failed: ['error', 'generateReply() was rejected. LiveKit says nothing about it: ask again, or play a sentence of your own.'],
  empty_turn: ['warning', 'The model ended its turn without a word. It is asked again where an answer is owed.'],
  rejected_turn: ['error', 'The service withheld the answer. Look at instructions, safetySettings and what was asked.'],
  stalled: ['warning', 'The answer paused for so long that it was ended; what came later is another one.'],
  choppy: ['warning', 'Audio came later than it was to be played. `playoutBuffer` bridges short gaps.'],
  text_turn: ['warning', 'The model wrote instead of speaking: nothing was heard. It happens around tool calls.'],
  silent_audio: ['error', 'The answer was audio without a sound. It is asked for again.'],
  repeated_sentence: ['note', 'It was played once, as `suppressRepeats` says.'],
  late_transcript: ['note', 'The words came after their audio; they are in the history.'],
  cancel_ignored: ['warning', 'The model went on after it was told to stop; what it said was not played.'],

  // The caller.
  caller_never_heard: ['error', 'No audio of the caller reached the session. Check the microphone, the track and the room input options.'],
  caller_silent: ['error', 'Audio came, and all of it was silence. Check whether the right track is used and is not muted.'],
  no_caller_audio: ['warning', 'For ten seconds no audio of the caller came: muted, or the track was lost.'],
  caller_audio_lost: ['warning', 'The model did not hear this. `audioBufferMs` says how much is kept while the line is down.'],
  untranscribed_turn: ['warning', 'The model heard the caller and no transcript came: the history lacks this line.'],
  repeated_transcript: ['note', 'The service sent the line before once more; it was dropped.'],
  language_changed: ['note', 'If the caller did not change it, the transcript is a guess: set `language`.'],
  interruption_storm: ['warning', 'Mostly echo or noise. Use echo or noise cancellation, lower the start sensitivity, or set `falseInterruption`.'],
  false_interruption: ['note', 'Nobody said a word; the answer was spoken on.'],

  // Tools.
  tool_overdue: ['error', 'The model was told that there is no result. Make the tool faster, or raise `toolTimeoutMs`.'],
  tool_unanswered: ['error', 'The model waits for a result that never came. Look for an await that does not end.'],
  tool_failed: ['warning', 'The model was told so. Look at the logs of the tool.'],
  tool_slow: ['note', 'The caller waits as long. Say something before it, or make it non-blocking.'],
  tool_cancelled: ['note', 'The service took the call back, mostly because the caller interrupted. What the tool did stands.'],
  tool_repeated: ['note', 'The model asked for the same call twice; one run answered both.'],
  tool_choice_ignored: ['note', 'This service has no tool choice; say it in the instructions.'],

  // The protocol.
  protocol_error: ['warning', 'The service sent what its protocol does not allow; the rest of the message was read.'],
  unknown_frame: ['note', 'This version does not know it. A newer one may.'],

  // The recording itself.
  recording_damaged: ['note', 'These lines are left out here.'],
  recording_incomplete: ['warning', 'The disk or the reader was too slow: what is missing cannot be seen here.'],
  recording_cut: ['note', 'The process may have ended first, or a later file goes on: give all files at once.'],
  recording_partial: ['note', 'What came before is in an earlier file, or was not kept (`when: failure`).'],
  no_times: ['note', 'Another client wrote it without times: only the order is known.'],
  no_audio: ['note', 'Audio was not recorded (`audio: none`): levels and lengths are unknown.'],
});

export type VerdictKind = keyof typeof KINDS;

/** @param hint instead of the one of its kind */
export function verdictOf(
  kind: VerdictKind,
  at: number,
  what: string,
  more: { grade?: Verdict['grade']; hint?: string | undefined } = {},
): Verdict {
  const [grade, hint] = KINDS[kind];
  return { at, kind, grade: more.grade ?? grade, what, hint: more.hint ?? hint };
}
