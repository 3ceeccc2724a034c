// SPDX-License-Identifier: Apache-2.0
import { llm } from '@livekit/agents';
import { VideoBufferType } from '@livekit/rtc-node';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { Images, pictureOf } from '../src/livekit/images.js';
import type { LiveConnection } from '../src/testing/index.js';
import { validate } from '../src/validate.js';
import { startCall } from './support/call.js';
import { BLUE, decoded, frameOf, isNear, ORANGE, RED, type Colour } from './support/pictures.js';
import { DOWN_MS, goDownForGood, recoverable } from './support/recovery.js';

const BLIND = 'gemini-3.5-live-translate-preview';
const PIXEL = 'iVBORw0KGgo=';

type Params = Parameters<typeof llm.createImageContent>[0];
const image = (params: Params) => llm.createImageContent(params);
const context = (...content: llm.ChatContent[]): llm.ChatContext => {
  const chatCtx = llm.ChatContext.empty();
  if (content.length > 0) chatCtx.addMessage({ role: 'user', content });
  return chatCtx;
};
const url = (format: string, data: Buffer): string =>
  `data:image/${format};base64,${data.toString('base64')}`;
const fileOf = (colour: Colour, width = 400, height = 200) =>
  sharp(frameOf(colour, { width, height }).data, { raw: { width, height, channels: 3 } });

/** A room that has made this one picture ready, and what it said. */
async function prepared(content: llm.ImageContent, model?: string) {
  const warnings = new Set<string>();
  const { settings } = validate({ apiKey: 'a-key', ...(model && { model }) }, {}, '2026-11-20');
  const room = new Images(settings, (text) => warnings.add(text));
  const waiting = room.prepare(context(content).items);
  await waiting;
  const blob = pictureOf(content);
  return { waited: waiting !== undefined, blob, warnings: [...warnings] };
}
const bytes = (blob: { data?: string } | undefined): Buffer =>
  Buffer.from(blob?.data ?? '', 'base64');

/** Texts and pictures that the server was told, in order. */
async function told(connection: LiveConnection): Promise<string[]> {
  const parts = connection.contents.flatMap((content) => content.parts ?? []);
  return Promise.all(
    parts.map(async ({ text, inlineData }) => {
      if (text !== undefined) return text;
      const colour = (await decoded(bytes(inlineData))).at(0, 0);
      return `${inlineData?.mimeType} ${isNear(colour, ORANGE) ? 'ORANGE' : String(colour)}`;
    }),
  );
}

describe('a picture of the chat context', () => {
  it.each(['webp', 'gif', 'png', 'jpeg'] as const)(
    'as %s is made to fit its bounds, with its aspect, as JPEG',
    async (format) => {
      const file = url(format, await fileOf(ORANGE).toFormat(format).toBuffer());
      const bounds = { inferenceWidth: 100, inferenceHeight: 100 };
      const { blob } = await prepared(image({ image: file, ...bounds }));
      expect(blob?.mimeType).toBe('image/jpeg');
      const picture = await decoded(bytes(blob));
      expect([picture.width, picture.height]).toEqual([100, 50]);
      expect(picture.at(5, 5)).toSatisfy((got: number[]) => isNear(got, ORANGE));
    },
  );

  it('as a frame keeps its colours and fits the box of the options', async () => {
    const shape = { width: 1600, height: 800, type: VideoBufferType.BGRA };
    const { blob } = await prepared(image({ image: frameOf(ORANGE, shape) }));
    const picture = await decoded(bytes(blob));
    expect([picture.width, picture.height]).toEqual([768, 384]);
    expect(picture.at(5, 5)).toSatisfy((got: number[]) => isNear(got, ORANGE));
  });

  it('is bound by one side, too, and never made larger', async () => {
    const small = { image: frameOf(ORANGE), inferenceWidth: 32 };
    const one = await decoded(bytes((await prepared(image(small))).blob));
    expect([one.width, one.height]).toEqual([32, 24]);
    const large = { image: frameOf(ORANGE), inferenceHeight: 999 };
    const other = await decoded(bytes((await prepared(image(large))).blob));
    expect([other.width, other.height]).toEqual([64, 48]);
  });

  it('whose transparent parts become white', async () => {
    const clear = sharp({
      create: { width: 9, height: 9, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } },
    });
    const { blob } = await prepared(image({ image: url('webp', await clear.webp().toBuffer()) }));
    expect((await decoded(bytes(blob))).at(4, 4)).toEqual([255, 255, 255]);
  });

  it('as JPEG or PNG without bounds travels as it is, and nothing waits for it', async () => {
    const { blob, waited } = await prepared(image({ image: `data:image/png;base64,${PIXEL}` }));
    expect(blob).toEqual({ mimeType: 'image/png', data: PIXEL });
    expect(waited).toBe(false);
  });

  it.each([
    ['https://example.com/cat.png', undefined, /fetches no URL.*data URL or a VideoFrame/],
    ['data:image/svg+xml;base64,AAAA', undefined, /data URL of a JPEG, PNG, WebP or GIF/],
    ['data:image/webp;base64,AAAA', undefined, /left out: Error/],
    [frameOf(RED, { width: 64, height: 0 }), undefined, /it has no pixels/],
    [`data:image/webp;base64,${PIXEL}`, BLIND, /gemini.*takes no pictures.*docs\/models.md/],
  ])('that cannot be sent is left out, and the app is told: %#', async (source, model, warning) => {
    const { blob, warnings } = await prepared(image({ image: source }), model);
    expect(blob).toBeUndefined();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(warning);
  });
});

