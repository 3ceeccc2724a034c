// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { LiveServer } from '../../src/testing/index.js';
import type { Call } from './call.js';
import { answers, bargeIns, downtimes } from './report.js';
import { CUT_SHORT, SPOKEN, TURNS } from './story.js';
import { AGENT, CALLER } from './tape.js';
import { loudness, readWav, type Sound } from './wav.js';

/** The files that a call leaves behind. */
export interface Files {
  wav: string;
  frames: string;
}

/** Collects the expectations that were not met. */
class Expectations {
  readonly failed: string[] = [];
  count = 0;

  expect(what: string, isSo: boolean, got?: unknown): void {
    this.count += 1;
    if (isSo) return;
    this.failed.push(got === undefined ? what : `${what}; got: ${JSON.stringify(got)}`);
  }
}

/** Did the call go as the story tells? */
export function check(call: Call, files: Files): Expectations {
  const all = new Expectations();
  const { server } = call.service;
  checkEnd(all, call);
  if (!server) {
    checkRealCall(all, call);
    return all;
  }
  checkTranscript(all, call);
  checkTool(all, call, server);
  checkInterruption(all, call);
  checkConnections(all, call, server);
  checkMemory(all, server);
  checkSound(all, call, server, files.wav);
  const broken = thrownBy(() => server.assertClean());
  all.expect('no rule of the protocol was broken', broken === undefined, broken);
  const setups = readFileSync(files.frames, 'utf8').match(/^.*"frame":\{"setup":/gm) ?? [];
  all.expect('the recording has both setups', setups.length === 2, setups.length);
  return all;
}

function checkEnd(all: Expectations, { journal, closeMs }: Call): void {
  const fatal = journal.all('error').filter(({ recoverable }) => !recoverable);
  all.expect('no error that is not recoverable', fatal.length === 0, fatal);
  const closed = journal.all('closed').map(({ reason }) => reason);
  all.expect('the session was closed by us', closed.join() === 'user_initiated', closed);
  all.expect('it was closed within 2 s', closeMs < 2_000, closeMs);
}

/** The real service says what it likes. */
function checkRealCall(all: Expectations, call: Call): void {
  const waits = answers(call).map(({ afterMs }) => afterMs);
  const [first] = call.loudspeaker.playbacks;
  const [asked] = call.microphone.utterances;
  const greeted = first !== undefined && asked !== undefined && first.startMs < asked.startMs;
  all.expect('the agent greeted', greeted);
  all.expect('every question was answered', waits.length === TURNS.length, waits);
  all.expect('every answer was heard', !waits.includes(undefined), waits);
  all.expect('the tool was called', call.journal.all('tool').length > 0);
}

function checkTranscript(all: Expectations, { journal, session }: Call): void {
  const wanted = SPOKEN.map(({ who, text }) => `${who}: ${text}`);
  const got = journal.all('line').map(({ who, text }) => `${who}: ${text}`);
  all.expect(`${wanted.length} lines were spoken`, got.length === wanted.length, got);
  for (const [i, line] of wanted.entries()) {
    // What was cut short is checked by itself.
    if (SPOKEN[i] !== CUT_SHORT) all.expect(`line ${i + 1} is "${line}"`, got[i] === line, got[i]);
  }
  const history = session.history.items.flatMap((item) =>
    item.type === 'message'
      ? [`${item.role === 'user' ? 'caller' : 'agent'}: ${item.textContent}`]
      : [],
  );
  all.expect('the history says the same', isDeepStrictEqual(history, got), history);
}

function checkTool(all: Expectations, { journal }: Call, server: LiveServer): void {
  const wanted = TURNS.flatMap(({ calls }) => calls ?? []);
  const tools = journal.all('tool');
  const called = tools.map(({ name, args }) => ({ name, args }));
  all.expect(
    'the tool was called once, with its arguments',
    isDeepStrictEqual(called, wanted),
    called,
  );
  const heard = server.current?.history.filter(({ role }) => role === 'tool') ?? [];
  all.expect('the model got one result', heard.length === 1, heard);
  const output = heard[0]?.text ?? '';
  all.expect('the result is that of the tool', /shipped.*Thursday/.test(output), output);
  const kinds = journal.entries.map((entry) => (entry.is === 'line' ? entry.text : entry.is));
  const spoken = TURNS.find(({ calls }) => calls)?.answer.text ?? '';
  const at = kinds.indexOf('tool');
  all.expect('the result was spoken next', kinds[at + 1] === spoken, kinds[at + 1]);
}

function checkInterruption(all: Expectations, call: Call): void {
  const marked = call.journal.all('line').filter(({ interrupted }) => interrupted);
  all.expect('one line is marked as interrupted', marked.length === 1, marked);
  const [text = '', whole = ''] = [marked[0]?.text, CUT_SHORT?.text];
  const isPart = text !== '' && text !== whole && whole.startsWith(text);
  all.expect('it is the beginning of the long answer', marked[0]?.who === 'agent' && isPart, text);
  const cut = bargeIns(call);
  all.expect('the loudspeaker was silenced once', cut.length === 1, cut);
  all.expect('that took less than 500 ms', (cut[0] ?? Infinity) < 500, cut);
}

function checkConnections(all: Expectations, call: Call, server: LiveServer): void {
  const sockets = call.journal.all('connected').map(({ socket }) => socket);
  all.expect('the model connected once, and once again', sockets.join() === '1,2', sockets);
  const { dials } = server;
  all.expect('the server saw two sockets', dials.length === 2, dials.length);
  const [asked] = call.microphone.utterances;
  const atFirst = call.journal.all('connected').filter(({ atMs }) => atMs < (asked?.endMs ?? 0));
  all.expect('one of them at the start', atFirst.length === 1, atFirst);
  const down = downtimes(call);
  all.expect('one reconnect, within 1 s', down.length === 1 && (down[0] ?? 0) < 1_000, down);
  const waits = answers(call).map(({ afterMs = Infinity }) => afterMs);
  all.expect('every answer came within 3 s', Math.max(...waits) < 3_000, waits);
}

function checkMemory(all: Expectations, server: LiveServer): void {
  const resumed = server.connections.map((connection) => connection.resumed);
  all.expect('the session was resumed', resumed.join() === 'false,true', resumed);
  const remembered = server.current?.history.map(({ text }) => text) ?? [];
  // Of the answer that was cut short it remembers what it had sent by then.
  const lines = SPOKEN.filter((line) => line !== CUT_SHORT).map(({ text }) => text);
  const known = remembered.filter((text) => lines.includes(text));
  all.expect('the model remembers the whole call', isDeepStrictEqual(known, lines), remembered);
}

const SPEECH_DB = -35;
const SILENCE_DB = -60;

function checkSound(all: Expectations, call: Call, server: LiveServer, wav: string): void {
  const sound = readWav(wav);
  const { microphone, loudspeaker } = call;
  all.expect('call.wav is stereo, 24 kHz', sound.channels.length === 2 && sound.rate === 24_000);
  for (const { startMs, endMs } of microphone.utterances) {
    expectSpeech(all, sound, CALLER, startMs, endMs);
  }
  for (const { startMs, endMs, interrupted } of loudspeaker.playbacks) {
    expectSpeech(all, sound, AGENT, startMs, endMs);
    const after = loudness(sound, AGENT, endMs + 10, endMs + 250);
    const silent = after < SILENCE_DB;
    if (interrupted) all.expect('after the barge-in the agent is silent', silent, after);
  }
  const heardMs = server.connections.reduce((sum, { audioMs }) => sum + audioMs, 0);
  const lostMs = call.sentMs - heardMs;
  all.expect('the server heard the caller all the time', lostMs > -1 && lostMs < 200, lostMs);
}

function expectSpeech(all: Expectations, sound: Sound, channel: number, from: number, to: number) {
  const who = channel === CALLER ? 'caller' : 'agent';
  const level = loudness(sound, channel, from, to);
  all.expect(`the ${who} is heard from ${Math.round(from)} ms on`, level > SPEECH_DB, level);
}

function thrownBy(action: () => void): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
