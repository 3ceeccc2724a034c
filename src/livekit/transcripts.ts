// SPDX-License-Identifier: Apache-2.0
import type { Piece, Transcribe } from '../turn/effects.js';
import type { GeminiTranscript } from './reports.js';
import type { Teller } from './teller.js';

const EVENT = 'gemini_transcript';

/**
 * The caller's line: LiveKit hears all of it each time, the app what is new as well. Returns whether
 * LiveKit has it, for good.
 */
export function userTranscript(tell: Teller, line: Transcribe): boolean {
  const { itemId, isFinal, startedAt } = line;
  const { language, speaker, words } = line.detail ?? {};
  const told = tell.emit('input_audio_transcription_completed', {
    itemId,
    transcript: line.text,
    isFinal,
    turnStartedAt: startedAt,
    // Beyond LiveKit's, which ignores what it does not know.
    ...(language !== undefined && { language }),
    ...(speaker !== undefined && { speaker }),
    ...(words && { words }),
  });
  if (tell.hears(EVENT)) tellPiece(tell, line);
  return told && isFinal;
}

function tellPiece(tell: Teller, { itemId, isFinal, news }: Transcribe): void {
  const { text = '', detail, interim: isInterim = false } = news ?? {};
  const event: GeminiTranscript = { role: 'user', itemId, text, isInterim, isFinal, ...detail };
  tell.emit(EVENT, event);
}

/** What the model says, as far as it is passed on. */
export function modelTranscript(tell: Teller, messageId: string, { text, detail }: Piece): void {
  if (!tell.hears(EVENT)) return;
  const event: GeminiTranscript = { role: 'assistant', messageId, text, ...detail };
  tell.emit(EVENT, event);
}
