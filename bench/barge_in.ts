// SPDX-License-Identifier: Apache-2.0
/**
 * What the plugin adds to the two moments that a caller feels: from the first chunk of model audio to
 * the frame that LiveKit can play, and from `interrupted` to the end of all streams. Both are measured
 * from the server's write, on 127.0.0.1, beside the official plugin and a bare socket.
 */
import { initializeLogger, llm } from '@livekit/agents';
import * as official from '@livekit/agents-plugin-google';
import { WebSocket } from 'ws';
import { RealtimeModel } from '../src/index.js';
import { LiveServer, type LiveConnection } from '../src/testing/index.js';
import { MODEL } from './types.js';

const TURNS = 200;
const SUBJECTS = ['ours', 'official'] as const;
const CHUNK_MS = 40;
/** So much more has been played when the caller cuts in. */
const SPOKEN_MS = 400;
const SETTLE_MS = 10;

interface Times {
  firstAudioMs: number[];
  cutMs: number[];
}

async function turn(
  connection: LiveConnection,
  answer: Promise<llm.GenerationCreatedEvent>,
  times: Times,
): Promise<void> {
  const begun = performance.now();
  connection.audio(CHUNK_MS);
  const { messageStream, functionStream } = await answer;
  const calls = drain(functionStream);
  for await (const message of messageStream) {
    const text = drain(message.textStream);
    const audio = message.audioStream.getReader();
    await audio.read();
    times.firstAudioMs.push(performance.now() - begun);
    const rest = (async () => {
      // A stream that is cancelled instead of closed has ended as well.
      while (!(await audio.read().catch(() => ({ done: true }))).done);
    })();
    connection.audio(SPOKEN_MS);
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const cut = performance.now();
    connection.interrupted();
    await Promise.all([rest, text]);
    times.cutMs.push(performance.now() - cut);
  }
  await calls;
}

async function drain(stream: { getReader(): { read(): Promise<{ done: boolean }> } }) {
  const reader = stream.getReader();
  while (!(await reader.read()).done);
}

async function measure(subject: (typeof SUBJECTS)[number]): Promise<Times> {
  const server = await LiveServer.start({ playbackDelay: false, setupDelayMs: 0 });
  const options = { apiKey: 'bench', model: MODEL, httpOptions: { baseUrl: server.url } };
  const model =
    subject === 'ours' ? new RealtimeModel(options) : new official.realtime.RealtimeModel(options);
  const session = model.session();
  session.on('error', () => {});
  await session._updateSession('Hi.', llm.ChatContext.empty(), llm.ToolContext.empty());
  await new Promise((resolve) => setTimeout(resolve, 500));
  const connection = server.connections.find(({ isOpen }) => isOpen);
  if (!connection) throw new Error(`${subject} is not connected`);
  const times: Times = { firstAudioMs: [], cutMs: [] };
  for (let i = 0; i < TURNS; i++) {
    const asked = connection.waitFor((f) => f.clientContent?.turnComplete === true);
    const answer = session.generateReply('Talk.');
    await asked;
    await turn(connection, answer, times);
  }
  await session.close().catch(() => {});
  await server.close();
  return times;
}

/** One write to one read: what the wire itself takes here. */
async function wire(): Promise<number[]> {
  const server = await LiveServer.start({ setupDelayMs: 0 });
  const address = `${server.url.replace('http', 'ws')}/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent?key=bench`;
  const socket = new WebSocket(address, { perMessageDeflate: false });
  await new Promise((resolve) => socket.on('open', resolve));
  const arrived = server.nextConnection();
  socket.send(JSON.stringify({ setup: { model: `models/${MODEL}` } }));
  const connection = await arrived;
  await new Promise((resolve) => socket.once('message', resolve));
  const times: number[] = [];
  for (let i = 0; i < TURNS; i++) {
    const begun = performance.now();
    const read = new Promise((resolve) => socket.once('message', resolve));
    connection.send({ serverContent: { interrupted: true } });
    await read;
    times.push(performance.now() - begun);
  }
  socket.terminate();
  await server.close();
  return times;
}

function shown(times: number[]): string {
  const sorted = times.slice(Math.min(20, times.length / 2)).sort((a, b) => a - b);
  const at = (share: number): string =>
    (sorted[Math.floor((sorted.length - 1) * share)] ?? NaN).toFixed(2);
  return `${at(0.5)} / ${at(0.95)}`;
}

initializeLogger({ pretty: false, level: 'silent' });
console.log(`p50 / p95 in ms of ${TURNS} turns; ${MODEL}`);
for (const subject of SUBJECTS) {
  const { firstAudioMs, cutMs } = await measure(subject);
  console.log(`${subject}: first audio ${shown(firstAudioMs)}, cut ${shown(cutMs)}`);
}
console.log(`wire alone: ${shown(await wire())}`);
process.exit(0);
