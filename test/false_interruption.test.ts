// SPDX-License-Identifier: Apache-2.0
import { ActivityHandling } from '@google/genai';
import { voice } from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import { describe, expect, it, test } from 'vitest';
import { RealtimeModel } from '../src/index.js';
import { KeptSpeech } from '../src/livekit/kept_speech.js';
import { DOUBT_MS } from '../src/turn/times.js';
import { said, startAgent } from './support/agent.js';
import { listen, startCall, type Call } from './support/call.js';
import { ManualClock } from './support/manual_clock.js';
import {
  asked,
  audio,
  boundary,
  calls,
  closed,
  connectionLost,
  interrupted,
  interruptRequested,
  modelSaid,
  replyRequested,
  RULES,
  speaking,
  Talk,
  type Timeless,
  turnCommitted,
  userSaid,
} from './support/turn.js';

const AFTER = 2_000;
const rules = { ...RULES, falseInterruption: { afterMs: AFTER } };
const loud: Timeless = { type: 'callerLoud' };
/** What the framework does when it hears that the caller speaks. */
const reaction: Timeless = { type: 'interruptRequested', reaction: true };

/** An answer has just been interrupted, and the framework has heard of it. */
function cutOff(): Talk {
  const talk = new Talk(rules);
  talk.put(audio(), modelSaid('Once upon a'));
  expect(talk.put(interrupted, reaction)).toBe('keep(assistant) end(interrupted) speech+');
  return talk;
}

describe('an interruption', () => {
  it('without a word was none: speech ends, and the rest is said', () => {
    const talk = cutOff();
    talk.put(boundary());
    expect(talk.wait(AFTER - 1)).toBe('');
    expect(talk.wait(1)).toBe('speech- resume');
    expect(talk.is).toBe('idle');
    expect(talk.wait(60_000)).toBe('');
  });

  it('whose boundary has not come leaves the turn as the server sees it', () => {
    const talk = cutOff();
    expect(talk.wait(AFTER)).toBe('speech- resume');
    expect(talk.is).toBe('cut');
    talk.put(audio(), boundary());
    expect(talk.put(audio())).toBe('begin message play');
  });

  it('is decided by default as always: the rest is lost', () => {
    const talk = new Talk();
    talk.put(audio(), interrupted, reaction, boundary());
    expect(talk.wait(60_000)).toBe('speech-');
  });

  it.each<[string, Timeless[]]>([
    ['the caller said something', [userSaid('Stop.')]],
    ['the caller says something, word by word', [userSaid('St', true)]],
    ['the caller is first heard as noise, then in words', [userSaid('<noise>'), userSaid(' No.')]],
    ['the model says something new', [boundary(), audio()]],
    ['the model is about to say something', [boundary(), modelSaid('Oh')]],
    ['the model calls a tool', [calls('c1')]],
    ['a reply is asked for', [replyRequested('r1')]],
    ['a turn is committed', [turnCommitted]],
    ['the app interrupts', [interruptRequested]],
    ['the connection goes', [connectionLost]],
    ['the session closes', [closed]],
  ])('stands when %s', (_name, inputs) => {
    const talk = cutOff();
    talk.wait(AFTER - 1);
    talk.put(...inputs);
    talk.wait(60_000);
    expect(talk.all('forgetSpeech').length).toBeGreaterThan(0);
    expect(talk.all('resumeSpeech')).toEqual([]);
  });

  it('stands when the words came before it', () => {
    const talk = new Talk(rules);
    talk.put(audio(), boundary());
    talk.wait(4_000);
    expect(talk.put(userSaid('Stop.'), interrupted)).toBe('speech+ heard forget');
    talk.wait(60_000);
    expect(talk.all('resumeSpeech')).toEqual([]);
  });

  it.each(['<noise>', ' ', '...'])('in which %j is all that was heard was none', (heard) => {
    const talk = cutOff();
    talk.put(boundary(), userSaid(heard));
    expect(talk.wait(AFTER)).toContain('resume');
  });

  it('is not doubted when a reply request caused it', () => {
    const talk = new Talk(rules);
    talk.put(audio(), boundary(), ...asked('r1'), interrupted);
    talk.wait(60_000);
    expect(talk.all('resumeSpeech')).toEqual([]);
  });

  it('is not decided while a call of the answer waits for its result', () => {
    const talk = new Talk(rules);
    talk.put(audio(), calls('c1'), interrupted, reaction, boundary());
    talk.wait(60_000);
    expect(talk.all('resumeSpeech')).toEqual([]);
  });

  it('is decided after the end of activity that the server reports', () => {
    const talk = cutOff();
    talk.put(boundary(), speaking(true));
    expect(talk.wait(5_000)).toBe('');
    expect(talk.put(speaking(false))).toBe('speech-');
    expect(talk.wait(AFTER - 1)).toBe('');
    expect(talk.wait(1)).toBe('resume');
  });

  it('is decided after the microphone has become silent: words may come only then', () => {
    const talk = cutOff();
    talk.put(boundary());
    for (let i = 0; i < 6; i++) {
      expect(talk.wait(500)).toBe('');
      talk.put(loud);
    }
    expect(talk.wait(AFTER - 1)).toBe('');
    expect(talk.wait(1)).toContain('resume');
  });

  it.each([
    ['reported', () => speaking(true)],
    ['loud', () => loud],
  ])('by somebody who stays %s stands', (_name, noise) => {
    const talk = cutOff();
    talk.put(boundary());
    for (let ms = 0; ms < DOUBT_MS; ms += 500) {
      talk.put(noise());
      talk.wait(500);
    }
    talk.wait(60_000);
    expect(talk.all('forgetSpeech')).toHaveLength(1);
    expect(talk.all('resumeSpeech')).toEqual([]);
  });

  it('of a rest that is being said is doubted as well', () => {
    const talk = cutOff();
    talk.put(boundary());
    talk.wait(AFTER);
    expect(talk.put(interrupted, reaction)).toBe('speech+');
    expect(talk.wait(AFTER)).toBe('speech- resume');
    expect(new Set(talk.all('resumeSpeech').map(({ messageId }) => messageId)).size).toBe(2);
  });
});

