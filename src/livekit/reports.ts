// SPDX-License-Identifier: Apache-2.0
import type { llm } from '@livekit/agents';
import type { Capabilities } from '../models/capabilities.js';
import type { ProtocolErrorKind } from '../protocol/shapes.js';
import type { TranscriptDetail } from '../protocol/transcript.js';
import type { ReplyFailure } from '../turn/effects.js';
import type { CallPhase } from '../turn/state.js';
import type { ReportOf, TurnReports } from '../turn/reports.js';
import type { Health } from './health.js';

/** Everything that is reported to the app, and the detail of each. */
export interface Reports extends TurnReports {
  /** The service refused what the row of the model allows; it goes by another route from now on. */
  capability_refused: { capability: keyof Capabilities; reason: string | undefined };
  /** A reply will not come. LiveKit swallows the rejection, so it is said here. */
  reply_failed: { why: ReplyFailure };
  /** Caller audio that had to wait for a blocking tool for too long, in ms. */
  caller_audio_lost: { ms: number };
  /** The model asked for a call that it waits for already: one run answers both. */
  tool_call_repeated: { callId: string };
  /** LiveKit gave no output in time: the model was told so. `phase`: what was known of the tool. */
  tool_call_overdue: { callId: string; name: string; phase: CallPhase };
  /** A choice that the wire does not have went into the instructions of the reply. */
  tool_choice_emulated: { toolChoice: llm.ToolChoice };
  /** A choice could not be told, or the model did not follow it. */
  tool_choice_ignored: { toolChoice: llm.ToolChoice };
  /** An interruption without a word; so much of the answer, in ms, was said after all. */
  false_interruption: { resumedMs: number };
  /**
   * The server sent what the protocol does not allow; what else the message held was read. `text`: the
   * beginning of it, without secrets. At most ten in ten seconds; `untold` others came before this one.
   */
  protocol_error: { why: ProtocolErrorKind; member?: string; text: string; untold: number };
  /** A resumed session had forgotten the conversation. */
  memory_lost: { promptTokens: number };
  /** No audio of the caller has come for ten seconds. */
  no_caller_audio: undefined;
  /** How the session has fared; said when it closes. */
  health: Health;
}

/** The kinds of `gemini_report`. */
export type Report = keyof Reports;

/** Payload of `gemini_report`: things an app may want to know that LiveKit has no word for. */
export type GeminiReport = ReportOf<Reports>;

/**
 * Payload of `gemini_transcript`: a piece of what is said, in either direction. The pieces of one id
 * make its line; an interim piece is a guess that the next piece of its line replaces.
 */
export type GeminiTranscript = TranscriptDetail & { text: string } & (
    | {
        role: 'user';
        /** Id of the user message. */
        itemId: string;
        isInterim: boolean;
        /** The line is complete; `text` is empty. */
        isFinal: boolean;
      }
    | {
        role: 'assistant';
        /** Id of the assistant message. */
        messageId: string;
      }
  );
