// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { llm } from '@livekit/agents';
import { describe, expect, it } from 'vitest';
import { inspectCall } from '../src/inspect/inspect.js';
import type { CallReport } from '../src/inspect/report.js';
import { textOf } from '../src/inspect/text.js';
import { parseRecording } from '../src/recording/parse.js';
import type { RealtimeModelOptions } from '../src/index.js';
import {
  listen,
  startCall,
  tone,
  withOutput,
  type Call,
  type CallOptions,
} from './support/call.js';
import { expectGolden } from './support/golden.js';
import {
  onConnection,
  agentAudio,
  agentSaid,
  answer,
  called,
  callerAudio,
  callerSaid,
  closed,
  connected,
  event,
  inspected,
  interrupted,
  local,
  lost,
  received,
  recordingOf,
  reported,
  sent,
  tick,
  turnEnded,
  type Line,
} from './support/recorded.js';
import { RULES } from './support/turn.js';

interface Recorded extends Call {
  /** Closes the session and looks at what it recorded. */
  report(): Promise<CallReport>;
}

async function record(
  options: RealtimeModelOptions = {},
  how: Partial<NonNullable<Exclude<RealtimeModelOptions['record'], string>>> = {},
  given: CallOptions = {},
): Promise<Recorded> {
  const lines: string[] = [];
  const record = { to: (line: string) => void lines.push(line), ...how } as never;
  const call = await startCall({ ...given, options: { ...options, record } });
  const report = async (): Promise<CallReport> => {
    await call.session.close();
    return inspectCall(parseRecording(lines.join('\n')));
  };
  return { ...call, report };
}

const kinds = ({ verdicts }: CallReport): string[] => verdicts.map(({ kind }) => kind);

describe('a recorded session', () => {
  it('is told as it was: question, answer, tokens', async () => {
    const { session, connection, log, report } = await record();
    session.pushAudio(tone(100));
    connection.heard('What time is it?');
    void connection.turn({
      say: 'It is noon.',
      usage: { promptTokenCount: 90, responseTokenCount: 10, totalTokenCount: 100 },
    });
    await log.until(() => log.generations.length === 1);
    const heard = await listen(log.generations[0]!);
    await log.untilNamed('metrics_collected');
    const told = await report();
    expect(told.utterances.map(({ text }) => text.trim())).toEqual(['What time is it?']);
    const [said, ...more] = told.answers;
    expect(more).toEqual([]);
    expect(said).toMatchObject({ text: heard.text, end: 'complete' });
    expect(said?.audioMs).toBeCloseTo((heard.samples / 24_000) * 1000, 0);
    expect(said?.latencyMs).toBeGreaterThanOrEqual(0);
    expect(told.latency.count).toBe(1);
    expect(told.tokens).toMatchObject({ turns: 1, input: 90, output: 10 });
    expect(told.levels.caller.reduce((sum, { ms }) => sum + ms, 0)).toBeCloseTo(100, 0);
    expect(told.levels.agent.length).toBeGreaterThan(0);
    expect(told.connections).toMatchObject([
      { connection: 1, ended: 'closed by the app', isPlanned: true },
    ]);
    expect(kinds(told)).toEqual([]);
  });

  it('with a tool, a lost connection and a reply that the app asked for', async () => {
    const tools = new llm.ToolContext([
      llm.tool({
        name: 'weather',
        description: 'Weather.',
        parameters: { type: 'object', properties: {} },
        execute: async () => 'snow',
      }),
    ] as never);
    const { session, server, connection, log, report } = await record({}, {}, { tools });
    const asked = session.generateReply('Greet the caller.');
    await connection.waitFor('clientContent');
    void connection.turn({ say: 'Hello.' });
    await listen(await asked);
    void connection.callTool('weather', { city: 'Oslo' }, 'wire-1').catch(() => undefined);
    await log.until(() => log.generations.length === 2);
    const { calls } = await listen(log.generations[1]!);
    await session.updateChatCtx(withOutput(session, calls[0]!, 'snow'));
    await connection.waitFor('toolResponse');
    const arrived = server.nextConnection();
    connection.drop();
    await arrived;
    await log.untilNamed('session_reconnected');
    const told = await report();
    expect(told.requests).toMatchObject([{ what: 'reply', text: 'Greet the caller.' }]);
    expect(told.tools).toMatchObject([
      {
        name: 'weather',
        args: { city: 'Oslo' },
        outcome: 'answered',
        output: 'snow',
        isError: false,
      },
    ]);
    expect(told.connections).toHaveLength(2);
    expect(told.connections[0]?.ended).toContain('The network connection was lost. (1006');
    expect(told.gaps.filter(({ kind }) => kind === 'down')).toHaveLength(1);
    expect(kinds(told)).toContain('line_lost');
  });

  it.each(['hash', 'drop'] as const)('whose words are kept as %s', async (transcripts) => {
    const { connection, log, report } = await record({}, { transcripts });
    connection.heard('What time is it?');
    void connection.turn({ say: 'It is noon.' });
    await log.until(() => log.generations.length === 1);
    await listen(log.generations[0]!);
    const told = await report();
    expect(told.answers[0]?.text).toMatch(/^<\d+ characters/);
    expect(JSON.stringify(told)).not.toMatch(/noon|time is/);
    expect(kinds(told)).toEqual([]);
  });

  it('without audio: what was said is there, and nothing is wrong with that', async () => {
    const { connection, log, report } = await record({}, { audio: 'none' });
    connection.heard('What time is it?');
    void connection.turn({ say: 'It is noon.' });
    await log.until(() => log.generations.length === 1);
    await listen(log.generations[0]!);
    const told = await report();
    expect(told.answers.map(({ text }) => text)).toEqual(['It is noon.']);
    expect(kinds(told)).toEqual(['no_audio']);
  });
});

