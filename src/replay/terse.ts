// SPDX-License-Identifier: Apache-2.0
import type { Effect } from '../turn/effects.js';

const WORD: Record<Effect['type'], string> = {
  openGeneration: 'begin',
  openMessage: 'message',
  playAudio: 'play',
  writeText: 'write',
  resumeSpeech: 'resume',
  forgetSpeech: 'forget',
  callTool: 'call',
  closeGeneration: 'end',
  remember: 'keep',
  amend: 'amend',
  startSpeech: 'speech+',
  stopSpeech: 'speech-',
  transcribe: 'heard',
  requestReply: 'ask',
  withdrawReply: 'withdraw',
  cancelAnswer: 'cancel answer',
  exchange: 'exchange',
  failReply: 'fail',
  cancelCalls: 'cancel',
  repeatCall: 'repeat',
  unaskCall: 'unask',
  forgetCalls: 'forget',
  answerCall: 'answer',
  reportUsage: 'usage',
  report: 'report',
};

/** An effect in the notation of the state table in PROTOCOL.md. */
export function terse(effect: Effect): string {
  if (effect.type === 'transcribe' && effect.isFinal) return 'final';
  const detail = detailOf(effect);
  return detail === undefined ? WORD[effect.type] : `${WORD[effect.type]}(${detail})`;
}

function detailOf(effect: Effect): string | undefined {
  switch (effect.type) {
    case 'openGeneration':
      return effect.replyId;
    case 'openMessage':
      return effect.modality === 'audio' ? undefined : 'text';
    case 'closeGeneration':
      return effect.end;
    case 'remember':
      return effect.message.role;
    case 'exchange':
      return effect.fresh ? 'fresh' : undefined;
    case 'failReply':
      return effect.why;
    case 'answerCall':
      return effect.phase;
    case 'report':
      return effect.what;
    default:
      return undefined;
  }
}
