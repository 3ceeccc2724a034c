// SPDX-License-Identifier: Apache-2.0
import type { Effect, ReplyFailure } from '../turn/effects.js';
import type { Rooms } from './rooms.js';
import { modelTranscript, userTranscript } from './transcripts.js';

/** Effects of the state machine → the rooms that carry them out. Never throws. */
export function perform(effect: Effect, rooms: Rooms): void {
  try {
    carryOut(effect, rooms);
  } catch (error) {
    // Whatever else was to be done, the end of an answer above all, must not be lost with this.
    rooms.sync.malformed({ why: 'unusable', member: effect.type, value: String(error) });
  }
}

function carryOut(effect: Effect, rooms: Rooms): void {
  const { output, sync, calls } = rooms;
  if (effect.type !== 'playAudio') calls.perform(effect);
  switch (effect.type) {
    case 'playAudio':
      output.generation(effect.generationId)?.playAudio(effect.data, effect.rate);
      break;
    case 'writeText':
      output.generation(effect.generationId)?.writeText(effect.text);
      modelTranscript(rooms.tell, effect.messageId, effect);
      break;
    case 'openGeneration':
      output.open(effect.generationId, effect.replyId);
      break;
    case 'openMessage':
      output.generation(effect.generationId)?.openMessage(effect.messageId, effect.modality);
      if (effect.waitedMs !== undefined && effect.modality === 'audio') {
        sync.health.firstAudioAfter(effect.waitedMs);
      }
      if (effect.behindMs !== undefined) sync.health.firstTextBehind(effect.behindMs);
      break;
    case 'closeGeneration': {
      const silent = output.close(effect.generationId, effect.end);
      if (silent && effect.end === 'complete') rooms.machine.input({ type: 'heardNothing' });
      rooms.caller.answerEnded();
      break;
    }
    case 'failReply':
      failReply(effect.replyId, effect.why, rooms);
      break;
    case 'remember':
    case 'amend':
      keep(effect, rooms);
      break;
    default:
      if (!toServer(effect, rooms)) announce(effect, rooms);
  }
}

/** What the server shall be told. Returns false when the effect is none of these. */
function toServer(effect: Effect, rooms: Rooms): boolean {
  const { sync } = rooms;
  switch (effect.type) {
    case 'requestReply':
      if (rooms.output.isAborted(effect.replyId)) return true;
      // What the model shall see goes first.
      rooms.caller.look();
      sync.requestReply(effect.replyId, effect.instructions);
      return true;
    case 'withdrawReply':
      sync.link.withdraw(effect.replyId);
      return true;
    case 'cancelAnswer':
      sync.link.send({ type: 'cancel' });
      return true;
    case 'exchange':
      sync.exchangeNow(effect.fresh);
      return true;
    default:
      return false;
  }
}

function keep(
  effect: Extract<Effect, { type: 'remember' | 'amend' }>,
  { sync: { conversation }, tell }: Rooms,
): void {
  if (effect.type === 'remember') {
    conversation.remember(effect.message);
    if (effect.late) modelTranscript(tell, effect.message.id, effect.late);
  } else {
    conversation.amend(effect.messageId, effect.text);
    if (effect.role === 'assistant') modelTranscript(tell, effect.messageId, effect);
  }
}

function announce(effect: Effect, rooms: Rooms): void {
  const { sync, tell, meter, settings } = rooms;
  switch (effect.type) {
    case 'startSpeech':
      tell.emit('input_speech_started', {});
      break;
    case 'stopSpeech':
      tell.emit('input_speech_stopped', {
        userTranscriptionEnabled: settings.inputAudioTranscription !== null,
      });
      break;
    case 'transcribe':
      // The framework has it from now on.
      if (userTranscript(tell, effect)) sync.conversation.shared(effect.itemId);
      break;
    case 'resumeSpeech':
      resumeSpeech(effect, rooms);
      break;
    case 'forgetSpeech':
      rooms.output.forget();
      break;
    case 'reportUsage':
      meter.read(effect);
      sync.checkMemory(effect.usage.promptTokenCount ?? 0);
      break;
    case 'report':
      sync.health.reported(effect.what, effect.detail);
      tell.report(effect.what, effect.detail);
      break;
  }
}

/** LiveKit swallows the rejection: an app learns of it here. */
function failReply(replyId: string, why: ReplyFailure, { output, tell }: Rooms): void {
  const message = output.fail(replyId, why);
  if (why === 'aborted' || why === 'closed') return;
  tell.warn(`A reply failed: ${message}`);
  tell.report('reply_failed', { why });
}

type Resume = Extract<Effect, { type: 'resumeSpeech' }>;

function resumeSpeech(effect: Resume, { output, sync, tell }: Rooms): void {
  const { generationId, messageId: id, at: createdAt } = effect;
  const { ms, text: said } = output.resume(generationId, id);
  const text = said.trim();
  if (text !== '') {
    sync.conversation.remember({ id, role: 'assistant', text, interrupted: false, createdAt });
  }
  tell.report('false_interruption', { resumedMs: Math.round(ms) });
}
