// SPDX-License-Identifier: Apache-2.0
import { llm } from '@livekit/agents';
import { VideoBufferType, VideoFrame } from '@livekit/rtc-node';
import { describe, expect, test } from 'vitest';
import type { RealtimeModelOptions } from '../src/index.js';
import type { Command } from '../src/protocol/encode.js';
import { SURVIVAL } from '../src/send_queue/survival.js';
import type { LiveConnection } from '../src/testing/index.js';
import { listen, tone, withOutput, type CallOptions } from './support/call.js';
import {
  Gate,
  history,
  recoverable,
  sentTurns,
  timesSaid,
  weather,
  type Recovery,
} from './support/recovery.js';

type Next = 'resumed' | 'fresh';

/** How one kind of command comes to be unsent, and what the next connection must see of it. */
interface Case {
  given?: CallOptions;
  /** The socket takes nothing from the very beginning. */
  shutFirst?: boolean;
  /** Before the socket stops taking anything. */
  before?: (call: Recovery) => Promise<unknown>;
  /** What is asked for while it takes nothing. */
  unsent?: (call: Recovery) => Promise<unknown> | void;
  /** What the next connection has to carry; awaited, so that nothing is asserted too early. */
  arrives: (connection: LiveConnection, next: Next) => boolean;
  expect: (connection: LiveConnection, next: Next, call: Recovery) => Promise<unknown> | void;
}

const MANUAL: RealtimeModelOptions = {
  realtimeInputConfig: { automaticActivityDetection: { disabled: true } },
};

const realtime = (connection: LiveConnection): string[] =>
  connection.frames.flatMap(({ frame }) => Object.keys(frame.realtimeInput ?? {}));

async function add({ session }: Recovery, content: string): Promise<void> {
  const context = session.chatCtx;
  context.addMessage({ role: 'user', content });
  await session.updateChatCtx(context);
}

const CASES: Record<Command['type'], Case> = {
  seed: {
    given: { chatCtx: history(['user', 'I am Ada.'], ['assistant', 'Hello Ada.']) },
    shutFirst: true,
    arrives: (connection) => sentTurns(connection).length > 0,
    expect: (connection, next) => {
      expect(sentTurns(connection)).toEqual([
        ['user', 'I am Ada.'],
        ['model', 'Hello Ada.'],
      ]);
      // A seed is declared in setup and committed; what a resumed session missed is content.
      const frame = connection.frames.find((each) => each.frame.clientContent)?.frame;
      expect(frame?.clientContent?.turnComplete).toBe(next === 'fresh');
      expect(connection.setup.historyConfig !== undefined).toBe(next === 'fresh');
    },
  },
  content: {
    given: { chatCtx: history(['user', 'Known.']) },
    before: ({ connection }) => connection.waitFor('clientContent'),
    unsent: (call) => add(call, 'News.'),
    arrives: (connection) => timesSaid(connection, 'News.') > 0,
    expect: (connection, next) => {
      const turns = next === 'fresh' ? [['user', 'Known.', 'News.']] : [['user', 'News.']];
      expect(sentTurns(connection)).toEqual(turns);
    },
  },
  reply: {
    unsent: ({ session }) => void session.generateReply('Greet.').catch(() => {}),
    arrives: (connection) => timesSaid(connection, 'Greet.') > 0,
    expect: (connection) => {
      expect(sentTurns(connection)).toEqual([['model', 'Greet.']]);
    },
  },
  cancel: {
    before: async ({ connection, log }) => {
      void connection.turn({ say: 'A long story.', complete: false });
      await log.untilNamed('generation_created');
    },
    unsent: ({ session }) => session.interrupt(),
    arrives: () => true,
    expect: (connection) => {
      const contents = connection.frames.flatMap(({ frame }) => frame.clientContent ?? []);
      expect(contents.filter(({ turns, turnComplete }) => !turns && !turnComplete)).toEqual([]);
    },
  },
  context: {
    unsent: async ({ session, clock }) => {
      await session.updateInstructions('Speak like a pirate.');
      await session.updateTools(weather);
      clock.advance(100);
    },
    arrives: () => true,
    expect: (connection) => {
      expect(JSON.stringify(connection.setup.systemInstruction)).toContain('like a pirate');
      expect(JSON.stringify(connection.setup.tools)).toContain('weather');
      // The one that ends the test.
      expect(timesSaid(connection, 'contextUpdate')).toBe(1);
    },
  },
  toolResults: {
    given: { tools: weather },
    before: async ({ connection, log }) => {
      void connection.callTool('weather', { city: 'Oslo' }, 'the-call');
      await log.untilNamed('generation_created');
    },
    unsent: async ({ session, log }) => {
      const { calls } = await listen(log.generations[0]!);
      await session.updateChatCtx(withOutput(session, calls[0]!, 'snow'));
    },
    arrives: (connection, next) =>
      next === 'resumed'
        ? timesSaid(connection, 'snow') > 0
        : connection.frames.some(({ frame }) => frame.clientContent && !frame.clientContent.turns),
    expect: async (connection, next, { log }) => {
      expect(timesSaid(connection, 'snow')).toBe(1);
      expect(timesSaid(connection, 'the-call')).toBe(next === 'resumed' ? 1 : 0);
      expect(timesSaid(connection, 'toolResponse')).toBe(next === 'resumed' ? 1 : 0);
      void connection.turn({ say: 'It snows.' });
      await log.untilNamed('generation_created', 2);
      expect((await listen(log.generations[1]!)).text).toBe('It snows.');
    },
  },
  audio: {
    unsent: ({ session }) => session.pushAudio(tone(200)),
    arrives: (connection) => connection.audioMs >= 200,
    expect: (connection) => {
      expect(connection.audioMs).toBe(200);
      expect(realtime(connection)).toEqual(['audio', 'audio']);
    },
  },
  video: {
    unsent: async (call) => {
      const pixels = new Uint8Array(16 * 16 * 4).fill(128);
      call.session.pushVideo(new VideoFrame(pixels, 16, 16, VideoBufferType.RGBA));
    },
    arrives: (connection) => realtime(connection).length > 0,
    expect: (connection) => {
      expect(realtime(connection)).toEqual(['video']);
    },
  },
  activityStart: {
    given: { options: MANUAL },
    unsent: ({ session }) => session.startUserActivity(),
    arrives: (connection) => realtime(connection).length > 0,
    expect: (connection) => {
      expect(realtime(connection)).toEqual(['activityStart']);
    },
  },
  activityEnd: {
    given: { options: MANUAL },
    before: async ({ session, connection }) => {
      session.startUserActivity();
      session.pushAudio(tone(50));
      await connection.waitFor(() => connection.audioMs === 50);
    },
    unsent: ({ session }) => session.commitAudio(),
    arrives: (connection) => realtime(connection).length > 1,
    expect: (connection) => {
      expect(realtime(connection)).toEqual(['activityStart', 'activityEnd']);
    },
  },
  audioStreamEnd: {
    before: async ({ session, connection }) => {
      session.pushAudio(tone(50));
      await connection.waitFor(() => connection.audioMs === 50);
    },
    unsent: ({ session }) => session.commitAudio(),
    arrives: (connection) => realtime(connection).length > 0,
    expect: (connection) => {
      expect(realtime(connection)).toEqual(['audioStreamEnd']);
    },
  },
};

