// SPDX-License-Identifier: Apache-2.0
import { inference, stt, voice } from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import type { LiveConnection } from '../src/testing/index.js';
import { said, startAgent, type AgentCall, type AgentOptions } from './support/agent.js';
import { tone } from './support/call.js';
import { END_MS, EnergyVad } from './support/energy_vad.js';
import { ManualClock } from './support/manual_clock.js';
import { marks } from './support/marks.js';

const MODELS = ['gemini-3.8-live', 'gemini-2.5-flash-native-audio-preview-12-2025'];
const BY_HAND = { realtimeInputConfig: { automaticActivityDetection: { disabled: true } } };
const HASTY = { minDelay: 20, maxDelay: 100 };

const loud = tone(20, 24_000);
const quiet = new AudioFrame(new Int16Array(480), 24_000, 1, 480);

type Turns = AgentCall & { agent: Talker; connection: LiveConnection };

/** Says when LiveKit has committed a turn, however the activity ended. */
class Talker extends voice.Agent {
  turns = 0;

  override onUserTurnCompleted(): Promise<void> {
    this.turns += 1;
    return Promise.resolve();
  }
}

async function begin(model: string, given: AgentOptions, options = BY_HAND): Promise<Turns> {
  const agent = new Talker({ instructions: 'Talk.' });
  const call = await startAgent(agent, { model, ...options }, {}, given);
  return { ...call, agent, connection: await call.server.connection(0) };
}

const withVad = (turnDetection: 'vad' | inference.TurnDetector = 'vad'): AgentOptions => ({
  session: {
    vad: new EnergyVad(),
    turnHandling: { turnDetection, endpointing: HASTY, interruption: { mode: 'vad' } },
  },
});

/** Frames one by one: each is heard by the VAD before the next comes. */
async function push({ mic }: Turns, ms: number, frame: AudioFrame): Promise<void> {
  for (let passed = 0; passed < ms; passed += 20) {
    mic.push(frame);
    for (let i = 0; i < 5; i++) await setImmediate();
  }
}

const turnEnd = ({ connection }: Turns) =>
  connection.waitFor((frame) => frame.realtimeInput?.activityEnd !== undefined);

const MANUAL: AgentOptions = { session: { turnHandling: { turnDetection: 'manual' } } };

/** Lets the push-to-talk button go; LiveKit takes about a second to commit. */
async function release(call: Turns): Promise<void> {
  const { turns } = call.agent;
  call.session.commitUserTurn();
  await turnEnd(call);
  await vi.waitFor(() => expect(call.agent.turns).toBe(turns + 1), { timeout: 5_000 });
}

async function answer({ connection, until }: Turns, question: string, say: string): Promise<void> {
  connection.heard(question);
  void connection.turn({ say });
  await until((told) => told.includes(`assistant: ${say}`));
}

/** Requests for an answer, other than a committed turn. */
const requests = ({ frames }: LiveConnection): number =>
  frames.filter(({ frame }) => frame.clientContent?.turnComplete).length;

