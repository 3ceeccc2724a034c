// SPDX-License-Identifier: Apache-2.0
import type { TurnRules } from './rules.js';
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
  /** When the caller was heard last, if words are what it answers. */
  heardAt?: number | undefined;
  /** It was asked for on an earlier connection only. `ask`: this one knows nothing of it. */
  carried?: 'wait' | 'ask' | undefined;
}

/** A caller who was heard this recently is still speaking, in ms. */
const SPEAKING_MS = 1_500;
/** A tool suspends the watch no longer: some never give a result. */
const TOOL_MS = 60_000;
/** After so many fruitless rounds the wait for the next one stops growing; each doubles it. */
const MOST_ROUNDS = 3;

/** The model has been asked something by us: a reply, a committed turn or a tool result. */
export function answerOwed(d: Draft, rules: TurnRules): void {
  if (!rules.watchdog || d.s.turn.is === 'open') return;
  const { step, itemId, heardAt } = d.s.owed ?? { step: 0, itemId: undefined };
  const rounds = step === 0 ? Math.min(MOST_ROUNDS, d.s.fruitless) : 0;
  const dueAt = d.s.offline ? undefined : d.at + rules.watchdog.answerMs * 2 ** rounds;
  d.s.owed = { dueAt, step, itemId, heardAt };
}

/**
 * The caller said something. Going on speaking puts the answer off; who has to repeat "hello?" after
 * a pause must not put it off each time.
 */
export function answerOwedToCaller(d: Draft, rules: TurnRules): void {
  const { utterance, owed } = d.s;
  if (rules.wordsMayWait || !utterance || !callerWaits(d)) return;
  const { itemId } = utterance;
  const isNew = !owed || owed.itemId === undefined || owed.carried !== undefined;
  const goesOn = owed?.itemId === itemId && d.at <= (owed.heardAt ?? 0) + SPEAKING_MS;
  if (!isNew && !goesOn) return;
  answerOwed(d, rules);
  if (d.s.owed) d.s.owed = { ...d.s.owed, itemId, heardAt: d.at };
}

/** The caller said something that nobody has answered. */
function callerWaits({ s: { utterance } }: Draft): boolean {
  if (utterance === undefined || utterance.answered || utterance.repeats) return false;
  return utterance.text.trim() !== '';
}

/** Something was heard of the model; `heardNothing` may show that it was not. */
export function answerCame(d: Draft): void {
  d.s.unheard = { owed: d.s.owed, fruitless: d.s.fruitless };
  d.s.owed = undefined;
  d.s.fruitless = 0;
  d.s.unproven = false;
}

/** Full-length silence is no answer: everything stands as before it, and is due. */
export function answerWasSilent(d: Draft, rules: TurnRules): void {
  const { owed, fruitless } = d.s.unheard;
  d.s.fruitless = fruitless;
  d.s.owed ??= owed;
  answerOwed(d, rules);
  answerWasEmpty(d);
}

/** The model is at work, though there is nothing to hear yet: it has its time anew. */
export function answerIsNear(d: Draft, rules: TurnRules): void {
  if (d.s.owed?.dueAt !== undefined) answerOwed(d, rules);
}

/** The turn ended with nothing to hear: there is no point in waiting longer. */
export function answerWasEmpty(d: Draft): void {
  // Where whole rounds of steps brought nothing, haste does not help either.
  if (d.s.owed?.dueAt === undefined || d.s.fruitless > 0) return;
  d.s.owed = { ...d.s.owed, dueAt: d.at };
}

/**
 * `interrupt()`: nobody waits any more. But LiveKit calls it as well when the caller begins to
 * speak, and who speaks does wait.
 */
export function answerUnwanted(d: Draft): void {
  if (d.s.utterance === undefined || d.s.utterance.answered) d.s.owed = undefined;
}

/** A reply was aborted: only words of the caller still ask for an answer. */
export function replyUnwanted(d: Draft): void {
  if (d.s.replies.length === 0 && d.s.owed?.itemId === undefined) answerUnwanted(d);
}

/** A drop cuts what was being said, and nobody will answer what was asked until it is over. */
export function owedAcrossDrop(d: Draft, rules: TurnRules): void {
  d.s.offline = true;
  const words = callerWaits(d) && !rules.wordsMayWait;
  if (!rules.watchdog || (d.s.turn.is !== 'open' && !words && !d.s.owed)) return;
  const heardAt = d.s.utterance?.lastAt ?? d.s.owed?.heardAt;
  d.s.owed = { step: 0, itemId: undefined, ...d.s.owed, heardAt, dueAt: undefined };
}

/**
 * A session that remembers may go on by itself; one that was seeded only knows its history, and so
 * does one that we resumed because the old connection was silent.
 */
export function owedAfterDrop(d: Draft, restored: boolean, rules: TurnRules): void {
  d.s.unproven = restored;
  d.s.offline = false;
  const { owed, replies, calls, owedUntil } = d.s;
  if (!owed || !rules.watchdog) return;
  // Requests are written anew, results and committed turns are in the queue.
  if (replies.length > 0 || calls.length > 0 || owedUntil !== undefined) {
    answerOwed(d, rules);
  } else if (restored && owed.step === 0) {
    d.s.owed = { ...owed, dueAt: d.at + rules.watchdog.answerMs, carried: 'wait' };
  } else {
    // Who was cut off in the middle of a sentence is heard out.
    const hurried = owed.heardAt === undefined || d.at >= owed.heardAt + SPEAKING_MS;
    d.s.owed = { ...owed, dueAt: hurried ? d.at : d.at + SPEAKING_MS, carried: 'ask' };
  }
}

/** Takes the next step when it is due. A running tool or a speaking caller suspends the watch. */
export function watch(d: Draft, rules: TurnRules): void {
  const { owed } = d.s;
  if (!rules.watchdog || owed?.dueAt === undefined || d.at < owed.dueAt) return;
  if (isSuspended(d)) {
    d.s.owed = { ...owed, dueAt: d.at + SPEAKING_MS };
    return;
  }
  const { answerMs, steps } = rules.watchdog;
  const dueAt = d.at + answerMs;
  if (owed.carried === 'ask') {
    d.s.owed = { ...owed, dueAt, carried: undefined };
    nudge(d);
    return;
  }
  // A resumed session that hears and never speaks has lost its voice (voiceclaw): begin anew.
  const deaf = d.s.unproven && !owed.carried && owed.step < steps.indexOf('fresh');
  const index = deaf ? steps.indexOf('fresh') : owed.step;
  const step = steps[index];
  d.out.push({ type: 'report', what: 'unanswered', detail: { step: step ?? 'none', deaf } });
  if (step === undefined) {
    d.s.owed = undefined;
    d.s.fruitless += 1;
    return;
  }
  d.s.owed = { ...owed, dueAt, step: index + 1, carried: undefined };
  if (step === 'nudge') nudge(d);
  else d.out.push({ type: 'exchange', fresh: step === 'fresh' });
}

function isSuspended({ s: { calls, utterance }, at }: Draft): boolean {
  if (calls.some(({ askedAt }) => at < askedAt + TOOL_MS)) return true;
  if (utterance === undefined || utterance.answered || utterance.repeats) return false;
  return utterance.reported || at < utterance.lastAt + SPEAKING_MS;
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
  const asked = { ...reply, writtenAt: undefined, again: true };
  d.s.replies = d.s.replies.map((pending) => (pending === reply ? asked : pending));
  d.out.push({ type: 'requestReply', replyId, instructions });
  return true;
}
