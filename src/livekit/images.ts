// SPDX-License-Identifier: Apache-2.0
import type { Blob } from '@google/genai';
import type { llm } from '@livekit/agents';
import type { Settings } from '../options.js';
import { inlinePicture } from '../protocol/history.js';
import { jpegOfFile, jpegOfFrame } from './jpeg.js';

/**
 * Pictures that had to be encoded, undefined for those that could not be. By content and for the whole
 * process: a handoff, or a session that is seeded anew, has the same contents.
 */
const ENCODED = new WeakMap<llm.ImageContent, Blob | undefined>();

/** A picture of the chat context as it can be sent. */
export function pictureOf(image: llm.ImageContent): Blob | undefined {
  return ENCODED.has(image) ? ENCODED.get(image) : inlinePicture(image);
}

/** Makes pictures of the chat context ready before they become history, which is done in one go. */
export class Images {
  readonly #settings: Settings;
  readonly #warnOnce: (text: string) => void;
  /** Items whose pictures are waited for, once for each update that waits. */
  #pending: readonly string[] = [];
  #preparing: Promise<void> | undefined;

  constructor(settings: Settings, warnOnce: (text: string) => void) {
    this.#settings = settings;
    this.#warnOnce = warnOnce;
  }

  /** Its pictures are not ready yet. */
  isPending(itemId: string): boolean {
    return this.#pending.includes(itemId);
  }

  /** Resolves when these and all earlier items are ready, and never rejects; undefined if they are. */
  prepare(items: readonly llm.ChatItem[]): Promise<void> | undefined {
    const raw: llm.ImageContent[] = [];
    const ids: string[] = [];
    for (const item of items) {
      const found = imagesOf(item).filter((image) => this.#needsEncoding(image));
      if (found.length > 0) ids.push(item.id);
      raw.push(...found);
    }
    if (raw.length === 0) return this.#preparing;
    this.#pending = [...this.#pending, ...ids];
    const preparing = (this.#preparing ?? Promise.resolve()).then(async () => {
      for (const image of raw) await this.#encode(image);
      // What waits is done in order.
      this.#pending = this.#pending.slice(ids.length);
      if (this.#preparing === preparing) this.#preparing = undefined;
    });
    this.#preparing = preparing;
    return preparing;
  }

  /** Says what cannot be sent, too. */
  #needsEncoding(image: llm.ImageContent): boolean {
    const { model, capabilities } = this.#settings;
    if (!capabilities.video) {
      this.#warnOnce(
        `${model} takes no pictures: those of the chat context are left out. Choose a model with video: docs/models.md.`,
      );
      return false;
    }
    if (ENCODED.has(image)) return false;
    if (typeof image.image !== 'string') return true;
    if (fileOf(image.image)) {
      const isBounded = image.inferenceWidth !== undefined || image.inferenceHeight !== undefined;
      return isBounded || !inlinePicture(image);
    }
    this.#warnOnce(
      image.image.startsWith('data:')
        ? 'A picture is left out: pass a base64 data URL of a JPEG, PNG, WebP or GIF.'
        : 'A picture is left out: the service fetches no URL. Pass a data URL or a VideoFrame.',
    );
    return false;
  }

  async #encode(image: llm.ImageContent): Promise<void> {
    if (ENCODED.has(image)) return;
    const jpeg = await this.#jpeg(image).catch((error: unknown) => {
      this.#warnOnce(`A picture is left out: ${String(error)}.`);
      return null;
    });
    if (jpeg === undefined) this.#warnOnce('A picture is left out: it is too large.');
    const data = jpeg && Buffer.from(jpeg).toString('base64');
    ENCODED.set(image, data ? { mimeType: 'image/jpeg', data } : undefined);
  }

  async #jpeg({ image, ...bounds }: llm.ImageContent): Promise<Uint8Array | undefined> {
    const { quality, resizeOptions: box } = this.#settings.imageEncodeOptions;
    const { inferenceWidth: width, inferenceHeight: height } = bounds;
    const isBounded = width !== undefined || height !== undefined;
    const { width: most, height: highest } = box;
    const options = isBounded
      ? { width, height, quality }
      : { width: most, height: highest, quality };
    if (typeof image !== 'string') return jpegOfFrame(image, options);
    return jpegOfFile(Buffer.from(fileOf(image) ?? '', 'base64'), options);
  }
}

function imagesOf(item: llm.ChatItem): llm.ImageContent[] {
  if (item.type !== 'message' || item.role === 'system' || item.role === 'developer') return [];
  return item.content.filter(
    (content): content is llm.ImageContent =>
      typeof content !== 'string' && content.type === 'image_content',
  );
}

/** The formats that LiveKit takes, as base64. */
function fileOf(url: string): string | undefined {
  return /^data:image\/(?:jpe?g|png|webp|gif)(?:;[^;,]*)*;base64,(.+)$/is.exec(url)?.[1];
}
