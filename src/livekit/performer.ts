// SPDX-License-Identifier: Apache-2.0
import type { Effect } from '../turn/effects.js';
import { realtimeMetrics, type Labels } from './metrics.js';
import type { Output } from './output.js';
import type { Sync } from './sync.js';
import type { Teller } from './teller.js';
import type { ToolCalls } from './tool_calls.js';

export interface PerformerRooms {
  output: Output;
  sync: Sync;
  tell: Teller;
  labels: Labels;
  transcribes: boolean;
  heardNothing(): void;
  answerEnded(): void;
  calls: ToolCalls;
}

/** Effects of the state machine → the rooms that carry them out. */
export function perform(effect: Effect, rooms: PerformerRooms): void {
  const { output, sync, calls } = rooms;
  calls.perform(effect);
  switch (effect.type) {
    case 'playAudio':
      output.generation(effect.generationId)?.playAudio(effect.data, effect.rate);
      break;
    case 'writeText':
      output.generation(effect.generationId)?.writeText(effect.text);
      break;
    case 'openGeneration':
      output.open(effect.generationId, effect.replyId);
      break;
    case 'openMessage':
      output.generation(effect.generationId)?.openMessage(effect.messageId, effect.modality);
      if (effect.modality === 'audio' && effect.waitedMs !== undefined) {
        sync.health.firstAudioAfter(effect.waitedMs);
      }
      break;
    case 'closeGeneration': {
      const silent = output.close(effect.generationId);
      if (silent && effect.end === 'complete') rooms.heardNothing();
      rooms.answerEnded();
      break;
    }
    case 'exchange':
      sync.exchangeNow(effect.fresh);
      break;
    case 'requestReply':
      sync.requestReply(effect.replyId, effect.instructions);
      break;
    case 'failReply':
      output.fail(effect.replyId, effect.why);
      break;
    case 'remember':
      sync.conversation.remember(effect.message);
      break;
    case 'amend':
      sync.conversation.amend(effect.messageId, effect.text);
      break;
    default:
      announce(effect, rooms);
  }
}

function announce(effect: Effect, { sync, tell, labels, transcribes }: PerformerRooms): void {
  switch (effect.type) {
    case 'startSpeech':
      tell.emit('input_speech_started', {});
      break;
    case 'stopSpeech':
      tell.emit('input_speech_stopped', { userTranscriptionEnabled: transcribes });
      break;
    case 'transcribe':
      tell.emit('input_audio_transcription_completed', {
        itemId: effect.itemId,
        transcript: effect.text,
        isFinal: effect.isFinal,
        turnStartedAt: effect.startedAt,
      });
      break;
    case 'reportUsage': {
      const { usage, generation, at } = effect;
      const acquireMs = sync.health.takeAcquireMs();
      tell.emit('metrics_collected', realtimeMetrics(usage, generation, at, labels, acquireMs));
      sync.checkMemory(usage.promptTokenCount ?? 0);
      break;
    }
    case 'report':
      sync.health.reported(effect.what, effect.detail);
      tell.report(effect.what, effect.detail);
      break;
  }
}
