// SPDX-License-Identifier: Apache-2.0
import { VideoBufferType, VideoFrame, VideoRotation } from '@livekit/rtc-node';
import { describe, expect, it } from 'vitest';
import { jpegOfFrame, MOST_BYTES } from '../src/livekit/jpeg.js';
import { Caller } from '../src/livekit/caller.js';
import { initialState } from '../src/turn/state.js';
import type { LiveConnection } from '../src/testing/index.js';
import { validate } from '../src/validate.js';
import { ManualClock } from './support/manual_clock.js';
import { BLUE, decoded, frameOf, GREEN, isNear, noise, ORANGE, RED } from './support/pictures.js';
import { DOWN_MS, goDown, recoverable } from './support/recovery.js';

const WIDE = { width: 1600, height: 800 };
const BOX = { width: 768, height: 768, quality: 75 };

/** Pictures that arrived, by the colour they have. */
async function shown(connection: LiveConnection): Promise<string[]> {
  const videos = connection.frames.flatMap(({ frame }) => frame.realtimeInput?.video ?? []);
  const names = { ORANGE, RED, GREEN, BLUE };
  return Promise.all(
    videos.map(async ({ data }) => {
      const picture = await decoded(Buffer.from(data, 'base64'));
      const [name] = Object.entries(names).find(([, c]) => isNear(picture.at(0, 0), c)) ?? ['?'];
      return name;
    }),
  );
}
const showing = (connection: LiveConnection) =>
  connection.waitFor((frame) => frame.realtimeInput?.video !== undefined);

/** Whatever was being encoded before is encoded now. */
async function encoded(): Promise<void> {
  for (let i = 0; i < 3; i++) await jpegOfFrame(frameOf(RED), BOX);
}

describe('a frame becomes a JPEG', () => {
  const types = Object.values(VideoBufferType).filter((type) => typeof type === 'number');

  it.each(types.map((type) => [VideoBufferType[type], type] as const))(
    'in its colours, inside the box, from %s',
    async (_name, type) => {
      const jpeg = await jpegOfFrame(frameOf(ORANGE, { type, ...WIDE }), BOX);
      const picture = await decoded(jpeg);
      expect([picture.width, picture.height]).toEqual([768, 384]);
      expect(picture.at(0, 0)).toSatisfy((got: number[]) => isNear(got, ORANGE));
      expect(picture.at(767, 383)).toSatisfy((got: number[]) => isNear(got, ORANGE));
    },
  );

  it.each(types.map((type) => [VideoBufferType[type], type] as const))(
    'of an odd size, from a view into a larger buffer, from %s',
    async (_name, type) => {
      const { data } = frameOf(BLUE, { type, width: 65, height: 33 });
      const view = Buffer.concat([new Uint8Array(7), data]).subarray(7);
      const picture = await decoded(await jpegOfFrame(new VideoFrame(view, 65, 33, type), BOX));
      expect([picture.width, picture.height]).toEqual([65, 33]);
      expect(picture.at(64, 32)).toSatisfy((got: number[]) => isNear(got, BLUE));
    },
  );

  it('whose colours do not fade with an alpha that nobody filled in', async () => {
    const frame = frameOf(ORANGE, { type: VideoBufferType.RGBA, alpha: 0, ...WIDE });
    const picture = await decoded(await jpegOfFrame(frame, BOX));
    expect(picture.at(5, 5)).toSatisfy((got: number[]) => isNear(got, ORANGE));
  });

  it('upright, and in the box as such', async () => {
    const frame = frameOf(RED, { width: 200, height: 100 });
    frame.data.set(frameOf(BLUE, { width: 200, height: 50 }).data); // blue above red
    const at = async (rotation: VideoRotation) =>
      decoded(await jpegOfFrame(frame, { ...BOX, height: 100 }, rotation));
    const plain = await at(VideoRotation.VIDEO_ROTATION_0);
    expect([plain.width, plain.height]).toEqual([200, 100]);
    expect(plain.at(5, 5)).toSatisfy((got: number[]) => isNear(got, BLUE));
    const turned = await at(VideoRotation.VIDEO_ROTATION_90);
    expect([turned.width, turned.height]).toEqual([50, 100]);
    expect(turned.at(48, 50)).toSatisfy((got: number[]) => isNear(got, BLUE));
    expect(turned.at(2, 50)).toSatisfy((got: number[]) => isNear(got, RED));
  });

  it('of less quality if it would be too large, or not at all', async () => {
    const box = { quality: 100 };
    const jpeg = await jpegOfFrame(noise(1400, 700), box);
    expect(jpeg?.byteLength).toBeGreaterThan(MOST_BYTES / 4);
    expect(jpeg?.byteLength).toBeLessThanOrEqual(MOST_BYTES);
    expect(await jpegOfFrame(noise(2600, 1300), box)).toBeUndefined();
  });

  it.each([
    ['no pixels', new VideoFrame(new Uint8Array(0), 0, 0, VideoBufferType.RGBA)],
    ['half a pixel', new VideoFrame(new Uint8Array(99), 1.5, 2, VideoBufferType.RGBA)],
    ['data cut short', new VideoFrame(new Uint8Array(99), 5, 5, VideoBufferType.RGBA)],
    ['planes cut short', new VideoFrame(new Uint8Array(37), 5, 5, VideoBufferType.I420)],
    ['deep planes cut short', new VideoFrame(new Uint8Array(85), 5, 5, VideoBufferType.I010)],
    ['a type nobody knows', new VideoFrame(new Uint8Array(999), 5, 5, 77 as VideoBufferType)],
  ])('unless it has %s', async (_name, frame) => {
    await expect(jpegOfFrame(frame, BOX)).rejects.toThrow(/^it/);
  });
});

