// SPDX-License-Identifier: Apache-2.0
import { Behavior, FunctionResponseScheduling } from '@google/genai';
import { llm, voice } from '@livekit/agents';
import { describe, expect, test } from 'vitest';
import type { RealtimeModelOptions } from '../src/index.js';
import { refusal } from '../src/livekit/tool_calls.js';
import { startCall, tone, type Call } from './support/call.js';
import { ManualClock } from './support/manual_clock.js';
import { goDown, goDownForGood, DOWN_MS, recoverable, timesSaid } from './support/recovery.js';
import { callsOf, handOver, responses, run, settle, tool } from './support/tools.js';

const ASYNC = 'gemini-3.8-live';
const BLOCKING = 'gemini-2.5-flash-native-audio-preview-12-2025';
const NO_IDS = 'gemini-live-2.5-flash-native-audio';

const MODELS: [string, RealtimeModelOptions][] = [
  ['a call that blocks nothing', { model: ASYNC }],
  ['a call that blocks', { model: BLOCKING }],
  ['a call without an id', { model: NO_IDS, vertexai: true, project: 'p' }],
];

type Started = Call & { clock: ManualClock };

async function start(
  options: RealtimeModelOptions,
  ...tools: llm.FunctionTool[]
): Promise<Started> {
  const clock = new ManualClock(Date.now() + 1_000);
  const context = new llm.ToolContext(tools.length > 0 ? tools : [tool('weather')]);
  return {
    clock,
    ...(await startCall({
      options: { watchdog: null, ...options },
      env: { clock },
      tools: context,
    })),
  };
}

interface Outcome {
  execute?: () => unknown;
  /** What happens after the model has called; `call` is what LiveKit was given. */
  then(started: Started, call: llm.FunctionCall): unknown;
  response: Record<string, unknown>;
}

class Opaque {
  readonly secret = () => 1;
}

/** How calls end, and what the server is told. LiveKit gives an output for the first three only. */
const OUTCOMES: Record<string, Outcome> = {
  'a result': {
    then: ({ session }, call) => handOver(session, [call, '"snow"']),
    response: { output: '"snow"' },
  },
  'an error': {
    then: ({ session }, call) => handOver(session, [call, 'No such city.', true]),
    response: { error: 'No such city.' },
  },
  'nothing, on purpose': {
    then: ({ session }, call) => handOver(session, [call, '']),
    response: { output: 'done' },
  },
  'an empty list': {
    then: ({ session }, call) => handOver(session, [call, '[]']),
    response: { output: expect.stringContaining('empty') },
  },
  StopResponse: {
    execute: () => Promise.reject(new voice.StopResponse()),
    then: ({ session }, call) => run(session, call),
    response: { output: 'done' },
  },
  'what cannot be written down': {
    execute: () => new Opaque(),
    then: ({ session }, call) => run(session, call),
    response: { error: expect.stringContaining('cannot be shown') },
  },
  'no result at all': {
    then: ({ session, clock }, call) => {
      void run(session, call);
      clock.advance(60_000);
    },
    response: { error: expect.stringContaining('Not finished in time') },
  },
  'a result that LiveKit keeps to itself': {
    execute: () => 'snow',
    then: async ({ session, clock }, call) => {
      await run(session, call);
      clock.advance(10_000);
    },
    response: { output: '"snow"' },
  },
  'a result that an interruption swallowed': {
    execute: () => 'snow',
    then: async ({ session, clock }, call) => {
      await run(session, call);
      await session.interrupt();
      clock.advance(1_000);
    },
    response: { output: '"snow"' },
  },
  'an interruption before it began': {
    then: async ({ session, clock }) => {
      await session.interrupt();
      clock.advance(1_000);
    },
    response: { error: expect.stringContaining('Not run') },
  },
  'an abort that the tool obeys': {
    execute: () => Promise.reject(new Error('aborted')),
    then: ({ session }, call) => run(session, call, AbortSignal.abort()),
    response: { error: expect.stringContaining('Interrupted') },
  },
  'an abort that the tool outlives': {
    execute: () => 'snow',
    then: ({ session }, call) => run(session, call, AbortSignal.abort()),
    response: { output: '"snow"' },
  },
};

