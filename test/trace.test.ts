// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { parseRecording, traceOf } from '../src/testing/index.js';
import { RULES } from './support/turn.js';

const at = (t: number, rest: object): string => JSON.stringify({ t, connection: 1, ...rest });
const head = { format: 1, session: 'x_', model: 'm', rules: RULES, synthetic: true };
const note = at(0, { dir: 'note', note: head });
const received = (t: number, frame: object): string => at(t, { dir: 'in', frame });
const sent = (t: number, frame: object): string => at(t, { dir: 'out', frame });
const local = (t: number, after: number, input: object): string =>
  at(t, { dir: 'local', input, after });
const content = (t: number, serverContent: object): string => received(t, { serverContent });
const pcm = (ms: number, rate: number) => ({
  data: `<${(ms * rate * 2) / 1000} bytes -20 dB>`,
  mimeType: `audio/pcm;rate=${rate}`,
});
const spoken = (t: number): string =>
  content(t, { modelTurn: { parts: [{ inlineData: pcm(40, 24000) }] } });
const caller = (t: number): string => sent(t, { realtimeInput: { audio: pcm(20, 16000) } });
const trace = (...lines: string[]): string[] =>
  traceOf(parseRecording(lines.join('\n')))
    .trimEnd()
    .split('\n');

describe('the trace of a replay', () => {
  it('tells the call line by line, and what comes of each', () => {
    const setup = {
      model: 'models/m',
      tools: [{ functionDeclarations: [{ name: 'pay' }, { name: 'look' }] }],
    };
    const pay = { functionCalls: [{ id: 'c1', name: 'pay', args: { sum: 5 } }] };
    const paid = { functionResponses: [{ id: 'c1', name: 'pay', response: { output: 'done' } }] };
    expect(
      trace(
        note,
        at(0, { dir: 'call', call: 'updateInstructions', args: { instructions: 'Be brief.' } }),
        sent(5, { setup }),
        received(30, { setupComplete: {} }),
        at(30, { dir: 'connection', event: { is: 'connected', restored: false } }),
        at(40, { dir: 'call', call: 'generateReply', args: { instructions: 'Greet.' } }),
        local(40, 0, { type: 'replyRequested', replyId: 'r1', instructions: 'Greet.' }),
        sent(40, { clientContent: { turns: [{ role: 'model', parts: [{ text: 'Greet.' }] }] } }),
        local(40, 0, { type: 'replyWritten', replyId: 'r1' }),
        spoken(900),
        content(940, { outputTranscription: { text: 'Hello.' } }),
        content(950, { generationComplete: true }),
        received(990, {
          serverContent: { turnComplete: true },
          usageMetadata: { totalTokenCount: 7 },
        }),
        received(1000, { toolCall: pay }),
        sent(1500, { toolResponse: paid }),
        at(1600, { dir: 'connection', event: { is: 'lost', code: 1006, reason: '' } }),
      ),
    ).toEqual([
      '# m, synthetic',
      '    0.000 1 call  updateInstructions instructions="Be brief."',
      '    0.005 1 out   setup declares pay look',
      '    0.030 1 in    setupComplete',
      '    0.030 1 conn  connected restored=false',
      '    0.040 1 call  generateReply instructions="Greet."',
      '    0.040 1 local replyRequested replyId="r1" instructions="Greet." => ask(r1)',
      '    0.040 1 out   clientContent model "Greet."',
      '    0.040 1 local replyWritten replyId="r1"',
      '    0.900 1 in    serverContent audio 40 ms => begin(r1) message play',
      '    0.940 1 in    serverContent outputTranscription "Hello." => write',
      '    0.950 1 in    serverContent generationComplete => keep(assistant "Hello.") end(complete)',
      '    0.990 1 in    serverContent turnComplete + usageMetadata 7 tokens => usage',
      '    1.000 1 in    toolCall pay c1 {"sum":5} => begin call(pay c1)',
      '    1.500 1 out   toolResponse pay c1 {"output":"done"}',
      '    1.600 1 conn  lost code=1006',
      '# at the end: open, waiting: c1',
    ]);
  });

  it('keeps audio of both sides short, also while both speak', () => {
    const lines = [0, 20, 40, 60, 80].flatMap((t) => [caller(t), spoken(t)]);
    const quiet = local(70, 1, { type: 'callerLoud' });
    expect(trace(note, received(0, { setupComplete: {} }), ...lines, quiet).slice(2, -1)).toEqual([
      '    0.000 1 out   realtimeInput audio x5 100 ms',
      '    0.000 1 in    serverContent audio 40 ms => begin message play',
      '    0.020 1 in    serverContent audio x4 160 ms => play',
    ]);
  });

  it('shows what came in the middle of a frame in its place', () => {
    const cut = { interrupted: true, inputTranscription: { text: 'Wait.' }, turnComplete: true };
    const rows = trace(
      note,
      received(0, { setupComplete: {} }),
      spoken(10),
      content(20, cut),
      local(20, 1, { type: 'interruptRequested', reaction: true }),
      local(9000, 3, { type: 'tick' }),
    );
    expect(rows.slice(3, -1).map((row) => row.slice(12))).toEqual([
      expect.stringMatching(/^in {4}serverContent interrupted \+ .* => .*speech\+/),
      'local interruptRequested reaction=true',
      expect.stringMatching(/^in {4}… => heard\("Wait\."\)/),
      expect.stringMatching(/^local tick => .*final\("Wait\."\)/),
    ]);
  });

  it('of another client says when it ticked, and what could not be read', () => {
    const rows = trace(
      received(0, { setupComplete: {} }),
      sent(0, { client_content: { turnComplete: true } }),
      '{"cut off',
    );
    expect(rows.at(1)).toBe('    0.000 1 in    setupComplete');
    expect(rows.at(-1)).toBe('# not read: line 3: no JSON (cut off?)');
    expect(rows.some((row) => / local tick => .*ask/.test(row))).toBe(true);
  });
});
