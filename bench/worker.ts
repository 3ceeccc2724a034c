// SPDX-License-Identifier: Apache-2.0
import { initializeLogger, llm } from '@livekit/agents';
import * as official from '@livekit/agents-plugin-google';
import { AudioFrame, AudioResampler } from '@livekit/rtc-node';
import { WebSocket } from 'ws';
import { RealtimeModel } from '../src/index.js';
import {
  EVENTS,
  MODEL,
  rateOf,
  WARM_UP,
  type Result,
  type Scenario,
  type Subject,
} from './work.js';

/** What all three can do. */
interface Client {
  push(frame: AudioFrame): void;
  /** Asks for an answer and counts its audio frames. */
  answer(each: () => void): Promise<void>;
}

const yieldNow = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function plugin(subject: 'ours' | 'official', url: string): Promise<Client> {
  const options = { apiKey: 'bench', model: MODEL, httpOptions: { baseUrl: url } };
  const model =
    subject === 'ours' ? new RealtimeModel(options) : new official.realtime.RealtimeModel(options);
  const session = model.session();
  session.on('error', () => {});
  await session._updateSession('Hi.', llm.ChatContext.empty(), llm.ToolContext.empty());
  await new Promise((resolve) => setTimeout(resolve, 500));
  return {
    push: (frame) => session.pushAudio(frame),
    async answer(each) {
      const { messageStream } = await session.generateReply('Talk.');
      for await (const message of messageStream) {
        for await (const _frame of message.audioStream) each();
      }
    },
  };
}

/** The least that the LiveKit contract allows: native resampler, node's base64, one frame object. */
async function floor(url: string): Promise<Client> {
  const socket = new WebSocket(url.replace('http', 'ws'), { perMessageDeflate: false });
  await new Promise((resolve) => socket.on('open', resolve));
  socket.send('{"setup":{}}');
  await new Promise((resolve) => socket.once('message', resolve));
  let resampler: AudioResampler | undefined;
  let pending: Int16Array[] = [];
  let samples = 0;
  const add = (data: Int16Array): void => {
    pending.push(data);
    samples += data.length;
    if (samples < 800) return;
    const bytes = Buffer.concat(
      pending.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength)),
    );
    pending = [];
    samples = 0;
    socket.send(
      `{"realtimeInput":{"audio":{"data":"${bytes.toString('base64')}","mimeType":"audio/pcm;rate=16000"}}}`,
    );
  };
  return {
    push(frame) {
      if (frame.sampleRate === 16000) return add(frame.data);
      resampler ??= new AudioResampler(frame.sampleRate, 16000, 1);
      for (const out of resampler.push(frame)) add(out.data);
    },
    answer: (each) =>
      new Promise((resolve) => {
        socket.on('message', (data: Buffer) => {
          const { serverContent } = JSON.parse(data.toString()) as {
            serverContent: {
              modelTurn?: { parts: { inlineData: { data: string } }[] };
              turnComplete?: boolean;
            };
          };
          for (const { inlineData } of serverContent.modelTurn?.parts ?? []) {
            const bytes = Buffer.from(inlineData.data, 'base64');
            const pcm = new Int16Array(bytes.buffer, bytes.byteOffset & ~1, bytes.byteLength / 2);
            new AudioFrame(pcm, 24000, 1, pcm.length);
            each();
          }
          if (serverContent.turnComplete) resolve();
        });
        socket.send('{"clientContent":{"turnComplete":true}}');
      }),
  };
}

function cpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

async function microphone(client: Client, rate: number): Promise<number> {
  const count = (rate * 20) / 1000;
  const frame = new AudioFrame(new Int16Array(count).fill(500), rate, 1, count);
  let begun = 0;
  for (let i = 0; i < WARM_UP + EVENTS; i++) {
    if (i === WARM_UP) begun = cpu();
    client.push(frame);
    if (i % 10 === 0) await yieldNow();
  }
  await yieldNow();
  return (cpu() - begun) / EVENTS;
}

async function answer(client: Client): Promise<number> {
  let heard = 0;
  let begun = 0;
  await client.answer(() => {
    if (++heard === WARM_UP) begun = cpu();
  });
  return (cpu() - begun) / (heard - WARM_UP);
}

const [subject, scenario, url] = process.argv.slice(2) as [Subject, Scenario, string];
initializeLogger({ pretty: false, level: 'silent' });
const client = subject === 'floor' ? await floor(url) : await plugin(subject, url);
const microseconds = scenario.startsWith('mic')
  ? await microphone(client, rateOf(scenario))
  : await answer(client);
process.send?.({ microseconds } satisfies Result, () => process.exit(0));
