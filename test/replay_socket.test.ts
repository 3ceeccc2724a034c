// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { llm } from '@livekit/agents';
import { recordedModel } from '../src/cli/recorded_session.js';
import { RealtimeModel } from '../src/index.js';
import { LiveServer, parseRecording } from '../src/testing/index.js';
import { EventLog, listen, tone, withOutput } from './support/call.js';
import { linesOf, replayOverSocket, type Line } from './support/over_socket.js';
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
    expect(message).toContain('a frame came too late: after clientContent');
  }, 20_000);

  it('when it dials less, or more', async () => {
    const lines = copy();
    const setup = { ...(lines.at(-1) as Line), connection: 4, dir: 'out', frame: { setup: {} } };
    expect(await failure([...lines, setup])).toContain('the client never dialled it');
    const once = copy().filter(({ connection }) => connection < 3);
    const later = { dir: 'call', call: 'clearAudio', args: {} };
    const last = once.at(-1) as Line;
    expect(await failure([...once, { ...last, ...later, t: last.t + 500 }])).toMatch(
      /the client dials once more; the recording has 2 in all/,
    );
  }, 30_000);
});

describe('what the server reproduces', () => {
  const line = (t: number, connection: number, rest: object): Line =>
    ({ t, connection, ...rest }) as Line;
  const head = (): Line[] => {
    const [first, ...rest] = copy();
    // Four failures in a row are more than a call bears by default.
    (first as Line).note.options.connOptions.maxRetry = 9;
    return [first as Line, ...rest.filter(({ connection }) => connection === 0)];
  };
  const setupOf = (connection: number): Line =>
    ({ ...(copy().find(({ frame }) => frame?.setup) as Line), connection }) as Line;
  const lost = (t: number, connection: number, event: object): Line =>
    line(t, connection, { dir: 'connection', event: { is: 'lost', ...event } });
  const up = (t: number, connection: number): Line =>
    line(t, connection, { dir: 'in', frame: { setupComplete: {} } });

  it('is a refusal at the upgrade, one of setup, a close, and a drop', async () => {
    const lines = [
      ...head(),
      lost(200, 1, { code: 503, phase: 'upgrade' }),
      setupOf(2),
      lost(300, 2, { code: 1011, reason: 'Try later.', phase: 'setup' }),
      setupOf(3),
      up(400, 3),
      lost(500, 3, { code: 1008, reason: 'Too long.', phase: 'session' }),
      setupOf(4),
      up(600, 4),
      lost(700, 4, { code: 1006, phase: 'session' }),
      setupOf(5),
      up(800, 5),
      line(900, 5, { dir: 'call', call: 'close', args: {} }),
      line(900, 5, { dir: 'connection', event: { is: 'closed' } }),
    ];
    const { server } = await replayOverSocket(lines, { speed: 10 });
    server.assertComplete();
    expect(server.dials.map(({ status }) => status)).toEqual([503, ...Array(4).fill(undefined)]);
    const ends = await Promise.all(
      server.dials.slice(1).map(async ({ connection }) => connection?.closed),
    );
    expect(ends.map((end) => [end?.code, end?.reason, end?.by])).toEqual([
      [1011, 'Try later.', 'server'],
      [1008, 'Too long.', 'server'],
      [1006, '', 'server'],
      [1000, '', 'client'],
    ]);
  }, 20_000);

  it.each<[string, (lines: Line[]) => Line[]]>([
    ['begins in the middle of a call', (lines) => lines.filter(({ frame }) => !frame?.setup)],
    ['has no frame of the server', (lines) => lines.filter(({ dir }) => dir !== 'in')],
  ])('is nothing where the recording %s', async (_what, cut) => {
    await expect(replayOverSocket(cut(copy()))).rejects.toThrow(
      /cannot be played to a client: .* replay it without a socket/,
    );
  });
});

describe('a recording of another client', () => {
  const FOLDER = fileURLToPath(new URL('../../shared/recordings', import.meta.url));
  const file = `${FOLDER}/google_ws__text_in_audio_out_turn.jsonl`;

  /** A session of ours asks for a reply; `greets`: as that client did. */
  const play = async (greets: boolean): Promise<LiveServer> => {
    const recording = parseRecording(readFileSync(file, 'utf8'));
    const server = await LiveServer.start({ replay: { recording, waitMs: 200 } });
    onTestFinished(() => server.close());
    const { model } = recordedModel(recording.head, server.url);
    const session = model.session();
    if (greets) {
      const { text } = await listen(await session.generateReply('Say a short greeting.'));
      expect(text).toBe('Hello there.');
    } else {
      session.pushAudio(tone(20));
      await (await server.connection(0)).waitFor('setup');
    }
    await session.close();
    server.assertClean();
    return server;
  };

  it.skipIf(!existsSync(file))('is compared by the kinds of frames', async () => {
    (await play(true)).assertComplete();
    const server = await play(false);
    expect(() => server.assertComplete()).toThrow(
      /line 4, .* a frame is missing: .*\n.*clientContent user "Say a short/,
    );
  });
});
