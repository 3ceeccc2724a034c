// SPDX-License-Identifier: Apache-2.0
import { beforeAll, describe, expect, it } from 'vitest';
import { llm } from '@livekit/agents';
import { RealtimeModel } from '../src/index.js';
import { LiveServer } from '../src/testing/index.js';
import { EventLog, listen, tone, withOutput } from './support/call.js';
import { linesOf, replayOverSocket, type Line } from './support/replayed.js';
import { weather } from './support/recovery.js';

const MODEL = 'gemini-2.5-flash-native-audio-preview-12-2025';

/** A call of a real session: greeting, tool, barge-in, a drop with a resume, goAway, the end. */
async function recordCall(): Promise<string[]> {
  const lines: string[] = [];
  const server = await LiveServer.start({ playbackDelay: false, setupDelayMs: 1 });
  const model = new RealtimeModel({
    ...{ model: MODEL, apiKey: 'a-key', httpOptions: { baseUrl: server.url } },
    record: (line: string) => void lines.push(line),
  });
  const session = model.session();
  const log = new EventLog(session);
  session.on('input_speech_started', () => void session.interrupt());
  await session._updateSession('Be brief.', llm.ChatContext.empty(), weather);
  const first = await server.connection(0);
  const reply = session.generateReply('Greet.');
  await first.waitFor('clientContent');
  await first.turn({ say: 'Hello.' });
  await listen(await reply);

  session.pushAudio(tone(300));
  await first.waitFor((frame) => frame.realtimeInput?.audio !== undefined);
  first.heard('What is the weather?');
  const answered = first.callTool('weather', { city: 'Rome' });
  await log.until(() => log.generations.length >= 2);
  const { calls } = await listen(log.generations[1] as llm.GenerationCreatedEvent);
  await session.updateChatCtx(withOutput(session, calls[0] as llm.FunctionCall, 'sunny'));
  await answered;
  void first.turn({ say: 'It is sunny in Rome.', complete: false });
  await log.until(() => log.generations.length >= 3);
  first.interrupted();
  first.heard('Thanks.');
  await first.turn({ say: 'You are welcome.' });
  await log.until(() => log.generations.length >= 4);

  first.drop();
  const second = await server.connection(1);
  await second.turn({ say: 'Still here.' });
  await log.until(() => log.generations.length >= 5);
  second.goAway('1s');
  await second.closed;
  const third = await server.connection(2);
  await third.turn({ say: 'And here.' });
  await log.until(() => log.generations.length >= 6);
  await listen(log.generations[5] as llm.GenerationCreatedEvent);
  await session.close();
  server.assertClean();
  await server.close();
  return lines;
}

let recorded: Line[];
beforeAll(async () => {
  recorded = linesOf(await recordCall());
}, 20_000);

describe('a call of ours', () => {
  it('replays over a socket, and the client does what it did', async () => {
    const { server, notDriven } = await replayOverSocket(recorded);
    server.assertComplete();
    server.assertClean();
    expect(notDriven).toEqual([]);
    expect(server.connections).toHaveLength(3);
  }, 20_000);
});

/** The error of a replay that is not what was recorded. */
async function failure(lines: readonly Line[], options: object = {}): Promise<string> {
  const { server } = await replayOverSocket(lines, { waitMs: 300, ...options });
  try {
    server.assertComplete();
  } catch (error) {
    return (error as Error).message;
  }
  return 'none';
}

const copy = (): Line[] => structuredClone(recorded);
const isGreeting = ({ dir, frame }: Line): boolean =>
  dir === 'out' && frame?.clientContent?.turnComplete === true;
const isResult = ({ dir, frame }: Line): boolean => dir === 'out' && frame?.toolResponse;
const at = (lines: readonly Line[], is: (line: Line) => boolean): number => {
  const index = lines.findIndex(is);
  expect(index).toBeGreaterThan(0);
  return index;
};

describe('a client that differs is told the step', () => {
  it('when its words are others', async () => {
    const lines = copy();
    const index = at(lines, isGreeting);
    (lines[index] as Line).frame.clientContent.turns[0].parts[0].text = 'Say hello.';
    const message = await failure(lines);
    expect(message).toContain('(1 difference)');
    expect(message).toContain(`line ${index + 1}, `);
    expect(message).toContain(
      'another frame came: clientContent.turns[0].parts[0].text: recorded "Say hello.", now "Greet."',
    );
    expect(message).toContain('received: clientContent model "Greet."');
  }, 20_000);

  it('when a recorded frame never comes; the server goes on without it', async () => {
    const lines = copy();
    const index = at(lines, isResult);
    const extra = { dir: 'out', frame: { contextUpdate: { systemInstruction: { parts: [] } } } };
    lines.splice(index, 0, { ...(lines[index] as Line), ...extra });
    const message = await failure(lines);
    expect(message).toContain('(1 difference)');
    expect(message).toContain(`line ${index + 1}, `);
    expect(message).toContain('a frame is missing: not within 300 ms of its time');
    expect(message).toContain('recorded: contextUpdate');
  }, 20_000);

  it('when it sends what is not recorded', async () => {
    const lines = copy().filter((line) => !isResult(line));
    const message = await failure(lines);
    expect(message).toContain('a frame that is not recorded: the client');
    expect(message).toContain('received: toolResponse weather');
  }, 20_000);

  it('when the order is another', async () => {
    const lines = copy();
    const [greeting, result] = [at(lines, isGreeting), at(lines, isResult)];
    const moved = { ...(lines[greeting] as Line), t: (lines[result] as Line).t };
    lines.splice(result + 1, 0, moved);
    lines.splice(greeting, 1);
    const message = await failure(lines);
    expect(message).toContain('a frame came too early: before toolResponse weather');
  }, 20_000);

  it('when it dials less, or more', async () => {
    const lines = copy();
    const setup = { ...(lines.at(-1) as Line), connection: 4, dir: 'out', frame: { setup: {} } };
    expect(await failure([...lines, setup])).toContain('the client never dialled it');
    const once = copy().filter(({ connection }) => connection < 3);
    expect(await failure(once)).toMatch(/the client dials once more; the recording has 2 in all/);
  }, 30_000);
});
