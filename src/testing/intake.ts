// SPDX-License-Identifier: Apache-2.0
import type { ClientFrame } from '../protocol/frames.js';
import { blobMs, textOf } from './client_state.js';
import { type JsonObject, camelized, isObject } from './json.js';
import type { LiveConnection } from './live_connection.js';
import { judge } from './rules.js';
import { answered } from './rules/answers.js';
import { HELD_REASON } from './rules/setup_session.js';

/** Takes in one message of the client: record, judge, remember, react. */
export function receive(connection: LiveConnection, line: string): void {
  const frame = parse(line);
  if (!frame) return refuseText(connection, line);
  const received = connection.inbox.add(frame);
  if (!connection.stalled && !refused(connection, frame)) {
    accept(connection, frame);
  }
  connection.host.replay?.received(connection, frame);
  connection.inbox.offer(received);
}

function parse(line: string): JsonObject | undefined {
  try {
    const frame: unknown = camelized(JSON.parse(line));
    return isObject(frame) ? frame : undefined;
  } catch {
    return undefined;
  }
}

function refuseText(connection: LiveConnection, line: string): void {
  const reason = 'Invalid JSON payload received. Unable to parse.';
  const source = 'Live API reference: every message is a JSON object';
  const rule = 'send JSON objects';
  const frame = line.slice(0, 500);
  connection.host.violations.push({ rule, source, code: 1007, reason, frame, connection });
  connection.close(1007, reason);
}

/** Notes every broken rule; true when the connection was closed, or must stay unanswered. */
function refused(connection: LiveConnection, frame: JsonObject): boolean {
  const { state, host, refusal } = connection;
  if (refusal && isObject(frame.setup)) {
    if (!refusal.silent) connection.close(refusal.closeCode ?? 1011, refusal.reason ?? '');
    return true;
  }
  const context = state.contextFor(frame, [...connection.pendingCalls], host.sessions);
  for (const { rule, code, reason } of judge(frame, context)) {
    const { name, source } = rule;
    host.violations.push({ rule: name, source, code, reason, frame, connection });
    if (code === null) continue;
    connection.close(code, reason);
    return true;
  }
  return false;
}

function accept(connection: LiveConnection, frame: ClientFrame): void {
  const { state, host } = connection;
  const seeding = state.seeding;
  state.apply(frame);
  if (frame.setup) {
    begin(connection);
    return;
  }
  remember(connection, frame);
  // A declared history is committed without an answer, so it is no request either.
  if (!(seeding && frame.clientContent)) host.received(connection, frame);
}

function begin(connection: LiveConnection): void {
  const { host, state } = connection;
  const handle = state.setup.sessionResumption?.handle;
  const resume = handle ? host.sessions.look(handle, state.modelId) : 'free';
  // Refused like a client's mistake, but the client could not know.
  if (resume === 'lost') return connection.close(1011, HELD_REASON);
  const old = handle ? host.sessions.take(handle) : undefined;
  connection.session = old ?? host.sessions.begin(state.modelId);
  connection.session.holder = connection;
  connection.resumed = old !== undefined;
  connection.handle = old && handle;
  // The conversation of a resumed session has begun long ago.
  if (old) state.begun = old.history.length > 0;
  if (!host.replay) host.timers.afterReal(host.settings.setupDelayMs, () => connection.open());
}

function remember(connection: LiveConnection, frame: ClientFrame): void {
  const { session } = connection;
  if (!session) return;
  for (const turn of frame.clientContent?.turns ?? []) {
    session.add(turn.role === 'model' ? 'model' : 'user', textOf(turn));
  }
  const input = frame.realtimeInput;
  if (input?.text !== undefined) session.add('user', input.text);
  if (input?.audio) session.heardMs += blobMs(input.audio);
  for (const response of frame.toolResponse?.functionResponses ?? []) {
    const call = answered(response as JsonObject, connection.pendingCalls);
    // An answer to a call that nobody waits for is dropped without a word.
    if (!call) continue;
    if (response.willContinue !== true) session.calls.delete(call.id);
    session.add('tool', JSON.stringify(response.response));
    call.answer(response);
  }
}
