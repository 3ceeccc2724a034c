// SPDX-License-Identifier: Apache-2.0
import { AudioFrame } from '@livekit/rtc-node';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { Unacknowledged } from '../src/connection/acknowledged.js';
import type { ClientFrame } from '../src/protocol/frames.js';
import type { LiveConnection } from '../src/testing/index.js';
import { startCall, tone, type Call } from './support/call.js';

function sent(...texts: (string | undefined)[]): Unacknowledged {
  const unacknowledged = new Unacknowledged();
  for (const text of texts) unacknowledged.sent(text);
  return unacknowledged;
}

describe('messages that the server has not consumed', () => {
  it.each<[string, string | undefined, string[]]>([
    ['nothing is said', undefined, ['a', 'b', 'c']],
    ['none is consumed', '0', ['a', 'b', 'c']],
    ['the first is consumed', '1', ['b', 'c']],
    ['all are consumed', '3', []],
    ['more than all are consumed', '99', []],
    ['the index makes no sense', 'x', ['a', 'b', 'c']],
  ])('are sent again: %s', (_, last, expected) => {
    const unacknowledged = sent('a', 'b', 'c');
    unacknowledged.consumed(last);
    expect(unacknowledged.replay()).toEqual(expected);
  });

  it('count also where they are not sent again', () => {
    const unacknowledged = sent('a', undefined, 'b', 'c');
    unacknowledged.consumed('3');
    expect(unacknowledged.replay()).toEqual(['c']);
  });

  it('are given out once, and counting begins anew', () => {
    const unacknowledged = sent('a', 'b');
    unacknowledged.replay();
    expect(unacknowledged.replay()).toEqual([]);
    unacknowledged.sent('c');
    unacknowledged.consumed('1');
    expect(unacknowledged.replay()).toEqual([]);
  });

  it('take no more than 4 MiB: the oldest are given up, and the rest keep their numbers', () => {
    const mebibyte = 'x'.repeat(1024 * 1024);
    const unacknowledged = sent('first', mebibyte, mebibyte, mebibyte, mebibyte, 'last');
    unacknowledged.consumed('3');
    expect(unacknowledged.replay().map(({ length }) => length)).toEqual([1024 ** 2, 1024 ** 2, 4]);
  });

  it('are what was sent after the newest index, whatever happens', () => {
    const act = fc.oneof(
      fc.record({ send: fc.option(fc.string(), { nil: undefined }) }),
      fc.record({ consume: fc.nat(30) }),
    );
    fc.assert(
      fc.property(fc.array(act), (acts) => {
        const unacknowledged = new Unacknowledged();
        const all: (string | undefined)[] = [];
        let newest = 0;
        for (const one of acts) {
          if ('send' in one) {
            unacknowledged.sent(one.send);
            all.push(one.send);
          } else {
            // The server cannot consume what nobody has sent.
            newest = Math.max(newest, Math.min(one.consume, all.length));
            unacknowledged.consumed(`${Math.min(one.consume, all.length)}`);
          }
        }
        const expected = all.slice(newest).filter((text) => text !== undefined);
        expect(unacknowledged.replay()).toEqual(expected);
      }),
    );
  });
});

// On real sockets.

async function transparent(): Promise<Call> {
  return startCall({
    options: {
      vertexai: true,
      project: 'p',
      sessionResumption: { transparent: true },
      connOptions: { maxRetry: 3, retryIntervalMs: 1, timeoutMs: 5_000 },
      watchdog: null,
    },
  });
}

/** Audio in a frame, by its bytes; or the name of another message. */
const kind = ({ realtimeInput, ...other }: ClientFrame): string =>
  realtimeInput?.audio
    ? (realtimeInput.audio.data ?? '')
    : (Object.keys(realtimeInput ?? other)[0] ?? '');

const kinds = ({ frames }: LiveConnection): string[] =>
  frames.map(({ frame }) => kind(frame)).slice(1);

