// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { ServerFrame } from '../protocol/frames.js';
import type { Recording } from '../recording/parse.js';
import { isObject, objects, text } from './json.js';
import type { LiveConnection } from './live_connection.js';
import type { ReplayOfServer } from './options.js';
import { ReplayConnection, type ReplayTerms } from './replay_connection.js';
import type { ReplayDifference } from './replay_report.js';
import { scriptsOf, type ConnectionScript } from './replay_script.js';
import { openCall } from './session_store.js';
import type { Timers } from './timers.js';

/** Plays the server's side of a recording: the n-th recorded connection to the n-th dial. */
export class ReplayPlayer {
  readonly differences: ReplayDifference[] = [];
  readonly #scripts: readonly ConnectionScript[];
  readonly #terms: ReplayTerms;
  readonly #timers: Timers;
  #dials = 0;
  readonly #playing = new Map<LiveConnection, ReplayConnection>();

  /** @throws Error for a recording that cannot be played */
  constructor(options: ReplayOfServer, timers: Timers) {
    const { recording, match, waitMs = 5_000, audioToleranceMs = 500 } = options;
    this.#scripts = scriptsOf(recording);
    this.#terms = {
      match: match ?? (isOurs(recording) ? 'exact' : 'kind'),
      waitMs,
      audioToleranceMs,
    };
    this.#timers = timers;
  }

  /** A client dials: undefined where the recording has no such connection. */
  dialled(): ConnectionScript | undefined {
    const script = this.#scripts[this.#dials];
    this.#dials += 1;
    if (script) return script;
    const detail = `the client dials once more; the recording has ${this.#scripts.length} in all`;
    this.#note({ ...NOWHERE, kind: 'connection', connection: this.#dials, detail });
    return undefined;
  }

  began(connection: LiveConnection, script: ConnectionScript): void {
    const stage = {
      play: (frame: unknown) => this.#play(connection, frame),
      close: (code: number, reason: string) => connection.close(code, reason),
      drop: () => connection.drop(),
    };
    const note = (difference: ReplayDifference): void => this.#note(difference);
    const playing = new ReplayConnection(script, stage, this.#terms, this.#timers, note);
    this.#playing.set(connection, playing);
  }

  received(connection: LiveConnection, frame: unknown): void {
    this.#playing.get(connection)?.received(frame);
  }

  ended(connection: LiveConnection): void {
    this.#playing.get(connection)?.finish();
  }

  /** What is missing now will not come any more. */
  finish(): readonly ReplayDifference[] {
    for (const playing of this.#playing.values()) playing.finish();
    const never = this.#scripts.slice(this.#dials);
    for (const { connection, steps } of never) {
      const detail = 'the client never dialled it';
      const [first] = steps;
      const place = { connection, line: first?.number, t: first?.t };
      this.#note({ ...NOWHERE, ...place, kind: 'connection', detail });
    }
    this.#dials = Math.max(this.#dials, this.#scripts.length);
    return this.differences;
  }

  #note(difference: ReplayDifference): void {
    this.differences.push(difference);
  }

  /** Sends a frame, and knows what the server would know then. */
  #play(connection: LiveConnection, frame: unknown): void {
    const {
      sessionResumptionUpdate: update,
      toolCall,
      toolCallCancellation,
      setupComplete,
    } = typeof frame === 'object' && frame !== null ? (frame as ServerFrame) : {};
    if (setupComplete !== undefined) connection.state.phase = 'open';
    const { session, host } = connection;
    if (session && update?.newHandle && update.resumable) {
      const mode = connection.capabilities.handle === 'fixed' ? 'fixed' : 'rolling';
      connection.handle = host.sessions.issue(session, mode, update.newHandle);
    }
    for (const { id, name, args } of session ? objects(toolCall?.functionCalls) : []) {
      // Vertex AI gives none: the answer is found by its name.
      const call = { id: text(id) || `call-${randomUUID()}`, name: text(name) };
      const blocking = connection.state.isBlocking(call.name);
      if (session) openCall(session, { ...call, args: isObject(args) ? args : {}, blocking });
    }
    connection.dropCalls(toolCallCancellation?.ids ?? []);
    connection.sendText(typeof frame === 'string' ? frame : JSON.stringify(frame));
    if (setupComplete !== undefined) host.ready(connection);
  }
}

const NOWHERE = { line: undefined, t: undefined, recorded: undefined, received: undefined };

/** Another client's frames say the same in other words. */
function isOurs({ lines, head }: Recording): boolean {
  return head.synthetic !== true && lines.some(({ dir }) => dir === 'local');
}
