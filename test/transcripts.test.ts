// SPDX-License-Identifier: Apache-2.0
import { llm, voice } from '@livekit/agents';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { GeminiReport, GeminiTranscript } from '../src/index.js';
import { said, startAgent } from './support/agent.js';
import { listen, startCall, tone } from './support/call.js';
import {
  audio,
  boundary,
  calls,
  generationComplete,
  modelSaid,
  RULES,
  speaking,
  Talk,
  text,
  type Timeless,
  userSaid,
} from './support/turn.js';

const loud: Timeless = { type: 'callerLoud' };
const inLanguage = (words: string, language: string): Timeless => ({
  type: 'userSaid',
  text: words,
  interim: false,
  detail: { language },
});
const finished: Timeless = { type: 'userSaid', text: '', interim: false, finished: true };

describe('the same words transcribed once more (gemini-live-api-examples#48)', () => {
  /** A line that is over, with a microphone that has been silent since. */
  const after = (line: string, measured = true): Talk => {
    const talk = new Talk({ ...RULES, watchdog: { answerMs: 8_000, steps: ['nudge'] } });
    if (measured) talk.put(loud);
    talk.wait(500);
    talk.put(userSaid(line));
    talk.wait(100_000);
    return talk;
  };

  it('are dropped and reported: no speech, no line, no answer owed', () => {
    const talk = after('What time is it?');
    const { owed } = talk.state;
    expect(talk.put(userSaid('what'), userSaid(' time is', true), userSaid(' time is it'))).toBe(
      '',
    );
    expect(talk.state.owed).toEqual(owed);
    expect(talk.wait(1_000)).toBe('report(repeated_transcript)');
    expect(talk.finals).toEqual(['What time is it?']);
    expect(talk.state.utterance).toBeUndefined();
  });

  it('are dropped in an answer, too', () => {
    const talk = after('What time is it?');
    expect(talk.put(userSaid('What time is it?'), audio(), modelSaid('Noon.'))).toBe(
      'begin message play write',
    );
    expect(talk.put(boundary())).toContain('report(repeated_transcript)');
  });

  it('are announced late, with everything so far, when they go on otherwise', () => {
    const talk = after('What time is it?');
    expect(talk.put(userSaid('What'), userSaid(' time'))).toBe('');
    expect(talk.put(userSaid(' zone?'))).toBe('speech+ heard');
    expect(talk.all('transcribe').at(-1)).toMatchObject({
      text: 'What time zone?',
      news: { text: 'What time zone?' },
    });
    expect(talk.state.owed).toBeDefined();
  });

  it('are announced when they stop short of the whole', () => {
    const talk = after('What time is it?');
    talk.put(userSaid('What'));
    expect(talk.wait(1_000)).toBe('speech+ heard');
    expect(talk.state.owed).toMatchObject({ itemId: talk.state.utterance?.itemId });
  });

  it('are a line of their own when the caller was loud since, or nobody measures it', () => {
    const measured = after('Yes.');
    expect(measured.put(loud, userSaid('Yes.'))).toBe('speech+ heard');
    expect(after('Yes.', false).put(userSaid('Yes.'))).toBe('speech+ heard');
  });

  it('are a line of their own when the server reports speech', () => {
    const talk = after('Yes.');
    expect(talk.put(speaking(true), userSaid('Yes.'))).toBe('speech+ heard');
  });
});

describe('a line of the caller', () => {
  it.each([
    ['a call', [calls('c1')]],
    ['a call that ends its turn', [calls('c1'), generationComplete, boundary()]],
    ['an empty turn', [boundary()]],
  ])('is not split by %s', (_name, between) => {
    const talk = new Talk();
    talk.put(userSaid('Weather in'), ...between);
    talk.wait(300);
    talk.put(userSaid(' Oslo?'));
    talk.wait(400);
    expect(talk.finals).toEqual(['Weather in Oslo?']);
    expect(talk.history).toEqual([['user', 'Weather in Oslo?']]);
    expect(new Set(talk.all('transcribe').map(({ itemId }) => itemId)).size).toBe(1);
  });

  it('that lags behind its answer goes on beyond the end of it', () => {
    const talk = new Talk();
    talk.put(userSaid('Good'), audio());
    talk.wait(200);
    talk.put(userSaid(' bye'), modelSaid('Bye.'), generationComplete, boundary());
    talk.wait(200);
    talk.put(userSaid(' then.'));
    talk.wait(400);
    expect(talk.finals).toEqual(['Good bye then.']);
    expect(talk.history).toEqual([
      ['user', 'Good bye then.'],
      ['assistant', 'Bye.'],
    ]);
  });

  it('is final at once when the server says so, unless speech goes on', () => {
    const talk = new Talk();
    expect(talk.put(userSaid('Hi.'), finished)).toBe('speech+ heard speech- keep(user) final');
    const goingOn = new Talk();
    goingOn.put(speaking(true), userSaid('Hi'));
    expect(goingOn.put(finished)).toBe('');
  });

  it('says when its language is another one than before', () => {
    const talk = new Talk();
    for (const line of [inLanguage('Hi.', 'en'), userSaid('Hm.'), inLanguage('Oui.', 'fr')]) {
      talk.put(line, finished);
    }
    talk.put(inLanguage('Non.', 'fr'), finished);
    const changes = talk.all('report').map(({ what, detail }) => [what, detail]);
    expect(changes).toEqual([['language_changed', { itemId: 't_u3', from: 'en', to: 'fr' }]]);
  });
});

