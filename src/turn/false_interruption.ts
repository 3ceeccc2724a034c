// SPDX-License-Identifier: Apache-2.0
import type { TurnRules } from './rules.js';
import { doubtDeadline, type Input, type TurnState } from './state.js';
import { finishUtterance, newId, type Draft } from './utterance.js';

/** The server was interrupted: is it known that words were spoken? If not, time will tell. */
export function doubtInterruption(d: Draft, rules: TurnRules): void {
  if (!rules.falseInterruption) return;
  if (hasWords(d.s.utterance?.text ?? '')) forget(d);
  else d.s.doubt = { since: d.s.doubt?.since ?? d.at, noiseAt: d.at };
}

/** Takes note, before an input is taken in, of what it says about an interruption in doubt. */
export function weighDoubt(d: Draft, input: Input, rules: TurnRules): void {
  if (!rules.falseInterruption) return;
  if (settles(d.s, input)) forget(d);
  else if (d.s.doubt && input.type === 'voiceActivity') d.s.doubt = { ...d.s.doubt, noiseAt: d.at };
}

/** Decides when it is time: somebody is still loud, or nobody has spoken and the rest is played. */
export function resolveDoubt(d: Draft, rules: TurnRules): void {
  const due = doubtDeadline(d.s, rules);
  if (due === undefined || d.at < due.at) return;
  // Its answer is still to come, and will say more than the rest of what was said before it.
  if (!due.isQuiet || d.s.calls.length > 0) {
    forget(d);
    return;
  }
  d.s.doubt = undefined;
  finishUtterance(d);
  const [generationId, messageId] = [newId(d, 'g'), newId(d, 'm')];
  d.out.push({ type: 'resumeSpeech', generationId, messageId, at: d.at });
}

/** The caller has been announced as speaking and nobody has answered. */
export function callerSpeaks({ utterance }: TurnState): boolean {
  return utterance !== undefined && !utterance.answered;
}

/** It was meant, or something new is on its way: what was cut off is over. */
function settles(state: TurnState, input: Input): boolean {
  const { turn, doubt, utterance } = state;
  switch (input.type) {
    case 'interruptRequested':
      // What an app silences stays silent, whatever is heard after it.
      return input.reaction !== true;
    case 'closed':
      return true;
    case 'userSaid':
      return doubt !== undefined && hasWords(input.text);
    case 'audio':
    case 'modelSaid':
    case 'text':
    case 'thought':
    case 'code':
      if (turn.is === 'open' || (turn.is === 'cut' && !turn.heard)) return false;
      return doubt !== undefined || (callerSpeaks(state) && hasWords(utterance?.text ?? ''));
    case 'calls':
    case 'replyRequested':
    case 'turnCommitted':
    case 'connectionLost':
      return doubt !== undefined;
    default:
      return false;
  }
}

function forget(d: Draft): void {
  d.s.doubt = undefined;
  d.out.push({ type: 'forgetSpeech' });
}

/** A mark such as `<noise>` is none, and neither is a full stop. */
function hasWords(text: string): boolean {
  return /[\p{L}\p{N}]/u.test(text.replaceAll(/<[^>]*>/g, ''));
}