describe.each(MODELS)('%s is answered once after', (_name, options) => {
  test.each(Object.entries(OUTCOMES))('%s', async (_outcome, { execute, then, response }) => {
    const started = await start(options, tool('weather', execute));
    const { server, session, connection, log } = started;
    const answered = connection.callTool('weather', { city: 'Oslo' });
    const [call] = await callsOf(log, 0);
    await then(started, call!);
    const answer = await answered;
    expect(answer.response).toEqual(response);
    // LiveKit may come too late with the same; nobody asked twice.
    if (!JSON.stringify(answer).includes('Not ') && !JSON.stringify(answer).includes('Interr')) {
      await handOver(session, [call!, '"snow"']);
    }
    started.clock.advance(60_000);
    await settle(started, connection);
    expect(responses(connection)).toHaveLength(1);
    expect(responses(connection)[0]?.id).toBe(
      connection.capabilities.callIds ? call!.callId : undefined,
    );
    const outputs = session.chatCtx.items.filter(({ type }) => type === 'function_call_output');
    expect(outputs).toHaveLength(1);
    server.assertClean();
  });

  test('a late result: it is told, and spoken of', async () => {
    const started = await start(options);
    const { server, session, connection, log, clock } = started;
    const answered = connection.callTool('weather', { city: 'Oslo' });
    const [call] = await callsOf(log, 0);
    void run(session, call!);
    clock.advance(60_000);
    await answered;
    await handOver(session, [call!, '"snow at last"']);
    await connection.waitFor((frame) => frame.clientContent?.turnComplete === true);
    expect(responses(connection)).toHaveLength(1);
    expect(timesSaid(connection, 'snow at last')).toBe(1);
    const outputs = session.chatCtx.items.filter((item) => item.type === 'function_call_output');
    expect(outputs.map(({ output }) => output)).toEqual(['"snow at last"']);
    server.assertClean();
  });

  test('parallel calls in frames of their own: one generation, one toolResponse', async () => {
    const started = await start(options, tool('weather'), tool('time'));
    const { server, session, connection, log } = started;
    const answers = [connection.callTool('weather'), connection.callTool('time')];
    // A call that blocks nothing ends its turn, so each has a generation of its own.
    const calls =
      options.model === ASYNC
        ? [...(await callsOf(log, 0)), ...(await callsOf(log, 1))]
        : await callsOf(log, 0, 2);
    expect(calls.map(({ name }) => name)).toEqual(['weather', 'time']);
    await handOver(session, [calls[1]!, '"noon"'], [calls[0]!, '"snow"']);
    expect((await Promise.all(answers)).map(({ response }) => response?.output)).toEqual([
      '"snow"',
      '"noon"',
    ]);
    const frames = connection.frames.filter(({ frame }) => frame.toolResponse);
    expect(frames).toHaveLength(1);
    server.assertClean();
  });
});

describe('without ids', () => {
  test('answers to one function go in the order of its calls', async () => {
    const started = await start(MODELS[2]![1]);
    const { server, session, connection, log, clock } = started;
    const calls = connection.callTools([
      { name: 'weather', args: { city: 'Oslo' } },
      { name: 'weather', args: { city: 'Rome' } },
    ]);
    const [oslo, rome] = await callsOf(log, 0, 2);
    await handOver(session, [rome!, '"rain"']);
    await settle(started, connection, true);
    expect(responses(connection)).toEqual([]);
    await handOver(session, [oslo!, '"snow"']);
    expect((await Promise.all(calls)).map(({ response }) => response)).toEqual([
      { output: '"snow"' },
      { output: '"rain"' },
    ]);
    expect(clock.waits.every((ms) => ms > 0)).toBe(true);
    server.assertClean();
  });
});