test('what an app has silenced stays silent, whatever is heard after it', () => {
  const talk = new Talk(rules);
  talk.put(audio());
  expect(talk.put(interruptRequested)).toBe('forget end(interrupted)');
});

test('an answer to new words frees what was said before them; late words of its question do not', () => {
  const talk = new Talk(rules);
  talk.put(userSaid('One?'), audio(), userSaid(' And two?'), audio(), boundary());
  talk.wait(4_000);
  expect(talk.all('forgetSpeech')).toHaveLength(1);
  expect(talk.put(userSaid('Three?'), audio())).toContain('forget');
  expect(talk.put(audio())).toBe('play');
});

describe('kept speech', () => {
  const frame = (ms: number, value: number) =>
    new AudioFrame(new Int16Array(ms * 24).fill(value), 24_000, 1, ms * 24);
  const told = (pieces: (AudioFrame | string)[]) =>
    pieces.map((piece) =>
      typeof piece === 'string' ? piece : [piece.data[0], piece.samplesPerChannel / 24],
    );

  /** Two messages of 200 ms; the second one has not been read. */
  const kept = (): KeptSpeech => {
    const speech = new KeptSpeech();
    speech.begin('m1', () => false);
    for (const piece of [frame(100, 1), 'one', frame(100, 2), ' two']) speech.add(piece);
    speech.begin('m2', () => true);
    for (const piece of ['three', frame(200, 3)]) speech.add(piece);
    return speech;
  };
  const second = ['three', [3, 200]];

  it.each([
    [0, [[1, 100], 'one', [2, 100], ' two', ...second]],
    [40, [[1, 60], 'one', [2, 100], ' two', ...second]],
    [100, [[2, 100], ' two', ...second]],
    [199, [[2, 1], ' two', ...second]],
    [200, second],
    [5_000, second],
    [undefined, second],
  ])('of which %s ms were heard', (ms, rest) => {
    const speech = kept();
    speech.heard('m1', ms);
    expect(told(speech.take())).toEqual(rest);
    expect(speech.take()).toEqual([]);
  });

  it('of which nobody knows how much was heard is not said twice', () => {
    expect(told(kept().take())).toEqual(second);
  });

  it('is at most a minute, and a rest whose beginning is gone is none', () => {
    for (const [heardMs, rest] of [
      [9_000, 0],
      [10_000, 60_000],
      [60_000, 10_000],
    ] as const) {
      const speech = new KeptSpeech();
      speech.begin('m1', () => false);
      for (let i = 0; i < 70; i++) speech.add(frame(1_000, i));
      speech.heard('m1', heardMs);
      const ms = speech
        .take()
        .reduce((sum, piece) => sum + (piece as AudioFrame).data.length / 24, 0);
      expect(ms).toBe(rest);
    }
  });
});

