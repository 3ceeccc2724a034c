// SPDX-License-Identifier: Apache-2.0
import type { Content } from '@google/genai';
import type { ClientFrame, RealtimeInput } from '../protocol/frames.js';
import { textOf } from './client_state.js';
import { dig } from './json.js';
import type { LiveConnection } from './live_connection.js';
import { type Cast, Performer } from './performer.js';
import { isManual } from './rules/realtime.js';
import { type Scenario, type ScenarioReaction, Script } from './scenario.js';
import type { Session } from './session_store.js';
import { type SpeechEdge, SpeechDetector } from './speech_detector.js';
import { pcmSamples, rateOf } from './voice.js';

/** A connection and the two who sit at its ends. */
interface Participant {
  readonly performer: Performer;
  readonly ear: SpeechDetector;
}

/** Holds the conversation of a scenario with whoever connects. */
export class ScenarioPlayer {
  readonly script: Script;
  readonly #scenario: Scenario;
  readonly #cast: Cast;
  #participants = new Map<object, Participant>();
  /** What a lost connection still owed its session. */
  #owed = new WeakMap<Session, ScenarioReaction[]>();

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.script = new Script(scenario);
    this.#cast = {
      script: this.script,
      latencyMs: scenario.latencyMs ?? 300,
      performerOf: ({ holder }) => holder && this.#participants.get(holder)?.performer,
    };
  }

  ready(connection: LiveConnection): void {
    const silence = dig(
      connection.setup,
      ...['realtimeInputConfig', 'automaticActivityDetection', 'silenceDurationMs'],
    );
    const ear = new SpeechDetector({
      ...this.#scenario.detection,
      ...(typeof silence === 'number' && { endMs: silence }),
    });
    const performer = new Performer(connection, this.#cast);
    this.#participants.set(connection, { performer, ear });
    const { session } = connection;
    const owed = session && this.#owed.get(session);
    if (session) this.#owed.delete(session);
    for (const reaction of owed ?? []) performer.react(reaction);
  }

  ended(connection: LiveConnection): void {
    const participant = this.#participants.get(connection);
    this.#participants.delete(connection);
    const unplayed = participant?.performer.leave() ?? [];
    const owed = unplayed.filter((reaction) => !this.script.putBack(reaction));
    if (connection.session && owed.length > 0) this.#owed.set(connection.session, owed);
  }

  received(connection: LiveConnection, frame: ClientFrame): void {
    const participant = this.#participants.get(connection);
    if (!participant) return;
    const { performer } = participant;
    if (frame.clientContent) {
      const { turns = [], turnComplete = false } = frame.clientContent;
      // Content interrupts a running generation, always (Live API reference).
      performer.interrupt({ calls: turnComplete });
      if (turnComplete) performer.react(this.#replyTo(connection, turns));
    }
    if (frame.realtimeInput) this.#listen(connection, participant, frame.realtimeInput);
  }

  /** Newer models answer a placeholder with an empty turn (agents-js plugin notes, 2026-09). */
  #replyTo(connection: LiveConnection, turns: readonly Content[]) {
    const last = turns.at(-1);
    const placeholder = last?.role === 'user' && /^[.\s]*$/.test(textOf(last));
    const unanswered = placeholder && connection.capabilities.replyRequest === 'bareTurn';
    return unanswered ? {} : this.script.take('reply');
  }

  #listen(connection: LiveConnection, participant: Participant, input: RealtimeInput): void {
    const { ear, performer } = participant;
    const now = connection.audioMs;
    const edges: SpeechEdge[] = [];
    if (input.activityStart) edges.push({ type: 'start', atMs: now });
    if (input.audio && !isManual(connection.setup)) {
      edges.push(...ear.feed(pcmSamples(input.audio.data), rateOf(input.audio.mimeType)));
    }
    if (input.audioStreamEnd) edges.push(...ear.finish());
    if (input.activityEnd) edges.push({ type: 'end', atMs: now });
    for (const edge of edges) this.#onEdge(connection, performer, edge);
    if (input.text === undefined) return;
    // A text counts as activity (types of @google/genai 2.32.0).
    if (connection.interruptible) performer.interrupt({ calls: true });
    performer.react(this.script.take('text'));
  }

  #onEdge(connection: LiveConnection, performer: Performer, edge: SpeechEdge): void {
    const reported = connection.reportsActivity;
    if (edge.type === 'start') {
      if (reported) connection.voiceActivity('ACTIVITY_START', edge.atMs);
      performer.listen(true);
      if (connection.interruptible) performer.interrupt({ calls: true });
      return;
    }
    const step = this.script.take('speech');
    if (step?.transcript !== undefined) connection.heard(step.transcript);
    if (reported) connection.voiceActivity('ACTIVITY_END', edge.atMs);
    performer.react(step);
    performer.listen(false);
  }
}