describe('a reply without tools', () => {
  test('refuses calls, but not for ever', async () => {
    const started = await start({ model: BLOCKING });
    const { server, session, connection } = started;
    session.updateOptions({ toolChoice: 'none' });
    for (let i = 0; i < 3; i++) {
      const { response } = await connection.callTool('weather', { city: `${i}` });
      expect(response).toMatchObject({ error: expect.stringContaining('Answer in speech') });
    }
    const parked = connection.callTool('weather', { city: 'more' });
    await settle(started, connection, true);
    expect(responses(connection)).toHaveLength(3);
    session.updateOptions({ toolChoice: 'auto' });
    expect((await parked).response).toMatchObject({ error: expect.stringContaining('Not run') });
    server.assertClean();
  });

  test('what is refused, and in which words', () => {
    const call = { name: 'weather' };
    expect(refusal(call, { toolChoice: null })).toBeUndefined();
    expect(refusal(call, { toolChoice: 'required' })).toBeUndefined();
    expect(refusal(call, { toolChoice: 'none' })).toContain('Answer in speech');
    expect(refusal(call, { toolChoice: 'auto', isHidden: true })).toContain('weather');
    expect(refusal(call, { toolChoice: 'auto', isHidden: false })).toBeUndefined();
  });
});

describe('a choice of tools', () => {
  const named: llm.ToolChoice = { type: 'function', function: { name: 'time' } };
  test.each<[string, llm.ToolChoice, string, string[]]>([
    ['required, and obeyed', 'required', 'weather', ['tool_choice_emulated']],
    ['a function, and obeyed', named, 'time', ['tool_choice_emulated']],
    [
      'a function, another one called',
      named,
      'weather',
      ['tool_choice_emulated', 'tool_choice_ignored'],
    ],
    ['required, and not obeyed', 'required', '', ['tool_choice_emulated', 'tool_choice_ignored']],
  ])('%s: said in the instructions, and reported', async (_name, toolChoice, calls, reported) => {
    const started = await start({ model: ASYNC }, tool('weather'), tool('time'));
    const { session, connection, log } = started;
    session.updateOptions({ toolChoice });
    const reply = session.generateReply('Help.');
    const { clientContent } = await connection.waitFor('clientContent');
    const said = JSON.stringify(clientContent);
    expect(said).toContain('Help.');
    expect(said).toContain(toolChoice === 'required' ? 'weather, time' : 'function time');
    if (calls === '') void connection.turn({ say: 'No.' });
    else connection.callTool(calls).catch(() => {});
    await reply;
    await settle(started, connection);
    const about = log.reports.filter(({ what }) => what.startsWith('tool_choice'));
    expect(about.map(({ what }) => what)).toEqual(reported);
  });

  test('of a function that is not there is reported at once', async () => {
    const { session, connection, log } = await start({ model: ASYNC });
    session.updateOptions({ toolChoice: named });
    session.generateReply().catch(() => {});
    expect(JSON.stringify(await connection.waitFor('clientContent'))).not.toContain('time');
    expect(log.reports).toMatchObject([{ what: 'tool_choice_ignored' }]);
  });
});