describe('a turn without a transcript of the caller', () => {
  const rules = { ...RULES, transcribes: true };
  const reported = (talk: Talk): number =>
    talk.all('report').filter(({ what }) => what === 'untranscribed_turn').length;

  it.each([
    ['was loud', loud],
    ['was reported', speaking(true)],
  ])('is reported once, at its end, when the caller %s', (_name, spoke) => {
    const talk = new Talk(rules);
    talk.put(spoke, audio(), generationComplete);
    expect(reported(talk)).toBe(0);
    talk.put(boundary());
    expect(reported(talk)).toBe(1);
    talk.put(audio(), boundary());
    expect(reported(talk)).toBe(1);
  });

  it.each<[string, Timeless[]]>([
    ['the caller is transcribed in time', [loud, audio(), userSaid('Hi.')]],
    ['the answer was asked for', [loud, { type: 'replyRequested', replyId: 'r', instructions: '' },
      { type: 'replyWritten', replyId: 'r' }, audio()]], // prettier-ignore
    ['nobody was heard', [audio()]],
    ['the noise came while the answer played', [audio(), loud, generationComplete, loud]],
  ])('is none where %s', (_name, inputs) => {
    const talk = new Talk(rules);
    talk.put(...inputs, boundary(), audio(), boundary());
    expect(reported(talk)).toBe(0);
  });

  it('is none where transcription is off', () => {
    const talk = new Talk(RULES);
    talk.put(loud, audio(), boundary());
    expect(reported(talk)).toBe(0);
  });
});

describe('thoughts and written-out calls (mastra PR#17434, live-api-web-console#78)', () => {
  const SHAPES = [
    '<thinking>The caller wants the time.</thinking>',
    '<think>unfinished',
    '**Considering the time**\nI will say it.',
    '{"name":"clock","args":{}}',
    '```tool_code\nclock()\n```',
    'call:clock{}',
    'print(default_api.clock())',
    'tool_code\nclock()',
  ];

  it.each(SHAPES)('as text parts beside speech are events only: %s', (shape) => {
    const talk = new Talk();
    talk.put(text(shape), audio(), modelSaid('Noon.'), generationComplete, boundary());
    expect(talk.written).toEqual(['Noon.']);
    expect(talk.history).toEqual([['assistant', 'Noon.']]);
    expect(talk.all('report').map(({ what, detail }) => [what, detail])).toEqual([
      ['thought', shape],
    ]);
  });

  it('before a written answer are taken out of it', () => {
    const talk = new Talk();
    talk.put(text('<thinking>Hm.</thinking>'), text(' It is noon.'), boundary());
    expect(talk.history).toEqual([['assistant', 'It is noon.']]);
    expect(talk.all('report')[0]).toMatchObject({
      what: 'thought',
      detail: '<thinking>Hm.</thinking>',
    });
  });
});

const ROWS = [
  { model: 'gemini-3.8-live' },
  { model: 'gemini-3.1-flash-live-preview' },
  { model: 'gemini-2.5-flash-native-audio-preview-12-2025' },
  { model: 'gemini-live-2.5-flash-native-audio', vertexai: true, project: 'a-project' },
];

