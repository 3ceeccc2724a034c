// SPDX-License-Identifier: Apache-2.0
import { llm } from '@livekit/agents';
import type { FunctionResponse } from '@google/genai';
import type { RealtimeSession } from '../../src/index.js';
import type { LiveConnection } from '../../src/testing/index.js';
import { tone, type EventLog } from './call.js';

/** Every response the server has received on a connection, in order. */
export const responses = (connection: LiveConnection): FunctionResponse[] =>
  connection.frames.flatMap(({ frame }) => frame.toolResponse?.functionResponses ?? []);

/** A tool that ends when and how the test says. */
export function tool(name: string, execute: () => unknown = () => new Promise(() => {})) {
  return llm.tool({
    name,
    description: `The tool ${name}.`,
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
    execute: () => Promise.resolve(execute()),
  });
}

/** Reads calls of a generation without waiting for its end. */
export async function callsOf(
  log: EventLog,
  index: number,
  count = 1,
): Promise<llm.FunctionCall[]> {
  await log.untilNamed('generation_created', index + 1);
  const reader = log.generations[index]!.functionStream.getReader();
  const calls: llm.FunctionCall[] = [];
  while (calls.length < count) calls.push((await reader.read()).value!);
  reader.releaseLock();
  return calls;
}

/** Runs a tool as LiveKit does; never rejects. */
export async function run(
  session: RealtimeSession,
  call: llm.FunctionCall,
  abortSignal = new AbortController().signal,
): Promise<unknown> {
  const found = session.tools.getFunctionTool(call.name)!;
  const options = { toolCallId: call.callId, abortSignal, ctx: {} as never };
  try {
    return await found.execute({}, options);
  } catch (error) {
    return error;
  }
}

/** Hands outputs to the session in one context, as LiveKit does. */
export async function handOver(
  session: RealtimeSession,
  ...outputs: [call: llm.FunctionCall, output: string, isError?: boolean][]
): Promise<void> {
  const context = session.chatCtx.copy();
  for (const [{ callId, name }, output, isError = false] of outputs) {
    context.items.push(llm.FunctionCallOutput.create({ callId, name, output, isError }));
  }
  await session.updateChatCtx(context);
}

/** All that was sent on both sides so far has arrived; while audio is held, only what the server sent. */
export async function settle(
  { log, session }: { log: EventLog; session: RealtimeSession },
  connection: LiveConnection,
  held = false,
): Promise<void> {
  const before = log.reports.length;
  connection.send({ marker: {} });
  await log.until(() => log.reports.slice(before).some(({ what }) => what === 'unknown_frame'));
  if (held) return;
  const ends = connection.frames.filter(({ frame }) => frame.realtimeInput?.audioStreamEnd).length;
  session.pushAudio(tone(50));
  await session.commitAudio();
  await connection.waitFor(
    () =>
      connection.frames.filter(({ frame }) => frame.realtimeInput?.audioStreamEnd).length > ends,
  );
}
