// SPDX-License-Identifier: Apache-2.0
import { llm } from '@livekit/agents';
import type { Effect, ToolCall } from '../turn/effects.js';
import { realtimeMetrics, type Labels } from './metrics.js';
import type { Output } from './output.js';
import type { Sync } from './sync.js';
import type { Teller } from './teller.js';

export interface PerformerRooms {
  output: Output;
  sync: Sync;
  tell: Teller;
  labels: Labels;
  transcribes: boolean;
  heardNothing(): void;
  answerEnded(): void;
  /** `toolChoice: 'none'`: the framework would drop the call and the server wait for ever. */
  refusesTools(): boolean;
}

/** Effects of the state machine → the rooms that carry them out. */
export function perform(effect: Effect, rooms: PerformerRooms): void {
  const { output, sync } = rooms;
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
    case 'callTool':
      callTool(rooms, effect.generationId, effect.call, effect.at);
      break;
    case 'cancelCalls':
      sync.conversation.cancelled(effect.callIds);
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
    case 'transcribe': {
      const told = tell.emit('input_audio_transcription_completed', {
        itemId: effect.itemId,
        transcript: effect.text,
        isFinal: effect.isFinal,
        turnStartedAt: effect.startedAt,
      });
      if (told && effect.isFinal) sync.conversation.shared(effect.itemId);
      break;
    }
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

const REFUSAL = 'Tools are not available for this reply. Answer in speech, without calling one.';

function callTool(rooms: PerformerRooms, generationId: string, call: ToolCall, at: number): void {
  const { conversation } = rooms.sync;
  const item = conversation.called(call, at);
  if (!rooms.refusesTools() && !rooms.sync.news.isHidden(call.name)) {
    rooms.output.generation(generationId)?.callTool(item);
    return;
  }
  const context = conversation.chatCtx;
  const { callId, name } = call;
  context.items.push(
    llm.FunctionCallOutput.create({ callId, name, output: REFUSAL, isError: true }),
  );
  rooms.sync.updateChatCtx(context, false);
}