describe('a session', () => {
  it('begins with the pictures of its history', async () => {
    const chatCtx = context('Look:', image({ image: frameOf(ORANGE) }), 'Nice?');
    const { connection, server } = await startCall({ chatCtx });
    await connection.waitFor('clientContent');
    expect(await told(connection)).toEqual(['Look:', 'image/jpeg ORANGE', 'Nice?']);
    server.assertClean();
  });

  it('learns of updates in their order, though one has to be encoded', async () => {
    const { session, connection, server } = await startCall();
    const first = context(image({ image: frameOf(ORANGE, { width: 800, height: 600 }) }));
    const second = first.copy();
    second.addMessage({ role: 'user', content: 'What is it?' });
    const updates = Promise.all([session.updateChatCtx(first), session.updateChatCtx(second)]);
    await updates;
    session.generateReply().catch(() => {});
    await connection.waitFor((frame) => frame.clientContent?.turnComplete === true);
    expect(await told(connection)).toEqual(['image/jpeg ORANGE', 'What is it?']);
    server.assertClean();
  });

  it('waits for nothing where there is no picture', async () => {
    const { session, connection, server } = await startCall();
    void session.updateChatCtx(context('What is it?'));
    session.generateReply().catch(() => {});
    await connection.waitFor((frame) => frame.clientContent?.turnComplete === true);
    expect(await told(connection)).toEqual(['What is it?']);
    server.assertClean();
  });

  it('is not held up by a picture that cannot be decoded', async () => {
    const { session, connection, server } = await startCall();
    const broken = image({ image: 'data:image/gif;base64,AAAA' });
    await session.updateChatCtx(context(broken, 'What is it?'));
    await connection.waitFor('clientContent');
    expect(await told(connection)).toEqual(['What is it?']);
    server.assertClean();
  });

  it('after a handoff has the same pictures, not encoded again', async () => {
    const frame = frameOf(ORANGE);
    const chatCtx = context(image({ image: frame }));
    const first = await startCall({ chatCtx });
    await first.connection.waitFor('clientContent');
    frame.data.set(frameOf(BLUE).data);
    const second = await startCall({ chatCtx: first.session.chatCtx });
    await second.connection.waitFor('clientContent');
    expect(await told(second.connection)).toEqual(['image/jpeg ORANGE']);
    second.server.assertClean();
  });

  it('that has lost its memory is told the pictures again', async () => {
    const call = await recoverable({ chatCtx: context(image({ image: frameOf(ORANGE) })) });
    await call.connection.waitFor('clientContent');
    await goDownForGood(call, call.connection);
    call.clock.advance(DOWN_MS);
    const next = await call.back();
    await next.waitFor('clientContent');
    expect(await told(next)).toEqual(['image/jpeg ORANGE']);
    call.server.assertClean();
  });

  it('of a model that sees nothing is told the words', async () => {
    const options = { capabilities: { video: false } };
    const chatCtx = context('Look:', image({ image: frameOf(ORANGE) }));
    const { connection } = await startCall({ options, chatCtx });
    await connection.waitFor('clientContent');
    expect(await told(connection)).toEqual(['Look:']);
  });
});
