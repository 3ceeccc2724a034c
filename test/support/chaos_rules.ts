// SPDX-License-Identifier: Apache-2.0
import type { LiveConnection, Session } from '../../src/testing/index.js';
import type { Stage } from './chaos.js';
import { TOOLS } from './chaos_steps.js';
import { tokensOf } from './chaos_world.js';

/** What must hold at any moment. */
export function brokenRules({ client, wire, server, done }: Stage): string[] {
  const broken = [...client.problems];
  if (wire.most > 1) broken.push(`${wire.most} sockets were open at once`);
  const open = server.dials.filter(({ connection }) => connection?.isOpen).length;
  if (open > 1) broken.push(`the server sees ${open} open connections`);
  const refused = server.violations.filter(({ reason }) => /session not found/.test(reason));
  if (refused.length > (done.forget ?? 0)) broken.push('more refused resumes than were forgotten');
  for (const violation of server.violations) {
    const { rule, reason, frame, connection } = violation;
    const crossed = rule.startsWith('hold audio') && wire.crossedCall(connection);
    if (crossed || refused.includes(violation)) continue;
    broken.push(`violation: ${rule}: ${reason} ${JSON.stringify(frame).slice(0, 300)}`);
  }
  return broken;
}

/** What must hold when everything has come to rest. */
export function brokenAtEnd(stage: Stage): string[] {
  const { server, service, session, client } = stage;
  const connection = service.current;
  if (!connection) return ['there is no connection at the end'];
  return [
    ...brokenHistory(stage, connection),
    ...resultsSentTwice(server.connections),
    ...brokenSettings(connection, client.instructions, Object.keys(session.tools.functionTools)),
  ];
}

function brokenHistory({ wire, session, client }: Stage, connection: LiveConnection): string[] {
  const there = counted(connection.history.flatMap(({ text }) => tokensOf(text)));
  const twice = [...there].filter(([, count]) => count > 1);
  const missing = session.chatCtx.items
    .flatMap((item) => {
      if (item.type === 'function_call_output') {
        return client.cancelled.has(item.callId) ? [] : tokensOf(item.output);
      }
      return item.type === 'message' ? tokensOf(item.textContent ?? '') : [];
    })
    .filter((token) => !there.has(token) && !wire.excused.has(token));
  return [
    ...twice.map(([token, count]) => `${token} stands ${count} times in the server's history`),
    ...missing.map((token) => `${token} is missing in the server's history`),
  ];
}

/** A result is given once to each session of the server that asked for it. */
function resultsSentTwice(connections: readonly LiveConnection[]): string[] {
  const sent = new Map<Session, string[]>();
  for (const { session, frames } of connections) {
    if (!session) continue;
    const results = frames.flatMap(({ frame }) =>
      frame.toolResponse ? tokensOf(JSON.stringify(frame.toolResponse)) : [],
    );
    sent.set(session, [...(sent.get(session) ?? []), ...results]);
  }
  return [...sent.values()].flatMap((tokens) =>
    [...counted(tokens)]
      .filter(([, count]) => count > 1)
      .map(([token]) => `the result ${token} was sent twice`),
  );
}

/** The server works with the newest instructions and tools. */
function brokenSettings(
  { capabilities, instructions, functions }: LiveConnection,
  wanted: string,
  tools: readonly string[],
): string[] {
  const broken: string[] = [];
  const followed = capabilities.instructionUpdate !== 'content' && instructions !== wanted;
  if (followed) broken.push(`instructions are "${instructions}", not "${wanted}"`);
  // What was only taken away may stay declared: the client refuses calls of it.
  const foreign = functions.filter((name) => !(name in TOOLS[1].functionTools));
  if (foreign.length > 0 || tools.some((name) => !functions.includes(name))) {
    broken.push(`tools are ${functions.join()}, not ${tools.join()}`);
  }
  return broken;
}

function counted(tokens: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const token of tokens) counts.set(token, (counts.get(token) ?? 0) + 1);
  return counts;
}
