// SPDX-License-Identifier: Apache-2.0
import { Behavior, FunctionResponseScheduling, type FunctionResponse } from '@google/genai';
import { llm } from '@livekit/agents';
import { describe, expect, it } from 'vitest';
import type { RealtimeModelOptions, ToolOptions } from '../src/options.js';
import { validate } from '../src/validate.js';
import { startCall, tone, withOutput, type Call } from './support/call.js';
import type { TurnRules } from '../src/turn/rules.js';
import { RULES, Talk, audio, calls } from './support/turn.js';

const NEW = 'gemini-3.8-live';
const THINKER = 'gemini-3.8-live-extended-thinking';
const MIDDLE = 'gemini-3.1-flash-live-preview';
const OLD = 'gemini-2.5-flash-native-audio-preview-12-2025';
const { BLOCKING, NON_BLOCKING } = Behavior;

const tools = new llm.ToolContext(
  ['book', 'look', 'note'].map((name) =>
    llm.tool({ name, description: `Can ${name}.`, execute: () => Promise.resolve('done') }),
  ),
);

const start = (options: RealtimeModelOptions): Promise<Call> => startCall({ options, tools });

const behaviors = ({ connection }: Call): unknown =>
  Object.fromEntries(
    (connection.setup.tools ?? []).flatMap((tool) =>
      ('functionDeclarations' in tool ? (tool.functionDeclarations ?? []) : []).map((one) => [
        one.name,
        one.behavior,
      ]),
    ),
  );

/** The server asks for these functions at once; what their results look like when they come. */
async function answers(call: Call, ...names: string[]): Promise<(FunctionResponse | undefined)[]> {
  const { connection, session, log } = call;
  const seen = log.generations.length;
  const answered = names.map((name) => connection.callTool(name, {}));
  const asked: llm.FunctionCall[] = [];
  for (let i = seen; asked.length < names.length; i += 1) {
    await log.untilNamed('generation_created', i + 1);
    for await (const one of log.generations[i]!.functionStream) asked.push(one);
  }
  for (const one of asked) await session.updateChatCtx(withOutput(session, one, 'done'));
  return Promise.all(answered);
}

describe('settings of single tools', () => {
  it('declare each tool with its own behavior, the others with that of all', async () => {
    const call = await start({ model: NEW, toolOptions: { book: { behavior: BLOCKING } } });
    expect(behaviors(call)).toEqual({ book: BLOCKING, look: NON_BLOCKING, note: NON_BLOCKING });
    call.server.assertClean();
  });

  it('schedule each result as its tool says, and none of a tool that blocks', async () => {
    const call = await start({
      model: NEW,
      toolResponseScheduling: FunctionResponseScheduling.SILENT,
      toolOptions: { book: { behavior: BLOCKING }, look: { scheduling: 'INTERRUPT' } },
    });
    for (const [name, scheduling] of [
      ['look', 'INTERRUPT'],
      ['note', 'SILENT'],
      ['book', undefined],
    ] as const) {
      expect((await answers(call, name))[0]?.scheduling, name).toBe(scheduling);
    }
    call.server.assertClean();
  });

  it('hold caller audio for a tool that blocks, and for no other', async () => {
    const { connection, session, log, server } = await start({
      model: OLD,
      toolOptions: { look: { behavior: NON_BLOCKING } },
    });
    void connection.callTool('look', {});
    await log.untilNamed('generation_created');
    session.pushAudio(tone(100));
    await connection.waitFor(() => connection.audioMs >= 100);
    void connection.callTool('book', {});
    await log.untilNamed('generation_created', 2);
    session.pushAudio(tone(400));
    session.generateReply().catch(() => {});
    await connection.waitFor('clientContent');
    expect(connection.audioMs).toBe(100);
    server.assertClean();
  });

  it('follow a behavior that changes in a running session', async () => {
    const call = await start({ model: NEW });
    const { connection } = call;
    call.session.updateOptions({ toolBehavior: BLOCKING });
    await connection.waitFor('contextUpdate');
    void connection.callTool('book', {});
    await call.log.untilNamed('generation_created');
    // An answer with a blocking call ends without a boundary; the server sends none before the result.
    for await (const one of call.log.generations[0]!.functionStream) expect(one.name).toBe('book');
    call.server.assertClean();
  });

  it('end an answer soon only where one of its calls blocks', () => {
    const rules = { ...RULES, tools: { weather: { blocking: true } } };
    const ends = (given: TurnRules): boolean => {
      const talk = new Talk(given);
      talk.put(audio(), calls('c1'));
      talk.wait(RULES.blockingCallTailMs);
      return talk.is !== 'open';
    };
    expect(ends(rules)).toBe(true);
    expect(ends({ ...rules, tools: {} })).toBe(false);
  });
});