/** A call in which much goes wrong. */
const TROUBLE: Line[] = [
  connected(0),
  ...[called(150, 'generateReply', { instructions: 'Greet the caller.' })],
  local(150, { type: 'replyRequested', replyId: 'r1' }),
  local(160, { type: 'replyWritten', replyId: 'r1' }),
  [agentAudio(900, 2_000), agentSaid(900, 'Hello, what can I do for you?'), turnEnded(950), tick(2_900)],
  [callerAudio(3_000, 2_000, -25), callerSaid(4_800, 'What is the weather '), callerSaid(5_000, 'in Oslo?'), tick(5_600)],
  received(6_000, { toolCall: { functionCalls: [{ id: 'c1', name: 'weather', args: { city: 'Oslo' } }] } }),
  tick(6_500),
  sent(12_400, { toolResponse: { functionResponses: [{ id: 'c1', name: 'weather', response: { output: 'snow' } }] } }),
  local(12_400, { type: 'toolSettled', callId: 'x_6' }),
  [agentAudio(13_000, 4_000), agentSaid(13_000, 'It is snowing in Oslo, and it will go on'), tick(13_500)],
  [interrupted(14_500), callerSaid(14_600, 'Thanks.'), turnEnded(14_700), tick(15_300), agentAudio(15_500), agentSaid(15_500, 'You are welcome.'), turnEnded(15_600), tick(17_000)],
  [lost(20_000, 'network', { message: 'The network connection was lost. (1006 mid-session)', hint: 'Nothing to do: the connection is made again by itself.' })],
  connected(23_400, 2, true),
  ...onConnection(2, [
    [callerSaid(25_000, 'Are you there?'), tick(26_000), tick(31_000)],
    [tick(39_100), reported(39_100, 'unanswered', { step: 'nudge', deaf: false })],
    [agentAudio(41_000, 900), agentSaid(41_000, 'Yes, I am here.'), turnEnded(41_010, {})],
    received(41_020, { usageMetadata: { promptTokenCount: 1_800, responseTokenCount: 240, totalTokenCount: 2_040 } }),
    [tick(43_000), closed(44_000)],
  ]),
]; // prettier-ignore
const HEAD = {
  library: 'livekit-agents-plugin-gemini-live 0.1.0',
  model: 'gemini-3.8-live',
  backend: 'gemini',
  startedAt: '2026-11-20T14:03:22.000Z',
  rules: { ...RULES, watchdog: { answerMs: 8_000, steps: ['nudge', 'resume', 'fresh'] } },
};