/** An answer of one second that is cut off when all of it has arrived. */
async function cutCall(falseInterruption: { afterMs?: number } | null = {}) {
  const clock = new ManualClock();
  const call = await startCall({ options: { falseInterruption }, env: { clock } });
  const { connection, session, log } = call;
  session.on('input_speech_started', () => void session.interrupt());
  void connection.turn({ say: 'One two three four five', ms: 1_000, complete: false });
  await log.untilNamed('generation_created');
  connection.interrupted();
  await log.untilNamed('input_speech_started');
  const heard = await listen(log.generations[0]!);
  return { ...call, clock, heard };
}

async function truncate({ session }: Call, messageId: string, audioEndMs: number): Promise<void> {
  await session.truncate({ messageId, audioEndMs, audioTranscript: 'One two' });
}

const lines = ({ session }: Call): string[] =>
  session.chatCtx.items.flatMap((item) =>
    item.type === 'message'
      ? [`${item.role}: ${item.textContent}${item.interrupted ? ' [interrupted]' : ''}`]
      : [],
  );

test('the rest of a falsely interrupted answer is spoken from where playback stopped', async () => {
  const call = await cutCall();
  const { clock, heard, log } = call;
  expect(heard.samples).toBe(24_000);
  await truncate(call, heard.messageIds[0]!, 400);
  clock.advance(1_999);
  expect(log.generations).toHaveLength(1);
  clock.advance(1);
  expect(log.names.slice(-3)).toEqual([
    'input_speech_stopped',
    'generation_created',
    'gemini_report',
  ]);
  expect(log.generations[1]?.userInitiated).toBe(false);
  const rest = await listen(log.generations[1]!);
  expect(rest.samples).toBe(14_400);
  expect(rest.text).toMatch(/five$/);
  expect(rest.messageIds).not.toEqual(heard.messageIds);
  expect(lines(call)).toEqual([
    'assistant: One two [interrupted]',
    `assistant: ${rest.text.trim()}`,
  ]);
  expect(log.reports.at(-1)).toEqual({ what: 'false_interruption', detail: { resumedMs: 600 } });
  // It was said to its end, so another one finds nothing.
  call.connection.interrupted();
  await log.untilNamed('input_speech_started', 2);
  clock.advance(2_000);
  expect(log.generations).toHaveLength(2);
  expect(log.reports.at(-1)).toEqual({ what: 'false_interruption', detail: { resumedMs: 0 } });
});

test('a rest that is interrupted again goes on from there', async () => {
  const call = await cutCall();
  const { clock, heard, log, connection } = call;
  await truncate(call, heard.messageIds[0]!, 400);
  clock.advance(2_000);
  const rest = await listen(log.generations[1]!);
  connection.interrupted();
  await log.untilNamed('input_speech_started', 2);
  await truncate(call, rest.messageIds[0]!, 500);
  clock.advance(2_000);
  expect((await listen(log.generations[2]!)).samples).toBe(2_400);
});

test('without the option, or a word from the framework, nothing is said twice', async () => {
  for (const option of [null, {}]) {
    const { clock, log } = await cutCall(option);
    clock.advance(60_000);
    expect(log.generations).toHaveLength(1);
  }
});

