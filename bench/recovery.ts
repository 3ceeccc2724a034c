// SPDX-License-Identifier: Apache-2.0
/**
 * How long a call is deaf after its connection broke: from the break to the end of the new setup and
 * to the first caller audio accepted there, while 20 ms frames flow in real time. On 127.0.0.1, so it
 * shows what the client adds; network and service come on top. Each break has a session of its own.
 */
import { initializeLogger, llm } from '@livekit/agents';
import * as official from '@livekit/agents-plugin-google';
import { AudioFrame } from '@livekit/rtc-node';
import { RealtimeModel } from '../src/index.js';
import { LiveServer, type LiveConnection } from '../src/testing/index.js';
import { MODEL } from './work.js';

const BREAKS = 200;
const FRAME_MS = 20;
/** Frames before the break, and after the recovery. */
const AROUND = 3;
const SETTLING = 50;
/** Who has not come back by now never does. */
const NEVER_MS = 5_000;

type Subject = 'ours' | 'official';
type Break = 'TCP drop' | 'close 1011';

interface Recovery {
  setUpMs: number;
  heardMs: number;
  lostFrames: number;
}

interface Caller {
  pushed: number;
  hangUp(): void;
}

const SAMPLES = (16_000 * FRAME_MS) / 1000;

function sessionFor(subject: Subject, baseUrl: string): llm.RealtimeSession {
  const options = { apiKey: 'bench', model: MODEL, httpOptions: { baseUrl } };
  const model =
    subject === 'ours' ? new RealtimeModel(options) : new official.realtime.RealtimeModel(options);
  const session = model.session();
  session.on('error', () => {});
  return session;
}

/** A microphone in real time: as many frames as the time that has passed holds. */
function call(session: llm.RealtimeSession): Caller {
  const begun = performance.now();
  const frame = new AudioFrame(new Int16Array(SAMPLES).fill(500), 16_000, 1, SAMPLES);
  const push = (): void => {
    while (caller.pushed * FRAME_MS <= performance.now() - begun) {
      session.pushAudio(frame);
      caller.pushed += 1;
    }
  };
  const timer = setInterval(push, FRAME_MS / 4);
  const caller = { pushed: 0, hangUp: () => clearInterval(timer) };
  return caller;
}

const isAudio = (frame: { realtimeInput?: { audio?: unknown } }): boolean =>
  frame.realtimeInput?.audio !== undefined;

async function until(when: () => boolean): Promise<void> {
  while (!when()) await new Promise((resolve) => setTimeout(resolve, 1));
}

const untilPushed = (caller: Caller, count: number): Promise<void> =>
  until(() => caller.pushed >= count);

/** One break of a quiet connection; undefined when nobody came back. */
async function recover(
  server: LiveServer,
  subject: Subject,
  kind: Break,
): Promise<Recovery | undefined> {
  const session = sessionFor(subject, server.url);
  const before = server.connections.length;
  await session._updateSession('Hi.', llm.ChatContext.empty(), llm.ToolContext.empty());
  const caller = call(session);
  try {
    // The official plugin dials more than once before it is configured.
    await untilPushed(caller, subject === 'ours' ? AROUND : SETTLING);
    await until(() => (server.current?.isOpen && server.current.audioMs > 0) === true);
    const first = server.current as LiveConnection;
    const back = server.nextConnection({ timeoutMs: NEVER_MS }).catch(() => undefined);
    const begun = performance.now();
    if (kind === 'TCP drop') first.drop();
    else first.close(1011, 'Internal error encountered.');
    const second = await back;
    if (!second) return undefined;
    const setUpMs = performance.now() - begun;
    await second.waitFor(isAudio, { timeoutMs: NEVER_MS });
    const heardMs = performance.now() - begun;
    await untilPushed(caller, caller.pushed + AROUND);
    caller.hangUp();
    return { setUpMs, heardMs, lostFrames: await lost(server, session, caller, before) };
  } finally {
    caller.hangUp();
    const closed = session.close().catch(() => {});
    if (subject === 'ours') await closed;
  }
}

/** Frames that were spoken and reached none of the session's connections. */
async function lost(
  server: LiveServer,
  session: llm.RealtimeSession,
  caller: Caller,
  before: number,
): Promise<number> {
  await session.commitAudio();
  await server.current?.waitFor((frame) => frame.realtimeInput?.audioStreamEnd === true);
  const heardMs = server.connections.slice(before).reduce((sum, { audioMs }) => sum + audioMs, 0);
  return Math.round(caller.pushed - heardMs / FRAME_MS);
}

function share(list: readonly number[], part: number): string {
  const sorted = [...list].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) * part)] ?? NaN).toFixed(1);
}

async function measure(server: LiveServer, subject: Subject, kind: Break): Promise<string[]> {
  const all: Recovery[] = [];
  for (let i = 0; i < BREAKS; i++) {
    const recovery = await recover(server, subject, kind);
    if (!recovery) {
      const after = all.length > 0 ? ` (after ${all.length})` : '';
      return [`${subject}, ${kind}`, `never${after}`, 'never', 'all'];
    }
    all.push(recovery);
  }
  const [setUp, heard] = [all.map((one) => one.setUpMs), all.map((one) => one.heardMs)];
  const frames = all.reduce((sum, { lostFrames }) => sum + lostFrames, 0);
  return [
    `${subject}, ${kind}`,
    `${share(setUp, 0.5)} / ${share(setUp, 0.95)}`,
    `${share(heard, 0.5)} / ${share(heard, 0.95)}`,
    `${frames} in ${all.length} breaks`,
  ];
}

/** Nothing here takes this long. */
setTimeout(() => process.exit(1), 10 * 60_000).unref();
initializeLogger({ pretty: false, level: 'silent' });
// The official plugin leaves promises behind when its socket goes.
process.on('unhandledRejection', () => {});
const row = (cells: readonly string[]): void =>
  console.log(cells.map((cell, i) => cell.padEnd(i === 0 ? 24 : 22)).join(''));
row(['ms, p50 / p95', 'set up again', 'first audio accepted', '20 ms frames lost']);
for (const subject of ['ours', 'official'] as const) {
  for (const kind of ['TCP drop', 'close 1011'] as const) {
    const server = await LiveServer.start({ setupDelayMs: 0 });
    row(await measure(server, subject, kind));
    await server.close();
  }
}
process.exit(0);
