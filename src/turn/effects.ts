// SPDX-License-Identifier: Apache-2.0
import type { WireUsage } from '../protocol/frames.js';

/** Why a reply will not come. */
export type ReplyFailure = 'timeout' | 'aborted' | 'disconnected' | 'closed' | 'unsupported';

/** Why a generation ended. */
export type GenerationEnd = 'complete' | 'interrupted' | 'calling' | 'stalled' | 'lost' | 'closed';

/** What the shell shall do, in the imperative. Ids tell which generation is meant. */
export type Effect =
  | { type: 'openGeneration'; generationId: string; replyId: string | undefined; at: number }
  | {
      type: 'openMessage';
      generationId: string;
      messageId: string;
      modality: 'audio' | 'text';
      /** Since the question, in ms. */
      waitedMs: number | undefined;
    }
  | { type: 'playAudio'; generationId: string; data: string; rate: number }
  | { type: 'writeText'; generationId: string; text: string }
  | { type: 'callTool'; generationId: string; call: ToolCall; at: number }
  | { type: 'closeGeneration'; generationId: string; end: GenerationEnd; at: number }
  | { type: 'remember'; message: Remembered }
  | { type: 'amend'; messageId: string; text: string }
  | { type: 'startSpeech' }
  | { type: 'stopSpeech' }
  | { type: 'transcribe'; itemId: string; text: string; isFinal: boolean; startedAt: number }
  | { type: 'requestReply'; replyId: string; instructions: string | undefined }
  /** Give the connection up for another one, now. */
  | { type: 'exchange'; fresh: boolean }
  | { type: 'failReply'; replyId: string; why: ReplyFailure }
  | { type: 'cancelCalls'; callIds: readonly string[] }
  | { type: 'reportUsage'; usage: WireUsage; generation: Timing | undefined; at: number }
  | { type: 'report'; what: Report; detail: unknown };

/** Things an app may want to know that LiveKit has no word for. */
export type Report =
  | 'thought'
  | 'code'
  | 'citations'
  | 'waiting_for_input'
  | 'empty_turn'
  | 'stalled'
  | 'silent_audio'
  | 'text_turn'
  | 'unanswered'
  | 'memory_lost'
  | 'capability_refused'
  | 'no_caller_audio'
  | 'health'
  | 'late_transcript'
  | 'unknown_frame';

export interface ToolCall {
  callId: string;
  /** The id the server gave; undefined where it gave none. */
  wireId: string | undefined;
  name: string;
  args: Record<string, unknown>;
}

/** A message for the local history. */
export interface Remembered {
  id: string;
  role: 'user' | 'assistant';
  text: string;
  interrupted: boolean;
  createdAt: number;
}

/** When things happened in a generation, in ms since the epoch. */
export interface Timing {
  id: string;
  startedAt: number;
  /** What the model answered: end of speech, a reply request, a tool result. */
  askedAt: number | undefined;
  firstAudioAt: number | undefined;
  endedAt: number | undefined;
  interrupted: boolean;
}
