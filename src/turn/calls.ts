// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';
import type { RequestedCall } from '../protocol/facts.js';
import { keep, openFor } from './answer.js';
import { answerOwed } from './owed.js';
import type { TurnRules } from './rules.js';
import type { CallPhase, PendingCall } from './state.js';
import type { Draft } from './utterance.js';

/** A tool that waits behind speech has at least this long to begin, in ms. */
const BEGIN_MS = 30_000;
/** What LiveKit has dropped by an interruption never begins, and its result never comes, in ms. */
const DROPPED_MS = 1_000;
/** A tool gave its result; LiveKit hands it over when nobody speaks, or never (maxToolSteps), in ms. */
const RETURNED_MS = 10_000;
/** LiveKit has aborted a tool that the model waits for; it may still finish, in ms. */
const ABORTED_MS = 2_000;

/** Calls are never discarded: they end a cut. */
export function calls(d: Draft, asked: readonly RequestedCall[], rules: TurnRules): void {
  const pending = d.s.calls;
  const known = new Set(pending.flatMap(({ wireIds }) => wireIds));
  const news = asked.filter(({ id }) => id === undefined || (!known.has(id) && known.add(id)));
  if (news.length === 0) return;
  if (d.s.turn.is === 'cut') d.s.turn = { is: 'idle' };
  d.s.unwantedUntil = undefined;
  const fresh: RequestedCall[] = [];
  for (const call of news) {
    const first = pending.find((one) => isRepeat(one, call, rules));
    if (first) repeated(d, first.callId, call.id);
    else fresh.push(call);
  }
  const generation = fresh.length > 0 ? openFor(d) : undefined;
  if (!generation) return;
  let { calling } = generation;
  for (const { id, name, args } of fresh) {
    const call = { callId: id ?? newCallId(d), wireId: id, name, args };
    const blocking = rules.tools?.[name]?.blocking ?? rules.blockingCalls;
    const limit = deadlineOf(name, rules);
    const dueAt = limit === undefined ? undefined : d.at + Math.max(limit, BEGIN_MS);
    const entry: PendingCall = {
      ...call,
      wireIds: [id],
      blocking,
      askedAt: d.at,
      dueAt,
      phase: 'waiting',
      dropped: false,
    };
    d.s.calls = [...d.s.calls, entry];
    d.out.push({ type: 'callTool', generationId: generation.id, call, at: d.at });
    calling ||= blocking;
  }
  // The framework withholds results until this generation ends, the server its boundary until it has
  // them: after a blocking call a short window ends the wait (PROTOCOL.md, section 6).
  keep(d, { ...generation, calling }, rules);
}

function newCallId(d: Draft): string {
  return `${d.s.prefix}c${d.s.nextId++}`;
}

/**
 * The same question again while the first waits. A model that waits for a result has no reason to ask
 * twice, yet some do (livekit/agents PR#5556; mastra#22969); one that goes on may mean it.
 */
function isRepeat(first: PendingCall, call: RequestedCall, { repeats }: TurnRules): boolean {
  const merges = repeats === 'merge' || (repeats === 'mergeBlocking' && first.blocking);
  return merges && first.name === call.name && isDeepStrictEqual(first.args, call.args);
}

function repeated(d: Draft, callId: string, wireId: string | undefined): void {
  change(d, callId, (call) => ({ ...call, wireIds: [...call.wireIds, wireId] }));
  d.out.push({ type: 'repeatCall', callId, wireId });
}

export function callsCancelled(d: Draft, ids: readonly string[]): void {
  const gone: string[] = [];
  for (const { callId, wireIds } of d.s.calls) {
    const left = wireIds.filter((id) => id === undefined || !ids.includes(id));
    if (left.length === wireIds.length) continue;
    if (left.length === 0) gone.push(callId);
    else
      d.out.push({
        type: 'unaskCall',
        callId,
        wireIds: wireIds.filter((id) => !left.includes(id)),
      });
    change(d, callId, (call) => ({ ...call, wireIds: left }));
  }
  if (gone.length === 0) return;
  d.s.calls = d.s.calls.filter(({ callId }) => !gone.includes(callId));
  d.out.push({ type: 'cancelCalls', callIds: gone });
}

/** Some servers forget the calls they wait for when they are interrupted, and do not say so. */
export function callsInterrupted(d: Draft, rules: TurnRules): void {
  if (!rules.forgetsInterruptedCalls) return;
  const callIds = d.s.calls.filter(({ blocking }) => blocking).map(({ callId }) => callId);
  if (callIds.length === 0) return;
  for (const id of callIds) change(d, id, (call) => ({ ...call, blocking: false }));
  d.out.push({ type: 'forgetCalls', callIds });
}

/** LiveKit drops what waits in its queue, and results that it has not handed over. */
export function callsDropped(d: Draft): void {
  d.s.calls = d.s.calls.map((call) => ({ ...call, dropped: true }));
  for (const { callId, phase } of d.s.calls) {
    if (phase === 'waiting' || phase === 'returned') hurry(d, callId, DROPPED_MS);
  }
}

/** What is known of the tool itself. */
export function toolIs(d: Draft, callId: string, phase: CallPhase, rules: TurnRules): void {
  const call = d.s.calls.find((pending) => pending.callId === callId);
  if (!call) return;
  change(d, callId, () => ({ ...call, phase }));
  if (phase === 'returned') hurry(d, callId, call.dropped ? DROPPED_MS : RETURNED_MS);
  else if (phase === 'aborted' && call.blocking) hurry(d, callId, ABORTED_MS);
  else if (phase === 'running') {
    const limit = deadlineOf(call.name, rules);
    const dueAt = limit === undefined ? undefined : d.at + limit;
    change(d, callId, (running) => ({ ...running, dueAt }));
  }
}

/** Nobody answers for LiveKit: then we do. */
export function callsOverdue(d: Draft): void {
  for (const { callId, phase, dueAt } of d.s.calls) {
    if (dueAt === undefined || d.at < dueAt) continue;
    change(d, callId, (call) => ({ ...call, dueAt: undefined }));
    d.out.push({ type: 'answerCall', callId, phase });
  }
}

/**
 * A call has its answer. When none is left that blocks, the model goes on as usual. `quiet`: it was
 * told not to speak about it.
 */
export function toolSettled(d: Draft, callId: string, quiet: boolean, rules: TurnRules): void {
  d.s.calls = d.s.calls.filter((call) => call.callId !== callId);
  const { turn, calls } = d.s;
  if (!quiet) {
    d.s.unwantedUntil = undefined;
    d.s.askedAt = d.at;
    if (calls.length === 0) answerOwed(d, rules);
  }
  if (turn.is !== 'open' || calls.some(({ blocking }) => blocking)) return;
  keep(d, { ...turn.generation, calling: false }, rules);
}

function deadlineOf(name: string, { tools, toolTimeoutMs }: TurnRules): number | undefined {
  const own = tools?.[name]?.deadlineMs;
  return (own === undefined ? toolTimeoutMs : own) ?? undefined;
}

function hurry(d: Draft, callId: string, ms: number): void {
  const dueAt = d.at + ms;
  change(d, callId, (call) => ({ ...call, dueAt: Math.min(call.dueAt ?? dueAt, dueAt) }));
}

function change(d: Draft, callId: string, to: (call: PendingCall) => PendingCall): void {
  d.s.calls = d.s.calls.map((call) => (call.callId === callId ? to(call) : call));
}