describe.each(MODELS)('%s', (model) => {
  test.each([
    ['long', 800],
    ['short', 300],
  ])('a VAD: a %s utterance is committed whole and answered once', async (_name, ms) => {
    const call = await begin(model, withVad());
    await push(call, ms, loud);
    await push(call, END_MS, quiet);
    await turnEnd(call);
    await answer(call, 'Hello?', 'Hello.');
    expect(marks(call.connection)).toEqual(['start', `audio ${ms + END_MS}`, 'end']);
    expect(requests(call.connection)).toBe(0);
    expect(said(call.session)).toEqual(['user: Hello?', 'assistant: Hello.']);
    call.server.assertClean();
  });

  test('a VAD: a barge-in is answered', async () => {
    const call = await begin(model, withVad());
    const { connection, session, until } = call;
    session.generateReply({ userInput: 'Tell me a story.' });
    await connection.waitFor((frame) => frame.clientContent?.turnComplete === true);
    void connection.turn({ say: 'Once upon a time', ms: 60_000, complete: false });
    await until((told) => told.includes('agent is speaking'));
    await push(call, 800, loud);
    await connection.waitFor((frame) => frame.realtimeInput?.activityStart !== undefined);
    connection.interrupted();
    await push(call, END_MS, quiet);
    await turnEnd(call);
    await answer(call, 'Stop, please.', 'All right.');
    expect(marks(connection)).toEqual(['start', `audio ${800 + END_MS}`, 'end']);
    expect(requests(connection)).toBe(1);
    expect(said(session)).toEqual([
      'user: Tell me a story.',
      'assistant: Once upon a time [interrupted]',
      'user: Stop, please.',
      'assistant: All right.',
    ]);
    call.server.assertClean();
  });

  test('push-to-talk: what is said while the button is down is answered', async () => {
    const call = await begin(model, MANUAL);
    const { connection, session } = call;
    for (const [question, reply] of [
      ['One?', 'One.'],
      ['Two?', 'Two.'],
    ] as const) {
      session.interrupt();
      session.clearUserTurn();
      await push(call, 2_500, loud);
      await release(call);
      await answer(call, question, reply);
    }
    expect(marks(connection)).toEqual(['start', 'audio 2500', 'end', 'start', 'audio 2500', 'end']);
    expect(requests(connection)).toBe(0);
    expect(said(session)).toEqual([
      'user: One?',
      'assistant: One.',
      'user: Two?',
      'assistant: Two.',
    ]);
    call.server.assertClean();
  });

  test('push-to-talk: a cancelled turn is not answered, the next one is', async () => {
    const call = await begin(model, MANUAL);
    const { connection, session } = call;
    session.interrupt();
    await push(call, 400, loud);
    await connection.waitFor(() => connection.audioMs >= 397);
    session.clearUserTurn();
    await turnEnd(call);
    await push(call, 400, loud);
    connection.heard('Never mind.');
    void connection.turn({ say: 'As you like.' });
    session.interrupt();
    await push(call, 400, loud);
    await release(call);
    await answer(call, 'Hello?', 'Hello.');
    // What was still in the resampler is forgotten with the turn.
    expect(marks(connection)).toEqual(['start', 'audio 397', 'end', 'start', 'audio 400', 'end']);
    expect(said(session).filter((line) => line.startsWith('assistant'))).toEqual([
      'assistant: Hello.',
    ]);
    call.server.assertClean();
  });

  test.each([
    ['sure', 0.99],
    ['in doubt', 0.001],
  ])('a turn detector that is %s decides when the turn ends', async (_name, probability) => {
    const executor = {
      doInference: () => Promise.resolve({ probability, inferenceDurationMs: 1 }),
    };
    const detector = new inference.TurnDetector({ version: 'v1-mini', executor });
    const call = await begin(model, withVad(detector));
    const predictions: number[] = [];
    call.session.on(voice.AgentSessionEventTypes.EotPrediction, (event) => {
      predictions.push(event.probability);
    });
    await push(call, 800, loud);
    await push(call, END_MS, quiet);
    await turnEnd(call);
    await answer(call, 'Hello?', 'Hello.');
    expect(predictions).toEqual([probability]);
    expect(marks(call.connection)).toEqual(['start', `audio ${800 + END_MS}`, 'end']);
    expect(requests(call.connection)).toBe(0);
    call.server.assertClean();
  });

  test('the server detects turns: a commit by the app does no harm', async () => {
    const call = await begin(model, {}, {} as typeof BY_HAND);
    const { connection, session } = call;
    await push(call, 800, loud);
    session.commitUserTurn();
    await push(call, 300, quiet);
    await connection.waitFor(() => connection.audioMs >= 1_050);
    await answer(call, 'Hello?', 'Hello.');
    await session.close();
    expect(marks(connection)[0]).toMatch(/^audio/);
    expect(marks(connection)).not.toContain('start');
    expect(requests(connection)).toBe(0);
    expect(said(session)).toEqual(['user: Hello?', 'assistant: Hello.']);
    call.server.assertClean();
  });
});

/** Speech recognition to which everything is noise: LiveKit commits no turn without its words. */
class DeafStt extends stt.STT {
  readonly label = 'test.DeafStt';

  constructor() {
    super({ streaming: true, interimResults: true });
  }

  protected override _recognize(): Promise<stt.SpeechEvent> {
    return Promise.reject(new Error('not used'));
  }

  override stream(): stt.SpeechStream {
    return new DeafStream(this);
  }
}

class DeafStream extends stt.SpeechStream {
  readonly label = 'test.DeafStream';

  protected override async run(): Promise<void> {
    for await (const _ of this.input);
  }
}

test('a false interruption is forgotten after 15 s of quiet, and nobody answers it', async () => {
  const clock = new ManualClock();
  const { session: vad } = withVad();
  const call = await begin(MODELS[0]!, { session: { ...vad, stt: new DeafStt() }, env: { clock } });
  const { connection, session } = call;
  await push(call, 700, loud);
  await push(call, 300, quiet);
  for (let second = 1; second <= 15; second++) {
    call.mic.push(new AudioFrame(new Int16Array(24_000), 24_000, 1, 24_000));
    await connection.waitFor(() => connection.audioMs >= second * 1_000 + 950);
    expect(marks(connection)).not.toContain('end');
    clock.advance(990);
  }
  await push(call, 50, quiet);
  await connection.waitFor(() => connection.audioMs >= 16_000);
  clock.advance(200);
  await turnEnd(call);
  const transcribed = new Promise((done) =>
    session.once(voice.AgentSessionEventTypes.UserInputTranscribed, done),
  );
  await connection.turn({ say: 'Pardon?' });
  connection.heard('Ahem.');
  await transcribed;
  session.generateReply();
  await connection.waitFor('clientContent');
  void connection.turn({ say: 'As I said.' });
  await call.until((told) => told.includes('assistant: As I said.'));
  expect(said(session).filter((line) => line.startsWith('assistant'))).toHaveLength(1);
  expect(call.agent.turns).toBe(0);
  call.server.assertClean();
});