describe.each(ROWS)('on the wire, $model', (options) => {
  it('transcripts, reports and frames arrive as events of their own', async () => {
    const { session, connection, log } = await startCall({ options });
    const transcripts: GeminiTranscript[] = [];
    const frames: Record<string, unknown>[] = [];
    session.on('gemini_transcript', (event: GeminiTranscript) => transcripts.push(event));
    for (const event of ['gemini_server_event', 'gemini_client_event']) {
      session.on(event, (frame: Record<string, unknown>) => frames.push({ event, frame }));
    }
    const words = [{ word: 'Hello', startOffset: '0.1s', endOffset: '0.4s' }];
    const about = { languageCode: 'en-GB', speakerLabel: 'spk_1', words, startOffset: '0.1s' };
    connection.send({ serverContent: { interimInputTranscription: { text: 'Hell' } } });
    connection.send({ serverContent: { inputTranscription: { text: 'Hello', ...about } } });
    const parts = [{ text: 'Hm.', thought: true }, { executableCode: { code: '1' } }];
    connection.send({ serverContent: { modelTurn: { parts } } });
    connection.send({
      serverContent: {
        groundingMetadata: { webSearchQueries: ['noon'] },
        urlContextMetadata: { urlMetadata: [{ retrievedUrl: 'https://example.com' }] },
      },
    });
    void connection.turn({ say: 'Good day.' });
    await log.untilNamed('generation_created');
    await listen(log.generations[0]!);
    connection.send({ serverContent: { waitingForInput: true } });
    connection.resumptionUpdate({ newHandle: 'a-secret-handle' });
    connection.send({ serverContent: { inputTranscription: { text: 'Oui', languageCode: 'fr' } } });
    connection.send({ serverContent: { inputTranscription: { finished: true } } });
    await log.until(() => log.reports.some(({ what }) => what === 'language_changed'));

    const user = transcripts.filter((one) => one.role === 'user');
    const itemId = user[0]!.itemId;
    const line = { role: 'user', itemId, isInterim: false, isFinal: false };
    const detail = { language: 'en-GB', speaker: 'spk_1', words, startOffset: '0.1s' };
    expect(user.slice(0, 3)).toEqual([
      { ...line, text: 'Hell', isInterim: true },
      { ...line, text: 'Hello', ...detail },
      { ...line, text: '', isFinal: true },
    ]);
    const final = log.transcripts.find(({ isFinal }) => isFinal);
    expect(final).toMatchObject({ itemId, transcript: 'Hello', language: 'en-GB', words });
    const model = transcripts.filter((one) => one.role === 'assistant');
    expect(model.map((one) => one.text).join('')).toBe('Good day.');
    expect(session.chatCtx.getById(model[0]!.messageId)).toMatchObject({ role: 'assistant' });

    const reports = log.reports as GeminiReport[];
    const of = (what: GeminiReport['what']): unknown =>
      reports.find((report) => report.what === what)?.detail;
    expect(of('thought')).toBe('Hm.');
    expect(of('code')).toEqual({ executableCode: { code: '1' } });
    expect(of('citations')).toEqual({
      grounding: { webSearchQueries: ['noon'] },
      urlContext: { urlMetadata: [{ retrievedUrl: 'https://example.com' }] },
    });
    expect(reports.map(({ what }) => what)).toContain('waiting_for_input');
    expect(of('language_changed')).toMatchObject({ from: 'en-GB', to: 'fr' });

    const seen = JSON.stringify(frames);
    expect(seen).toContain('"newHandle":"***"');
    expect(seen).not.toContain('a-secret-handle');
  });
});

it('raw frames: the caller’s audio as sent, and no secret', async () => {
  const { model, server } = await startCall();
  const session = model.session();
  const sent: { setup?: unknown; realtimeInput?: { audio?: { data: string } } }[] = [];
  session.on('gemini_client_event', (frame: (typeof sent)[number]) => sent.push(frame));
  const arrived = server.nextConnection();
  await session._updateSession(
    'The key is AIzaSyD-not-a-real-key_0123456789.',
    undefined,
    undefined,
  );
  const connection = await arrived;
  session.pushAudio(tone(100));
  await connection.waitFor(() => connection.audioMs >= 100);
  expect(sent[0]).toHaveProperty('setup');
  expect(JSON.stringify(sent[0])).not.toContain('not-a-real-key');
  const wire = connection.frames.flatMap(({ frame }) => frame.realtimeInput?.audio?.data ?? []);
  const told = sent.flatMap(({ realtimeInput }) => realtimeInput?.audio?.data ?? []);
  expect(told).toEqual(wire);
  expect(told.length).toBeGreaterThan(0);
  await session.close();
});

it('in the framework: the caller’s line stands once, before the answer, around a call', async () => {
  const weather = llm.tool({
    name: 'weather',
    description: 'Current weather of a city.',
    parameters: z.object({ city: z.string() }),
    execute: () => Promise.resolve('snow'),
  });
  const agent = new voice.Agent({ instructions: 'Weather bot.', tools: [weather] });
  const { server, session, until } = await startAgent(agent);
  const connection = await server.connection(0);
  const hear = (words: string): void =>
    connection.send({ serverContent: { inputTranscription: { text: words } } });
  hear('Weather');
  const answered = connection.callTool('weather', { city: 'Oslo' });
  hear(' in Oslo?');
  await answered;
  void connection.turn({ say: 'Snow.' });
  await until((told) => told.includes('assistant: Snow.'));
  await until((told) => told.some((line) => line.startsWith('user: ')));
  expect(said(session)).toEqual([
    'user: Weather in Oslo?',
    'tool: weather({"city":"Oslo"})',
    'assistant: Snow.',
  ]);
  server.assertClean();
});
