// SPDX-License-Identifier: Apache-2.0
import { llm } from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import { z } from 'zod';
import type { LiveConnection } from '../../src/testing/index.js';
import { breathe, until, type Stage } from './chaos.js';

const tool = (name: string) =>
  llm.tool({
    name,
    description: `Does ${name}.`,
    parameters: z.object({ what: z.string() }),
    execute: () => Promise.resolve('done'),
  });

/** Two sets of tools to change between; the first two tools are always there. */
export const TOOLS = [
  new llm.ToolContext([tool('weather'), tool('lookup')]),
  new llm.ToolContext([tool('weather'), tool('lookup'), tool('transfer')]),
] as const;

/** Ends from which a session comes back without a long wait. */
const CLOSES: readonly (readonly [number, string])[] = [
  [1000, ''],
  [1001, 'going away'],
  [1007, 'Request contains an invalid argument.'],
  [1008, 'The operation was aborted.'],
  [1011, 'Internal error encountered.'],
  [1011, 'The service is currently unavailable.'],
  [1011, 'Deadline expired before operation could complete.'],
  [1012, ''],
  [4321, 'nobody knows'],
];

type Act = (stage: Stage, connection: LiveConnection) => Promise<void> | void;

const TROUBLES: Readonly<Record<string, Act>> = {
  drop: (_stage, connection) => connection.drop(),
  close: ({ dice }, connection) => connection.close(...dice.pick(CLOSES)),
  refuseDial({ server, dice }, connection) {
    server.refuse({ status: 503, times: 1 + dice.int(2) });
    connection.drop();
  },
  refuseSetup({ server }, connection) {
    server.refuse({ closeCode: 1011, reason: 'The service is currently unavailable.' });
    connection.drop();
  },
  forget({ server }, connection) {
    server.forgetSessions();
    connection.drop();
  },
  takeHandle: (_stage, connection) => void connection.resumptionUpdate({ resumable: false }),
  goAway: ({ dice }, connection) => connection.goAway(1 + dice.int(20)),
  silence: ({ service }, connection) => {
    if (!service.isBlocked(connection)) void connection.turn({});
  },
};

const STEPS: readonly (readonly [weight: number, name: string, act: Act])[] = [
  [6, 'says', says],
  [4, 'reply', ({ client, dice }) => client.reply(dice.chance(0.5) ? 'Be polite.' : undefined)],
  [4, 'call', call],
  [4, 'answer', ({ client, dice }) => client.answer(1 + dice.int(2))],
  [2, 'answerTogether', ({ client }) => client.answerTogether()],
  [3, 'context', context],
  [2, 'bargeIn', bargeIn],
  [1, 'interrupt', interrupt],
  [1, 'instructions', instructions],
  [1, 'tools', ({ session, dice }) => session.updateTools(dice.pick(TOOLS))],
  [2, 'audio', audio],
  [2, 'time', ({ clock, dice }) => clock.skip(dice.int(1_500))],
  [1, 'temperature', ({ session, dice }) => session.updateOptions({ temperature: dice.next() })],
  [1, 'restart', ({ session }) => session.restart({ keepContext: true })],
  [1, 'cancel', cancel],
];
const WEIGHT = STEPS.reduce((sum, [weight]) => sum + weight, 0);

/** One step of somebody, and what goes wrong around it. */
export async function play(stage: Stage): Promise<void> {
  let left = stage.dice.int(WEIGHT);
  const [, name, act] = STEPS.find(([weight]) => (left -= weight) < 0)!;
  const connection = await newest(stage);
  if (!connection) return;
  note(stage, name);
  await act(stage, connection);
  await gap(stage);
}

function note({ done, trace }: Stage, name: string): void {
  done[name] = (done[name] ?? 0) + 1;
  trace(name);
}

/** The open connection; waits for the next one when there is none. */
async function newest(stage: Stage): Promise<LiveConnection | undefined> {
  await until(stage, 'no connection', () => stage.service.isUp);
  return stage.service.current;
}

/** A moment, in which something may go wrong. */
async function gap(stage: Stage): Promise<void> {
  const { dice, service } = stage;
  for (let moments = dice.int(3); moments > 0; moments--) await breathe();
  if (!dice.chance(stage.trouble)) return;
  const name = dice.pick(Object.keys(TROUBLES));
  const connection = service.current;
  if (!connection) return;
  note(stage, name);
  await TROUBLES[name]?.(stage, connection);
  if (dice.chance(0.5)) await breathe();
}

async function says(stage: Stage, connection: LiveConnection): Promise<void> {
  const { client, service, dice } = stage;
  const words = `${client.token('u')} and what now?`;
  stage.trace(`  heard ${words}`);
  connection.heard(words);
  await gap(stage);
  const now = service.current;
  // After a gap a session that remembers may go on by itself.
  if (now && (now === connection || dice.chance(0.3))) service.speak(now);
}

function call({ dice, service }: Stage, connection: LiveConnection): void {
  const busy = connection.pendingCalls.map(({ name }) => name);
  const free = ['weather', 'lookup'].filter((name) => !busy.includes(name));
  if (free.length === 0 || service.isBlocked(connection)) return;
  const names = dice.chance(0.4) ? free : free.slice(0, 1);
  for (const answer of connection.callTools(names.map((name) => ({ name, args: { what: 'x' } })))) {
    answer.catch(() => {});
  }
}

/** The service takes its calls back; results that come later must not be sent. */
function cancel({ client }: Stage, connection: LiveConnection): void {
  if (!connection.capabilities.callIds) return;
  const ids = connection.pendingCalls.map(({ id }) => id).filter((id) => !client.answered.has(id));
  if (ids.length === 0) return;
  for (const id of ids) client.cancelled.add(id);
  connection.cancelTools(ids);
}

function context({ session, client, dice }: Stage): Promise<void> {
  const next = session.chatCtx;
  for (let count = 1 + dice.int(2); count > 0; count--) {
    const role = dice.pick(['user', 'assistant'] as const);
    next.addMessage({ role, content: `${client.token('c')} by the way` });
  }
  return session.updateChatCtx(next);
}

async function bargeIn(stage: Stage, connection: LiveConnection): Promise<void> {
  const { client, service } = stage;
  if (service.isBlocked(connection)) return;
  void connection.turn({ say: `${client.token('a')} Long ago,`, ms: 120, complete: false });
  await gap(stage);
  if (!connection.isOpen) return;
  connection.interrupted();
  await gap(stage);
  if (!connection.isOpen) return;
  connection.heard(`${client.token('u')} stop`);
  await gap(stage);
  service.speak(connection);
}

async function interrupt(stage: Stage, connection: LiveConnection): Promise<void> {
  const { client, service, session } = stage;
  if (service.isBlocked(connection)) return;
  void connection.turn({ say: `${client.token('a')} Long ago,`, ms: 120, complete: false });
  await breathe();
  await session.interrupt();
  await gap(stage);
  if (connection.isOpen) connection.endTurn();
}

function instructions({ session, client, dice }: Stage): Promise<void> {
  client.instructions = `Be v${1 + dice.int(1_000_000)}.`;
  return session.updateInstructions(client.instructions);
}

function audio({ session, dice }: Stage): void {
  const samples = 320 * (1 + dice.int(5));
  session.pushAudio(new AudioFrame(new Int16Array(samples).fill(700), 16_000, 1, samples));
}