describe('the server takes a call back', () => {
  test('the tool is told to stop, the late result is dropped, the history says so', async () => {
    let signal: AbortSignal | undefined;
    const slow = llm.tool({
      name: 'slow',
      description: 'Slow.',
      parameters: { type: 'object', properties: {} },
      execute: (_args: unknown, { abortSignal }) => {
        signal = abortSignal;
        return new Promise(() => {});
      },
    });
    const started = await start({ model: BLOCKING }, slow);
    const { server, session, connection, log } = started;
    const answered = connection.callTool('slow', {}, 'c1').catch(() => 'taken back');
    const [call] = await callsOf(log, 0);
    void run(session, call!);
    connection.cancelTools(['c1']);
    expect(await answered).toBe('taken back');
    await settle(started, connection);
    expect(signal?.aborted).toBe(true);
    await handOver(session, [call!, '"too late"']);
    await settle(started, connection);
    expect(responses(connection)).toEqual([]);
    expect(timesSaid(connection, 'too late')).toBe(0);
    const outputs = session.chatCtx.items.filter((item) => item.type === 'function_call_output');
    expect(outputs).toMatchObject([{ output: 'cancelled', isError: true }]);
    // LiveKit's own context has no such output; the next seed still knows.
    const agents = session.chatCtx.copy();
    agents.items = agents.items.filter(({ type }) => type !== 'function_call_output');
    await session.updateChatCtx(agents);
    expect(session.chatCtx.items.at(-1)).toMatchObject({ output: 'cancelled' });
    server.assertClean();
  });

  test('without a word, when it is interrupted: the result is told as text', async () => {
    const started = await start({ model: ASYNC, toolBehavior: Behavior.BLOCKING });
    const { server, session, connection, log } = started;
    connection.callTool('weather', {}, 'c1').catch(() => {});
    const [call] = await callsOf(log, 0);
    connection.dropCalls(['c1']);
    connection.interrupted();
    await settle(started, connection);
    await handOver(session, [call!, '"snow"']);
    await connection.waitFor((frame) => frame.clientContent?.turnComplete === true);
    expect(responses(connection)).toEqual([]);
    expect(timesSaid(connection, 'snow')).toBe(1);
    server.assertClean();
  });
});

describe('the server asks the same again', () => {
  test('one run answers both', async () => {
    const started = await start({ model: BLOCKING });
    const { server, session, connection, log } = started;
    const first = connection.callTool('weather', { city: 'Oslo' }, 'c1');
    const [call] = await callsOf(log, 0);
    const second = connection.callTool('weather', { city: 'Oslo' }, 'c2');
    await log.until(() => log.reports.some(({ what }) => what === 'tool_call_repeated'));
    await handOver(session, [call!, '"snow"']);
    expect((await first).response).toEqual({ output: '"snow"' });
    expect((await second).response).toEqual({ output: '"snow"' });
    expect(responses(connection).map(({ id }) => id)).toEqual(['c1', 'c2']);
    expect(log.generations).toHaveLength(1);
    server.assertClean();
  });

  test('and takes the first back: only the second is answered', async () => {
    const started = await start({ model: BLOCKING });
    const { server, session, connection, log } = started;
    connection.callTool('weather', { city: 'Oslo' }, 'c1').catch(() => {});
    const [call] = await callsOf(log, 0);
    const second = connection.callTool('weather', { city: 'Oslo' }, 'c2');
    connection.cancelTools(['c1']);
    await settle(started, connection, true);
    await handOver(session, [call!, '"snow"']);
    await second;
    expect(responses(connection).map(({ id }) => id)).toEqual(['c2']);
    server.assertClean();
  });
});

describe('single tools', () => {
  test('block, are scheduled and expire by their own options', async () => {
    const options = {
      model: ASYNC,
      toolOptions: {
        weather: { deadlineMs: 40_000, scheduling: FunctionResponseScheduling.INTERRUPT },
        time: { behavior: Behavior.BLOCKING },
      },
    };
    const started = await start(options, tool('weather'), tool('time'));
    const { session, connection, log, clock } = started;
    connection.callTool('weather', {}, 'c1').catch(() => {});
    connection.send({
      toolCall: { functionCalls: [{ id: 'c2', name: 'time', args: {} }] },
    });
    await callsOf(log, 0);
    const [time] = await callsOf(log, 1);
    clock.advance(40_000);
    await handOver(session, [time!, '"noon"']);
    await settle(started, connection);
    expect(responses(connection)).toMatchObject([
      { id: 'c1', scheduling: 'INTERRUPT', response: { error: expect.anything() } },
      { id: 'c2', response: { output: '"noon"' } },
    ]);
    expect(responses(connection)[1]).not.toHaveProperty('scheduling');
  });
});

describe('results that want no reply', () => {
  test.each([
    [ASYNC, 'SILENT'],
    [BLOCKING, undefined],
  ])('%s: %s', async (model, scheduling) => {
    const watchdog = { answerMs: 8_000, steps: [] };
    const started = await start({ model, watchdog });
    const { session, connection, log, clock } = started;
    const answered = connection.callTool('weather');
    const [call] = await callsOf(log, 0);
    clock.advance(1_000);
    await handOver(session, [call!, '']);
    expect((await answered).scheduling).toBe(scheduling);
    clock.advance(9_000);
    await settle(started, connection);
    // Nobody waits for an answer to what was told in silence.
    const missing = log.reports.some(({ what }) => what === 'unanswered');
    expect(missing).toBe(scheduling === undefined);
  });
});