describe('an app that pushes what is no frame', () => {
  const caller = (model?: string) => {
    const warnings = new Set<string>();
    const sent: string[] = [];
    const { settings } = validate({ apiKey: 'a-key', ...(model && { model }) }, {}, '2026-11-20');
    const room = new Caller(settings, false, new ManualClock(), {
      send: ({ type }) => sent.push(type),
      takeBack: () => false,
      committed: () => {},
      discarded: () => {},
      loud: () => {},
      missing: () => {},
      state: () => initialState(''),
      warnOnce: (text) => warnings.add(text),
    });
    return { room, sent, warnings };
  };

  it('is told so, each reason once, and nothing throws', async () => {
    const { room, sent, warnings } = caller();
    const empty = new VideoFrame(new Uint8Array(0), 0, 0, VideoBufferType.RGBA);
    for (const frame of [empty, empty, undefined as unknown as VideoFrame]) room.pushVideo(frame);
    await encoded();
    expect(sent).toEqual([]);
    expect([...warnings][0]).toMatch(/it has no pixels/);
    expect(warnings.size).toBe(2);
  });

  it('is told which model is blind, and what to do', () => {
    const { room, warnings } = caller('gemini-3.5-live-translate-preview');
    room.pushVideo(frameOf(RED));
    room.pushVideo(frameOf(RED));
    expect([...warnings]).toEqual([
      'gemini-3.5-live-translate-preview takes no video: frames are not sent. ' +
        'Choose a model with video: docs/models.md.',
    ]);
  });

  it('hears nothing more after the end, and leaves no timer', async () => {
    const { room, sent } = caller();
    room.pushVideo(frameOf(RED));
    room.pushVideo(frameOf(BLUE));
    room.close();
    room.pushVideo(frameOf(GREEN));
    await encoded();
    expect(sent).toEqual([]);
  });
});

describe('the model sees', () => {
  /** A caller who has just spoken. */
  async function talk() {
    const call = await recoverable();
    call.connection.heard('Look at this.');
    await call.sync(call.connection);
    return call;
  }

  it('the newest frame when its time has come, though no other follows', async () => {
    const { session, connection, clock, server } = await talk();
    session.pushVideo(frameOf(RED));
    await showing(connection);
    session.pushVideo(frameOf(GREEN));
    clock.advance(500);
    session.pushVideo(frameOf(BLUE));
    clock.advance(499);
    await encoded();
    expect(await shown(connection)).toEqual(['RED']);
    clock.advance(1);
    await showing(connection);
    expect(await shown(connection)).toEqual(['RED', 'BLUE']);
    server.assertClean();
  });

  it('at most one a second, whatever is pushed', async () => {
    const { session, connection, clock, server } = await talk();
    for (let ms = 0; ms < 3000; ms += 100) {
      session.pushVideo(frameOf(ms % 200 === 0 ? RED : GREEN));
      await encoded();
      clock.advance(100);
    }
    await encoded();
    expect(await shown(connection)).toHaveLength(4); // at 0, 1, 2 and 3 s
    server.assertClean();
  });

  it('one frame at first, nothing while nothing happens, and the newest when the caller speaks', async () => {
    const { session, connection, clock, server, sync } = await recoverable();
    session.pushVideo(frameOf(RED));
    await showing(connection);
    for (const colour of [GREEN, ORANGE, BLUE]) {
      clock.advance(1000);
      session.pushVideo(frameOf(colour));
      await encoded();
    }
    expect(await shown(connection)).toEqual(['RED']);
    connection.heard('What do you see?');
    await showing(connection);
    expect(await shown(connection)).toEqual(['RED', 'BLUE']);
    // It goes on until the words and the answer are half a minute old.
    await connection.turn({ say: 'A blue wall.' });
    await sync(connection);
    clock.advance(29_000);
    session.pushVideo(frameOf(GREEN));
    await showing(connection);
    clock.advance(1001);
    session.pushVideo(frameOf(ORANGE));
    await encoded();
    expect(await shown(connection)).toEqual(['RED', 'BLUE', 'GREEN']);
    server.assertClean();
  });

  it('the newest picture before it is asked for a reply', async () => {
    const { session, connection, clock, server } = await recoverable();
    session.pushVideo(frameOf(RED));
    await showing(connection);
    clock.advance(60_000);
    session.pushVideo(frameOf(BLUE));
    await encoded();
    const reply = session.generateReply('Say what you see.');
    reply.catch(() => {});
    await connection.waitFor('clientContent');
    expect(await shown(connection)).toEqual(['RED', 'BLUE']);
    const kinds = connection.frames.map(({ frame }) => Object.keys(frame).join());
    expect(kinds.slice(-2)).toEqual(['realtimeInput', 'clientContent']);
    server.assertClean();
  });

  it('on the next connection the newest picture alone', async () => {
    const call = await talk();
    const { session, connection, clock, back, server } = call;
    session.pushVideo(frameOf(RED));
    await showing(connection);
    await goDown(call, connection);
    for (const colour of [ORANGE, GREEN, BLUE]) {
      clock.advance(1000);
      session.pushVideo(frameOf(colour));
      await encoded();
    }
    clock.advance(DOWN_MS);
    const second = await back();
    await showing(second);
    expect(await shown(second)).toEqual(['BLUE']);
    server.assertClean();
  });

  it('a picture that stands still again on the next connection', async () => {
    const call = await talk();
    const { session, connection, clock, back, server } = call;
    session.pushVideo(frameOf(RED));
    await showing(connection);
    await goDown(call, connection);
    clock.advance(DOWN_MS);
    const second = await back();
    await showing(second);
    expect(await shown(second)).toEqual(['RED']);
    server.assertClean();
  });
});
