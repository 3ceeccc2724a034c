// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { CHAOS_MODELS, runChaos } from './support/chaos.js';
import { TOOLS } from './support/chaos_steps.js';
import { listen, startCall, tone, withOutput, type Call } from './support/call.js';
import { SkippingClock } from './support/chaos_world.js';

// `npm run soak` does the same for as long as you like, and replays a seed with its trace.
const STORMS = CHAOS_MODELS.flatMap((model) => [1, 2].map((seed) => ({ ...model, seed })));

test.concurrent.each(STORMS)(
  '$model survives the storm $seed (vertex: $vertexai)',
  async (storm) => {
    const { broken, summary } = await runChaos({ ...storm, turns: 60 });
    expect(broken).toEqual([]);
    expect(summary.recoveries).toBeGreaterThan(3);
  },
);

/** Found by storms. A rolling handle stands for a moment before the call. */
async function callForgotten(): Promise<Call & { context: ReturnType<typeof withOutput> }> {
  const clock = new SkippingClock();
  const [blocking] = CHAOS_MODELS.filter(({ model }) => model.includes('-12-2025'));
  const begun = await startCall({ options: blocking!, tools: TOOLS[0], env: { clock } });
  const { connection, log, session } = begun;
  await connection.turn({ say: 'Hello.' });
  connection.callTool('weather').catch(() => {});
  await log.untilNamed('generation_created', 2);
  clock.skip(1_000);
  const { calls } = await listen(log.generations[1]!);
  return { ...begun, context: withOutput(session, calls[0]!, 'snow') };
}

const isAsked = (frame: { clientContent?: { turnComplete?: boolean | undefined } }): boolean =>
  frame.clientContent?.turnComplete === true;

test('a call that a rolling handle forgot is answered as text, and asked about', async () => {
  const { server, session, connection, log, context } = await callForgotten();
  const back = server.nextConnection();
  connection.drop();
  const second = await back;
  await log.untilNamed('session_reconnected');
  expect(second.resumed).toBe(true);
  session.pushAudio(tone(100));
  await second.waitFor(() => second.audioMs >= 100);
  await session.updateChatCtx(context);
  await second.waitFor(isAsked);
  expect(JSON.stringify(second.history)).toContain('returned snow');
  server.assertClean();
});

test('so is one whose result came while there was no connection', async () => {
  const { server, session, connection, log, context } = await callForgotten();
  const back = server.nextConnection();
  connection.drop();
  await log.untilNamed('error');
  await session.updateChatCtx(context);
  const second = await back;
  await second.waitFor(isAsked);
  expect(JSON.stringify(second.history)).toContain('returned snow');
  server.assertClean();
});

test('a result does not wait behind a reply request that waits for a new connection', async () => {
  const { server, session, connection, context } = await callForgotten();
  session.restart({ keepContext: true });
  session.generateReply('Go on.').catch(() => {});
  session.pushAudio(tone(100));
  await session.updateChatCtx(context);
  await connection.waitFor('toolResponse');
  server.assertClean();
});
