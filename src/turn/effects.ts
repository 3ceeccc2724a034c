// SPDX-License-Identifier: Apache-2.0
import type { WireUsage } from '../protocol/frames.js';
import type { TranscriptDetail } from '../protocol/transcript.js';
import type { ReportOf, TurnReports } from './reports.js';
import type { CallPhase } from './state.js';

/** Why a reply will not come. */
export type ReplyFailure =
  'timeout' | 'aborted' | 'superseded' | 'disconnected' | 'closed' | 'unsupported';

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
      /** Since the first audio of the answer, in ms, where that came before. */
      behindMs: number | undefined;
    }
  | { type: 'playAudio'; generationId: string; data: string; rate: number }
  | ({ type: 'writeText'; generationId: string; messageId: string } & Piece)
  | { type: 'callTool'; generationId: string; call: ToolCall; at: number }
  | { type: 'closeGeneration'; generationId: string; end: GenerationEnd; at: number }
  /** Say what nobody heard of the answer that was cut off, as one of its own. */
  | { type: 'resumeSpeech'; generationId: string; messageId: string; at: number }
  /** It is not going to be said any more. */
  | { type: 'forgetSpeech' }
  /** `late`: words of the model that came after their message was closed. */
  | { type: 'remember'; message: Remembered; late?: Piece }
  | ({ type: 'amend'; messageId: string; role: 'user' | 'assistant' } & Piece)
  | { type: 'startSpeech' }
  | { type: 'stopSpeech' }
  | Transcribe
  | { type: 'requestReply'; replyId: string; instructions: string | undefined }
  /** Its request shall not be sent any more. */
  | { type: 'withdrawReply'; replyId: string }
  /** Tell the server to stop answering. */
  | { type: 'cancelAnswer' }
  /** Give the connection up for another one, now. */
  | { type: 'exchange'; fresh: boolean }
  | { type: 'failReply'; replyId: string; why: ReplyFailure }
  | { type: 'cancelCalls'; callIds: readonly string[] }
  /** The server asked the same again, under another id: one run answers both. */
  | { type: 'repeatCall'; callId: string; wireId: string | undefined }
  /** The server takes back some of the ids of a call, but not all. */
  | { type: 'unaskCall'; callId: string; wireIds: readonly (string | undefined)[] }
  /** The server no longer waits for these. */
  | { type: 'forgetCalls'; callIds: readonly string[] }
  /** LiveKit has given no output in time. */
  | { type: 'answerCall'; callId: string; phase: CallPhase }
  | { type: 'reportUsage'; usage: WireUsage; generation: Timing | undefined; at: number }
  | ({ type: 'report' } & ReportOf<TurnReports>);

/** A piece of a transcript, with what the server says about it. */
export interface Piece {
  text: string;
  detail?: TranscriptDetail | undefined;
}

/** The caller's line as it stands; `news` is what this piece adds, and a final one adds nothing. */
export interface Transcribe extends Piece {
  type: 'transcribe';
  itemId: string;
  isFinal: boolean;
  startedAt: number;
  news?: Piece & { interim: boolean };
}

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