test('an interruption with words is a real one', async () => {
  const call = await cutCall();
  const { clock, heard, log, connection } = call;
  await truncate(call, heard.messageIds[0]!, 400);
  connection.heard('Stop it.');
  await log.untilNamed('input_audio_transcription_completed');
  clock.advance(60_000);
  expect(log.generations).toHaveLength(1);
});

test('what the app interrupts, here or in the framework alone, is not resumed by a cough', async () => {
  for (const stop of ['session', 'speech'] as const) {
    const clock = new ManualClock();
    const call = await startCall({ options: { falseInterruption: {} }, env: { clock } });
    const { connection, session, log } = call;
    void connection.turn({ say: 'One two three', ms: 1_000 });
    await log.until(() => session.chatCtx.items.length > 0);
    const { messageIds } = await listen(log.generations[0]!);
    if (stop === 'session') await session.interrupt();
    await truncate(call, messageIds[0]!, 400);
    connection.interrupted();
    await log.untilNamed('input_speech_started');
    clock.advance(60_000);
    expect(log.generations).toHaveLength(1);
  }
});

test('an answer that nobody began to read is said whole', async () => {
  const clock = new ManualClock();
  const options = { falseInterruption: {} };
  const { connection, log } = await startCall({ options, env: { clock } });
  void connection.turn({ say: 'One two three', ms: 1_000, complete: false });
  await log.untilNamed('generation_created');
  connection.interrupted();
  await log.untilNamed('input_speech_started');
  clock.advance(2_000);
  expect(await listen(log.generations[1]!)).toMatchObject({
    samples: 24_000,
    text: 'One two three',
  });
});

test.each([
  ['a cough does not cost the caller the answer', false],
  ['a word does', true],
])('in an agent session, %s', async (_name, speaks) => {
  const agent = new voice.Agent({ instructions: 'Talk.' });
  const { server, session, speaker, story, until } = await startAgent(agent, {
    falseInterruption: { afterMs: 300 },
  });
  const connection = await server.connection(0);
  connection.heard('Tell me a story.');
  const story10 = 'one two three four five six seven eight nine ten';
  void connection.turn({ say: story10, ms: 20_000, complete: false });
  await until((told) => told.includes('agent is speaking'));
  await new Promise((resolve) => setTimeout(resolve, 200));
  connection.interrupted();
  await until((told) => told.includes(`assistant: ${story10} [interrupted]`));
  const firstMs = speaker.playedMs;
  expect(firstMs).toBeGreaterThan(1_000);
  expect(firstMs).toBeLessThan(19_000);
  if (speaks) {
    connection.heard('Stop, please.');
    void connection.turn({ say: 'All right.', ms: 400 });
    await until((told) => told.includes('assistant: All right.'));
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(speaker.playedMs).toBeCloseTo(firstMs + 400, 0);
  } else {
    const rest = (told: readonly string[]) => told.find((line) => /^assistant: .*ten$/.test(line));
    await until((told) => rest(told) !== undefined);
    expect(story10.endsWith(rest(story)!.slice('assistant: '.length))).toBe(true);
    // Exactly what was not heard, to the millisecond that LiveKit tells.
    expect(Math.abs(speaker.playedMs - 20_000)).toBeLessThan(2);
    expect(said(session).at(-1)).toBe(rest(story));
  }
  expect(story).not.toContain('error');
  server.assertClean();
});

test('options that leave nothing to tell by are refused', () => {
  for (const options of [
    { inputAudioTranscription: null },
    { realtimeInputConfig: { automaticActivityDetection: { disabled: true } } },
    { realtimeInputConfig: { activityHandling: ActivityHandling.NO_INTERRUPTION } },
    { falseInterruption: { afterMs: 99 } },
    { falseInterruption: { afterMs: 5_001 } },
  ]) {
    const build = () => new RealtimeModel({ apiKey: 'k', falseInterruption: {}, ...options });
    expect(build).toThrow('falseInterruption');
  }
});
