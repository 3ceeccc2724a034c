// SPDX-License-Identifier: Apache-2.0
import { llm } from '@livekit/agents';
import { RealtimeModel, type RealtimeModelOptions, type RealtimeSession } from '../../src/index.js';
import { LiveServer } from '../../src/testing/index.js';
import { Client } from './chaos_client.js';
import { Service } from './chaos_service.js';
import { Dice, SkippingClock, Wire } from './chaos_world.js';
import { play, TOOLS } from './chaos_steps.js';
import { brokenAtEnd, brokenRules } from './chaos_rules.js';

export interface ChaosOptions {
  model: string;
  vertexai?: boolean;
  seed: number;
  turns: number;
  /** Share of the moments between two actions at which something goes wrong. @default 0.15 */
  trouble?: number;
  /** Prints every action. */
  trace?: (line: string) => void;
}

export interface ChaosResult {
  /** Broken invariants, in words. */
  broken: string[];
  summary: Record<string, number>;
}

/** Handles that are fixed and rolling, calls that block and do not, with and without ids. */
export const CHAOS_MODELS: readonly { model: string; vertexai?: boolean }[] = [
  { model: 'gemini-3.8-live' },
  { model: 'gemini-2.5-flash-native-audio-preview-12-2025' },
  { model: 'gemini-live-2.5-flash-native-audio', vertexai: true },
  { model: 'gemini-3.1-flash-live-preview' },
  { model: 'gemini-3.8-live', vertexai: true },
];

/** Everything a step may touch. */
export interface Stage {
  readonly dice: Dice;
  readonly clock: SkippingClock;
  readonly wire: Wire;
  readonly server: LiveServer;
  readonly service: Service;
  readonly session: RealtimeSession;
  readonly client: Client;
  readonly trouble: number;
  readonly broken: string[];
  /** How often each thing was done. */
  readonly done: Record<string, number>;
  trace(line: string): void;
}

/** Every so many steps everything comes to rest and the rules are checked. */
const REST = 12;
/** Longest time, counted in looks at the world, that coming to rest may take. */
const PATIENCE = 400;

/** Lets the sockets work. */
export const breathe = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

/** Waits for the world; when nothing moves, time passes faster. */
export async function until(stage: Stage, what: string, when: () => boolean): Promise<boolean> {
  for (let look = 0; look < PATIENCE; look++) {
    if (when()) return true;
    await breathe();
    if (look % 8 === 7) stage.clock.skip(10 * look);
  }
  stage.broken.push(`stuck: ${what}`);
  return false;
}

/** Nothing is asked, said or changed any more. */
async function rest(stage: Stage): Promise<void> {
  const { client, service, wire, clock } = stage;
  client.hold = false;
  client.answerTogether();
  const quiet = (): boolean => wire.isSettled && service.idle && client.unrest().length === 0;
  const settle = async (): Promise<void> => {
    const rested = await until(stage, 'no rest', quiet);
    if (!rested) stage.broken.push(`unrest: ${client.unrest().join(', ')}; up ${service.isUp}`);
  };
  await settle();
  // Updates wait this long for a quiet point, and a connection this old counts as good.
  for (let i = 0; i < 11 && stage.broken.length === 0; i++) {
    clock.skip(1_000);
    await breathe();
    await breathe();
    await breathe();
  }
  await settle();
  client.hold = true;
}

function modelOf(options: ChaosOptions, stage: Omit<Stage, 'session' | 'client' | 'service'>) {
  const { model, vertexai } = options;
  const baseUrl = stage.server.url;
  const where: RealtimeModelOptions = vertexai
    ? { vertexai, project: 'p', httpOptions: { baseUrl, headers: { authorization: 'Bearer a' } } }
    : { apiKey: 'a-key', httpOptions: { baseUrl } };
  const connOptions = { maxRetry: 50, retryIntervalMs: 5, timeoutMs: 10_000 };
  const { clock, wire, dice } = stage;
  const env = { clock, random: dice.next, openSocket: wire.openSocket };
  return new RealtimeModel({ ...where, model, connOptions }, env);
}

/** One session through a storm. The seed decides what is done; the sockets' timing is their own. */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const server = await LiveServer.start({ playbackDelay: false, setupDelayMs: 1 });
  const dice = new Dice(options.seed);
  const broken: string[] = [];
  const rejected = (error: unknown): number => broken.push(`unhandled rejection: ${String(error)}`);
  process.on('unhandledRejection', rejected);
  const { trace = () => {}, trouble = 0.15 } = options;
  const done: Record<string, number> = {};
  const [clock, wire] = [new SkippingClock(), new Wire(server)];
  const bare = { dice, clock, wire, server, trouble, broken, done, trace };
  const session = modelOf(options, bare).session();
  const service = new Service(server, wire, dice, trace);
  const stage: Stage = { ...bare, session, service, client: new Client(session, dice, trace) };
  try {
    await session._updateSession('Be v0.', llm.ChatContext.empty(), TOOLS[0]);
    for (let turn = 1; turn <= options.turns && broken.length === 0; turn++) {
      await play(stage);
      broken.push(...brokenRules(stage));
      if (turn % REST === 0 || turn === options.turns) {
        await rest(stage);
        broken.push(...brokenRules(stage));
        if (broken.length === 0) broken.push(...brokenAtEnd(stage));
      }
    }
    await session.close();
    if (wire.open > 0) broken.push('an open socket after close()');
    await until(stage, 'the server has an open socket after close()', () => !service.anyOpen);
    if (stage.client.unsettled > 0) broken.push('a reply is not settled after close()');
  } finally {
    await session.close();
    await server.close();
    process.off('unhandledRejection', rejected);
  }
  const { connections, recoveries, stalls } = session.health;
  const inFlight = wire.lost;
  return { broken, summary: { ...done, connections, recoveries, stalls, inFlight } };
}