test('every command of the table is shown', () => {
  expect(Object.keys(CASES).sort()).toEqual(Object.keys(SURVIVAL).sort());
});

describe.each(['resumed', 'fresh'] as const)('unsent when the connection ends, %s', (next) => {
  const cells = Object.entries(CASES) as [Command['type'], Case][];
  test.each(cells.map(([type, each]) => [type, SURVIVAL[type][next], each] as const))(
    '%s: %s',
    async (_type, _fate, { given, shutFirst, before, unsent, arrives, expect: verify }) => {
      const gate = new Gate();
      gate.shut = shutFirst === true;
      const call = await recoverable({ ...given, env: { openSocket: gate.openSocket } });
      const { server, connection, log, clock } = call;
      await before?.(call);
      if (next === 'fresh') {
        connection.resumptionUpdate({ resumable: false });
        await call.sync(connection);
      }
      gate.shut = true;
      const refused = gate.refused;
      await unsent?.(call);
      // Each of them was really about to leave.
      await gate.untilRefused(shutFirst ? 1 : refused + 1);
      const sent = connection.frames.length;
      connection.close(1001, '');
      await log.untilNamed('error');
      gate.shut = false;
      clock.advance(0);
      const second = await call.back();
      if (!arrives(second, next)) await second.waitFor(() => arrives(second, next));
      // Whatever is still to come has left before this.
      await call.session.updateInstructions('The end.');
      clock.advance(100);
      await second.waitFor((frame) => JSON.stringify(frame).includes('The end.'));
      expect(connection.frames).toHaveLength(sent);
      expect(second.resumed).toBe(next === 'resumed');
      await verify(second, next, call);
      server.assertClean();
    },
  );
});

test('a reply that was asked on both sides of a drop is one answer', async () => {
  const call = await recoverable();
  const { server, session, connection, log, clock } = call;
  const reply = session.generateReply('Greet.');
  await connection.waitFor('clientContent');
  connection.close(1001, '');
  await log.untilNamed('error');
  clock.advance(0);
  const second = await call.back();
  await second.waitFor('clientContent');
  void second.turn({ say: 'Hello.' });
  expect((await listen(await reply)).text).toBe('Hello.');
  await call.sync(second);
  expect(log.generations).toHaveLength(1);
  const items = session.chatCtx.items.filter(
    (item): item is llm.ChatMessage => item.type === 'message',
  );
  expect(items.map(({ textContent }) => textContent)).toEqual(['Hello.']);
  server.assertClean();
});