describe('the text', () => {
  it('tells a call with trouble to somebody who was not there', async () => {
    await expectGolden('inspect/trouble.json', textOf(inspected(TROUBLE, HEAD)));
  });

  it('is what the document shows', () => {
    const document = readFileSync(new URL('../docs/cli.md', import.meta.url), 'utf8');
    expect(document).toContain(textOf(inspected(TROUBLE, HEAD)).join('\n'));
  });

  it('tells a good call in a few lines', async () => {
    const lines = [connected(0), callerAudio(1_000), answer(3_000, 'It is noon.'), closed(9_000)];
    await expectGolden('inspect/good.json', textOf(inspected(lines, HEAD)));
  });

  it('shows a part of a call', () => {
    const text = textOf(inspected(TROUBLE, HEAD), { from: 18_000, to: 24_000 }).join('\n');
    expect(text).toContain('The call (0:18.0 to 0:24.0)');
    expect(text).toContain('connection 2 is up');
    expect(text).not.toContain('Are you there?');
    expect(text).not.toContain('snowing');
  });

  it('of many troubles of one kind shows three, and says how many more', () => {
    const errors = [...Array(9).keys()].map((n) =>
      reported(2_000 + n * 1_000, 'protocol_error', { why: 'not_json', text: '<' }),
    );
    const text = textOf(inspected([connected(0), callerAudio(1_000), ...errors, closed(20_000)]));
    expect(text.filter((row) => row.includes('broke its protocol'))).toHaveLength(3);
    expect(text.join('\n')).toContain('… and 6 more like these, until 0:10.0.');
  });

  it('is as wide as it may be', () => {
    const rows = textOf(inspected(TROUBLE, HEAD), { width: 60 });
    expect(Math.max(...rows.map((row) => row.length))).toBeLessThanOrEqual(62);
  });
});

describe('an interruption', () => {
  const said = (...lines: Line[]): CallReport =>
    inspected([
      connected(0),
      callerAudio(1_000),
      agentAudio(2_000, 4_000),
      ...lines,
      closed(30_000),
    ]);

  it('says who it was, and how much can have been heard', () => {
    const words = callerSaid(3_500, 'Stop.');
    expect(
      said(words, interrupted(3_600), turnEnded(3_700), tick(4_000)).interruptions,
    ).toMatchObject([{ at: 3_600, by: 'caller', spokenMs: 1_600 }]);
    const stopped = local(3_000, { type: 'interruptRequested' });
    expect(said(stopped, tick(4_000)).interruptions).toMatchObject([
      { at: 3_000, by: 'app', spokenMs: 1_000 },
    ]);
    const reaction = local(3_000, { type: 'interruptRequested', reaction: true });
    expect(said(reaction, tick(4_000)).interruptions).toMatchObject([{ at: 3_000, by: 'caller' }]);
  });

  it('is a request of the app only where it is not the reaction of LiveKit to speech', () => {
    const { requests } = inspected([
      connected(0),
      local(1_000, { type: 'interruptRequested', reaction: true }),
      called(2_000, 'interrupt'),
      local(2_000, { type: 'interruptRequested', reaction: false }),
      closed(3_000),
    ]);
    expect(requests).toEqual([{ at: 2_000, what: 'interrupt', text: '' }]);
  });

  it('is one also where the model had finished and its audio was still played', () => {
    const late = said(turnEnded(2_100), tick(2_200), interrupted(4_000), tick(4_100));
    expect(late.interruptions).toMatchObject([{ at: 4_000, by: 'caller', spokenMs: 2_000 }]);
    const over = said(turnEnded(2_100), tick(2_200), interrupted(7_000), tick(7_100));
    expect(over.interruptions).toEqual([]);
  });
});

describe('a connection', () => {
  it('says why it ended', () => {
    const { connections } = inspected([
      connected(0),
      callerAudio(1_000),
      event(5_000, 'exchange', { why: 'goAway', fresh: false }),
      connected(5_200, 2, true),
      closed(9_000),
      event(9_001, 'closed', {}, 2),
    ]);
    expect(connections).toMatchObject([
      {
        connection: 1,
        from: 0,
        readyAt: 100,
        to: 5_000,
        restored: false,
        isPlanned: true,
        ended: 'exchanged before the service ended it (goAway)',
      },
      { connection: 2, from: 5_200, readyAt: 5_300, restored: true, ended: 'closed by the app' },
    ]);
  });
});

it('calls without ids get their results in order', () => {
  const asks = (t: number): Line =>
    received(t, { toolCall: { functionCalls: [{ name: 'pay', args: {} }] } });
  const result = (t: number, output: string): Line =>
    sent(t, { toolResponse: { functionResponses: [{ name: 'pay', response: { output } }] } });
  const { tools } = inspectCall(
    recordingOf([
      connected(0),
      asks(1_000),
      tick(1_500),
      result(2_000, 'one'),
      turnEnded(2_500),
      asks(3_000),
      tick(3_500),
      result(4_000, 'two'),
      closed(9_000),
    ]),
  );
  expect(tools.map(({ output }) => output)).toEqual(['one', 'two']);
});
