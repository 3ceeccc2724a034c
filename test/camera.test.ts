// SPDX-License-Identifier: Apache-2.0
import { VideoBufferType, VideoFrame } from '@livekit/rtc-node';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { Camera } from '../src/livekit/camera.js';
import { DEFAULT_IMAGE_ENCODE_OPTIONS } from '../src/options.js';
import { startCall } from './support/call.js';
import { ManualClock } from './support/manual_clock.js';

const WIDTH = 1600;
const HEIGHT = 800;
/** An orange that no exchange of two channels leaves as it is. */
const ORANGE = { r: 240, g: 120, b: 30, a: 255 };

/** A frame of one colour, its channels in the given order. */
function frame(order: string, type: VideoBufferType): VideoFrame {
  const data = new Uint8Array(WIDTH * HEIGHT * order.length);
  for (let i = 0; i < data.length; i++) {
    data[i] = ORANGE[order[i % order.length] as keyof typeof ORANGE];
  }
  return new VideoFrame(data, WIDTH, HEIGHT, type);
}

const rgba = frame('rgba', VideoBufferType.RGBA);

test.each([
  ['RGBA', rgba],
  ['BGRA', frame('bgra', VideoBufferType.BGRA)],
  ['ARGB', frame('argb', VideoBufferType.ARGB)],
  ['ABGR', frame('abgr', VideoBufferType.ABGR)],
  ['RGB24', frame('rgb', VideoBufferType.RGB24)],
  ['I420', rgba.convert(VideoBufferType.I420)],
])('a %s frame becomes a JPEG in its colours, inside the box', async (_name, picture) => {
  const jpeg = await new Promise<Uint8Array>((resolve, reject) => {
    const on = { picture: resolve, failed: reject };
    new Camera(1, DEFAULT_IMAGE_ENCODE_OPTIONS, new ManualClock(), on).push(picture);
  });
  const { data, info } = await sharp(jpeg).raw().toBuffer({ resolveWithObject: true });
  expect([info.width, info.height]).toEqual([768, 384]);
  expect(Math.abs((data[0] ?? 0) - ORANGE.r)).toBeLessThan(12);
  expect(Math.abs((data[2] ?? 0) - ORANGE.b)).toBeLessThan(12);
});

test('at most one picture a second reaches the model, and none that takes no video', async () => {
  const clock = new ManualClock();
  const { server, session, connection } = await startCall({ env: { clock } });
  session.pushVideo(rgba);
  session.pushVideo(rgba);
  const isVideo = (f: { realtimeInput?: { video?: object } }): boolean => !!f.realtimeInput?.video;
  await connection.waitFor(isVideo);
  clock.advance(1000);
  session.pushVideo(rgba);
  await connection.waitFor(isVideo);
  expect(connection.frames.filter(({ frame: sent }) => isVideo(sent))).toHaveLength(2);
  server.assertClean();
});