describe('caller audio while a tool runs', () => {
  test('what is older than the ring is counted, and said when the wait is over', async () => {
    const started = await start({ model: BLOCKING, audioBufferMs: 200 });
    const { session, connection, log } = started;
    const answered = connection.callTool('weather');
    const [call] = await callsOf(log, 0);
    for (let i = 0; i < 10; i++) session.pushAudio(tone(50));
    expect(connection.audioMs).toBe(0);
    await handOver(session, [call!, '"snow"']);
    await answered;
    await connection.waitFor(() => connection.audioMs >= 200);
    const lost = log.reports.filter(({ what }) => what === 'caller_audio_lost');
    expect(lost).toEqual([{ what: 'caller_audio_lost', detail: { ms: 300 } }]);
    expect(session.health.droppedAudioMs).toBe(300);
  });
});

describe.each([
  ['fixed', ASYNC, goDown, true],
  ['rolling, handle after the calls', BLOCKING, goDown, true],
  ['rolling, handle before the calls', BLOCKING, goDown, false],
  ['fresh', ASYNC, goDownForGood, false],
] as const)('over a gap, %s', (name, model, down, knows) => {
  test.each(['before', 'during', 'after'])(
    'results %s it: each told exactly once',
    async (when) => {
      const context = new llm.ToolContext([tool('weather'), tool('time')]);
      const call = await recoverable({ options: { model }, tools: context });
      const { server, session, connection, log, clock } = call;
      const { promise: both } = promiseOf(
        connection.callTools([{ name: 'weather' }, { name: 'time' }]),
      );
      const calls = await callsOf(log, 0, 2);
      if (name.includes('handle after')) connection.resumptionUpdate();
      await call.sync(connection);
      const results = () => handOver(session, [calls[0]!, '"snow"'], [calls[1]!, '"noon"']);
      if (when === 'before') {
        await results();
        await both;
        if (model === BLOCKING) return;
      }
      await down(call, connection);
      if (when === 'during') await results();
      clock.advance(DOWN_MS);
      const second = await call.back();
      if (when === 'after') await results();
      const live = knows || when === 'before';
      if (live) await both;
      else await second.waitFor((frame) => frame.clientContent?.turnComplete === true);
      await settle(call, second);
      const answers = [connection, second].flatMap((one) => responses(one));
      expect(answers).toHaveLength(live ? 2 : 0);
      const told = (text: string): number => timesSaid(connection, text) + timesSaid(second, text);
      const seeded = when === 'before' && name === 'fresh' ? 1 : 0;
      expect([told('snow'), told('noon')]).toEqual([1 + seeded, 1 + seeded]);
      expect(
        session.chatCtx.items.filter(({ type }) => type === 'function_call_output'),
      ).toHaveLength(2);
      server.assertClean();
    },
  );
});

/** All answers, or the first failure, which a test may not care about. */
function promiseOf<T>(answers: Promise<T>[]): { promise: Promise<T[]> } {
  const promise = Promise.all(answers);
  promise.catch(() => {});
  return { promise };
}

test('old outputs of a history are never sent as answers', async () => {
  const started = await start({ model: ASYNC });
  const { session, connection, server } = started;
  const context = session.chatCtx;
  context.insert([
    llm.FunctionCall.create({ callId: 'old', name: 'weather', args: '{}' }),
    llm.FunctionCallOutput.create({
      callId: 'old',
      name: 'weather',
      output: 'hail',
      isError: false,
    }),
  ]);
  await session.updateChatCtx(context);
  await settle(started, connection);
  expect(responses(connection)).toEqual([]);
  expect(timesSaid(connection, 'hail')).toBe(1);
  server.assertClean();
});
