// SPDX-License-Identifier: Apache-2.0
import type { TurnRules } from './state.js';
import type { Draft } from './utterance.js';

/** What is done about an answer that does not come. */
export type WatchdogStep = 'nudge' | 'resume' | 'fresh';

/** An answer that the model owes: to the caller's words, a tool result, or after a drop. */
export interface Owed {
  /** When the next step is taken; undefined while there is no connection. */
  dueAt: number | undefined;
  /** Steps taken so far. */
  step: number;
  /** The utterance that it answers, if it is one. */
  itemId: string | undefined;
}

/** A caller who was heard this recently is still speaking, in ms. */
const SPEAKING_MS = 1_500;

/** The model has been asked something by us: a reply, a committed turn or a tool result. */
export function answerOwed(d: Draft, rules: TurnRules): void {
  if (!rules.watchdog || d.s.turn.is === 'open') return;
  const { step, itemId } = d.s.owed ?? { step: 0, itemId: undefined };
  d.s.owed = { dueAt: d.at + rules.watchdog.answerMs, step, itemId };
}

/** The caller said something. Who has to repeat "hello?" must not put the answer off each time. */
export function answerOwedToCaller(d: Draft, rules: TurnRules): void {
  const { utterance, owed } = d.s;
  if (!utterance || utterance.answered || utterance.text.trim() === '') return;
  if (owed && owed.itemId !== utterance.itemId) return;
  answerOwed(d, rules);
  if (d.s.owed) d.s.owed = { ...d.s.owed, itemId: utterance.itemId };
}

/** Something was heard of the model, or nobody waits any more. */
export function answerCame(d: Draft): void {
  d.s.owed = undefined;
  d.s.unproven = false;
}

/** The turn ended with nothing to hear: there is no point in waiting longer. */
export function answerWasEmpty(d: Draft): void {
  if (d.s.owed) d.s.owed = { ...d.s.owed, dueAt: d.at };
}

/** A drop cuts what was being said, and nobody will answer what was asked until it is over. */
export function owedAcrossDrop(d: Draft, rules: TurnRules): void {
  if (!rules.watchdog) return;
  const asked = d.s.utterance !== undefined && d.s.utterance.text.trim() !== '';
  if (d.s.turn.is !== 'open' && !asked && !d.s.owed) return;
  d.s.owed = { step: 0, itemId: undefined, ...d.s.owed, dueAt: undefined };
}

/** A session that remembers may go on by itself; one that was seeded only knows its history. */
export function owedAfterDrop(d: Draft, restored: boolean, rules: TurnRules): void {
  d.s.unproven = restored;
  if (!d.s.owed || !rules.watchdog) return;
  const asked = d.s.replies.length > 0 || d.s.calls.length > 0;
  const wait = restored || asked ? rules.watchdog.answerMs : 0;
  d.s.owed = { ...d.s.owed, dueAt: d.at + wait };
}

/** Takes the next step when it is due. A running tool or a speaking caller suspends the watch. */
export function watch(d: Draft, rules: TurnRules): void {
  const { owed, calls, utterance } = d.s;
  if (!rules.watchdog || owed?.dueAt === undefined || d.at < owed.dueAt) return;
  const { answerMs, steps } = rules.watchdog;
  const speaking = utterance && (utterance.reported || d.at < utterance.lastAt + SPEAKING_MS);
  if (calls.length > 0 || speaking) {
    d.s.owed = { ...owed, dueAt: d.at + SPEAKING_MS };
    return;
  }
  // A resumed session that hears and never speaks has lost its voice (voiceclaw): begin anew.
  const deaf = d.s.unproven && owed.step < steps.indexOf('fresh');
  const index = deaf ? steps.indexOf('fresh') : owed.step;
  const step = steps[index];
  d.out.push({ type: 'report', what: 'unanswered', detail: { step: step ?? 'none', deaf } });
  d.s.unproven = false;
  if (step === undefined) {
    d.s.owed = undefined;
    return;
  }
  d.s.owed = { ...owed, dueAt: d.at + answerMs, step: index + 1 };
  if (step === 'nudge') nudge(d);
  else d.out.push({ type: 'exchange', fresh: step === 'fresh' });
}

/** Asks for an answer at all, where no particular one was requested. */
function nudge(d: Draft): void {
  if (askAgain(d)) return;
  d.out.push({ type: 'requestReply', replyId: '', instructions: undefined });
}

/** Whoever waits for a reply asks once more (agents-js#1450). False when nobody does. */
export function askAgain(d: Draft): boolean {
  const reply = d.s.replies.find(({ writtenAt, again }) => writtenAt !== undefined && !again);
  if (!reply) return false;
  const { replyId, instructions } = reply;
  const asked = { replyId, instructions, writtenAt: undefined, again: true };
  d.s.replies = d.s.replies.map((pending) => (pending === reply ? asked : pending));
  d.out.push({ type: 'requestReply', replyId, instructions });
  return true;
}
