// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it, test } from 'vitest';
import { both, rotationDeadline } from '../src/connection/rotation.js';
import { verdict } from '../src/protocol/close_codes.js';
import { isQuiet } from '../src/turn/state.js';
import { startCall, tone } from './support/call.js';
import {
  asked,
  audio,
  BLOCKING,
  boundary,
  calls,
  connectionBack,
  connectionLost,
  generationComplete,
  inProgress,
  interrupted,
  interruptRequested,
  replyAborted,
  replyRequested,
  RULES,
  speaking,
  Talk,
  toolSettled,
  turnCommitted,
  turnDiscarded,
  userSaid,
} from './support/turn.js';

describe('a reply that waits', () => {
  const waiting = (talk: Talk): void => void talk.put(...asked('r1'), replyRequested('r2'));

  it('is not asked for while the caller speaks', () => {
    const talk = new Talk();
    waiting(talk);
    talk.put(audio());
    expect(talk.put(interrupted)).not.toContain('ask');
    talk.put(userSaid('No, wait.'), boundary());
    expect(talk.put(audio())).toContain('begin');
    expect(talk.put(generationComplete)).toContain('ask');
  });

  it('is not asked for while its predecessor goes on after a boundary', () => {
    const talk = new Talk({ ...RULES, endsAtIdle: true });
    waiting(talk);
    talk.put(audio());
    expect(talk.put(inProgress)).not.toContain('ask');
    expect(talk.put(boundary())).toContain('ask');
  });

  it('is not asked for while a blocking call waits for its result', () => {
    const talk = new Talk(BLOCKING);
    waiting(talk);
    talk.put(calls('c1'));
    expect(talk.wait(1_000)).not.toContain('ask');
    expect(talk.put(toolSettled('c1'))).toContain('ask');
  });
});

describe('the time of a written reply', () => {
  it('does not run while another answer is given', () => {
    const talk = new Talk();
    talk.put(audio(), ...asked('r1'));
    for (let i = 0; i < 4; i++) {
      talk.wait(5_000);
      expect(talk.put(audio())).toBe('play');
    }
    talk.put(generationComplete, boundary());
    expect(talk.wait(9_999)).toBe('');
    expect(talk.wait(1)).toBe('ask');
  });
});

describe('an aborted reply', () => {
  it('is discarded however late it begins', () => {
    const talk = new Talk();
    talk.put(...asked('r1'), replyAborted('r1'));
    talk.wait(9_000);
    expect(talk.put(audio(), generationComplete, boundary())).not.toContain('begin');
    expect(talk.put(audio())).toContain('begin');
  });

  it('does not take the answer to the next one with it', () => {
    const talk = new Talk();
    talk.put(...asked('r1'), replyAborted('r1'), ...asked('r2'));
    expect(talk.put(audio())).toContain('begin(r2)');
  });

  it('is cancelled on the server where that can be', () => {
    const talk = new Talk({ ...RULES, cancels: true });
    talk.put(...asked('r1'));
    expect(talk.put(replyAborted('r1'))).toBe('fail(aborted) cancel answer');
  });
});

describe('a turn that was taken back', () => {
  it('does not take the answer to a written reply with it', () => {
    const talk = new Talk();
    talk.put(...asked('r1'), turnDiscarded);
    expect(talk.put(audio())).toContain('begin(r1)');
  });

  it('does not take the answer to a tool result with it', () => {
    const talk = new Talk();
    talk.put(calls('c1'), boundary(), turnDiscarded, toolSettled('c1'));
    expect(talk.put(audio())).toContain('begin');
  });
});

test('a turn that was committed while there was no connection brings its answer by itself', () => {
  const talk = new Talk();
  talk.put(connectionLost, turnCommitted);
  expect(talk.put(replyRequested('r1'))).toBe('');
  expect(talk.put(connectionBack(true))).toBe('');
  expect(talk.put(audio())).toContain('begin(r1)');
});

test('a false interruption is one, also where activity is reported before it', () => {
  const talk = new Talk({ ...RULES, cancels: true, falseInterruption: { afterMs: 2_000 } });
  talk.put(audio());
  expect(
    talk.put(speaking(true), { ...interruptRequested, reaction: true } as never),
  ).not.toContain('cancel answer');
  talk.put(interrupted, boundary(), speaking(false));
  expect(talk.wait(3_000)).toContain('resume');
});

test('a caller who is loud, or was a moment ago, makes no quiet point', () => {
  const talk = new Talk();
  talk.put({ type: 'callerLoud' });
  expect(isQuiet(talk.state, talk.now + 1_499)).toBe(false);
  expect(isQuiet(talk.state, talk.now + 1_500)).toBe(true);
});

test('an interruption without a boundary does not keep a connection from its exchange', () => {
  const talk = new Talk();
  talk.put(interrupted);
  talk.wait(60_000);
  expect(isQuiet(talk.state, talk.now)).toBe(true);
});

describe('two causes of a rotation', () => {
  const update = { why: 'update', since: 0, fresh: false } as const;
  const goAway = { why: 'goAway', timeLeftMs: 60_000, since: 5_000 } as const;

  it('keep the earlier deadline, in either order', () => {
    for (const cause of [both(update, goAway), both(goAway, update)]) {
      expect(rotationDeadline(cause)).toBe(rotationDeadline(update));
      expect(cause.fresh).toBe(false);
    }
    const soon = { ...goAway, timeLeftMs: 3_000 };
    expect(rotationDeadline(both(update, soon))).toBe(rotationDeadline(soon));
  });

  it('do not forget that the server has to forget', () => {
    expect(both({ ...update, fresh: true }, goAway).fresh).toBe(true);
    expect(both(goAway, { ...update, fresh: true }).fresh).toBe(true);
    expect(both(undefined, goAway)).toEqual(goAway);
  });
});

test.each([
  ['Invalid value at "contextUpdate": not supported', 'setup'],
  ['context_update is not enabled for this model', 'setup'],
  ['The input token count exceeds the limit', 'context'],
  ['Request exceeds the context window', 'context'],
])('mid-session 1007 %j is about the %s', (reason, kind) => {
  expect(verdict({ code: 1007, reason, phase: 'session', resuming: false }).kind).toBe(kind);
});

test('a reply that is aborted by the event that makes room for it is not asked for', async () => {
  const { server, session, connection, log } = await startCall();
  const first = session.generateReply('First.');
  const abort = new AbortController();
  const second = session.generateReply('Second.', { signal: abort.signal });
  const refused = expect(second).rejects.toThrow(/aborted/);
  session.on('input_speech_stopped', () => abort.abort());
  await connection.waitFor('clientContent');
  session.pushAudio(tone(100));
  connection.heard('Hello?');
  void connection.turn({ say: 'One.' });
  await first;
  await refused;
  await log.until(() => log.transcripts.some(({ isFinal }) => isFinal));
  expect(JSON.stringify(connection.frames.map(({ frame }) => frame))).not.toContain('Second.');
  server.assertClean();
});