/** 50 ms, different for each number. */
const chunk = (i: number): AudioFrame =>
  new AudioFrame(new Int16Array(800).fill(1_000 + i), 16_000, 1, 800);

/** Speaks so many frames of 50 ms, each different from the others, and waits until they are there. */
async function speak({ session }: Call, connection: LiveConnection, from: number, to: number) {
  for (let i = from; i < to; i++) session.pushAudio(chunk(i));
  await session.commitAudio();
  await connection.waitFor((frame) => frame.realtimeInput?.audioStreamEnd === true);
}

/** The server says what it has consumed, with its handle. */
async function consumed({ log }: Call, connection: LiveConnection, last: number): Promise<void> {
  const newHandle = connection.resumptionUpdate();
  connection.send({
    sessionResumptionUpdate: {
      newHandle,
      resumable: true,
      lastConsumedClientMessageIndex: `${last}`,
    },
  });
  connection.send({ marker: {} });
  await log.until(() => log.reports.some(({ what }) => what === 'unknown_frame'));
}

test('setup asks for it', async () => {
  const { connection } = await transparent();
  expect(connection.setup.sessionResumption).toEqual({ transparent: true });
});

test('what the server has consumed is not sent again, the rest first and once', async () => {
  const call = await transparent();
  const { server, connection, log } = call;
  await speak(call, connection, 0, 2);
  await consumed(call, connection, kinds(connection).length);
  await speak(call, connection, 2, 5);
  const lost = kinds(connection).slice(kinds(connection).indexOf('audioStreamEnd') + 1);
  expect(new Set(lost).size).toBe(4);

  const next = server.nextConnection();
  connection.drop();
  const resumed = await next;
  expect(resumed.resumed).toBe(true);
  await log.untilNamed('session_reconnected');
  await resumed.waitFor((frame) => frame.realtimeInput?.audioStreamEnd === true);
  await speak(call, resumed, 5, 6);
  expect(kinds(resumed).slice(0, lost.length)).toEqual(lost);
  expect(kinds(resumed).filter((one) => one === 'audioStreamEnd')).toHaveLength(2);

  // Messages count from 1 on the new connection, those that were sent again included.
  const again = server.nextConnection();
  await consumed(call, resumed, kinds(resumed).length);
  resumed.drop();
  const third = await again;
  await speak(call, third, 6, 7);
  expect(kinds(third)).toHaveLength(2);
  server.assertClean();
});

test('a reply that is awaited is asked for once, not sent again beside it', async () => {
  const call = await transparent();
  const { server, connection, session } = call;
  await consumed(call, connection, 0);
  void session.generateReply('Greet.').catch(() => {});
  await connection.waitFor('clientContent');
  const next = server.nextConnection();
  connection.drop();
  const resumed = await next;
  await resumed.waitFor('clientContent');
  await speak(call, resumed, 0, 1);
  expect(kinds(resumed).filter((one) => one === 'clientContent')).toHaveLength(1);
});

test('a fresh session is sent nothing again', async () => {
  const call = await transparent();
  const { server, connection } = call;
  await consumed(call, connection, 0);
  await speak(call, connection, 0, 3);
  server.forgetSessions();
  const next = server.nextConnection();
  connection.drop();
  const fresh = await next;
  expect(fresh.resumed).toBe(false);
  await speak(call, fresh, 3, 4);
  expect(kinds(fresh)).toHaveLength(2);
});

test('without it nothing is sent again at all', async () => {
  const { server, connection, session } = await startCall();
  connection.resumptionUpdate();
  session.pushAudio(tone(200));
  await session.commitAudio();
  await connection.waitFor((frame) => frame.realtimeInput?.audioStreamEnd === true);
  const next = server.nextConnection();
  connection.drop();
  const resumed = await next;
  expect(resumed.resumed).toBe(true);
  session.pushAudio(tone(50));
  await session.commitAudio();
  await resumed.waitFor((frame) => frame.realtimeInput?.audioStreamEnd === true);
  expect(kinds(resumed)).toHaveLength(2);
});