describe('options for single tools', () => {
  const check = (model: string, tool: unknown, more: RealtimeModelOptions = {}) => {
    const toolOptions = { book: tool as ToolOptions };
    const { settings, warnings } = validate(
      { apiKey: 'k', model, toolOptions, ...more },
      {},
      '2026-11-20',
    );
    return { kept: settings.toolOptions['book'], warnings };
  };

  it.each<[string, unknown, RegExp]>([
    [THINKER, { behavior: BLOCKING }, /toolOptions.book.behavior BLOCKING.*Use NON_BLOCKING/s],
    [NEW, { behavior: 'SOMETIMES' }, /SOMETIMES.*NON_BLOCKING or BLOCKING/s],
    [NEW, { scheduling: 'LATER' }, /toolOptions.book.scheduling is 'LATER'.*SILENT, WHEN_IDLE/s],
    [NEW, { deadlineMs: 0 }, /toolOptions.book.deadlineMs is 0.*1 to 86400000/s],
    [NEW, { deadlineMs: '5s' }, /deadlineMs is '5s'/],
    [NEW, 'BLOCKING', /toolOptions.book is 'BLOCKING'/],
    [NEW, null, /toolOptions.book is null/],
  ])('%s refuses %j', (model, tool, message) => {
    expect(() => check(model, tool)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(message) as string }),
    );
    expect(() => check(model, {}, { toolOptions: [] as never })).toThrow(/toolOptions is \[\]/);
  });

  it.each<[string, unknown, ToolOptions, RegExp]>([
    [
      MIDDLE,
      { behavior: NON_BLOCKING },
      {},
      /toolOptions.book.behavior is left out.*only BLOCKING/,
    ],
    [THINKER, { scheduling: 'SILENT' }, {}, /toolOptions.book.scheduling is left out/],
    [NEW, { behavior: BLOCKING, scheduling: 'SILENT' }, { behavior: BLOCKING }, /blocking call/],
    [OLD, { scheduling: 'SILENT' }, {}, /blocking call has no schedule/],
    [NEW, { behaviour: BLOCKING }, {}, /toolOptions.book.behaviour: not used/],
  ])(
    '%s leaves out what it cannot honour of %j, with one warning',
    (model, tool, kept, warning) => {
      expect(check(model, tool)).toEqual({ kept, warnings: [expect.stringMatching(warning)] });
    },
  );

  it('keep what the model takes', () => {
    const tool = { behavior: NON_BLOCKING, scheduling: 'SILENT', deadlineMs: 5_000 } as const;
    for (const model of [NEW, OLD])
      expect(check(model, tool)).toEqual({ kept: tool, warnings: [] });
    expect(check(MIDDLE, { behavior: BLOCKING })).toMatchObject({ warnings: [] });
  });

  it('are not mistaken for what every object has', async () => {
    const call = await start({ model: NEW, toolOptions: {} });
    const asked = call.connection.callTool('constructor', {});
    void asked;
    await call.log.untilNamed('generation_created');
    for await (const one of call.log.generations[0]!.functionStream) {
      await call.session.updateChatCtx(withOutput(call.session, one, 'no such tool', true));
    }
    expect(await asked).not.toHaveProperty('scheduling');
  });
});
