// SPDX-License-Identifier: Apache-2.0
import type { TranscriptDetail } from '../protocol/transcript.js';
import type { ReplyFailure } from '../turn/effects.js';
import type { ReportOf, TurnReports } from '../turn/reports.js';
import type { Health } from './health.js';

/** Everything that is reported to the app, and the detail of each. */
export interface Reports extends TurnReports {
  /** A reply will not come. LiveKit swallows the rejection, so it is said here. */
  reply_failed: { why: ReplyFailure };
  /** An interruption without a word; so much of the answer, in ms, was said after all. */
  false_interruption: { resumedMs: number };
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
